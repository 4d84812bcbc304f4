"""Two secrets that a service holds both, due at the same time: no start publishes half-written values of the other."""

from collections.abc import Mapping
from dataclasses import replace

from reconcile.model.errors import ReconcileError
from reconcile.model.rotated import Secret
from reconcile.steps.rotate import advance as machine

from .books import MemoryBooks, print_of
from .cases import EVERY as INTERVAL
from .cases import Case, consumer
from .drive import BETWEEN
from .estate import WorldEstate
from .points import ESSENTIAL, Crash, Fault, Point, singles
from .record import EVERY
from .world import CURRENT, PREVIOUS, World

OTHER = "MAIL_KEY"
TURNS = 400
SIGNING = Case("overlap")
MAIL = Case("two-key")
NAMES = {"api-secret": {CURRENT, PREVIOUS}, "mail-key": {OTHER}}


class Two:
    """Both secrets in one world, turned one after the other by one process."""

    def __init__(self) -> None:
        self.world = World()
        self.books = MemoryBooks(self.world)
        mail = replace(MAIL.secret, name="mail-key", consumers=(consumer("api", OTHER, previous=None),))
        self.secrets: tuple[tuple[Secret, Case], ...] = ((SIGNING.secret, SIGNING), (mail, MAIL))
        self.found: list[str] = []
        self.world.watch = self.effect

    def effect(self, label: str) -> None:
        """I4, when something was started: who had written what does not run yet. I2 for what runs."""
        unit = self.world.units.get(label.removeprefix("start "))
        if label.startswith("start ") and unit is not None:
            runs: Mapping[str, str] = unit.live.holds if unit.live else {}
            half = [
                secret
                for secret, names in NAMES.items()
                if unit.live and any(unit.variables.get(one) != runs.get(one) for one in names)
            ]
            if len(half) > 1:
                self.found.append(f"{label} publishes what {' and '.join(half)} have written")
        for name, holds in self.world.running():
            if OTHER in holds and not self.world.is_live(holds[OTHER]):
                self.found.append(f"{name} runs with a key that is refused")

    def rotate(self, ends: int) -> None:
        """Until each has ended so many rotations."""
        for number in range(TURNS):
            secret, case = self.secrets[number % 2]
            estate = WorldEstate(self.world, self.books)
            try:
                machine.advance(secret, self.books, estate, case.issuer(self.world), self.world.now)
            except (Crash, ReconcileError):
                continue
            finally:
                self.world.pass_time(self.world.now + BETWEEN)
            states = [self.books.state(one.name) for one, _ in self.secrets]
            if all(state.cycle >= ends and state.rotation is None for state in states):
                return
        self.found.append(f"not at an end after {TURNS} turns")

    def second_time(self, faults: tuple[Fault, ...] = (), seen: list[Point] | None = None) -> list[str]:
        self.rotate(1)
        self.world.pass_time(self.world.now + INTERVAL)
        self.world.count, self.world.faults, self.world.seen = 0, dict(faults), seen
        self.rotate(2)
        for secret, _ in self.secrets:
            current = self.books.state(secret.name).current
            for one in secret.consumers:
                live = self.world.units[one.unit.address.name].live
                runs = live.holds.get(one.address.leaf, "") if live else ""
                if current is None or print_of(runs) not in current.prints.values():
                    self.found.append(f"{one} does not run on the current value")
        return self.found


@EVERY
def test_two_secrets_of_one_service(every: int) -> None:
    seen: list[Point] = []
    assert not Two().second_time(seen=seen)
    broken = {}
    for fault in singles(seen, ESSENTIAL)[:: every * 3 if every > 1 else 1]:
        found = Two().second_time((fault,))
        if found:
            broken[str(fault)] = found
    assert not broken, list(broken.items())[:5]
