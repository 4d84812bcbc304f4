"""Writing records: `POST /zones/{id}/dns_records/batch`, one database transaction a call.

The vendor carries out deletes, patches, puts and posts in this order, and nothing at all where one fails.
"""

from collections import deque
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from pydantic import ValidationError

from ...model.change import Change, Outcome
from ...model.errors import PlatformError, Rejected, Unavailable
from ...model.resource import Key
from ...wire import Call, Client
from ...wire.rest import PARTIAL, is_as_declared
from .listing import RECORDS_PER_PAGE, Listing, read_whole
from .record import Record

ROUNDS = 3
"""How often a batch of unknown effect is looked for and its rest sent again."""
GONE = "81044"
_IN_THE_WAY = frozenset({GONE, "81053", "81054", "81057", "81058"})
_WHOLE = frozenset({"7003", "9207"})
"""Refusals that say nothing about a single record: halving the batch would only ask again."""
_FREE, _PAID = (200, 100), (3_500, 500)
"""Records in one batch and characters in a comment, by plan (docs: batch record changes, record attributes)."""


@dataclass(frozen=True)
class Place:
    """What writing must know of a zone: its id, how many records a batch takes, how long a comment may be."""

    name: str
    id: str
    limit: int = _FREE[0]
    mark_length: int = _FREE[1]

    @classmethod
    def of(cls, zone: Mapping[str, Any]) -> "Place":
        """From the vendor's zone. A plan of a name we do not know gets the limits of the smallest."""
        plan = (zone.get("plan") or {}).get("legacy_id", "")
        paid = plan in ("pro", "business", "enterprise")
        return cls(str(zone["name"]).lower(), str(zone["id"]), *(_PAID if paid else _FREE))


@dataclass(frozen=True, eq=False)
class Write:
    """One change as parts of a batch. A change of type is a delete and a post of one batch: whether the vendor still
    lets the type of a record be edited is not known, and the pair never leaves the name without an answer."""

    change: Change
    delete: str = ""
    patch: Mapping[str, Any] | None = None
    post: Mapping[str, Any] | None = None

    @property
    def size(self) -> int:
        return bool(self.delete) + (self.patch is not None) + (self.post is not None)

    @property
    def rank(self) -> int:
        """What makes room goes first: a CNAME takes no other address beside it."""
        if self.delete:
            return 1 if self.post is not None else 0
        return 2 if self.patch is not None else 3


@dataclass
class _Zone:
    place: Place
    todo: deque[list[Write]]
    unsure: int = 0
    doubted: set[Write] = field(default_factory=set)
    """Writes that may have had their effect already."""


