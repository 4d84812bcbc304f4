"""Which live thing is which declared one, and whose it is.

found by          ours if                                   else
id in stack file  the ledger says so                        not ours: as it is declared it is taken over,
                                                            else to adopt; no other thing will do
recorded id       the ledger says so                        -
owner mark        the mark names this project, stack, address -
strongest key     its making was announced, unanswered,     not ours: to adopt
                  or it came along with a thing of ours
weaker key        (only where one and one are left over)    not ours: to adopt
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from ...model.change import Owning
from ...model.memory import Intent, Memory, Owned
from ...model.observation import Mark, Observation, Seen
from ...model.resource import Address
from ...model.spec import Declared, Place, Tree

Live = tuple[str, str, str]
"""(account, kind, id)."""


@dataclass
class Matching:
    """The pairs, what is left on either side, and ownership the ledger has yet to learn."""

    pairs: dict[Place, Seen] = field(default_factory=dict)
    ours: set[Place] = field(default_factory=set)
    owning: list[Owning] = field(default_factory=list)
    misfits: dict[Place, str] = field(default_factory=dict)
    """Why the value of an output does not fit the field that refers to it."""
    left: list[tuple[str, Seen]] = field(default_factory=list)
    """(account, seen) that no declared resource matched."""

    def live(self) -> set[tuple[str, str]]:
        """(kind, id) of everything that was seen."""
        return {(one.kind, one.id) for one in (*self.pairs.values(), *(seen for _, seen in self.left))}


@dataclass(frozen=True)
class Facts:
    """What matching may know, indexed once."""

    project: str
    owned_at: Mapping[Place, Owned]
    owned_live: Mapping[Live, Owned]
    creating: Mapping[Place, Intent]
    moved: Mapping[Place, Address]
    """(stack, old address) to the new one."""
    came: Collection[Live] = frozenset()
    """What a platform made along with something of ours."""

    @classmethod
    def gather(cls, tree: Tree, memory: Memory) -> "Facts":
        moved = {Place(spec.name, one.before): one.after for spec in tree.stacks.values() for one in spec.moved}
        owned_at: dict[Place, Owned] = {}
        owned_live: dict[Live, Owned] = {}
        for row in memory.owned:
            owned_at[Place(row.stack, moved.get(row.place, row.address))] = row
            owned_live[row.account, row.kind, row.id] = row
        creating = {one.place: one for one in memory.intents if _makes(one, owned_at.get(one.place))}
        return cls(tree.project.name, owned_at, owned_live, creating, moved, memory.came)


def _makes(intent: Intent, row: Owned | None) -> bool:
    """Whether a thing with an id of its own may have come of it: so too of an update that the platform can only do as
    delete and create (a DNS record's type), which shows in the key."""
    if intent.verb == "update":
        return row is None or row.key != intent.key
    return intent.verb != "delete"


def match(declared: Sequence[Declared], observations: Iterable[Observation], facts: Facts) -> Matching:
    """Pairs each declared resource with at most one live thing, account by account."""
    found = Matching()
    by_account: dict[str, list[Declared]] = defaultdict(list)
    for one in declared:
        by_account[one.account].append(one)
    seen_by_account: dict[str, list[Seen]] = defaultdict(list)
    for observation in observations:
        seen_by_account[observation.account].extend(observation.seen)
    for account in sorted(by_account.keys() | seen_by_account.keys()):
        _match_account(account, by_account[account], seen_by_account[account], facts, found)
    return found


def _match_account(
    account: str, declared: Sequence[Declared], seen: Sequence[Seen], facts: Facts, found: Matching
) -> None:
    free = {(one.kind, one.id): one for one in seen}
    open_declared = _by_id_and_mark(account, declared, free, facts, found)
    open_declared = _by_strongest_key(account, open_declared, free, facts, found)
    level = 1
    while open_declared:
        deeper = [one for one in open_declared if len(one.resource.keys()) > level]
        if not deeper:
            break
        paired = _by_weaker_key(account, deeper, free, facts, found, level)
        open_declared = [one for one in open_declared if one.place not in paired]
        level += 1
    found.left.extend((account, one) for one in free.values())


def _by_id_and_mark(
    account: str,
    declared: Sequence[Declared],
    free: dict[tuple[str, str], Seen],
    facts: Facts,
    found: Matching,
) -> list[Declared]:
    marked: dict[Mark, list[Seen]] = defaultdict(list)
    for live in free.values():
        if live.owner is not None and live.owner.project == facts.project:
            marked[live.owner].append(live)
    still_open = []
    for one in declared:
        row = facts.owned_at.get(one.place)
        if one.pinned:
            _by_pin(one, row, free, facts, found)
            continue
        seen = free.get((one.address.full_kind, row.id)) if row and row.account == account else None
        if seen is not None and row is not None:
            moved = "moved" if row.address != one.address else None
            _pair(one, seen, free, found, ours=True)
            if moved:
                found.owning.append(Owning(one.stack, account, one.address, seen, one, "moved", row.address))
            continue
        seen = _marked(one, marked, free, facts) if marked else None
        if seen is not None:
            _pair(one, seen, free, found, ours=True)
            found.owning.append(Owning(one.stack, account, one.address, seen, one, "marker"))
            continue
        still_open.append(one)
    return still_open


def _by_pin(one: Declared, row: Owned | None, free: dict[tuple[str, str], Seen], facts: Facts, found: Matching) -> None:
    """Nothing but the thing with the id that the stack file names, unless another address owns it."""
    seen = free.get((one.address.full_kind, one.pinned))
    owner = facts.owned_live.get((one.account, one.address.full_kind, one.pinned))
    if seen is None or (owner is not None and owner is not row):
        return
    _pair(one, seen, free, found, ours=owner is not None)
    if owner is not None and owner.address != one.address:
        found.owning.append(Owning(one.stack, one.account, one.address, seen, one, "moved", owner.address))


def _marked(
    one: Declared, marked: Mapping[Mark, list[Seen]], free: Mapping[tuple[str, str], Seen], facts: Facts
) -> Seen | None:
    """The live thing that carries this address's mark; None where two do (somebody copied the mark)."""
    names = [one.address, *(old for (stack, old), new in facts.moved.items() if (stack, new) == one.place)]
    found = [
        seen
        for name in names
        for seen in marked.get(Mark.of(facts.project, one.stack, name), ())
        if (seen.kind, seen.id) in free
        and seen.kind == one.address.full_kind
        and (one.account, seen.kind, seen.id) not in facts.owned_live
    ]
    if len(found) > 1:
        found = [seen for seen in found if seen.key == one.resource.keys()[0]]
    return found[0] if len(found) == 1 else None


def _by_strongest_key(
    account: str,
    declared: Sequence[Declared],
    free: dict[tuple[str, str], Seen],
    facts: Facts,
    found: Matching,
) -> list[Declared]:
    index: dict[tuple[str, tuple[str, ...]], list[Seen]] = defaultdict(list)
    for seen in free.values():
        if (account, seen.kind, seen.id) not in facts.owned_live:
            index[seen.kind, seen.key].append(seen)
    still_open = []
    for one in declared:
        candidates = index.get((one.address.full_kind, one.resource.keys()[0]), [])
        if not candidates:
            still_open.append(one)
            continue
        seen = candidates.pop(0)
        intent = facts.creating.get(one.place)
        announced = intent is not None and intent.account == account and intent.key == seen.key
        came = (account, seen.kind, seen.id) in facts.came
        _pair(one, seen, free, found, ours=announced or came)
        if announced or came:
            found.owning.append(Owning(one.stack, account, one.address, seen, one, "intent" if announced else "came"))
    return still_open


def _by_weaker_key(
    account: str,
    declared: Sequence[Declared],
    free: dict[tuple[str, str], Seen],
    facts: Facts,
    found: Matching,
    level: int,
) -> set[Place]:
    wanted: dict[tuple[str, tuple[str, ...]], list[Declared]] = defaultdict(list)
    for one in declared:
        wanted[one.address.full_kind, one.resource.keys()[level]].append(one)
    live: dict[tuple[str, tuple[str, ...]], list[Seen]] = defaultdict(list)
    for seen in free.values():
        keys = seen.resource.keys()
        if len(keys) > level and not seen.managed and (account, seen.kind, seen.id) not in facts.owned_live:
            live[seen.kind, keys[level]].append(seen)
    paired = set()
    for key, ones in wanted.items():
        if len(ones) == 1 and len(live.get(key, ())) == 1:
            _pair(ones[0], live[key][0], free, found, ours=False)
            paired.add(ones[0].place)
    return paired


def _pair(one: Declared, seen: Seen, free: dict[tuple[str, str], Seen], found: Matching, *, ours: bool) -> None:
    del free[seen.kind, seen.id]
    found.pairs[one.place] = seen
    if ours and not one.resource.only_seen:
        found.ours.add(one.place)
