"""What a person asks of a secret, as pure functions: a state in, the state to save out. NotNow says why not."""

import datetime as dt
from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import ClassVar

from ...model.errors import ReconcileError
from ...model.rotated import Secret
from ...model.rotation import UNREADABLE, Phase, Reason, Rotation, State, Status, Version
from ...model.spec import Place

STRANGER = "NEW RECIPIENT"
"""How a reason begins that only an approval of recipients removes."""


class NotNow(ReconcileError):
    """What was asked cannot be done in this state."""

    exit_code: ClassVar[int] = 16
    advice = "`trueup rotate status` shows where the secret stands; nothing was changed"


def unit_name(unit: Place) -> str:
    """As the books know it."""
    return f"{unit.stack} {unit.address}"


def guards_data(secret: Secret) -> bool:
    """Whether data may be lost with a value of it."""
    return secret.irreplaceable or secret.strategy == "migrate"


def begun(secret: Secret, state: State, now: dt.datetime, reason: Reason, who: str = "") -> State:
    """A rotation that begins. Consumers that nobody approved take no part; the first one approves those there are."""
    everybody = tuple(one.recipient for one in secret.consumers)
    recipients = everybody if not state.versions and not state.recipients else state.recipients
    members = [one for one in secret.consumers if one.recipient in recipients]
    current = state.current
    return replace(
        state,
        recipients=recipients,
        attempts=0,
        next_at=None,
        why="",
        rotation=Rotation(
            number=state.cycle + 1,
            reason=reason,
            phase="preflight",
            began_at=now,
            changed_at=now,
            old=current.number if current else None,
            consumers=tuple(str(one) for one in members),
            units=tuple(dict.fromkeys(unit_name(one.unit) for one in members)),
            who=who,
        ),
    )


def begin(secret: Secret, state: State, now: dt.datetime, who: str) -> State:
    """Now, whatever schedule and windows say, and although rotations are paused."""
    if state.rotation is not None:
        raise NotNow(f"{secret.name}: a rotation is under way ({state.rotation.phase})")
    if state.versions:
        new = strangers(secret, state)
        if new:
            raise NotNow(f"{secret.name}: {STRANGER} {', '.join(new)}: `trueup rotate approve {secret.name}`")
    return begun(secret, replace(state, paused=""), now, "manual", who)


def begin_or_go_on(secret: Secret, state: State, now: dt.datetime, who: str) -> State:
    """As `begin`; a rotation that is under way goes on at once, as after an interruption."""
    rotation = state.rotation
    if rotation is None:
        return begin(secret, state, now, who)
    if rotation.back:
        raise NotNow(f"{secret.name}: it turns back; the next pass goes on with that")
    if rotation.held:
        raise NotNow(f"{secret.name}: held: {rotation.held}")
    return replace(state, rotation=replace(rotation, attempts=0, next_at=None))


def strangers(secret: Secret, state: State) -> tuple[str, ...]:
    """Declared consumers that nobody approved."""
    return tuple(str(one) for one in secret.consumers if one.recipient not in state.recipients)


def compromised(secret: Secret, state: State, now: dt.datetime, who: str, *, revoke_first: bool = False) -> State:
    """Somebody else may have what consumers hold: it is replaced at once and never put back.

    A rotation that is under way goes forward, and hurries. Where its new value may have been written by now it may be
    known too: it is replaced right after.
    """
    if revoke_first and secret.strategy == "migrate":
        raise NotNow(f"{secret.name}: data still needs the old value; it cannot be revoked first")
    new = state.new
    versions = tuple(replace(one, compromised=True) if _is_leaked(one, new) else one for one in state.versions)
    state = replace(state, versions=versions, paused="")
    if state.rotation is None:
        state = begun(secret, state, now, "compromise", who)
        assert state.rotation is not None
        return replace(state, rotation=replace(state.rotation, revoke_first=revoke_first))
    return _hurried(secret, state, state.rotation, now, who, revoke_first)


def _is_leaked(version: Version, new: Version | None) -> bool:
    return version.ended_at is None and version is not new


