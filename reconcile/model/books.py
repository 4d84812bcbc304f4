"""The books of every rotation: who owns the states, keeps values sealed, and lets one run at a time have a secret."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from .issuing import Value
from .rotation import State


class LostRace(Exception):
    """Another run took the secret up, or saved first. An ordinary outcome: this run stops and changes nothing more."""


class UnitBusy(Exception):
    """Another rotation changes the same unit now; the text names it."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A line of the history. `detail` holds names, versions, ids and fingerprints; never a value."""

    what: str
    detail: Mapping[str, object] = field(default_factory=dict)


class Books(Protocol):
    """The owner of every state. Each method is one transaction."""

    def state(self, secret: str) -> State:
        """As it is kept; an empty one where nothing is."""

    def claim(self, secret: str) -> State:
        """Takes the secret up: fence and turn grow by one, and whoever held it before can save nothing more."""

    def save(
        self,
        before: State,
        after: State,
        entries: Sequence[Entry] = (),
        *,
        seal: Mapping[int, Value] | None = None,
        erase: Collection[int] = (),
    ) -> State:
        """Keeps `after` where `before` is still what is kept, and returns it with its new turn.

        Values in `seal` (by version) are kept, those in `erase` destroyed, in the same transaction. Raises LostRace;
        UnitBusy where `after` is in a phase that changes consumers, and another secret's rotation changes one of its
        units now.
        """

    def busy(self) -> Mapping[str, str]:
        """Units that a rotation changes now, and of which secret it is."""

    def check(self, state: State) -> None:
        """Right before an effect outside. Raises LostRace where another run took the secret up since."""

    def value(self, secret: str, version: int) -> Value | None:
        """The value that is kept sealed, opened; None where none is kept."""

    def fingerprint(self, value: str) -> str:
        """Equal for equal values, and nothing that could be guessed."""