class Batches:
    """Turns changes into batches, sends them, and tells what became of each change."""

    def __init__(self, client: Client, places: Mapping[str, Place]) -> None:
        self._client = client
        self._places = places

    def count(self, changes: Sequence[Change]) -> int:
        """How many calls `apply` makes where nothing fails."""
        total = 0
        for name, writes in _by_zone(changes, self._places).items():
            place = self._places.get(name, Place(name, ""))
            total += len(_chunks(writes, place.limit))
        return total

    def apply(self, changes: Sequence[Change]) -> Iterator[Outcome]:
        """One outcome for every change. Batches of one zone in order, of different zones at once."""
        for change in changes:
            why = _impossible(change, self._places)
            if why:
                yield Outcome(change, "failed", error=why, exit_code=PARTIAL)
        possible = [change for change in changes if not _impossible(change, self._places)]
        zones = [
            _Zone(self._places[name], deque(_chunks(writes, self._places[name].limit)))
            for name, writes in _by_zone(possible, self._places).items()
        ]
        while busy := [zone for zone in zones if zone.todo]:
            sent = [zone.todo.popleft() for zone in busy]
            answers = self._client.together(
                [_call(zone.place, writes) for zone, writes in zip(busy, sent, strict=True)]
            )
            for zone, writes, answer in zip(busy, sent, answers, strict=True):
                yield from self._settle(zone, writes, answer)

    def _settle(self, zone: _Zone, writes: list[Write], answer: Any) -> Iterator[Outcome]:
        """What one answer says of its writes; what it leaves open is put back in front of the zone's queue."""
        if not isinstance(answer, PlatformError):
            zone.unsure = 0
            told, silent = _told(writes, answer)
            yield from told
            if silent:
                yield from self._look(zone, silent, "the answer does not name the record")
        elif isinstance(answer, Unavailable) and answer.unsure:
            zone.doubted.update(writes)
            yield from self._look(zone, writes, str(answer))
        elif not isinstance(answer, Rejected) or answer.code in _WHOLE:
            # The credential, the budget or the line: the zone's other batches would meet the same.
            stopped = [*writes, *(write for chunk in zone.todo for write in chunk)]
            zone.todo.clear()
            yield from (_failed(write, answer) for write in stopped)
        elif len(writes) > 1:
            middle = len(writes) // 2
            zone.todo.extendleft((writes[middle:], writes[:middle]))
        else:
            yield self._refused(zone, writes[0], answer)

    def _refused(self, zone: _Zone, write: Write, error: Rejected) -> Outcome:
        """The outcome of a write that was refused by itself: what is in the way may be its own earlier effect."""
        if error.code == GONE and write.change.verb == "delete":
            return Outcome(write.change, "done", write.delete)
        if error.code in _IN_THE_WAY and write in zone.doubted:
            live = self._live(zone)
            found = None if isinstance(live, PlatformError) else _found(write, live)
            if found is not None:
                return found
        return _failed(write, error)

    def _look(self, zone: _Zone, writes: list[Write], why: str) -> Iterator[Outcome]:
        """Looks for the effect of writes of unknown outcome; the rest is sent again, a few times.

        Sending again is safe here without waiting: the vendor refuses a record identical to one that is there.
        """
        zone.unsure += 1
        live = self._live(zone)
        if isinstance(live, PlatformError):
            why, code = f"{why}; looking for it: {live}", live.exit_code
            yield from (Outcome(one.change, "unsure", error=why, exit_code=code) for one in writes)
            return
        rest = []
        for write in writes:
            done = _found(write, live)
            if done is None:
                rest.append(write)
            else:
                yield done
        if rest and zone.unsure < ROUNDS:
            zone.todo.appendleft(rest)
        else:
            code = Unavailable.exit_code
            yield from (Outcome(one.change, "unsure", error=why, exit_code=code) for one in rest)

    def _live(self, zone: _Zone) -> "_Live | PlatformError":
        listing = Listing(f"/zones/{zone.place.id}/dns_records", RECORDS_PER_PAGE)
        (answer,) = read_whole(self._client, [listing])
        if isinstance(answer, PlatformError):
            return answer
        by_id = {str(raw["id"]): record for raw in answer if (record := _read(raw, zone.place.name))}
        return _Live(by_id, {record.keys()[0]: id for id, record in by_id.items()})


@dataclass(frozen=True)
class _Live:
    """The records of a zone, by id, and their ids by strongest key."""

    by_id: Mapping[str, Record]
    by_key: Mapping[Key, str]


def _impossible(change: Change, places: Mapping[str, Place]) -> str:
    """Why a change cannot be sent at all; "" where it can."""
    if not isinstance(change.after or change.before, Record):
        return f"{change.kind.kind} is only looked up"
    if change.container not in places:
        return f"zone {change.container} is not in this account"
    if change.before is not None and change.before.container() != change.container:
        return "a record cannot move to another zone; remove it here and declare it there"
    return ""


def _by_zone(changes: Sequence[Change], places: Mapping[str, Place]) -> dict[str, list[Write]]:
    found: dict[str, list[Write]] = {}
    held = {change.before.keys()[0] for change in changes if change.before is not None}
    for change in changes:
        place = places.get(change.container) or Place(change.container, "")
        found.setdefault(change.container, []).append(_write(change, place, held))
    return found