def _hurried(secret: Secret, state: State, rotation: Rotation, now: dt.datetime, who: str, revoke_first: bool) -> State:
    """The rotation under way, as it goes on after a leak."""
    urgent = replace(
        rotation,
        reason="compromise",
        who=who,
        revoke_first=revoke_first and rotation.committed_at is None,
        back=False,
        held="",
        attempts=0,
        fails=0,
        next_at=None,
        why="",
        soak_until=now if rotation.phase in ("soak", "retire", "revoke") else None,
    )
    if rotation.phase in ("preflight", "issue"):
        if not rotation.back:
            return replace(state, rotation=urgent)
        # The new value is being revoked, or is already: nobody holds it, and another one is made.
        versions = tuple(
            replace(one, status="abandoned", ended_at=now) if one.number == rotation.new else one
            for one in state.versions
        )
        again = replace(urgent, phase="issue", changed_at=now, new=None, announced="", proof={})
        return replace(state, versions=versions, rotation=again)
    urgent = replace(urgent, new_leaked=True)
    if rotation.back or rotation.phase in ("accept", "switch"):
        phase: Phase = "revoke" if urgent.revoke_first else "switch"
        if secret.strategy == "migrate" and rotation.phase == "accept":
            phase = "accept"
        return replace(state, rotation=replace(urgent, phase=phase, changed_at=now, proof={}))
    return replace(state, rotation=replace(urgent, revoke_first=False))


BACKWARD: Mapping[Phase, Phase] = {
    "preflight": "preflight",
    "issue": "preflight",
    "accept": "accept",
    "switch": "switch",
    "migrate": "switch",
    "soak": "switch",
}
"""Where a rotation that turns back in a phase goes on. After the soak there is only forward."""


def reversed_at(state: State, now: dt.datetime, why: str) -> State:
    """The rotation turned back: consumers return to the old value, and the new one is revoked last."""
    rotation = state.rotation
    assert rotation is not None
    statuses: dict[int | None, Status] = {}
    if rotation.old is not None:
        statuses = {rotation.old: "current", rotation.new: "pending"}
    versions = tuple(
        replace(one, status=statuses.get(one.number, one.status)) if one.ended_at is None else one
        for one in state.versions
    )
    turned = replace(
        rotation,
        phase=BACKWARD[rotation.phase],
        back=True,
        changed_at=now,
        soak_until=None,
        attempts=0,
        fails=0,
        next_at=None,
        held="",
        why=why,
        proof={},
    )
    return replace(state, versions=versions, rotation=turned, paused=why)


def turn_back(secret: Secret, state: State, now: dt.datetime, who: str) -> State:
    """Back to the old value."""
    rotation, old = state.rotation, state.old
    if rotation is None:
        raise NotNow(f"{secret.name}: no rotation is under way")
    if rotation.back:
        raise NotNow(f"{secret.name}: it turns back already")
    if rotation.phase not in BACKWARD or rotation.committed_at is not None:
        raise NotNow(f"{secret.name}: in {rotation.phase} the old value is on its way out; only forward is left")
    if old is not None and old.compromised:
        raise NotNow(f"{secret.name}: the old value is compromised and is never put back")
    if rotation.phase not in ("preflight", "issue", "accept") and (old is None or not old.kept):
        raise NotNow(f"{secret.name}: the old value is not kept; give a new one by `trueup rotate now`")
    if secret.strategy == "roll" and rotation.new is not None:
        raise NotNow(f"{secret.name}: the issuer has ended the old value already")
    return reversed_at(state, now, f"turned back by {who}")


def accept(secret: Secret, state: State, prints: Mapping[str, str], now: dt.datetime) -> tuple[State, int]:
    """A value that a person gives, by its fingerprints; the caller seals it under the number that comes back.

    Where data needs the value in use and nobody keeps that one, it is what must be given first. In the middle of a
    rotation only a value that a person was asked about can be given: it is kept, and overwritten then.
    """
    rotation = state.rotation
    missing = [part for part in secret.parts if part not in prints]
    if missing:
        raise NotNow(f"{secret.name}: part {', '.join(missing)} is missing")
    if rotation is not None and (rotation.back or rotation.new is not None) and state.foreign:
        return _kept_aside(secret, state, rotation, prints, now)
    if rotation is None or rotation.phase not in ("preflight", "issue") or rotation.back or rotation.new is not None:
        raise NotNow(f"{secret.name}: no value is waited for; `trueup rotate now {secret.name}` begins")
    current = state.current
    if current is not None and not current.kept and guards_data(secret):
        return _kept_from_now_on(secret, state, rotation, current, prints), current.number
    if current and current.prints and all(current.prints.get(part) == print for part, print in prints.items()):
        raise NotNow(f"{secret.name}: that is the value that is in use")
    if any(one.compromised and one.prints == prints for one in state.versions):
        raise NotNow(f"{secret.name}: that value is compromised")
    number = next_number(state)
    given = Version(number, "pending", dict(prints), issued_at=now, kept=True)
    went = replace(rotation, phase="issue", new=number, attempts=0, fails=0, next_at=None, held="", why="")
    return replace(state, versions=(*state.versions, given), rotation=went, foreign=()), number


