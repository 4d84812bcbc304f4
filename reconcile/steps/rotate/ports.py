"""What a rotation needs of the world: books and an estate; an issuer and a hook are nouns of `model.issuing`."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from ...model.books import Books, Entry, LostRace, UnitBusy
from ...model.rotated import Consumer
from ...model.rotation import Standing
from ...model.secret import SecretText
from ...model.spec import Place

__all__ = ["Books", "Entry", "Estate", "LostRace", "UnitBusy", "Wanted"]


@dataclass(frozen=True, slots=True)
class Wanted:
    """What one consumer is to hold. `current` None: whatever it holds now stays. `previous` None: it holds none."""

    current: SecretText | None
    previous: SecretText | None = None


class Estate(Protocol):
    """Where the consumers live. Raises PlatformError: what could not be read is never taken for absent."""

    def look(self, consumers: Sequence[Consumer]) -> Mapping[Consumer, Standing]:
        """All of them, read now."""

    def write(self, wanted: Mapping[Consumer, Wanted]) -> None:
        """Puts values where they belong, starting nothing. May fail half done: look again."""

    def start(self, units: Sequence[Place]) -> None:
        """Starts units anew with what is written. One extra start is harmless."""
