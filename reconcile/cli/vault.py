"""vault reseal: another runner key, after one was lost, shown to others, or has served for long enough."""

import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from . import options as opt
from .leaving import Leave

if TYPE_CHECKING:
    from ..assemble import Workshop
    from ..model.secret import SecretText
    from ..store.vault import Key

Here = Path()
SCHEMA = "trueup.vault-reseal/1"


@dataclass(frozen=True)
class _Resealed:
    """The public key of the runner, the private keys that a person is to be told, and whether a file has the key."""

    runner: str
    shown: "SecretText | None" = None
    recovery: "SecretText | None" = None
    in_file: bool = False


def add_to(app: typer.Typer) -> None:
    group = typer.Typer(help="What the ledger keeps sealed, and who opens it.", no_args_is_help=True)
    group.callback()(_vault)
    group.command()(reseal)
    app.add_typer(group, name="vault")


def _vault() -> None:
    """What the ledger keeps sealed, and who opens it."""


def reseal(
    to: Annotated[
        str | None,
        typer.Option("--to", help="The public key of the new runner; none is made then.", metavar="AGE1…"),
    ] = None,
    show: Annotated[
        bool, typer.Option("--show", help="Print the new runner key, this once, and write it to no file.")
    ] = False,
    new_recovery: Annotated[
        bool, typer.Option("--new-recovery-key", help="Make and print another recovery key too.")
    ] = False,
    yes: opt.Yes = False,
    as_json: opt.Json = False,
    directory: opt.Directory = Here,
) -> None:
    """Seal everything to another runner key. Opened by the one in use, or by the recovery key as TRUEUP_KEY."""
    from ..model.errors import ReconcileError
    from ..model.exits import APPROVAL
    from ..store.vault import checked_recipient

    if to is not None and show:
        raise ReconcileError("--to makes no key that --show could print", advice="give one of them")
    with opt.workshop(directory) as shop:
        done = _finished(shop)
        if done is None or to or show or new_recovery:
            recipient = checked_recipient(to) if to is not None else None
            key = _opening(shop)
            if not (yes or _agrees()):
                print("nothing was sealed: nobody agreed (give --yes where there is no terminal)", file=sys.stderr)
                raise Leave(APPROVAL)
            done = _reseal(shop, key, recipient, show=show, new_recovery=new_recovery)
        _tell(shop, done, as_json=as_json)


def _finished(shop: "Workshop") -> "_Resealed | None":
    """What an earlier run sealed and died before it could say so."""
    from ..store.vault import take_next_key

    key = take_next_key(shop.ledger(), shop.key_file)
    return _Resealed(key.recipient, in_file=True) if key is not None else None


def _opening(shop: "Workshop") -> "Key":
    """A key that opens what is sealed. Raises KeyRefused."""
    from ..model.errors import KeyRefused
    from ..store.vault import KEY_FILE, KEY_VARIABLE, open_vault

    key = shop.runner_key()
    if key is None:
        raise KeyRefused(
            f"there is no key in {KEY_VARIABLE} or {KEY_FILE}",
            advice=f"give the recovery key in {KEY_VARIABLE}: it opens what the lost one opened",
        )
    if open_vault(shop.ledger(), key) is None:
        raise KeyRefused("the ledger holds nothing sealed", advice="`trueup init` makes what was never made")
    return key


def _reseal(shop: "Workshop", key: "Key", to: str | None, *, show: bool, new_recovery: bool) -> _Resealed:
    """The new key stands in a file, or on the screen, before anything is sealed to it or right after."""
    from ..assemble import whoami
    from ..store.vault import Key, next_runner_key, reseal, take_next_key

    ledger, shown, recovery, recovery_text = shop.ledger(), None, "", None
    if new_recovery:
        made, recovery_text = Key.fresh()
        recovery = made.recipient
    if to is not None:
        runner = to
    elif show:
        fresh, shown = Key.fresh()
        runner = fresh.recipient
    else:
        runner = next_runner_key(shop.key_file).recipient
    reseal(ledger, key, runner=runner, recovery=recovery, who=whoami())
    in_file = to is None and not show and take_next_key(ledger, shop.key_file) is not None
    return _Resealed(runner, shown, recovery_text, in_file)


def _tell(shop: "Workshop", done: _Resealed, *, as_json: bool) -> None:
    from ..store.vault import KEY_FILE, KEY_VARIABLE

    shown, recovery = (one.reveal() if one is not None else None for one in (done.shown, done.recovery))
    if as_json:
        document = {
            "schema": SCHEMA,
            "runner": done.runner,
            "file": KEY_FILE if done.in_file else None,
            "runner_key": shown,
            "recovery_key": recovery,
        }
        print(json.dumps(document, indent=2, ensure_ascii=False))
        return
    typer.echo(f"sealed to the runner {done.runner}; the runner key before it opens nothing any more")
    if done.in_file:
        typer.echo(f"the new key is in {KEY_FILE}; put it into {KEY_VARIABLE} of every runner that has no such file")
    elif shop.key_file.exists():
        typer.echo(f"the key in {KEY_FILE} is no longer the runner's: put the new one there, or remove the file")
    for name, text in (("runner key", shown), ("recovery key", recovery)):
        if text is not None:
            typer.echo(f"{name}, shown this once and kept nowhere:\n    {text}")


def _agrees() -> bool:
    if not sys.stdin.isatty():
        return False
    return input("Seal to another runner key? Every runner needs it then. Only 'yes' is accepted: ").strip() == "yes"
