"""sandbox: the pretend world, and the hands that edit it behind our back."""

import json
import re
import signal
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from . import options as opt
from .leaving import Leave

if TYPE_CHECKING:
    from ..sandbox.ready import Ready

sandbox = typer.Typer(help="A pretend world of every platform, on loopback.", invoke_without_command=True)

Account = Annotated[str | None, typer.Option("--account", help="Whose; needed where two accounts hold the name.")]
Fields = Annotated[
    list[str] | None,
    typer.Argument(
        help="FIELD=VALUE …; where.FIELD=VALUE selects where a name is ambiguous.", metavar="[FIELD=VALUE]…"
    ),
]
Platform = Annotated[str, typer.Argument(help="cloudflare, betterstack …")]
Kind = Annotated[str, typer.Argument(help="record, zone, heartbeat …")]
Name = Annotated[str, typer.Argument(help="The vendor's name, or its id.")]
Seconds = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}


def add_to(app: typer.Typer) -> None:
    app.add_typer(sandbox, name="sandbox")


@sandbox.callback()
def serve(
    context: typer.Context,
    port: Annotated[int, typer.Option("--port", min=0, max=65000, help="Page here, platforms after it; 0: free.")] = 0,
    ready_file: Annotated[Path | None, typer.Option("--ready-file", help="Written when everything listens.")] = None,
    state: Annotated[Path | None, typer.Option("--state", help="Begin from this file and save to it.")] = None,
    latency: Annotated[int, typer.Option("--latency", min=0, help="Milliseconds that every answer takes.")] = 0,
    rate_limits: Annotated[Literal["off", "real"], typer.Option("--rate-limits")] = "off",
    empty: Annotated[bool, typer.Option("--empty", help="Not even the zones that stacks look up.")] = False,
    directory: opt.Directory = Path(),
) -> None:
    """Serve the pretend world until Ctrl-C. Commands with TRUEUP_SANDBOX=READY_FILE talk to it."""
    if context.invoked_subcommand is not None:
        return
    import tempfile

    from ..assemble import begin_world
    from ..program.standin import beside
    from ..sandbox.serve import serve as serve_world

    ready_path = (ready_file or Path(tempfile.mkdtemp(prefix="trueup-sandbox-")) / "ready.json").resolve()
    world = begin_world(
        directory.resolve(), state=state, latency_seconds=latency / 1000, rate_limits=rate_limits == "real", empty=empty
    )
    ledger = ready_path.with_suffix(".ledger.db")
    # From here on: whoever ends it has read the ready-file, or the line below, before `wait` listens.
    signal.signal(signal.SIGTERM, _interrupt)
    try:
        served = serve_world(world, port=port, ready_file=ready_path, ledger=ledger, beside=beside)
        typer.echo(f"sandbox: {served.page_url}")
        for name, url in served.platform_urls.items():
            typer.echo(f"  {name}: {url}")
        if served.beside is not None:
            typer.echo(f"  {served.beside.told}")
        typer.echo(f"  export TRUEUP_SANDBOX={ready_path}")
        served.wait()
    except KeyboardInterrupt:
        # Whoever ends it just after it began ends it as well.
        raise Leave(0) from None


def _interrupt(number: int, frame: object) -> None:
    raise KeyboardInterrupt


@sandbox.command()
def edit(platform: Platform, kind: Kind, name: Name, fields: Fields = None, account: Account = None) -> None:
    """Edit one thing as a person at the console would."""
    from ..sandbox import client

    typer.echo(_shown(client.edit(_ready(), platform, kind, name, account=account, fields=_pairs(fields))))


@sandbox.command()
def create(platform: Platform, kind: Kind, name: Name, fields: Fields = None, account: Account = None) -> None:
    """Make one thing by hand."""
    from ..sandbox import client

    typer.echo(_shown(client.create(_ready(), platform, kind, name, account=account, fields=_pairs(fields))))


