"""What a person asks of a secret. Each command says it to the ledger, then goes on with the rotation."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from .. import options as opt
from ..secret import given, opened
from .going import Going, agree, declared, whoami

if TYPE_CHECKING:
    from ...model.rotated import Secret
    from ...model.rotation import State

Here = Path()
Names = Annotated[list[str], typer.Argument(help="The secrets, as `secrets:` calls them.", metavar="SECRET…")]
Name = Annotated[str, typer.Argument(help="The secret, as `secrets:` calls it.", metavar="SECRET")]
Once = Annotated[bool, typer.Option("--once", help="Make one transition only; the next passes go on.")]


def now(
    secret: Names,
    once: Once = False,
    yes: opt.Yes = False,
    lock_timeout: opt.LockTimeout = 0.0,
    as_json: opt.Json = False,
    directory: opt.Directory = Here,
) -> None:
    """Rotate now, whatever schedule and windows say. What is under way already goes on."""
    from ...steps.rotate.asking import begin_or_go_on

    with opt.workshop(directory) as shop:
        who = whoami()
        declared(shop, secret)
        agree(secret, "Rotate", yes=yes)
        going = Going(shop, "now", once, lock_timeout, as_json)
        going.ask(secret, lambda one, state: begin_or_go_on(one, state, shop.clock(), who))


def compromised(
    secret: Annotated[list[str] | None, typer.Argument(help="The secrets.", metavar="SECRET…")] = None,
    everything: Annotated[bool, typer.Option("--all", help="Every secret of the repository, or of --stack.")] = False,
    stack: opt.Stacks = None,
    revoke_first: Annotated[
        bool, typer.Option("--revoke-first", help="End the old value before the new one is proven: consumers fail.")
    ] = False,
    second: Annotated[
        str, typer.Option("--agreed-with", help="With --revoke-first: who else agreed.", metavar="NAME")
    ] = "",
    yes: opt.Yes = False,
    lock_timeout: opt.LockTimeout = 0.0,
    as_json: opt.Json = False,
    directory: opt.Directory = Here,
) -> None:
    """Somebody else may have it: replace it at once, and never put it back. `rotate --compromised` does the same."""
    from ...model.errors import ReconcileError
    from ...rotation.turning import secrets_of
    from ...steps.rotate import asking

    if bool(secret) == everything or (stack and not everything):
        raise ReconcileError("which secrets?", advice="name them, or give --all (of each --stack); nothing was changed")
    if revoke_first and second.strip() in ("", whoami()):
        raise ReconcileError("--revoke-first takes two people", advice="give --agreed-with NAME of the other one")
    with opt.workshop(directory) as shop:
        stacks = opt.chosen_stacks(shop, stack, everything=False, writes=False)
        names = secret or [one.name for one in secrets_of(shop.tree.secrets, stacks)]
        declared(shop, names)
        agree(names, "Replace at once", yes=yes)
        who = f"{whoami()} with {second.strip()}" if revoke_first else whoami()

        def ask(one: "Secret", state: "State") -> "State":
            return asking.compromised(one, state, shop.clock(), who, revoke_first=revoke_first)

        Going(shop, "compromised", False, lock_timeout, as_json).replace(names, ask, who=who)


def back(
    secret: Name,
    yes: opt.Yes = False,
    lock_timeout: opt.LockTimeout = 0.0,
    as_json: opt.Json = False,
    directory: opt.Directory = Here,
) -> None:
    """Back to the old value, as long as that lives."""
    from ...steps.rotate.asking import turn_back

    with opt.workshop(directory) as shop:
        who = whoami()
        declared(shop, [secret])
        agree([secret], "Turn back", yes=yes)
        going = Going(shop, "back", False, lock_timeout, as_json)
        going.ask([secret], lambda one, state: turn_back(one, state, shop.clock(), who))


def accept(
    secret: Name,
    stdin: Annotated[bool, typer.Option("--stdin", help="Read the value from stdin: one line a part.")] = False,
    sealed: Annotated[
        Path | None, typer.Option("--sealed", help="Take it from a file that `trueup secret seal` wrote.")
    ] = None,
    lock_timeout: opt.LockTimeout = 0.0,
    as_json: opt.Json = False,
    directory: opt.Directory = Here,
) -> None:
    """Give the value that only a person can get; it is distributed and proven. Never an argument: those are seen."""
    from ...model.errors import ReconcileError

    if stdin and sealed is not None:
        raise ReconcileError("--stdin and --sealed are two values", advice="give one of them; nothing was changed")
    with opt.workshop(directory) as shop:
        (one,) = declared(shop, [secret])
        value = opened(shop, one, sealed) if sealed is not None else given(one, stdin=stdin)
        Going(shop, "accept", False, lock_timeout, as_json).give(one, value)


def ack(
    secret: Name,
    yes: opt.Yes = False,
    lock_timeout: opt.LockTimeout = 0.0,
    as_json: opt.Json = False,
    directory: opt.Directory = Here,
) -> None:
    """Say that the old value is deleted where only a person can delete it."""
    from ...steps.rotate.asking import acknowledge

    with opt.workshop(directory) as shop:
        declared(shop, [secret])
        agree([secret], "Acknowledge that the old value is deleted, of", yes=yes)
        Going(shop, "acknowledged", False, lock_timeout, as_json).ask([secret], acknowledge)


def retry(
    secret: Name, lock_timeout: opt.LockTimeout = 0.0, as_json: opt.Json = False, directory: opt.Directory = Here
) -> None:
    """Go on at once with what is held or waits after a failure."""
    from ...steps.rotate.asking import retry as again

    with opt.workshop(directory) as shop:
        Going(shop, "retry", False, lock_timeout, as_json).ask([secret], again)


def resume(
    secret: Name, lock_timeout: opt.LockTimeout = 0.0, as_json: opt.Json = False, directory: opt.Directory = Here
) -> None:
    """A person has looked at why it turned back: let it rotate by schedule again."""
    from ...steps.rotate.asking import unpause

    with opt.workshop(directory) as shop:
        Going(shop, "resumed", True, lock_timeout, as_json).ask([secret], lambda one, state: unpause(state))


def approve(
    secret: Name,
    digest: Annotated[
        str, typer.Option("--digest", help="Of the recipients that were reviewed: `rotate approve` shows it.")
    ] = "",
    lock_timeout: opt.LockTimeout = 0.0,
    as_json: opt.Json = False,
    directory: opt.Directory = Here,
) -> None:
    """Let new recipients have a secret. Without a terminal the digest of the reviewed list must be given."""
    from ...model.errors import StalePlan
    from ...steps.rotate.asking import STRANGER, strangers
    from ...steps.rotate.asking import approve as approved
    from ...steps.rotate.outlook import recipients_digest

    with opt.workshop(directory) as shop:
        (one,) = declared(shop, [secret])
        own = recipients_digest(one)
        if digest and digest != own:
            raise StalePlan(
                f"{secret}: its recipients are not those that were reviewed",
                advice=f"read them by `trueup rotate approve {secret}`, which shows their digest",
            )
        if not digest:
            new = strangers(one, shop.books().state(secret))
            for consumer in map(str, one.consumers):
                typer.echo(f"  {STRANGER if consumer in new else 'has it already'}: {consumer}", err=True)
            typer.echo(f"digest {own}", err=True)
            agree([secret], "Let all of these have", yes=False)
        everybody = [str(each) for each in one.consumers]
        going = Going(shop, "recipients approved", False, lock_timeout, as_json)
        going.ask([secret], lambda one, state: approved(one, state, everybody), digest=own)
