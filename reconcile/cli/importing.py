"""import: a stack file from what lives, or from octoDNS zone files; proved by an empty plan."""

import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from . import options as opt
from .leaving import Leave
from .screen import waiting

if TYPE_CHECKING:
    from ..assemble import Workshop
    from ..model.change import Plan
    from ..model.errors import ReconcileError
    from ..model.memory import Memory
    from ..model.observation import Observation
    from ..steps.choose import Filter
    from ..steps.draft import Drafted, Found

Here = Path()
SCHEMA = "trueup.import/1"
_SHOWN = 20

Only = Annotated[str | None, typer.Argument(help="Only this platform.", show_default=False)]
Account = Annotated[str | None, typer.Option("--account", help="Which account; needed where several fit.")]
Zones = Annotated[list[str] | None, typer.Option("--zone", help="Only this zone; may be given more often.")]
Names = Annotated[
    list[str] | None, typer.Option("--name", help="Only names like this, with * and ?; may be given more often.")
]
Kind = Annotated[str | None, typer.Option("--kind", help="Only this kind: record, cloudflare.record.")]
Into = Annotated[Path | None, typer.Option("--into", help="The file to write; stacks/ACCOUNT.yaml where left out.")]
Stdout = Annotated[bool, typer.Option("--stdout", help="Write no file; print it.")]
Octodns = Annotated[
    Path | None, typer.Option("--octodns", help="Read octoDNS zone files, not a platform: a file or their folder.")
]
MinTtl = Annotated[
    int, typer.Option("--octodns-min-ttl", min=1, help="The `min_ttl` of octoDNS's Cloudflare provider.")
]
SkipUnsupported = Annotated[
    bool, typer.Option("--skip-unsupported", help="Leave out octoDNS records that have no form here.")
]


@dataclass(frozen=True)
class _Looked:
    """One account as it was seen: everything that an import reads."""

    account: str
    observations: "Sequence[Observation]"
    memory: "Memory"
    remarks: tuple[str, ...] = ()


def import_(
    platform: Only = None,
    account: Account = None,
    zone: Zones = None,
    name: Names = None,
    kind: Kind = None,
    into: Into = None,
    stdout: Stdout = False,
    octodns: Octodns = None,
    min_ttl: MinTtl = 120,
    skip_unsupported: SkipUnsupported = False,
    parallelism: opt.Parallelism = 32,
    log_file: opt.LogFile = None,
    as_json: opt.Json = False,
    directory: opt.Directory = Here,
) -> None:
    """Write a stack file from what lives, and plan it: the plan must be empty. Changes nothing else."""
    from ..steps.choose import to_import
    from .octodns import DNS, read_zones, zone_files

    if stdout and (into or as_json):
        raise _only_stdout()
    with opt.workshop(directory, parallelism=parallelism, log_file=log_file) as shop:
        target = None if stdout else _target(shop, into, platform, account)
        files = zone_files(octodns, zone) if octodns else {}
        if files:
            platform, zone = DNS, list(files)
        asked = _filter(shop, platform, zone, name, kind)
        with waiting(quiet=as_json) as progress:
            progress("reading")
            looked = _look(shop, platform, account, asked)
        if files:
            found, remarks = read_zones(shop, looked.account, files, asked, min_ttl, skip_unsupported)
            looked = replace(looked, remarks=(*looked.remarks, *remarks))
        else:
            found = to_import(looked.observations, shop.tree, looked.memory, shop.kinds, asked)
        drafted = _draft(shop, looked, found)
        _write(target, drafted)
        plan = _prove(shop, target, drafted, looked) if drafted.written else None
        _tell(shop, target, drafted, plan, looked, as_json=as_json)


def _only_stdout() -> "ReconcileError":
    from ..model.errors import ReconcileError

    return ReconcileError("--stdout prints the file and nothing else", advice="leave out --into and --json")


def _write(target: Path | None, drafted: "Drafted") -> None:
    if target is None:
        print(drafted.text, end="")
    elif drafted.written:
        with target.open("x", encoding="utf-8") as file:
            file.write(drafted.text)