@sandbox.command()
def delete(platform: Platform, kind: Kind, name: Name, fields: Fields = None, account: Account = None) -> None:
    """Delete one thing by hand; FIELD=VALUE select."""
    from ..sandbox import client

    typer.echo(_shown(client.delete(_ready(), platform, kind, name, account=account, fields=_pairs(fields))))


@sandbox.command()
def fault(
    platform: Platform,
    text: Annotated[str | None, typer.Argument(help="'500 after POST /zones/*/dns_records/batch times=1'")] = None,
    clear: Annotated[bool, typer.Option("--clear", help="Disarm the platform's faults.")] = False,
) -> None:
    """Make a platform fail: a status, reset, slow=3s, truncate, shift, stale=2; before or after the effect."""
    from ..sandbox import client

    if clear:
        client.clear_faults(_ready(), platform)
    if text:
        client.fault(_ready(), platform, text)
    for rule, left in client.faults(_ready()).get(platform, []):
        typer.echo(f"{rule}  ({'always' if left is None else f'{left} left'})")


@sandbox.command()
def calls(
    as_json: opt.Json = False,
    last: Annotated[int | None, typer.Option("--last", min=1, help="Only the last so many.")] = None,
    clear: Annotated[bool, typer.Option("--clear", help="Forget them.")] = False,
) -> None:
    """The calls that the pretend world answered."""
    from ..sandbox import client

    found = client.calls(_ready(), last)
    if as_json:
        typer.echo(json.dumps(found, indent=2))
    else:
        for one in found:
            typer.echo(f"{one['at']}  {one['platform']:<12} {one['status']}  {one['method']:<6} {one['path']}")
        typer.echo(f"{len(found)} calls")
    if clear:
        client.clear_calls(_ready())


@sandbox.command()
def watch(as_json: opt.Json = False) -> None:
    """What runs in the pretend world, and what of it ran on a value that its maker refuses."""
    from ..sandbox import client

    told = client.watch(_ready())
    if as_json:
        typer.echo(json.dumps(told, indent=2))
        return
    for one in told["running"]:
        state = "runs nothing" if not one["start"] else "runs" if one["well"] else "is ill"
        typer.echo(f"{one['account']}  {one['kind']} {one['unit']}  {state}  {one['start']}".rstrip())
    for one in told["refused"]:
        ended = f"until {one['until']}" if one["until"] else "still"
        place = f"{one['account']}  {one['platform']} {one['unit']}/{one['variable']}"
        typer.echo(f"refused  {one['at']} {ended}  {place}  after {one['by']}")
    typer.echo(f"{len(told['running'])} units, {len(told['timeline'])} changes, {len(told['refused'])} refused values")


@sandbox.command()
def clock(by: Annotated[str, typer.Argument(help="+30d, +12h, +90s; nothing: show it.")] = "+0s") -> None:
    """Move the world's clock on."""
    from ..model.errors import ReconcileError
    from ..sandbox import client

    found = re.fullmatch(r"\+(\d{1,6})([smhdw])", by)
    if found is None:
        raise ReconcileError(f"{by!r} is no span of time", advice="like +30d, +12h, +15m, +90s")
    moved = client.clock(_ready(), timedelta(seconds=int(found[1]) * Seconds[found[2]]))
    typer.echo(moved.isoformat().replace("+00:00", "Z"))


def _ready() -> "Ready":
    from ..model.errors import ReconcileError
    from ..sandbox.ready import Ready
    from ..settings import SANDBOX, Settings

    path = Settings.from_environment().sandbox
    if path is None:
        raise ReconcileError(f"which sandbox? {SANDBOX} is not set", advice="start one: `trueup sandbox`")
    return Ready.read(path)


def _pairs(texts: list[str] | None) -> dict[str, str]:
    from ..model.errors import ReconcileError

    pairs = {}
    for text in texts or ():
        name, equals, value = text.partition("=")
        if not (name and equals):
            raise ReconcileError(f"{text!r} is not FIELD=VALUE", advice="like ttl=300")
        pairs[name] = value
    return pairs


def _shown(thing: dict[str, object]) -> str:
    return json.dumps(thing, indent=2, ensure_ascii=False)
