"""How far a secret's rotation is: its versions, and the state that the ledger owns. No value is in here."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from .spec import Location, Place

Status = Literal["pending", "current", "previous", "revoked", "abandoned", "compromised"]
Reason = Literal["first", "schedule", "manual", "compromise", "repair"]
Phase = Literal["preflight", "issue", "accept", "switch", "migrate", "soak", "retire", "revoke"]
"""What comes next. With `Rotation.back` the same words count backwards: consumers return to the old value."""
End = Literal["done", "rolled back", "aborted"]
CHANGES: frozenset[Phase] = frozenset({"accept", "switch", "retire"})
"""Phases in which consumers are written and started, forward and back."""


@dataclass(frozen=True, slots=True)
class Version:
    """One value that a secret has, had or will have. Numbers count from 1; times are UTC.

    `prints` are fingerprints by part; empty: a value that was there before us and that nobody can read. `id` and `name`
    are the issuer's. `kept`: the ledger holds it sealed.
    """

    number: int
    status: Status
    prints: Mapping[str, str] = field(default_factory=dict)
    id: str = ""
    name: str = ""
    issued_at: dt.datetime | None = None
    current_at: dt.datetime | None = None
    ended_at: dt.datetime | None = None
    kept: bool = False
    compromised: bool = False
    """Somebody else may have it: it is never put back, whatever its status."""
    issuer: str = ""
    """Who made it, as account and kind of credential: nobody else is asked about it, or told to end it. "": we did, or
    a person, or it was there before us."""


@dataclass(frozen=True, slots=True)
class Rotation:
    """A rotation under way. `old` None: the first value. `new` None: not announced yet.

    `consumers` and `units` are the frozen plan: what held the secret when it began. `announced` is the name under which
    a key is about to be made, or was made by a run that died before it could seal the value. `committed_at` is the
    point of no return. `next_at`: not before. `held`: why only a person can go on; "" while it goes by itself.
    `proof` tells by consumer how far it is proven in this phase. `changed_at` is when the phase began.
    """

    number: int
    reason: Reason
    phase: Phase
    began_at: dt.datetime
    changed_at: dt.datetime
    old: int | None = None
    new: int | None = None
    back: bool = False
    consumers: tuple[str, ...] = ()
    units: tuple[str, ...] = ()
    announced: str = ""
    soak_until: dt.datetime | None = None
    committed_at: dt.datetime | None = None
    attempts: int = 0
    fails: int = 0
    """How often, in this phase, something that was started or written did not come out well: what turns it back."""
    next_at: dt.datetime | None = None
    held: str = ""
    why: str = ""
    """What the last attempt failed of, or what it waits for."""
    proof: Mapping[str, str] = field(default_factory=dict)
    revoke_first: bool = False
    new_leaked: bool = False
    """Somebody else may have the new value too: it is replaced as soon as the old one is gone."""
    who: str = ""
    """Who asked for it; "" for the schedule."""


@dataclass(frozen=True, slots=True)
class State:
    """All that the ledger owns of one secret.

    `turn` counts every saving and `fence` every run that took the secret up: both only grow, and whoever holds an
    older one can save nothing. `cycle` counts ended rotations. `done_at` is when the last one ended well, None: never.
    """

    secret: str
    turn: int = 0
    fence: int = 0
    versions: tuple[Version, ...] = ()
    rotation: Rotation | None = None
    cycle: int = 0
    done_at: dt.datetime | None = None
    ended: End | None = None
    """How the last rotation ended."""
    paused: str = ""
    """Why no rotation starts by schedule until a person looks (after a rollback); "": they do."""
    recipients: tuple[str, ...] = ()
    """Consumers that a person or the first issue let have it. Another one is held until it is approved."""
    swept_at: dt.datetime | None = None
    told_at: dt.datetime | None = None
    """When a person was last reminded of what only a person can do."""
    attempts: int = 0
    next_at: dt.datetime | None = None
    """Outside of a rotation: how often in a row it did not work, and not before when again."""
    why: str = ""
    """Outside of a rotation: what the last attempt failed of."""
    unstarted: tuple[str, ...] = ()
    """Consumers that were written outside of a rotation while nothing ran there: they are to be started."""
    foreign: tuple[str, ...] = ()
    """Values that are none of ours, by consumer and fingerprint: what a person was asked about, where data may need
    them. `overwrite` are those that a person let go."""
    overwrite: tuple[str, ...] = ()

    def version(self, number: int | None) -> Version | None:
        return next((one for one in self.versions if one.number == number), None)

    @property
    def current(self) -> Version | None:
        """What consumers hold outside of a rotation, and before its switch."""
        return next((one for one in self.versions if one.status == "current"), None)

    @property
    def changing(self) -> tuple[str, ...]:
        """The units that no other rotation may write to and start now. In every other phase than these a rotation may
        wait for days, for a person or for its soak, and keeps nobody from them: nothing is half written there."""
        rotation = self.rotation
        if rotation is None:
            return ()
        first = rotation.phase == "revoke" and rotation.revoke_first
        return rotation.units if first or rotation.phase in CHANGES else ()

    @property
    def old(self) -> Version | None:
        return self.version(self.rotation.old) if self.rotation else None

    @property
    def new(self) -> Version | None:
        return self.version(self.rotation.new) if self.rotation else None


@dataclass(frozen=True, slots=True)
class Standing:
    """One consumer as it lives. Prints are fingerprints; None: not there; UNREADABLE: there, and nobody can tell what.

    `run` is what its unit does: `fresh`, what runs was started after the last write of anything that it reads;
    `stale`, it was not; `starting`; `failed`, the newest start did; `none`, nothing runs there that could be stale.
    `healthy` (P2) and `shows` (P3, the key id) are None where no probe is declared.
    """

    current: str | None
    previous: str | None = None
    run: Literal["fresh", "stale", "starting", "failed", "none"] = "fresh"
    healthy: bool | None = None
    shows: str | None = None
    detail: str = ""


UNREADABLE = "?"


@dataclass(frozen=True, slots=True)
class Step:
    """What one turn did. `nothing`: there was nothing to do; `waits` until `at`, or for something outside (None);
    `acted`: one effect, the phase is the same; `moved`: the phase changed; `lost`: another run has it."""

    secret: str
    what: Literal["nothing", "acted", "moved", "waits", "held", "ended", "lost"]
    text: str = ""
    at: dt.datetime | None = None
    trouble: bool = False
    """It waits because something did not work."""


@dataclass(frozen=True, slots=True)
class Astray:
    """A consumer that does not hold what it should: `missing`, `another value`, `touched, value unknown`, or `has no
    value yet`. The next turn of its secret puts it right."""

    secret: str
    place: Place
    account: str
    verdict: str
    at: Location | None = None
