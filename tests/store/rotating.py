"""A secret half way through a rotation, with every field told, and the books that keep it."""

import datetime as dt
from dataclasses import dataclass, replace

from reconcile.model.books import Entry
from reconcile.model.issuing import Value
from reconcile.model.rotation import Rotation, State, Version
from reconcile.model.secret import SecretText
from reconcile.store import Ledger
from reconcile.store.rotations import Rotations
from reconcile.store.vault import Key, begin_vault, open_vault

NAME = "bilko-jwt"
STACKS = {NAME: "bilko", "api-secret": "legacyvideo"}
WHEN = dt.datetime(2026, 3, 1, 2, 30, 15, 123456, tzinfo=dt.UTC)
TOLD = (Entry("rotation began", {"version": 2, "reason": "schedule"}), Entry("value sealed", {"version": 2}))

FULL = State(
    NAME,
    versions=(
        Version(1, "previous", {"value": "p1"}, "key-1", "acme/bilko-jwt/1/1", WHEN, WHEN, None, True, True),
        Version(2, "current", {"access": "p2", "refresh": "p3"}, issued_at=WHEN, kept=True),
    ),
    rotation=Rotation(
        2,
        "schedule",
        "soak",
        WHEN,
        WHEN,
        old=1,
        new=2,
        back=True,
        consumers=("bilko api", "bilko worker"),
        units=("bilko railway.instance.api", "bilko railway.instance.worker"),
        announced="acme/bilko-jwt/2/3",
        soak_until=WHEN.replace(microsecond=0),
        committed_at=WHEN,
        attempts=3,
        next_at=WHEN,
        held="nobody knows",
        why="the platform says: é\ud800\x00",
        proof={"bilko api": "P1"},
        revoke_first=True,
        who="a person",
    ),
    cycle=7,
    done_at=WHEN,
    ended="rolled back",
    paused="after a rollback",
    recipients=("bilko api",),
    swept_at=WHEN,
    told_at=WHEN,
)


@dataclass(frozen=True)
class Keys:
    runner: Key
    recovery: Key


def begun(ledger: Ledger) -> Keys:
    """Makes the vault of a new ledger."""
    runner, _ = Key.fresh()
    text = begin_vault(ledger, runner)
    assert text is not None
    return Keys(runner, Key(text, "paper"))


def books(ledger: Ledger, key: Key | None = None) -> Rotations:
    return Rotations(ledger, STACKS, key=key, vault=open_vault(ledger, key) if key is not None else None)


def value(**parts: str) -> Value:
    return {part: SecretText(text) for part, text in parts.items()}


def shown(found: Value | None) -> dict[str, str] | None:
    return {part: text.reveal() for part, text in found.items()} if found is not None else None


def starting(state: State, *units: str) -> State:
    """The state with a rotation that changes these now."""
    return replace(state, rotation=Rotation(1, "first", "switch", WHEN, WHEN, units=units))


def ended(state: State) -> State:
    return replace(state, rotation=None, cycle=state.cycle + 1, ended="done", done_at=WHEN)
