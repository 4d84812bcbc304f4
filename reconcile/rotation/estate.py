"""The consumers of secrets as they live on platforms: looked at, written and started through the platforms' verbs.

Whether what runs has read what was written is told without clocks: right after a write the newest start of each unit
is kept in the ledger, and only a start after that one can have read it. A write that nobody saw end leaves no such
start, and then nothing counts as fresh until the unit was started anew.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Literal, cast

from ..model.change import Change, FieldChange, Outcome, Plan
from ..model.errors import Denied, Missing, PlatformError, Unavailable
from ..model.memory import Memory
from ..model.observation import Container, Scope, Seen
from ..model.platform import Platform, Running, Starts
from ..model.resource import Key
from ..model.rotated import Consumer, Secret
from ..model.rotation import Standing
from ..model.secret import SecretText
from ..model.spec import Declared, Place, Tree
from ..model.verdict import Judged
from ..steps.apply import Executor
from ..steps.observe import Pair, observe
from ..steps.plan.changes import changed, created, deleted
from ..steps.plan.seen import Fingerprint
from ..steps.reach import holders
from ..steps.rotate.ports import Wanted
from ..steps.rotate.reading import FIELD, listing_of, live_in, print_of, seen_at
from ..store import Ledger
from .probes import Prober

NEVER = "never started"
"""A unit's baseline where nothing had ever started there."""
RunState = Literal["fresh", "stale", "starting", "failed", "none"]


