"""Where values come from: what makes, lists and ends a credential, and what moves data from one key to the next.

A platform that makes credentials says so by `issues`, its kinds by their word (`api-key`), and has a method
`issuer(word, options)`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar, Protocol

from pydantic import BaseModel, ConfigDict

from .rotated import VALUE
from .secret import SecretText

Value = Mapping[str, SecretText]
"""A secret's value, by part."""


class IssueOptions(BaseModel):
    """What a stack says of a credential that a platform makes, or only checks. Frozen; unknown fields are refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    parts: ClassVar[tuple[str, ...]] = (VALUE,)
    makes: ClassVar[bool] = True
    """False: a person makes it, the platform only tells whether it is taken."""
    in_place: ClassVar[bool] = False
    seen_as: ClassVar[str] = ""
    """The full kind whose listing shows what was made, by the id it was made with; "" where none does."""


@dataclass(frozen=True, slots=True)
class Minted:
    """A new credential. `id` is what it is revoked by."""

    id: str
    value: Value


@dataclass(frozen=True, slots=True)
class Found:
    """A credential as a listing tells it. Times are ISO 8601, UTC; "" where the issuer does not tell."""

    id: str
    name: str
    created_at: str = ""
    used_at: str = ""


class Issuer(Protocol):
    """Where values come from. Raises PlatformError, with `unsure` where nobody knows what a call did."""

    @property
    def makes(self) -> bool:
        """False: a person does."""

    @property
    def in_place(self) -> bool:
        """A new value kills the one before (`roll`)."""

    @property
    def ceiling(self) -> int | None:
        """How many credentials there may be; None: no limit that matters."""

    def mint(self, name: str) -> Minted:
        """Makes one, told once. In place: puts a new value in its place."""

    def find(self, prefix: str) -> Sequence[Found]:
        """Those whose name begins so. Always () where nothing outlives the call, as with generated values."""

    def revoke(self, id: str, value: Value | None) -> None:
        """By id. What is gone already is done. `value` is that of a credential that only its own value can end."""

    def takes(self, value: Value) -> bool | None:
        """Whether a harmless call with it succeeds (P4, P5). None: nobody can tell."""


class Hook(Protocol):
    """What re-encrypts data under a migration: resumable, and counted by somebody else than who does it.

    It knows no direction of its own. Whenever it is called every consumer was proven to use X and to accept
    X_PREVIOUS, and X is where data goes: the new value, or the old one again when the rotation turned back.
    """

    def run(self, old: Value, new: Value) -> None:
        """Moves data to `new`, which is what X is now, from `old`, which is what X_PREVIOUS is; turned back these are
        the new version and the old one. Goes on where it stopped. Raises PlatformError."""

    def left(self) -> int:
        """How much is under anything else than what X is now."""
