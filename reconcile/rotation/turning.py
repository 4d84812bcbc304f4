"""One turn of every secret: what a pass does for rotation, and what a person asks of it."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from ..model.books import Books, LostRace, UnitBusy
from ..model.errors import PlatformError
from ..model.issuing import Hook, Issuer
from ..model.rotated import Secret
from ..model.rotation import Step
from ..model.spec import Project
from ..steps.rotate.advance import advance
from .estate import LiveEstate

MOST_TURNS = 60
"""Turns of one secret in a row, where a person waits for it: more than any rotation that moves takes."""
Ask = Callable[[Secret], None]
"""Saves what a person wants of a secret. Raises UnitBusy where another rotation has to end first, and LostRace."""


@dataclass
class Rotations:
    """The secrets of some stacks, with everything that a turn needs. `issuer` may raise PlatformError."""

    secrets: Sequence[Secret]
    books: Books
    estate: LiveEstate
    issuer: Callable[[Secret], Issuer]
    hooks: Mapping[str, Hook]
    clock: Callable[[], datetime]
    owner: str
    """Begins the names of issued credentials."""
    tell: Callable[[Step], None] = field(default=lambda step: None)
    rank: Callable[[Secret], int] = field(default=lambda secret: 0)
    """Those of a higher rank begin when all below it have nothing more to do now."""
    asks: dict[str, Ask] = field(default_factory=dict)
    """What is asked of a secret before its next turn, by its name; taken away once it is saved."""

    def turn(self) -> tuple[Step, ...]:
        """One transition of each secret."""
        if not self.secrets:
            return ()
        self.estate.prefetch(one for secret in self.secrets for one in secret.consumers)
        return tuple(self.advance(secret) for secret in sorted(self.secrets, key=self.rank))

    def advance(self, secret: Secret) -> Step:
        """One transition of one secret. What a platform refuses outside of a rotation is told as a step that waits."""
        try:
            ask = self.asks.get(secret.name)
            if ask is not None:
                ask(secret)
                del self.asks[secret.name]
            hook = self.hooks.get(secret.hook) if secret.hook else None
            step = advance(
                secret, self.books, self.estate, self.issuer(secret), self.clock(), hook=hook, owner=self.owner
            )
        except UnitBusy as busy:
            step = Step(secret.name, "waits", str(busy), trouble=secret.name in self.asks)
        except LostRace:
            step = Step(secret.name, "lost", "another run has it")
        except PlatformError as error:
            step = Step(secret.name, "waits", str(error), trouble=True)
        self.tell(step)
        return step

    def until_quiet(self, *, pause: Callable[[], None] = lambda: None) -> tuple[Step, ...]:
        """Turns the secrets, each in its turn, until none has anything to do now: the last step of each."""
        last: dict[str, Step] = {}
        for rank in sorted({self.rank(one) for one in self.secrets}):
            going = [one for one in self.secrets if self.rank(one) == rank]
            for _ in range(MOST_TURNS):
                steps = {one.name: self.advance(one) for one in going}
                last.update(steps)
                moves = any(step.what in ("acted", "moved", "ended") for step in steps.values())
                going = [one for one in going if self._goes_on(steps[one.name], moves)]
                if not going:
                    break
                if not moves:
                    pause()
        return tuple(last[one.name] for one in self.secrets)

    def _goes_on(self, step: Step, moves: bool) -> bool:
        """Whether another turn may do more. `moves`: one of the others did something, which may be what this waits
        for."""
        if step.what == "ended":
            # What a rotation came to may be known to somebody else as well: then it is replaced at once.
            current = self.books.state(step.secret).current
            return current is not None and current.compromised
        if step.what != "waits":
            return step.what in ("acted", "moved")
        if step.at is not None and step.at > self.clock():
            return False
        rotation = self.books.state(step.secret).rotation
        # What passes by itself, as a start that is under way, is kept; another rotation that must move first is not.
        return moves or (not step.trouble and rotation is not None and rotation.why == step.text)


def secrets_of(secrets: Mapping[str, Secret], stacks: Iterable[str]) -> tuple[Secret, ...]:
    """The secrets that some stacks declare, in the order of their names."""
    chosen = frozenset(stacks)
    return tuple(secrets[name] for name in sorted(secrets) if secrets[name].stack in chosen)


def stacks_of(secrets: Iterable[Secret]) -> frozenset[str]:
    """Every stack that one of these secrets is declared in, held in or started in: what a turn must have the lease
    of. A shared variable is read by units of other stacks."""
    held = (
        (one.stack, *(stack for each in one.consumers for stack in (each.stack, each.unit.stack))) for one in secrets
    )
    return frozenset(stack for stacks in held for stack in stacks)


def owner_of(project: Project) -> str:
    """What begins the names of issued credentials: two repositories that share a vendor's account must not take each
    other's for orphans."""
    return f"{project.name}.{project.ledger_id}"