@dataclass
class LiveEstate:
    """The estate of one run. `guard` raises where the run's lease is lost; `run` is its number in the ledger."""

    tree: Tree
    platforms: Mapping[Pair, Platform]
    blind: Mapping[Pair, str]
    ledger: Ledger
    run: int
    fingerprint: Fingerprint
    clock: Callable[[], datetime]
    guard: Callable[[], None]
    prober: Prober
    secrets: Mapping[Consumer, Secret] = field(default_factory=dict)
    """Whose consumer each is: what its probes are."""
    _read: dict[Place, Seen | None] = field(default_factory=dict)
    """Every place as it was read last; only `prefetch` and what was read since the last write."""
    _early: bool = False
    """Whether what is in `_read` may serve the next look."""
    _memory: Memory | None = None

    def prefetch(self, consumers: Iterable[Consumer]) -> None:
        """Reads many at once; the first look at each is answered from it. What cannot be read is left out."""
        places = {place for one in consumers for place in _places(one)}
        self._read = dict(self._listed(places, strict=False))

    def look(self, consumers: Sequence[Consumer]) -> Mapping[Consumer, Standing]:
        places = {place for one in consumers for place in _places(one)}
        known = {place: self._read.pop(place) for place in places if place in self._read}
        seen = known if len(known) == len(places) else dict(self._listed(places, strict=True))
        runs = self.runs({one.unit for one in consumers})
        return {one: self._standing(one, seen, runs) for one in consumers}

    def write(self, wanted: Mapping[Consumer, Wanted]) -> None:
        places = {place for one in wanted for place in _places(one)}
        seen = dict(self._listed(places, strict=True))
        changes = [change for one, want in wanted.items() for change in self._changes(one, want, seen)]
        if not changes:
            return
        units = {one.unit for one in wanted}
        self.ledger.unit_written(sorted(units))
        outcomes = self._apply(changes)
        for unit, running in self._running(units).items():
            self.ledger.unit_baseline(unit, running.id or NEVER)
        failed = [one for one in outcomes if one.status != "done"]
        if failed:
            unsure = any(one.status == "unsure" for one in failed)
            told = "; ".join(f"{one.change.address}: {one.error or one.status}" for one in failed)
            raise Unavailable(told, unsure=unsure, platform=failed[0].change.address.platform)

    def start(self, units: Sequence[Place]) -> None:
        baselines = self.ledger.unit_baselines()
        unknown = [unit for unit in units if baselines.get(unit) == ""]
        for unit, running in self._running(unknown).items():
            # A run died between its write and this: what is there now cannot have read it, what starts next does.
            self.ledger.unit_baseline(unit, running.id or NEVER)
        for pair, places in _by_pair(self.tree, units).items():
            platform = self._starting(pair)
            if platform is not None:
                self.guard()
                platform.start([self._declared(place).resource for place in places])

    def runs(self, units: Iterable[Place]) -> Mapping[Place, RunState]:
        """What each unit does, against what the ledger knows of the last write to it."""
        baselines = self.ledger.unit_baselines()
        return {unit: _state(running, baselines.get(unit)) for unit, running in self._running(units).items()}

    def _running(self, units: Iterable[Place]) -> Mapping[Place, Running]:
        """What each unit does now. A unit whose platform starts nothing is live with whatever is written."""
        found: dict[Place, Running] = {}
        for pair, places in _by_pair(self.tree, sorted(units)).items():
            platform = self._starting(pair)
            kinds = platform.starts if platform is not None else frozenset()
            starting = [place for place in places if place.address.full_kind in kinds]
            resources = {place: self._declared(place).resource for place in starting}
            told: Mapping[Key, Running] = platform.running(list(resources.values())) if platform and starting else {}
            for place in places:
                if place not in resources:
                    found[place] = Running("", "always")
                else:
                    found[place] = told.get(resources[place].keys()[0], Running("", "none"))
        return found

    def _starting(self, pair: Pair) -> Starts | None:
        platform = self._platform(pair)
        return cast(Starts, platform) if hasattr(platform, "starts") else None

    def _platform(self, pair: Pair) -> Platform:
        if pair not in self.platforms:
            why = self.blind.get(pair, f"the project names no account {pair[0]} on {pair[1]}")
            raise Denied(why, platform=pair[1], account=pair[0])
        return self.platforms[pair]

    def _standing(self, one: Consumer, seen: Mapping[Place, Seen | None], runs: Mapping[Place, RunState]) -> Standing:
        current, previous = (self._print(place, seen[place]) if place else None for place in _both(one))
        secret = self.secrets.get(one)
        probes = [probe for probe in secret.probes if probe.unit in ("", str(one.unit))] if secret is not None else []
        told = self.prober.ask(probes, one.address.leaf) if runs[one.unit] == "fresh" else None
        return Standing(
            current,
            previous,
            runs[one.unit],
            healthy=told.healthy if told else None,
            shows=told.shows if told else None,
            detail=told.detail if told else "",
        )

    def _print(self, place: Place, seen: Seen | None) -> str | None:
        return print_of(place, seen, self.memory, self.fingerprint)

    @property
    def memory(self) -> Memory:
        if self._memory is None:
            self._memory = self.ledger.memory()
        return self._memory

    def _listed(self, places: Iterable[Place], *, strict: bool) -> Iterable[tuple[Place, Seen | None]]:
        """Each place with what lives there. Raises PlatformError where a listing was not read whole; not `strict`, such
        a place is left out."""
        scopes: dict[Pair, set[Container]] = defaultdict(set)
        declared = {place: self._declared(place) for place in places}
        for one in declared.values():
            scopes[one.account, one.address.platform].add(listing_of(one))
        known = holders(self.tree, self.memory, {one.resource.kind: type(one.resource) for one in self.tree.declared()})
        asked = {pair: Scope(pair[0], frozenset(found), known.get(pair, frozenset())) for pair, found in scopes.items()}
        observations = observe(self.platforms, asked, self.clock, self.blind)
        live = live_in(observations)
        read = {(one.account, container) for one in observations for container in one.read}
        gaps = [gap for one in observations for gap in one.gaps]
        for place, one in declared.items():
            if (one.account, listing_of(one)) in read:
                yield place, seen_at(one, live)
            elif strict:
                mine = [gap for gap in gaps if gap.account == one.account and gap.kind in (one.resource.kind, "*")]
                why = mine[0].reason if mine else "its listing was not read"
                raise Unavailable(f"{place} could not be seen: {why}", platform=one.address.platform)

    def _changes(self, one: Consumer, want: Wanted, seen: Mapping[Place, Seen | None]) -> Iterable[Change]:
        if want.current is not None:
            yield from self._change(one.place, want.current, seen[one.place])
        if one.previous is not None:
            place = Place(one.stack, one.previous)
            yield from self._change(place, want.previous, seen[place])

    def _change(self, place: Place, value: SecretText | None, seen: Seen | None) -> Iterable[Change]:
        """The change that puts a value at a place, or takes it away.

        Taken away is only the second value, which the stack declares as this secret's: whoever set it.
        """
        if value is None:
            if seen is not None:
                gone = deleted(place.stack, place.address, self._declared(place).account, seen)
                yield replace(gone, cause="rotation", quiet=True)
            return
        print_ = self.fingerprint(value.reveal())
        if seen is not None and self._print(place, seen) == print_:
            return
        one = self._declared(place)
        text = SecretText(value.reveal(), str(place), print_)
        one = replace(one, resource=one.resource.model_copy(update={FIELD: text}))
        if seen is None:
            change = created(one, self.tree.project.name, known=False)
        else:
            fields = (FieldChange(FIELD, hidden=True, print=print_),)
            change = changed(one, seen, fields, "update", "rotation", ())
        yield replace(change, cause="rotation", quiet=True)

    def _apply(self, changes: Sequence[Change]) -> list[Outcome]:
        stacks = tuple(dict.fromkeys(change.stack for change in changes))
        plan = Plan(stacks, self.tree.revision, self.clock().isoformat(), tuple(changes))
        executor = Executor(
            platforms=self.platforms,
            ledger=self.ledger,
            run=self.run,
            project=self.tree.project.name,
            approved=False,
            confirm_destructive=False,
            guard=self.guard,
            tell=lambda outcome: None,
        )
        try:
            return executor.apply(Judged(plan))
        finally:
            self._read.clear()
            self._memory = None

    def _declared(self, place: Place) -> Declared:
        spec = self.tree.stacks.get(place.stack)
        one: Any = spec.declared.get(place.address) if spec is not None else None
        if one is None:
            raise Missing(f"{place} is declared in no stack any more", platform=place.address.platform)
        return cast(Declared, one)


def _state(running: Running, baseline: str | None) -> RunState:
    """Baseline None: we never wrote there, so what runs is taken as it is. "": a write that nobody saw end.

    The newest start is well, and another one runs: somebody went back to that, with what it was started with.
    """
    if running.state == "always":
        return "fresh"
    if running.state == "none" and not running.id:
        return "none"
    if baseline == "" or running.state == "old":
        return "stale"
    if baseline is not None and running.id == baseline:
        return "stale"
    if running.state == "live":
        return "stale" if baseline is not None and running.live not in ("", running.id) else "fresh"
    return "starting" if running.state == "starting" else "failed"


def _both(one: Consumer) -> tuple[Place, Place | None]:
    return one.place, Place(one.stack, one.previous) if one.previous is not None else None


def _places(one: Consumer) -> list[Place]:
    return [place for place in _both(one) if place is not None]


def _by_pair(tree: Tree, places: Iterable[Place]) -> Mapping[Pair, list[Place]]:
    found: dict[Pair, list[Place]] = defaultdict(list)
    for place in places:
        spec = tree.stacks.get(place.stack)
        if spec is None:
            raise PlatformError(f"{place}: no stack file declares stack {place.stack} any more")
        found[spec.account, place.address.platform].append(place)
    return found
