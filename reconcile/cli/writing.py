"""A command that writes, on stacks of either writer."""

import time
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, NoReturn

from ..model.errors import StalePlan
from ..model.spec import Writer
from . import options as opt
from .acting import Act, Wish, report
from .screen import console, waiting
from .turning import turn_secrets

if TYPE_CHECKING:
    from ..assemble import Workshop


def act(shop: "Workshop", stacks: list[str] | None, everything: bool, wish: Wish) -> NoReturn:
    """The whole command, on stacks of either writer."""
    from .pulumi.writers import writers_of

    began = time.monotonic()
    screen = console(no_color=wish.no_color, stderr=wish.as_json)
    with shop, waiting(quiet=wish.as_json, no_color=wish.no_color) as progress:
        names = opt.chosen_stacks(shop, stacks, everything=everything, writes=True)
        opt.check_choice(shop, wish.choice)
        one = Act(shop, wish, screen, progress)
        writers = writers_of(shop, names, wish.writer, keep=True)
        if "pulumi" in writers.values():
            from .pulumi.applying import apply_beside_pulumi

            if wish.command == "up":
                from .pulumi.building import build

                build(one, writers, began)
            run = apply_beside_pulumi(one, names, writers)
        else:
            run = shop.reconciler(progress=progress).apply(
                names,
                command=wish.command,
                mode=wish.mode,
                choice=wish.choice,
                # Under the lease: a hand-over may have been waited for.
                ask=lambda judged: one.ask(judged) if _still(shop, writers, wish.writer) else None,
                tell=one.tell,
                lock_timeout_seconds=wish.lock_timeout,
            )
        if run is not None:
            run = replace(run, turns=turn_secrets(one, names))
    report(run, one.seen[0], shop, time.monotonic() - began, screen, as_json=wish.as_json)


def _still(shop: "Workshop", writers: "Mapping[str, Writer]", asked: str | None) -> bool:
    """Whether they are still the writers. Raises ReconcileError where they are not."""
    from .pulumi.writers import writers_of

    if writers_of(shop, writers, asked) != writers:
        raise StalePlan("the stack was handed over meanwhile")
    return True
