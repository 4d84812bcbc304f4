"""The part of a writing command that rotation has: a turn of every secret of its stacks."""

from collections.abc import Sequence

from ..loop import Choice
from ..model.errors import LedgerLocked
from ..model.rotation import Step
from ..rotation.turning import secrets_of
from .acting import Act


def turn_secrets(one: Act, names: Sequence[str]) -> tuple[Step, ...]:
    """One transition of each secret, where the whole of its stack was meant. `up` goes on until first values stand."""
    wish = one.wish
    if wish.mode == "destroy" or wish.choice != Choice():
        return ()
    try:
        return one.shop.reconciler(progress=one.progress).rotate(
            names,
            command=wish.command,
            until_quiet=wish.command == "up",
            lock_timeout_seconds=wish.lock_timeout,
        )
    except LedgerLocked as locked:
        # Another stack holds one of them as well, and somebody works on that: what was applied is told all the same.
        return tuple(Step(each.name, "lost", str(locked)) for each in secrets_of(one.shop.tree.secrets, names))