def _target(shop: "Workshop", into: Path | None, platform: str | None, account: str | None) -> Path:
    """The file to write. Raises ReconcileError where there is one already, before anything is read."""
    from ..model.errors import ReconcileError
    from ..model.resource import LOGICAL_NAME

    root = shop.settings.root
    path = root / (into or Path(shop.source.folder, f"{_account(shop, platform, account)}.yaml"))
    if path.exists() or path.is_symlink():
        raise ReconcileError(f"{path} is there already", advice="give another file with --into, or --stdout")
    if path.suffix != ".yaml" or not LOGICAL_NAME.match(path.stem):
        raise ReconcileError(
            f"{path.name} is no name for a stack file", advice="lower-case letters, digits and `-`, then .yaml"
        )
    if not path.parent.is_dir():
        raise ReconcileError(f"{path.parent} is no folder", advice="make it, or give another file with --into")
    return path


def _account(shop: "Workshop", platform: str | None, account: str | None) -> str:
    from ..model.errors import ReconcileError

    known = shop.project.accounts
    if account is not None:
        if account not in known:
            raise ReconcileError(f"no account {account}", advice=f"stacks/_project.yaml names {', '.join(known)}")
        return account
    fitting = [one for one, on in known.items() if (platform in on if platform else on)]
    if len(fitting) != 1:
        told = ", ".join(fitting) or "none"
        advice = "give --account" if fitting else "name an account and its credentials in stacks/_project.yaml"
        raise ReconcileError(f"which account? of those in stacks/_project.yaml fit: {told}", advice=advice)
    return fitting[0]


def _filter(
    shop: "Workshop", platform: str | None, zones: list[str] | None, names: list[str] | None, kind: str | None
) -> "Filter":
    from ..model.errors import ReconcileError
    from ..steps.choose import Filter
    from .octodns import domain

    fitting = [
        full
        for full, cls in shop.kinds.items()
        if kind in (full, full.partition(".")[2], cls.section or None)
        and (not platform or full.startswith(f"{platform}."))
    ]
    if kind and len(fitting) != 1:
        raise ReconcileError(f"no single kind is meant by {kind!r}", advice=f"one of {', '.join(shop.kinds)}")
    containers = frozenset(domain(shop, one) for one in zones or ())
    return Filter(containers, tuple(names or ()), fitting[0] if kind else "")


def _look(shop: "Workshop", platform: str | None, account: str | None, asked: "Filter") -> _Looked:
    """Raises ReconcileError for an unknown platform, WrongAccount for a foreign credential."""
    from ..model.errors import ReconcileError
    from ..steps.accounts import accounts_seen
    from ..steps.choose import unseen
    from ..steps.observe import observe

    chosen = _account(shop, platform, account)
    on = shop.project.accounts[chosen]
    if platform is not None and platform not in on:
        raise ReconcileError(f"account {chosen} has no {platform}", advice="name it in stacks/_project.yaml")
    unwritable = _unwritable(shop)
    if platform in unwritable:
        raise ReconcileError(
            f"import does not write {platform} stacks yet: some of its kinds stand inside another's entry",
            advice="declare them by hand (docs/resources.md), then `trueup adopt`; the plan compares",
        )
    platforms, blind = shop.platforms()
    scopes = {}
    for one in [platform] if platform else [name for name in on if name not in unwritable]:
        scope = asked.scope(chosen, one, shop.kinds)
        if scope is not None:
            scopes[chosen, one] = scope
    observations = observe(platforms, scopes, shop.clock, blind)
    memory = _memory(shop)
    accounts_seen(observations, shop.project, memory.pins)
    return _Looked(chosen, observations, memory, tuple(unseen(observations, shop.kinds)))


def _unwritable(shop: "Workshop") -> frozenset[str]:
    """Platforms with kinds that stand inside another's entry, which a draft cannot write."""
    return frozenset(kind.partition(".")[0] for kind, cls in shop.kinds.items() if cls.nested)


def _memory(shop: "Workshop") -> "Memory":
    """What the ledger knows; nothing where a sandbox has none yet: an import begins no ledger."""
    from ..model.memory import Memory

    world = shop.world
    if world is not None and world.ledger is not None and not Path(world.ledger).exists():
        return Memory()
    return shop.ledger(readonly=world is None).memory()