def _write(change: Change, place: Place, held: Collection[Key]) -> Write:
    """`held`: what the records of these changes are so far. The vendor refuses a patch into what another one still is,
    so that two that change places need the room of a delete first."""
    before, after = change.before, change.after
    if not isinstance(after, Record):
        return Write(change, delete=change.id)
    # A mark that does not fit is left out: the ledger's intent says whose it is.
    mark = change.marker if len(change.marker) <= place.mark_length else ""
    if change.verb == "create" or not isinstance(before, Record):
        return Write(change, post=after.body(mark))
    takes_over = after.keys()[0] != before.keys()[0] and after.keys()[0] in held
    if change.verb == "replace" or before.type != after.type or takes_over:
        return Write(change, delete=change.id, post=after.body(mark, before))
    return Write(change, patch={"id": change.id, **after.body(mark)})


def _chunks(writes: Sequence[Write], limit: int) -> list[list[Write]]:
    chunks: list[list[Write]] = []
    room = 0
    for write in sorted(writes, key=lambda one: one.rank):
        if write.size > room:
            chunks.append([])
            room = limit
        chunks[-1].append(write)
        room -= write.size
    return chunks


def _call(place: Place, writes: Sequence[Write]) -> Call:
    parts = {
        "deletes": [{"id": write.delete} for write in writes if write.delete],
        "patches": [write.patch for write in writes if write.patch is not None],
        "posts": [write.post for write in writes if write.post is not None],
    }
    body = {name: part for name, part in parts.items() if part}
    return Call("POST", f"/zones/{place.id}/dns_records/batch", json=body)


def _read(raw: Mapping[str, Any], zone: str) -> Record | None:
    try:
        return Record.answered({**raw, "zone": zone})
    except ValidationError:
        return None


def _told(writes: Sequence[Write], answer: Any) -> tuple[list[Outcome], list[Write]]:
    """Outcomes of a batch that went through, and the writes that its answer says nothing about."""
    result = answer.get("result") if isinstance(answer, dict) else None
    lists = result if isinstance(result, dict) else {}
    zone = writes[0].change.container
    patched = {str(raw.get("id")): raw for raw in lists.get("patches") or ()}
    posted = {}
    for raw in lists.get("posts") or ():
        record = _read(raw, zone)
        if record is not None:
            posted[record.keys()[0]] = (str(raw["id"]), record)
    told, silent = [], []
    for write in writes:
        after = write.change.after
        if after is None and result is not None:
            told.append(Outcome(write.change, "done", write.delete))
        elif write.patch is not None and (record := _read(patched.get(write.change.id, {}), zone)):
            told.append(Outcome(write.change, "done", write.change.id, record))
        elif write.post is not None and after is not None and after.keys()[0] in posted:
            told.append(Outcome(write.change, "done", *posted[after.keys()[0]]))
        else:
            silent.append(write)
    return told, silent


def _found(write: Write, live: _Live) -> Outcome | None:
    """The outcome of a write whose effect is seen; None where it is not."""
    after = write.change.after
    if not isinstance(after, Record):
        return None if write.delete in live.by_id else Outcome(write.change, "done", write.delete)
    id = write.change.id if write.patch is not None else live.by_key.get(after.keys()[0], "")
    record = live.by_id.get(id)
    if record is None or not is_as_declared(after, record) or (write.post is not None and write.delete in live.by_id):
        return None
    sent = (write.post or {}).get("comment")
    if sent is not None and record.comment != sent:
        return None
    return Outcome(write.change, "done", id, record)


def _failed(write: Write, error: PlatformError) -> Outcome:
    return Outcome(write.change, "failed", error=str(error), exit_code=max(error.exit_code, PARTIAL))
