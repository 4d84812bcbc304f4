"""import: a stack file from what lives, or from octoDNS zone files; proved by an empty plan."""

import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from . import options as opt
from .leaving import Leave
from .screen import waiting

if TYPE_CHECKING:
    from ..assemble import Workshop
    from ..model.change import Plan
    from ..model.memory import Memory
    from ..model.observation import Observation
    from ..steps.choose import Filter
    from ..steps.draft import Drafted, Found

Here = Path()
SCHEMA = "trueup.import/1"
_SHOWN = 20


@dataclass(frozen=True)
class _Looked:
    """One account as it was seen: everything that an import reads."""

    account: str
    observations: "Sequence[Observation]"
    memory: "Memory"
    remarks: list[str] = field(default_factory=list)


def import_(
    platform: Annotated[str | None, typer.Argument(help="Only this platform.", show_default=False)] = None,
    account: Annotated[str | None, typer.Option("--account", help="Which account; needed where several fit.")] = None,
    zone: Annotated[list[str] | None, typer.Option("--zone", help="Only this zone; may be given more often.")] = None,
    name: Annotated[
        list[str] | None, typer.Option("--name", help="Only names like this, with * and ?; may be given more often.")
    ] = None,
    kind: Annotated[str | None, typer.Option("--kind", help="Only this kind: record, cloudflare.record.")] = None,
    into: Annotated[
        Path | None, typer.Option("--into", help="The file to write; stacks/ACCOUNT.yaml where it is left out.")
    ] = None,
    stdout: Annotated[bool, typer.Option("--stdout", help="Write no file; print it.")] = False,
    octodns: Annotated[
        Path | None, typer.Option("--octodns", help="Read octoDNS zone files, not a platform: a file or their folder.")
    ] = None,
    min_ttl: Annotated[
        int, typer.Option("--octodns-min-ttl", min=1, help="The `min_ttl` of octoDNS's Cloudflare provider.")
    ] = 120,
    skip_unsupported: Annotated[
        bool, typer.Option("--skip-unsupported", help="Leave out octoDNS records that have no form here.")
    ] = False,
    parallelism: opt.Parallelism = 16,
    log_file: opt.LogFile = None,
    as_json: opt.Json = False,
    directory: opt.Directory = Here,
) -> None:
    """Write a stack file from what lives, and plan it: the plan must be empty. Changes nothing else."""
    from ..model.errors import ReconcileError

    if stdout and (into or as_json):
        raise ReconcileError("--stdout prints the file and nothing else", advice="leave out --into and --json")
    with opt.workshop(directory, parallelism=parallelism, log_file=log_file) as shop:
        target = None if stdout else _target(shop, into, platform, account)
        asked = _filter(shop, platform, zone, name, kind)
        files = _octodns_files(octodns, zone) if octodns else None
        if files is not None:
            asked = _filter(shop, "cloudflare", list(files), name, kind)
        with waiting(quiet=as_json) as progress:
            progress("reading")
            looked = _look(shop, platform if files is None else "cloudflare", account, asked)
        found = (
            _found(shop, looked, asked)
            if files is None
            else _read_octodns(shop, looked, files, asked, min_ttl_seconds=min_ttl, skip_unsupported=skip_unsupported)
        )
        drafted = _draft(shop, looked, found)
        if stdout:
            print(drafted.text, end="")
        elif target is not None and drafted.written:
            with target.open("x", encoding="utf-8") as file:
                file.write(drafted.text)
        plan = _prove(shop, target, drafted, looked) if drafted.written else None
        _tell(shop, target, drafted, plan, looked, as_json=as_json)


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

    fitting = [
        full
        for full, cls in shop.kinds.items()
        if kind in (full, full.partition(".")[2], cls.section or None)
        and (not platform or full.startswith(f"{platform}."))
    ]
    if kind and len(fitting) != 1:
        raise ReconcileError(f"no single kind is meant by {kind!r}", advice=f"one of {', '.join(shop.kinds)}")
    containers = frozenset(_domain(shop, one) for one in zones or ())
    return Filter(containers, tuple(names or ()), fitting[0] if kind else "")


def _domain(shop: "Workshop", zone: str) -> str:
    """A zone's name as the platform writes it."""
    from pydantic import ValidationError

    from ..model.errors import ReconcileError

    try:
        return str(getattr(shop.kinds["cloudflare.zone"].declared({"name": zone.removesuffix(".")}), "name"))  # noqa: B009
    except ValidationError as error:
        raise ReconcileError(f"{zone!r} is no zone", advice="a domain, as in --zone example.com") from error


def _look(shop: "Workshop", platform: str | None, account: str | None, asked: "Filter") -> _Looked:
    """Raises ReconcileError for an unknown platform, WrongAccount for a foreign credential."""
    from ..model.errors import ReconcileError
    from ..steps.adopt import accounts_seen
    from ..steps.choose import unseen
    from ..steps.observe import observe

    chosen = _account(shop, platform, account)
    on = shop.project.accounts[chosen]
    if platform is not None and platform not in on:
        raise ReconcileError(f"account {chosen} has no {platform}", advice="name it in stacks/_project.yaml")
    platforms, blind = shop.platforms()
    scopes = {}
    for one in [platform] if platform else on:
        scope = asked.scope(chosen, one, shop.kinds)
        if scope is not None:
            scopes[chosen, one] = scope
    observations = observe(platforms, scopes, shop.clock, blind)
    memory = _memory(shop)
    accounts_seen(observations, shop.project, memory.pins)
    return _Looked(chosen, observations, memory, unseen(observations, shop.kinds))


