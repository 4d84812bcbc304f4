"""What every asking command shares: who asks of which secrets, whether somebody agrees, and going on with them."""

import json
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, NoReturn

from ..leaving import Leave

if TYPE_CHECKING:
    from ...assemble import Workshop
    from ...model.books import Entry
    from ...model.rotated import Secret
    from ...model.rotation import State, Step
    from ...model.secret import SecretText
    from ...rotation.turning import Rotations

    Ask = Callable[[Secret, State], State]

SCHEMA = "trueup.rotate/1"


@dataclass(frozen=True)
class Going:
    """One command: what it does in a word, and how somebody wants it done. `once`: one transition, then the next passes
    go on."""

    shop: "Workshop"
    what: str
    once: bool = False
    lock_timeout: float = 0.0
    as_json: bool = False

    def ask(self, names: Sequence[str], ask: "Ask", *, who: str = "", **detail: object) -> NoReturn:
        """Saves what is asked of each, and turns them. Raises NotNow where one of them cannot do it: then none does.

        Where another rotation has to end first, that is waited for as long as it moves; then nothing was saved.
        """
        from ...model.books import Entry

        chosen = declared(self.shop, names)
        entry = Entry(self.what, {"who": who or whoami(), **detail})

        def first(rotations: "Rotations") -> None:
            for one in chosen:
                ask(one, rotations.books.state(one.name))
            rotations.asks.update({one.name: partial(_save, rotations, ask, entry) for one in chosen})

        self.turn(chosen, first)

    def replace(self, names: Sequence[str], ask: "Ask", *, who: str) -> NoReturn:
        """As `ask`, in a safe order, and what is known to somebody else is kept first of all: even where another
        rotation has to end first, the old value is never put back, and the next pass goes on."""
        from ...model.books import Entry

        chosen = declared(self.shop, names)
        entry = Entry(self.what, {"who": who})
        began = Entry("began", {"who": who, "reason": "compromise"})

        def first(rotations: "Rotations") -> None:
            for one in chosen:
                ask(one, rotations.books.state(one.name))
            for one in chosen:
                if rotations.books.state(one.name).rotation is not None:
                    rotations.asks[one.name] = partial(_save, rotations, ask, entry)
                else:
                    _save(rotations, _without_beginning(ask), entry, one)
                    rotations.asks[one.name] = partial(_save, rotations, ask, began)
            rotations.rank = rank

        self.turn(chosen, first)

    def give(self, one: "Secret", value: "Mapping[str, SecretText]") -> NoReturn:
        """Keeps a value that a person gives, sealed, and distributes it. Raises NotNow."""
        from ...model.books import Entry
        from ...steps.rotate.asking import accept, begin

        def first(rotations: "Rotations") -> None:
            books, now, who = rotations.books, self.shop.clock(), whoami()
            state = books.claim(one.name)
            prints = {part: books.fingerprint(text.reveal()) for part, text in value.items()}
            begun = state if state.rotation is not None else begin(one, state, now, who)
            after, number = accept(one, begun, prints, now)
            entry = Entry("given", {"who": who, "version": number})
            books.save(state, after, [entry], seal={number: value})

        self.turn([one], first)

    def turn(self, chosen: "Sequence[Secret]", first: "Callable[[Rotations], None]") -> NoReturn:
        """Does `first`, turns them, and leaves with what became of them."""
        from ...loop import turn_codes
        from ...model.exits import strictest
        from ..documents import turn_document
        from ..screen import waiting

        with waiting(quiet=self.as_json, no_color=False) as progress:
            turned = self.shop.reconciler(progress=progress).rotate(
                {one.stack for one in chosen},
                command=f"rotate {self.what}",
                only=[one.name for one in chosen],
                until_quiet=not self.once,
                first=first,
                lock_timeout_seconds=self.lock_timeout,
            )
        code = strictest(turn_codes(turned))
        if self.as_json:
            told = [turn_document(one) for one in turned]
            print(json.dumps({"schema": SCHEMA, "secrets": told, "exit": code}, indent=2, ensure_ascii=False))
        else:
            _show(turned)
        raise Leave(code)


def _save(rotations: "Rotations", ask: "Ask", entry: "Entry", one: "Secret") -> None:
    """Raises UnitBusy, LostRace, and NotNow where it cannot be done any more."""
    state = rotations.books.claim(one.name)
    rotations.books.save(state, ask(one, state), [entry])


def _without_beginning(ask: "Ask") -> "Ask":
    return lambda one, state: replace(ask(one, state), rotation=None)


def _show(turned: "Sequence[Step]") -> None:
    """What became of each secret."""
    from ..plain import plain
    from ..plan_view import show_turns
    from ..screen import console

    screen = console()
    show_turns(screen, turned)
    for one in turned:
        if one.what == "nothing":
            again = f" before {one.at:%Y-%m-%d}" if one.at is not None else ""
            screen.print(f"secret [bold]{plain(one.secret)}[/]  nothing to do{again}")


def declared(shop: "Workshop", names: Sequence[str]) -> "list[Secret]":
    """Raises ReconcileError on a name that no stack declares."""
    import difflib

    from ...model.errors import ReconcileError

    known = shop.tree.secrets
    for name in names:
        if name not in known:
            near = ", ".join(difflib.get_close_matches(name, known, n=3))
            hint = f"nearest: {near}" if near else f"they are called {', '.join(sorted(known)) or '(there are none)'}"
            raise ReconcileError(f"no stack declares a secret {name}", advice=f"{hint}; nothing was changed")
    return [known[name] for name in dict.fromkeys(names)]


def rank(one: "Secret") -> int:
    """A safe order: what only applications hold first, then what a person makes, then what opens a platform."""
    from ...model.rotated import ByHand, Issue

    return 2 if isinstance(one.source, Issue) else 1 if isinstance(one.source, ByHand) else 0


def agree(names: Sequence[str], verb: str, *, yes: bool) -> None:
    """Leaves with 11 where nobody agrees."""
    from ...model.exits import APPROVAL
    from ..acting import disagreed

    if yes:
        return
    if not _agrees(f"{verb} {', '.join(names)}? Only 'yes' is accepted: "):
        disagreed()
        raise Leave(APPROVAL)


def _agrees(question: str) -> bool:
    try:
        return sys.stdin.isatty() and input(question).strip() == "yes"
    except EOFError:
        return False


def whoami() -> str:
    from ...assemble import whoami as who

    return who()
