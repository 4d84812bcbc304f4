"""Where a secret stands, in words a person can act on: its age, when it is due, what it waits for. Pure."""

import datetime as dt
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

from ...model.rotated import ByHand, Secret
from ...model.rotation import State
from . import schedule
from .asking import STRANGER, strangers


@dataclass(frozen=True)
class Outlook:
    """One secret today. `age` None: nobody knows how old its value is. `due` None: only when asked.

    `problem` is what only a person can put right, or what is late; "" where nothing is. `phase` "" outside of a
    rotation. `proof` tells by consumer how far it is proven in this phase.
    """

    secret: Secret
    version: int | None
    age: dt.timedelta | None
    due: dt.datetime | None
    phase: str
    until: dt.datetime | None
    why: str
    problem: str
    proof: Mapping[str, str]
    strangers: tuple[str, ...] = ()
    steps: tuple[str, ...] = ()
    """What a person does now to get the value that is waited for."""


def outlook(secret: Secret, state: State, now: dt.datetime) -> Outlook:
    """What the books say of it now."""
    current, rotation = state.current, state.rotation
    since = (current.issued_at or current.current_at) if current is not None else None
    new = strangers(secret, state) if state.versions else ()
    return Outlook(
        secret=secret,
        version=current.number if current is not None else None,
        age=now - since if since is not None else None,
        due=schedule.due(secret, state),
        phase=f"{'back: ' if rotation.back else ''}{rotation.phase}" if rotation is not None else "",
        until=(rotation.soak_until if rotation.phase == "soak" else rotation.next_at) if rotation is not None else None,
        why=rotation.why if rotation is not None else state.why,
        problem=_problem(secret, state, now, new),
        proof=rotation.proof if rotation is not None else {},
        strangers=new,
        steps=_steps(secret, state),
    )


def _problem(secret: Secret, state: State, now: dt.datetime, new: tuple[str, ...]) -> str:
    rotation = state.rotation
    if rotation is not None and rotation.held:
        return f"held: {rotation.held}"
    if rotation is not None and rotation.attempts:
        return f"stuck in {rotation.phase} after {rotation.attempts} attempts: {rotation.why}"
    if rotation is not None and _waits_for_a_person(secret, state):
        return f"waits for a person: {rotation.why or f'`trueup rotate accept {secret.name}`'}"
    if rotation is None and state.foreign:
        return f"held: {state.why}"
    if state.current is not None and state.current.compromised:
        return "compromised: the next pass replaces it"
    if new:
        return f"{STRANGER} {', '.join(new)}: `trueup rotate approve {secret.name}`"
    if state.paused:
        return f"paused: {state.paused}; `trueup rotate resume {secret.name}` once that is understood"
    late = schedule.overdue_at(secret, state)
    if late is not None and now >= late:
        return f"overdue since {late:%Y-%m-%d}"
    if state.current is None and rotation is None:
        return "never had a value of ours: the next apply issues or takes over one"
    return ""


def _waits_for_a_person(secret: Secret, state: State) -> bool:
    """Whether a value that only a person can get, or end, is what the rotation waits for."""
    rotation = state.rotation
    if rotation is None or not isinstance(secret.source, ByHand):
        return False
    return (rotation.phase == "issue" and rotation.new is None) or (rotation.phase == "revoke" and bool(rotation.why))


def _steps(secret: Secret, state: State) -> tuple[str, ...]:
    rotation = state.rotation
    waited_for = rotation is not None and rotation.phase == "issue" and _waits_for_a_person(secret, state)
    return tuple(secret.source.steps) if waited_for and isinstance(secret.source, ByHand) else ()


def recipients_digest(secret: Secret) -> str:
    """What an approval of recipients binds to: these consumers of this secret, and no others."""
    told = "\n".join([secret.name, *sorted(f"{one.recipient} {one.part}" for one in secret.consumers)])
    return hashlib.sha256(told.encode()).hexdigest()[:16]
