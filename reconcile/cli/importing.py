"""import: stack files from what lives, or from octoDNS zone files; proved by an empty plan."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer

from . import options as opt
from .imported import Imported, tell
from .leaving import Leave
from .screen import waiting

if TYPE_CHECKING:
    from ..assemble import Workshop
    from ..model.change import Plan
    from ..model.errors import ReconcileError
    from ..model.memory import Memory
    from ..model.observation import Observation
    from ..steps.choose import Filter
    from ..steps.draft import File, Found
    from .file_import import Asked

Here = Path()

Source = Annotated[
    str | None,
    typer.Argument(
        help="Only this platform; or a file to read instead: railway.json, railway.toml, .env.",
        show_default=False,
        metavar="[PLATFORM|FILE]",
    ),
]
Service = Annotated[str | None, typer.Option("--service", help="Of a file: whose service it is.")]
Environment = Annotated[str | None, typer.Option("--environment", help="Of a file: which environment is meant.")]
FromEnv = Annotated[
    bool, typer.Option("--from-env", help="Of a .env: secrets come from the runner's environment, by the same names.")
]
Insert = Annotated[bool, typer.Option("--write", help="Of a file: put the lines into the stack that has the entry.")]
Account = Annotated[str | None, typer.Option("--account", help="Which account; needed where several fit.")]
Zones = Annotated[list[str] | None, typer.Option("--zone", help="Only this zone; may be given more often.")]
Projects = Annotated[list[str] | None, typer.Option("--project", help="Only this project; may be given more often.")]
Names = Annotated[
    list[str] | None, typer.Option("--name", help="Only names like this, with * and ?; may be given more often.")
]
Kind = Annotated[str | None, typer.Option("--kind", help="Only this kind: record, cloudflare.record.")]
Into = Annotated[
    Path | None,
    typer.Option("--into", help="The file to write, stacks/ACCOUNT.yaml where left out; FILE-ENVIRONMENT.yaml beside."),
]
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
ForPulumi = Annotated[
    str | None,
    typer.Option("--for-pulumi", help="The file by which `pulumi import` takes over this stack.", metavar="STACK"),
]
Out = Annotated[Path | None, typer.Option("--out", help="With --for-pulumi: where to write it; else it is printed.")]


@dataclass(frozen=True)
class _Looked:
    """One account as it was seen: everything that an import reads."""

    account: str
    observations: "Sequence[Observation]"
    memory: "Memory"
    remarks: tuple[str, ...] = ()


def import_(
    source: Source = None,
    account: Account = None,
    zone: Zones = None,
    project: Projects = None,
    name: Names = None,
    kind: Kind = None,
    into: Into = None,
    stdout: Stdout = False,
    octodns: Octodns = None,
    min_ttl: MinTtl = 120,
    skip_unsupported: SkipUnsupported = False,
    service: Service = None,
    environment: Environment = None,
    from_env: FromEnv = False,
    write: Insert = False,
    for_pulumi: ForPulumi = None,
    out: Out = None,
    parallelism: opt.Parallelism = 32,
    log_file: opt.LogFile = None,
    as_json: opt.Json = False,
    no_color: opt.NoColor = False,
    directory: opt.Directory = Here,
) -> None:
    """Write stack files from what lives, and plan them: the plan must be empty. Changes nothing else.

    Of a file (railway.json, railway.toml, .env): the lines that it adds to the entry of its instance.
    """
    from ..steps.choose import to_import
    from .file_import import Asked, is_file
    from .octodns import DNS, read_zones, zone_files

    if stdout and (into or as_json):
        raise _only_stdout()
    if for_pulumi is not None:
        _for_pulumi(directory, for_pulumi, out, parallelism=parallelism, log_file=log_file)
    platform = source
    with opt.workshop(directory, parallelism=parallelism, log_file=log_file) as shop:
        if source is not None and is_file(source):
            owner = _account(shop, "railway", account)
            _of_file(shop, Asked(Path(source), owner, service, environment, from_env, write, as_json), into, stdout)
        target = None if stdout else _target(shop, into, platform, account)
        files = zone_files(octodns, zone) if octodns else {}
        if files:
            platform, zone = DNS, list(files)
        asked = _filter(shop, platform, zone, name, kind, project)
        with waiting(quiet=as_json, no_color=no_color) as progress:
            progress("reading")
            looked = _look(shop, platform, account, asked)
        if files:
            found, remarks = read_zones(shop, looked.account, files, asked, min_ttl, skip_unsupported)
            looked = replace(looked, remarks=(*looked.remarks, *remarks))
        else:
            found = to_import(looked.observations, shop.tree, looked.memory, shop.kinds, asked)
        drafted, findings = _draft(shop, target, looked, found)
        paths = _write(shop, target, drafted)
        plan = _prove(shop, target, drafted, looked) if any(one.drafted.written for one in drafted) else None
        gaps = plan.gaps if plan is not None else [gap for one in looked.observations for gap in one.gaps]
        notes = [note for one in looked.observations for note in one.notes]
        findings = tuple(dict.fromkeys((*findings, *notes, *(plan.warnings if plan is not None else ()))))
        done = Imported(looked.account, drafted, paths, plan, looked.remarks, findings, tuple(gaps), printed=stdout)
        tell(done, shop.settings.root, shop.calls.count(), as_json=as_json)


def _for_pulumi(directory: Path, stack: str, out: Path | None, **options: Any) -> NoReturn:
    from .bulk import write_bulk_file

    with opt.workshop(directory, **options) as shop:
        opt.chosen_stacks(shop, [stack], everything=False, writes=False)
        code = write_bulk_file(shop, stack, out)
    raise Leave(code)


def _of_file(shop: "Workshop", asked: "Asked", into: Path | None, stdout: bool) -> None:
    """Lines for an entry that a stack has; a file of its own for an instance that none declares. Always leaves."""
    from ..model.memory import Memory
    from ..steps.draft import Found
    from .file_import import config_lines, is_config, put, variable_lines

    if not is_config(asked.file):
        put(shop, asked, *variable_lines(shop, asked))
    lines, wanted, declared = config_lines(shop, asked)
    if declared is not None:
        put(shop, asked, lines, declared)
    target = None if stdout else _target(shop, into, "railway", asked.account)
    looked = _Looked(asked.account, (), Memory())
    drafted, _ = _draft(shop, target, looked, [Found(wanted)])
    paths = _write(shop, target, drafted)
    _prove(shop, target, drafted, looked)
    findings = (*lines.left_out, *lines.findings)
    tell(Imported(asked.account, drafted, paths, None, (), findings, (), printed=stdout), shop.settings.root, 0,
         as_json=asked.as_json)  # fmt: skip


def _only_stdout() -> "ReconcileError":
    from ..model.errors import ReconcileError

    return ReconcileError("--stdout prints the file and nothing else", advice="leave out --into and --json")


def _write(shop: "Workshop", target: Path | None, files: "Sequence[File]") -> tuple[Path, ...]:
    """Writes what declares something, or prints it. Raises ReconcileError, before the first, where one is there, or a
    stack of its name, which those that use each other cannot share."""
    from ..model.errors import ReconcileError

    written = [one for one in files if one.drafted.written]
    if target is None:
        for one in written or files[:1]:
            print(f"# {one.stack}.yaml\n{one.drafted.text}" if len(written) > 1 else one.drafted.text, end="")
        return ()
    paths = [target.with_name(f"{one.stack}.yaml") for one in written]
    for path in paths:
        if path.exists() or path.is_symlink() or (len(paths) > 1 and path.stem in shop.tree.stacks):
            raise ReconcileError(f"{path} is there already", advice="give another name with --into, or --stdout")
    for path, one in zip(paths, written, strict=True):
        with path.open("x", encoding="utf-8") as file:
            file.write(one.drafted.text)
    return tuple(paths)


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
    shop: "Workshop",
    platform: str | None,
    zones: list[str] | None,
    names: list[str] | None,
    kind: str | None,
    projects: list[str] | None,
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
    return Filter(containers, tuple(names or ()), fitting[0] if kind else "", frozenset(projects or ()))


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
    platforms, blind = shop.platforms()
    scopes = {}
    for one in [platform] if platform else list(on):
        scope = asked.scope(chosen, one, shop.kinds)
        if scope is not None:
            scopes[chosen, one] = scope
    observations = observe(platforms, scopes, shop.clock, blind)
    memory = _memory(shop)
    accounts_seen(observations, shop.project, memory.pins)
    return _Looked(chosen, observations, memory, tuple(unseen(observations, shop.kinds)))


def _memory(shop: "Workshop") -> "Memory":
    """What the ledger knows; nothing where a sandbox has none yet: an import begins no ledger."""
    from ..model.memory import Memory

    world = shop.world
    if world is not None and world.ledger is not None and not Path(world.ledger).exists():
        return Memory()
    return shop.ledger(readonly=world is None).memory()


def _draft(
    shop: "Workshop", target: Path | None, looked: _Looked, found: "Sequence[Found]"
) -> "tuple[Sequence[File], tuple[str, ...]]":
    """The files, and what else is worth knowing: values that could be references, and what looks wrong as it lives."""
    from ..steps.choose import declared_elsewhere
    from ..steps.consumers import shared_secrets
    from ..steps.draft import draft_files
    from ..steps.findings import remarked, unwatched, without_record
    from ..steps.follow import could_follow, following, outputs_of

    known = declared_elsewhere(shop.tree, looked.account)
    there = {(one.resource.kind, one.resource.keys()[0]) for one in found if not one.why_not}
    outputs = outputs_of(looked.observations, there | {(kind, one.key) for (kind, _), one in known.items()})
    files = draft_files(
        following(found, outputs),
        account=looked.account,
        stack=target.stem if target is not None else _free(shop, looked.account),
        known=known,
        remarks=looked.remarks,
    )
    texts = shop.source.files()
    could = could_follow(shop.tree, looked.account, outputs, files, texts)
    plain = (remark for one in files for remark in one.drafted.remarks)
    living = (*remarked(looked.observations), *without_record(looked.observations, shop.kinds))
    taken = [one.resource for one in found if not one.why_not]
    left = unwatched(taken, looked.observations, shop.kinds) if looked.observations else ()
    return files, (*could, *plain, *living, *shared_secrets(looked.observations), *left)


def _free(shop: "Workshop", name: str) -> str:
    """A name that no stack has."""
    while name in shop.tree.stacks:
        name += "-too"
    return name


def _prove(shop: "Workshop", target: Path | None, files: "Sequence[File]", looked: _Looked) -> "Plan":
    """The plan of the new files over what was just seen. Raises SpecError where they do not load."""
    from ..steps.load import load, working_tree
    from ..steps.overlay import with_file
    from ..steps.plan import make_plan

    source = working_tree(shop.settings.root, shop.settings.stacks_dir)
    written = [one for one in files if one.drafted.written]
    names = [one.stack for one in written]
    if target is None or target.parent.resolve() != (source.root / source.folder).resolve():
        # Files that are not among the stacks are planned as if they were. One may go by any name: nothing uses it.
        names = [_free(shop, "imported")] if len(written) == 1 else names
        for name, one in zip(names, written, strict=True):
            source = with_file(source, f"{source.folder}/{name}.yaml", one.drafted.text.encode())
    tree = load(source, shop.kinds, shop.issues)
    return make_plan(tree, tuple(names), looked.observations, looked.memory, shop.kinds)
