"""What runs, at a glance: the state that a platform tells of what is declared."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..model.observation import Container, Gap
from ..model.resource import ReadOnly
from ..model.spec import Declared, Place
from .documents import gap_document
from .looking import Look, listings_of, look
from .plain import plain

if TYPE_CHECKING:
    from rich.console import Console

    from ..assemble import Workshop

TELLING = ("deployment", "status")
"""Read-only fields that say how a thing is, by what platforms call it."""
_WELL = frozenset({"success", "ready", "sleeping", "active", "up"})
_UNDER_WAY = frozenset({"queued", "waiting", "initializing", "building", "deploying", "pending", "needs_approval"})


@dataclass(frozen=True)
class State:
    """`word` is the platform's own; "" where it tells none: a thing that is there and was never deployed."""

    word: str
    seen: bool = True
    read: bool = True
    """Its listing was read whole: where the thing was not seen, there is none."""

    def __str__(self) -> str:
        if not self.seen:
            return "not there" if self.read else "not seen"
        return self.word or "never deployed"


@dataclass(frozen=True)
class Running:
    """By (stack, address), in the order of the stacks."""

    states: Mapping[Place, State]
    gaps: tuple[Gap, ...]
    exit_code: int

    def of(self, stack: str) -> dict[str, State]:
        return {str(place.address): state for place, state in self.states.items() if place.stack == stack}


def running(shop: "Workshop", stacks: Sequence[str]) -> Running:
    """Reads the listings of what has a state. Raises ReconcileError."""
    chosen = [one for name in stacks for one in shop.tree.stacks[name].declared.values() if _telling(one)]
    memory = shop.ledger(readonly=True).memory()
    found = look(shop, memory, {listing for one in chosen for listing in listings_of(shop.tree, one)})
    return Running({one.place: _state(one, found) for one in chosen}, found.gaps, found.exit_code)


def _telling(one: Declared) -> str:
    """The field that tells the state; "" where none does."""
    told = one.resource.having(ReadOnly)
    return next((name for name in TELLING if name in told), "")


def _listing(one: Declared) -> Container:
    return Container(one.address.full_kind, one.resource.container())


def _state(one: Declared, found: Look) -> State:
    seen = found.matching.pairs.get(one.place)
    if seen is None:
        return State("", seen=False, read=found.was_read((one.account, _listing(one))))
    return State(str(getattr(seen.resource, _telling(one)) or ""))


def running_document(one: Running, stacks: Sequence[str]) -> dict[str, Any]:
    """What `trueup.status/1` holds beside the ledger's part, where the platforms were asked."""
    return {
        "running": {
            stack: {address: {"state": state.word or None, "seen": state.seen} for address, state in found.items()}
            for stack in stacks
            if (found := one.of(stack))
        },
        "gaps": [gap_document(gap) for gap in one.gaps],
        "exit": one.exit_code,
    }


def print_running(screen: "Console", one: Running, stack: str) -> None:
    """The lines of one stack."""
    found = one.of(stack)
    wide = max((len(address) for address in found), default=0)
    for address, state in found.items():
        screen.print(f"  live      {plain(address)}{' ' * (wide - len(address) + 2)}{_coloured(state)}")


def print_unseen(screen: "Console", one: Running) -> None:
    for gap in one.gaps:
        right = f" (needs {plain(gap.right)})" if gap.right else ""
        told = f"{plain(gap.account)} {plain(gap.kind)} {plain(gap.container)}: {plain(gap.reason)}{right}"
        screen.print(f"[red]not seen:[/] {told}")


def _coloured(state: State) -> str:
    word = state.word.lower()
    colour = "green" if word in _WELL else "yellow" if word in _UNDER_WAY or (state.seen and not word) else "red"
    return f"[{colour}]{plain(state)}[/]"
