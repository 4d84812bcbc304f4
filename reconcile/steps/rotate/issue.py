"""The first phases: may it begin, and the new value, sealed before anything is written anywhere."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import replace

from ...model.issuing import Found
from ...model.rotated import ByHand, Consumer
from ...model.rotation import Phase, Standing, State, Status, Step, Version
from .asking import guards_data, next_number
from .desired import Holds, accepts_old, matches
from .end import abort
from .ports import Entry
from .turn import LIMIT, UNWELL, Turn, issuer_of

DAY = dt.timedelta(days=1)


def preflight(turn: Turn) -> Step:
    """Whether everything is there that a rotation needs. Nothing has changed yet, and nothing does here."""
    old = turn.state.old
    if old is not None and not old.kept and guards_data(turn.secret):
        name = turn.secret.name
        return turn.held(f"data needs the value in use, which nobody keeps: give it by `trueup rotate accept {name}`")
    # What another rotation starts is not ready now, and that is nobody's failure.
    taken = turn.taken(turn.holders) if turn.rotation.reason == "schedule" else {}
    if taken:
        return turn.waits(next(iter(taken.values())))
    why = _obstacle(turn)
    if not why:
        return turn.moved("issue")
    fails = turn.rotation.fails + 1
    return abort(turn, why) if fails > UNWELL else turn.again(why, fails=fails)


def _obstacle(turn: Turn) -> str:
    ceiling = turn.issuer.ceiling
    if ceiling is not None and not turn.issuer.in_place:
        orphaned = {one.id for one in orphans(turn)}
        there = [one for one in turn.issuer.find("") if one.id not in orphaned]
        if len(there) >= ceiling:
            return f"the issuer has {len(there)} of at most {ceiling} credentials"
    if turn.rotation.reason != "schedule":
        # A person, a leak or a drift wants a new value whatever the old one is like.
        return ""
    old = turn.state.old
    assert old is not None
    for one, standing in turn.look().items():
        why = _unready(turn.state, one, standing, old.number)
        if why:
            return f"{one} {why}"
    if turn.takes(old) is False:
        return "the issuer refuses the old value already"
    return ""


def _unready(state: State, one: Consumer, standing: Standing, old: int) -> str:
    if not matches(state, one, standing, Holds(old), second=False):
        return "does not hold the old value"
    if standing.run in ("starting", "failed", "stale"):
        return f"is not ready: its start is {standing.run}"
    return "is unhealthy" if standing.healthy is False else ""


def issue(turn: Turn) -> Step:
    """One new value: announced by name before it is made, sealed in the same save in which its making is kept."""
    if turn.rotation.new is not None:
        return _prove(turn)
    if not turn.issuer.makes:
        return _wait_for_person(turn)
    if not turn.issuer.in_place:
        orphaned = orphans(turn)
        if orphaned:
            return revoke_orphan(turn, orphaned[0])
    # Without a key nothing could be sealed: that is said before anything is made.
    turn.books.fingerprint("")
    name = f"{turn.owner}/{turn.secret.name}/{turn.rotation.number}/{turn.state.fence}"
    turn.save(turn.with_rotation(announced=name), Entry("announced", turn.detail() | {"name": name}))
    turn.before_effect()
    minted = turn.issuer.mint(name)
    missing = [part for part in turn.secret.parts if part not in minted.value]
    if missing:
        return turn.held(f"the issuer makes no part {', '.join(missing)}; {name} is left there")
    number = next_number(turn.state)
    prints = {part: turn.books.fingerprint(text.reveal()) for part, text in minted.value.items()}
    version = Version(
        number, "pending", prints, minted.id, name, issued_at=turn.now, kept=True, issuer=issuer_of(turn.secret)
    )
    turn.opened[number] = minted.value
    after = turn.with_rotation(new=number, announced="", attempts=0, fails=0, next_at=None, why="")
    after = replace(after, versions=(*after.versions, version))
    turn.save(
        after,
        Entry("issued", turn.detail() | {"new": number, "id": minted.id, "name": name}),
        seal={number: minted.value},
    )
    return turn.step("acted", f"issued version {number}")


def _prove(turn: Turn) -> Step:
    """A value that its issuer refuses goes nowhere."""
    if "P4" in turn.secret.levels or not turn.issuer.makes:
        value = turn.value(turn.rotation.new)
        if value is None:
            return turn.held("the new value is not kept any more")
        if turn.issuer.takes(value) is False:
            return _refused(turn)
    return turn.moved(_after_issue(turn))


def _refused(turn: Turn) -> Step:
    why = "the issuer refuses the new value"
    fails = turn.rotation.fails + 1
    if fails <= LIMIT:
        return turn.again(why, fails=fails)
    return abort(turn, why) if turn.issuer.makes and not turn.issuer.in_place else another(turn, why)


def ended(version: Version, status: Status, now: dt.datetime) -> Version:
    """That version, when it lives no more."""
    return replace(version, status=status, ended_at=now)


def another(turn: Turn, why: str) -> Step:
    """The new value is refused and the old one cannot be returned to, or is not ours to make: it is gone for another
    one, a few times, until a person looks."""
    rotation, state = turn.rotation, turn.state
    over = [one for one in state.versions if one.ended_at is not None and one.ended_at >= rotation.began_at]
    if turn.issuer.makes and len(over) >= LIMIT:
        return turn.held(why)
    # Once it is in use it is what the next one takes the place of, and the one before it is over.
    used = state.new is not None and state.new.status == "current"
    status: Status
    gone, status, old = (rotation.old, "revoked", rotation.new) if used else (rotation.new, "abandoned", rotation.old)
    versions = tuple(ended(one, status, turn.now) if one.number == gone else one for one in state.versions)
    after = replace(turn.entered("issue", old=old, new=None, why=why), versions=versions)
    turn.save(after, Entry("refused", turn.detail() | {"why": why, "pages": True}))
    return turn.step("waits", why)


def _after_issue(turn: Turn) -> Phase:
    state, secret = turn.state, turn.secret
    if turn.rotation.revoke_first:
        return "revoke"
    if secret.skip_accept or not accepts_old(secret, state):
        return "switch"
    return "accept"


def _wait_for_person(turn: Turn) -> Step:
    """A person is reminded on the first day and on each day after it."""
    source = turn.secret.source
    where = source.where if isinstance(source, ByHand) else ""
    why = f"waits for a new value{f' from {where}' if where else ''}: `trueup rotate accept {turn.secret.name}`"
    told = turn.state.told_at
    if told is None or told < turn.rotation.began_at or turn.now - told >= DAY:
        steps = list(source.steps) if isinstance(source, ByHand) else []
        after = replace(turn.with_rotation(why=why), told_at=turn.now)
        turn.save(after, Entry("reminder", turn.detail() | {"where": where, "steps": steps, "days": 0}))
        return turn.step("waits", why, turn.now + DAY)
    return turn.waits(why, told + DAY)


def orphans(turn: Turn) -> Sequence[Found]:
    """Credentials that bear our name and that the books do not know as alive: made by a run that died before it could
    seal the value, or by one that was overtaken. A newer run's is not ours to judge."""
    prefix = f"{turn.owner}/{turn.secret.name}/"
    found = turn.issuer.find(prefix)
    if not found:
        return ()
    alive = [one for one in turn.state.versions if one.ended_at is None]
    ids, names = {one.id for one in alive}, {one.name for one in alive if one.name}
    return [
        one
        for one in found
        if one.name.startswith(prefix)
        and one.id not in ids
        and one.name not in names
        and _fence(one.name) <= turn.state.fence
    ]


def _fence(name: str) -> int:
    last = name.rpartition("/")[2]
    return int(last) if last.isdigit() else 0


def revoke_orphan(turn: Turn, found: Found) -> Step:
    """By id: nobody knows its value."""
    turn.before_effect()
    turn.issuer.revoke(found.id, None)
    entry = Entry("orphan revoked", {"id": found.id, "name": found.name})
    turn.save(
        turn.state if turn.state.rotation is None else turn.with_rotation(attempts=0, next_at=None, why=""), entry
    )
    return turn.step("acted", f"revoked the orphan {found.name}")
