"""Where consumers live, in the world: what is written, what runs, and what is known to have been started since."""

from collections.abc import Mapping, Sequence

from reconcile.model.rotated import Consumer
from reconcile.model.rotation import UNREADABLE, Standing
from reconcile.model.spec import Place
from reconcile.steps.rotate.kid import kid
from reconcile.steps.rotate.ports import Wanted

from .books import MemoryBooks, print_of
from .points import BULK, START
from .world import CURRENT, World


class WorldEstate:
    """`Estate`. A unit is fresh when what runs is another start than the newest one at the end of our last write; in
    between nothing is known, and unknown is stale. What nobody can read counts as what we wrote while the platform's
    stamp is the one that was read after our write."""

    def __init__(
        self, world: World, books: MemoryBooks, unreadable: frozenset[str] = frozenset(), *, shows: bool = False
    ) -> None:
        self.world = world
        self.books = books
        self.unreadable = unreadable
        self.shows = shows

    def look(self, consumers: Sequence[Consumer]) -> Mapping[Consumer, Standing]:
        units = dict.fromkeys(one.unit.address.name for one in consumers)
        held = self.world.read("list variables", lambda: self._held(units, False), lambda: self._held(units, True))
        starts = self.world.read("list starts", lambda: self._starts(units, False), lambda: self._starts(units, True))
        health = {name: self._probe(name) for name in units}
        return {one: self._standing(one, held, starts, health) for one in consumers}

    def write(self, wanted: Mapping[Consumer, Wanted]) -> None:
        by_unit: dict[str, dict[str, str | None]] = {}
        for consumer, values in wanted.items():
            place = by_unit.setdefault(consumer.unit.address.name, {})
            if values.current is not None:
                place[consumer.address.leaf] = values.current.reveal()
            if consumer.previous is not None:
                place[consumer.previous.leaf] = values.previous.reveal() if values.previous else None
        for unit, variables in by_unit.items():
            mark = self.books.unknown(unit)
            self.world.call(f"put {unit}", BULK, self.world.put, unit, variables)
            self._remember(unit, variables, mark)

    def start(self, units: Sequence[Place]) -> None:
        for one in units:
            name = one.address.name
            if self.books.baselines.get(name, "") is None:
                # A write whose end nobody recorded: whatever was started until now may be older than it.
                self._remember(name, {}, None)
            self.world.call(f"start {name}", START, self.world.begin, name)

    def _remember(self, unit: str, changes: Mapping[str, str | None], mark: int | None) -> None:
        place = self.world.units[unit]
        start = self.world.read(f"newest start of {unit}", lambda: place.standing()[0])
        stamps = self.world.read(f"stamps of {unit}", lambda: dict(place.stamps))
        known = {name: (print_of(value), stamps[name]) for name, value in changes.items() if value is not None}
        self.books.baseline(unit, start, mark, known)

    def _held(self, units: Mapping[str, None], lags: bool) -> dict[str, dict[str, str]]:
        """By unit and name: what a listing shows, as fingerprints."""
        found = {}
        for unit in units:
            place = self.world.units[unit]
            values, stamps = place.variables, place.stamps
            if lags and place.lagging is not None:
                values, stamps = place.lagging
            if unit in self.unreadable:
                found[unit] = {name: self._recognised(unit, name, stamps.get(name, 0)) for name in values}
            else:
                found[unit] = {name: print_of(value) for name, value in values.items()}
        return found

    def _recognised(self, unit: str, name: str, stamp: int) -> str:
        print, at = self.books.written.get((unit, name), ("", -1))
        return print if at == stamp else UNREADABLE

    def _starts(self, units: Mapping[str, None], lags: bool) -> dict[str, tuple[str, str, str]]:
        found = {}
        for unit in units:
            place = self.world.units[unit]
            found[unit] = place.lagging_starts if lags and place.lagging_starts is not None else place.standing()
        return found

    def _probe(self, unit: str) -> tuple[bool, str]:
        """Health, and the key id that the service shows."""

        def now() -> tuple[bool, str]:
            live = self.world.units[unit].live
            return not self.world.is_sick(unit), kid(live.holds[CURRENT]) if live and CURRENT in live.holds else ""

        answer: tuple[bool, str] = self.world.read(f"probe {unit}", now)
        return answer

    def _standing(
        self,
        consumer: Consumer,
        held: Mapping[str, Mapping[str, str]],
        starts: Mapping[str, tuple[str, str, str]],
        health: Mapping[str, tuple[bool, str]],
    ) -> Standing:
        unit = consumer.unit.address.name
        newest, state, live = starts[unit]
        baseline = self.books.baselines.get(unit, "")
        if state == "none":
            # It reads its values when it starts, and never did.
            run = "stale"
        elif state in ("starting", "failed"):
            run = state
        else:
            run = "stale" if baseline is None or newest <= baseline or live != newest else "fresh"
        well, shows = health[unit]
        return Standing(
            current=held[unit].get(consumer.address.leaf),
            previous=held[unit].get(consumer.previous.leaf) if consumer.previous else None,
            run=run,  # type: ignore[arg-type]
            healthy=None if state == "none" else well,
            shows=(shows or None) if self.shows and consumer.address.leaf == CURRENT else None,
        )