def _kept_aside(
    secret: Secret, state: State, rotation: Rotation, prints: Mapping[str, str], now: dt.datetime
) -> tuple[State, int]:
    """What stands somewhere and is none of ours is kept beside all versions, and the rotation goes on over it."""
    asked = {one.rpartition(" ")[2] for one in state.foreign}
    if not asked & {*prints.values(), UNREADABLE}:
        raise NotNow(f"{secret.name}: that is not the value that was asked about")
    number = next_number(state)
    aside = Version(number, "abandoned", dict(prints), ended_at=now, kept=True)
    goes_on = replace(rotation, attempts=0, fails=0, next_at=None, held="", why="")
    return replace(state, versions=(*state.versions, aside), rotation=goes_on, foreign=()), number


def _kept_from_now_on(
    secret: Secret, state: State, rotation: Rotation, current: Version, prints: Mapping[str, str]
) -> State:
    """The value in use, which was there before us, is given to be kept; the rotation goes on from where it is."""
    if any(prints.get(part) != print for part, print in current.prints.items()):
        raise NotNow(f"{secret.name}: data needs the value in use, which nobody keeps yet, and that is another one")
    kept = replace(current, prints=dict(prints), kept=True)
    versions = tuple(kept if one is current else one for one in state.versions)
    goes_on = replace(rotation, attempts=0, fails=0, next_at=None, held="", why="")
    return replace(state, versions=versions, rotation=goes_on)


def next_number(state: State) -> int:
    """The number of the next version."""
    return max((one.number for one in state.versions), default=0) + 1


def acknowledge(secret: Secret, state: State) -> State:
    """A person says: what was to be deleted where only people can delete it is deleted (the old value, or the new one
    when it turned back), and consumers that are no longer declared need it no more."""
    rotation = state.rotation
    if rotation is None or rotation.phase not in (("issue", "preflight") if rotation.back else ("revoke",)):
        raise NotNow(f"{secret.name}: nothing waits for an acknowledgement")
    dead = state.new if rotation.back else state.old
    declared = {str(one) for one in secret.consumers}
    versions = tuple(replace(one, status="revoked") if one is dead else one for one in state.versions)
    kept = tuple(one for one in rotation.consumers if one in declared)
    said = replace(rotation, consumers=kept, held="", why="", attempts=0, next_at=None)
    return replace(state, versions=versions, rotation=said)


def retry(secret: Secret, state: State) -> State:
    """At once, as if nothing had failed yet in this phase. A value that a person was asked about may be overwritten."""
    rotation = state.rotation
    state = replace(state, foreign=(), overwrite=tuple(dict.fromkeys((*state.overwrite, *state.foreign))))
    if rotation is None:
        return replace(state, attempts=0, next_at=None, why="")
    return replace(state, rotation=replace(rotation, held="", why="", attempts=0, fails=0, next_at=None))


def approve(secret: Secret, state: State, consumers: Collection[str]) -> State:
    """These consumers may have the value from now on."""
    unknown = [one for one in consumers if one not in {str(each) for each in secret.consumers}]
    if unknown:
        raise NotNow(f"{secret.name}: no consumer is called {', '.join(unknown)}")
    allowed = (one.recipient for one in secret.consumers if str(one) in consumers)
    recipients = tuple(dict.fromkeys((*state.recipients, *allowed)))
    rotation = state.rotation
    if rotation is not None:
        # From now on they are written and started as all others are.
        joined = (unit_name(one.unit) for one in secret.consumers if str(one) in consumers)
        rotation = replace(rotation, units=tuple(dict.fromkeys((*rotation.units, *joined))))
    if rotation is not None and rotation.held.startswith(STRANGER):
        rotation = replace(rotation, held="", why="")
    return replace(state, recipients=recipients, rotation=rotation)


def unpause(state: State) -> State:
    """A person has looked: rotations start by schedule again."""
    return replace(state, paused="", attempts=0, next_at=None, why="")
