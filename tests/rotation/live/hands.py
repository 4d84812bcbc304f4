"""What people do for secrets that only they can get: a new value at the vendor, given, and the old one deleted."""

import datetime as dt
import secrets
from collections.abc import Iterable, Mapping
from contextlib import AbstractContextManager
from types import TracebackType
from typing import Any

from reconcile.model.books import Entry
from reconcile.model.rotated import ByHand, Secret
from reconcile.model.rotation import State, Step
from reconcile.model.secret import SecretText
from reconcile.rotation.turning import Rotations
from reconcile.steps.rotate.asking import accept, acknowledge, begin
from tests.stories.estate import Estate

WHO = "a person"
SOON = dt.timedelta(seconds=20)


class Passes(AbstractContextManager["Passes"]):
    """Passes over the secrets of an estate, one after the other by the same process."""

    def __init__(self, estate: Estate) -> None:
        self.estate = estate
        self._shop = estate.workshop()
        self._reconciler = self._shop.reconciler()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._shop.__exit__(kind, error, trace)

    @property
    def secrets(self) -> Mapping[str, Secret]:
        return self._shop.tree.secrets

    @property
    def stacks(self) -> tuple[str, ...]:
        return tuple(self._shop.tree.stacks)

    def state(self, name: str) -> State:
        return self._shop.books().state(name)

    def history(self) -> list[Any]:
        """Oldest first."""
        return self._shop.ledger().history(limit=1_000_000)[::-1]

    def turn(self, name: str, *, first: Any = None, until_quiet: bool = False) -> Step:
        """One transition of a secret, or as many as there are; `first` is as `Reconciler.rotate` takes it."""
        asked = first or (lambda rotations: None)
        stack = self.secrets[name].stack
        (step,) = self._reconciler.rotate([stack], command="rotate", only=[name], until_quiet=until_quiet, first=asked)
        return step

    def first_value(self, name: str) -> None:
        """In place and run with; given where only a person can."""
        if isinstance(self.secrets[name].source, ByHand):
            self.give(name)
        self.to_rest(name)

    def to_rest(self, name: str, most: int = 60) -> None:
        """Turns it, the world's clock going on, until nothing is left to do."""
        for _ in range(most):
            step = self.turn(name)
            if step.what == "nothing":
                return
            self.estate.world.advance(SOON)
        raise AssertionError(f"{name} does not come to rest: {step.what}, {step.text}")

    def give(self, name: str, value: Mapping[str, str] | None = None) -> Step:
        """Gives a new value, as `trueup rotate accept` does, and goes on until there is something to wait for. Raises
        UnitBusy: then it was not kept."""
        secret = self.secrets[name]
        given = {part: SecretText(text, part) for part, text in (value or value_for(self.estate, secret)).items()}

        def first(rotations: Rotations) -> None:
            books, now = rotations.books, self.estate.world.now()
            state = books.claim(name)
            begun = state if state.rotation is not None else begin(secret, state, now, WHO)
            prints = {part: books.fingerprint(text.reveal()) for part, text in given.items()}
            after, number = accept(secret, begun, prints, now)
            books.save(state, after, [Entry("given", {"who": WHO, "version": number})], seal={number: given})

        return self.turn(name, first=first, until_quiet=True)

    def say_deleted(self, name: str) -> Step:
        """Says that the old value is gone at the vendor's, as `trueup rotate ack` does."""

        def first(rotations: Rotations) -> None:
            state = rotations.books.claim(name)
            after = acknowledge(self.secrets[name], state)
            rotations.books.save(state, after, [Entry("acknowledged", {"who": WHO})])

        return self.turn(name, first=first, until_quiet=True)


def value_for(estate: Estate, secret: Secret) -> dict[str, str]:
    """What somebody finds at the vendor: made there where the world has one, anything else otherwise."""
    assert isinstance(secret.source, ByHand)
    check = secret.source.check
    if check is None:
        return {part: f"{secret.name}-{part}-{secrets.token_hex(8)}" for part in secret.parts}
    platform, _, kind = check.kind.partition(".")
    made = estate.world.create(platform, kind, f"{secret.name} {secrets.token_hex(4)}", check.account, {})
    return {"value": str(made.get("secret") or made["key"])}


def delete_old(estate: Estate, secret: Secret) -> None:
    """At a vendor that the world has, the older one goes."""
    assert isinstance(secret.source, ByHand)
    check = secret.source.check
    if check is None:
        return
    platform, _, kind = check.kind.partition(".")
    shelf = estate.world.shelf(platform, check.account, kind)
    old, _ = (str(one["name"]) for one in shelf.values() if str(one["name"]).startswith(f"{secret.name} "))
    estate.world.delete(platform, kind, old, check.account, {})


def first_values(estate: Estate, names: Iterable[str]) -> None:
    with Passes(estate) as passes:
        for name in names:
            passes.first_value(name)