def _draft(shop: "Workshop", looked: _Looked, found: "Sequence[Found]") -> "Drafted":
    from ..steps.choose import declared_elsewhere
    from ..steps.draft import draft

    known = declared_elsewhere(shop.tree, looked.account)
    return draft(found, account=looked.account, known=known, remarks=looked.remarks)


def _prove(shop: "Workshop", target: Path | None, drafted: "Drafted", looked: _Looked) -> "Plan":
    """The plan of the new file over what was just seen. Raises SpecError where it does not load."""
    from ..steps.load import load, working_tree
    from ..steps.overlay import with_file
    from ..steps.plan import make_plan

    source = working_tree(shop.settings.root, shop.settings.stacks_dir)
    if target is not None and target.parent.resolve() == (source.root / source.folder).resolve():
        name = target.stem
    else:
        # A file that is not among the stacks is planned as if it were one of them.
        name = "imported"
        while f"{source.folder}/{name}.yaml" in source.files():
            name += "-too"
        source = with_file(source, f"{source.folder}/{name}.yaml", drafted.text.encode())
    tree = load(source, shop.kinds)
    return make_plan(tree, (name,), looked.observations, looked.memory, shop.kinds)


def _tell(
    shop: "Workshop", target: Path | None, drafted: "Drafted", plan: "Plan | None", looked: _Looked, *, as_json: bool
) -> None:
    from ..model.exits import FAILED, NOTHING, strictest

    gaps = plan.gaps if plan is not None else [gap for one in looked.observations for gap in one.gaps]
    changes = plan.changes if plan is not None else ()
    code = strictest([FAILED if changes else NOTHING, *(gap.exit_code for gap in gaps)])
    if as_json:
        document: dict[str, Any] = {
            "schema": SCHEMA,
            "account": looked.account,
            "file": str(target) if target is not None and drafted.written else None,
            "written": dict(drafted.written),
            "left_out": list(drafted.left_out),
            "remarks": list(looked.remarks),
            "plan": {
                "changes": [{"address": str(one.address), "verb": one.verb} for one in changes],
                "adopt": len(plan.adopt) if plan is not None else 0,
            },
            "calls": {"made": shop.calls.count()},
            "exit": code,
        }
        print(json.dumps(document, indent=2, ensure_ascii=False))
    else:
        _say(_shown(target, shop.settings.root), drafted, plan, looked.remarks, hidden=bool(gaps))
    raise Leave(code)


def _shown(target: Path | None, root: Path) -> Path | None:
    """A path as a person in the repository would type it."""
    return target.relative_to(root) if target is not None and target.is_relative_to(root) else target


def _say(target: Path | None, drafted: "Drafted", plan: "Plan | None", remarks: Sequence[str], *, hidden: bool) -> None:
    stream = sys.stdout if target is not None else sys.stderr
    for line in _first([*(f"left out: {one}" for one in drafted.left_out), *remarks]):
        print(line, file=sys.stderr)
    if plan is None:
        if hidden:
            print("nothing was imported: what lives there could not be read whole", file=sys.stderr)
        else:
            print("nothing to import: nothing lives there that no stack declares", file=stream)
        return
    counts = ", ".join(f"{count} {kind}" for kind, count in sorted(drafted.written.items()))
    print(f"{'wrote ' + str(target) if target is not None else 'drafted'}: {counts}", file=stream)
    if not plan.changes:
        print(f"plan: empty, {len(plan.adopt)} to adopt", file=stream)
        if target is not None:
            print(f"next: `trueup adopt --stack {target.stem}`", file=stream)
        return
    print(f"error: the plan is not empty, {len(plan.changes)} differ:", file=sys.stderr)
    for line in _first([f"  {_difference(one)}" for one in plan.changes]):
        print(line, file=sys.stderr)


def _difference(change: Any) -> str:
    if change.verb == "create":
        return f"{change.address}: does not live ({change.after.title()})"
    fields = ", ".join(f"{one.name} {one.before!r}, not {one.after!r}" for one in change.fields)
    return f"{change.address}: lives with {fields}"


def _first(lines: list[str]) -> list[str]:
    more = len(lines) - _SHOWN
    return lines if more <= 0 else [*lines[:_SHOWN], f"  … {more} more"]