def _memory(shop: "Workshop") -> "Memory":
    """What the ledger knows; nothing where a sandbox has none yet: an import begins no ledger."""
    from ..model.memory import Memory

    world = shop.world
    if world is not None and world.ledger is not None and not Path(world.ledger).exists():
        return Memory()
    return shop.ledger(readonly=world is None).memory()


def _found(shop: "Workshop", looked: _Looked, asked: "Filter") -> "list[Found]":
    from ..steps.choose import to_import

    return to_import(looked.observations, shop.tree, looked.memory, shop.kinds, asked)


def _draft(shop: "Workshop", looked: _Looked, found: "Sequence[Found]") -> "Drafted":
    from ..steps.choose import declared_elsewhere
    from ..steps.draft import draft

    known = declared_elsewhere(shop.tree, looked.account)
    return draft(found, account=looked.account, known=known, remarks=looked.remarks)


def _octodns_files(place: Path, zones: list[str] | None) -> dict[str, dict[str, bytes]]:
    """The content of each zone's files, by zone and file name. Raises ReconcileError."""
    from ..model.errors import ReconcileError

    try:
        if place.is_file():
            zone = zones[0] if zones else place.name.removesuffix(".yaml")
            if len(zones or ()) > 1:
                raise ReconcileError(f"{place} holds one zone", advice="give one --zone, or their folder")
            return {zone: {str(place): place.read_bytes()}}
        if not zones:
            whole = [one.name.removesuffix(".yaml") for one in place.glob("*.*.yaml")]
            split = [one.name.removesuffix(".") for one in place.iterdir() if one.is_dir() and one.name.endswith(".")]
            zones = sorted({*whole, *split})
        found: dict[str, dict[str, bytes]] = {}
        for zone in zones:
            bare = zone.removesuffix(".")
            paths = [place / f"{bare}.yaml", place / f"${bare}.yaml", *sorted((place / f"{bare}.").glob("*.yaml"))]
            found[zone] = {str(path): path.read_bytes() for path in paths if path.is_file()}
    except OSError as error:
        raise ReconcileError(f"{place} cannot be read: {error.strerror}", advice="give a file or a folder") from error
    missing = [zone for zone, files in found.items() if not files]
    if missing or not found:
        told = ", ".join(missing) or "any zone"
        raise ReconcileError(f"{place} has no zone file for {told}", advice="octoDNS calls it example.com.yaml")
    return found


def _read_octodns(
    shop: "Workshop",
    looked: _Looked,
    files: Mapping[str, Mapping[str, bytes]],
    asked: "Filter",
    *,
    min_ttl_seconds: int,
    skip_unsupported: bool,
) -> "list[Found]":
    """The records of zone files that no stack declares, and their zones. Raises ReconcileError, SpecError."""
    from pydantic import ValidationError

    from ..model.errors import ReconcileError
    from ..steps.draft import Found
    from ..steps.octodns import read_zone

    record, zone_kind = shop.kinds["cloudflare.record"], shop.kinds["cloudflare.zone"]
    declared = {
        (one.address.full_kind, one.resource.keys()[0]) for one in shop.tree.declared() if one.account == looked.account
    }
    found, unsupported = [], []
    for given, content in files.items():
        domain = _domain(shop, given)
        zone = read_zone(domain, content, min_ttl_seconds=min_ttl_seconds)
        unsupported += [f"{domain}: {one}" for one in zone.unsupported]
        looked.remarks.extend(f"{domain}: {one}" for one in zone.notes)
        for fields in zone.records:
            try:
                resource = record.declared({"zone": domain, **fields})
            except ValidationError as error:
                why = error.errors()[0]["msg"].removeprefix("Value error, ")
                unsupported.append(f"{domain}: {fields['name']} {fields['type']}: {why}")
                continue
            if (record.kind, resource.keys()[0]) not in declared and asked.chooses(resource):
                found.append(Found(resource))
        if (zone_kind.kind, (domain,)) not in declared:
            found.append(Found(zone_kind.declared({"name": domain})))
    if unsupported and not skip_unsupported:
        listed = "\n".join(f"  {one}" for one in unsupported)
        raise ReconcileError(
            f"{len(unsupported)} records have no form here:\n{listed}",
            advice="nothing was written; --skip-unsupported leaves them out",
        )
    looked.remarks.extend(f"{one}: left out" for one in unsupported)
    return found


def _prove(shop: "Workshop", target: Path | None, drafted: "Drafted", looked: _Looked) -> "Plan":
    """The plan of the new file over what was just seen. Raises SpecError where it does not load."""
    from ..steps.load import load, working_tree
    from ..steps.overlay import with_file
    from ..steps.plan import make_plan

    source = working_tree(shop.settings.root, shop.settings.stacks_dir)
    name = target.stem if target is not None else "imported"
    file = f"{source.folder}/{name}.yaml"
    if file not in source.files():
        source = with_file(source, file, drafted.text.encode())
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
            "remarks": looked.remarks,
            "plan": {
                "changes": [{"address": str(one.address), "verb": one.verb} for one in changes],
                "adopt": len(plan.adopt) if plan is not None else 0,
            },
            "calls": {"made": shop.calls.count()},
            "exit": code,
        }
        print(json.dumps(document, indent=2, ensure_ascii=False))
    else:
        _say(target, drafted, plan, looked.remarks)
    raise Leave(code)


def _say(target: Path | None, drafted: "Drafted", plan: "Plan | None", remarks: Sequence[str]) -> None:
    stream = sys.stdout if target is not None else sys.stderr
    for line in _first([*(f"left out: {one}" for one in drafted.left_out), *remarks]):
        print(line, file=sys.stderr)
    if plan is None:
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
