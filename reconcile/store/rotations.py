"""The books of every rotation, in a ledger: who saves last knows it, and values lie sealed to runner and recovery key.

A state is kept where it still stands as it was read (turn and fence), together with its lines of the history, the
values that it seals or destroys, and the units that its rotation starts: all of it or nothing.
"""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

from sqlalchemy import Connection, insert, select, update

from ..model.books import Entry, LostRace
from ..model.errors import KeyRefused, LedgerBroken
from ..model.issuing import Value
from ..model.rotation import State
from ..model.secret import SecretText
from . import sealing, states, units
from .chain import Draft
from .ledger import Ledger
from .tables import secret_state
from .values import canonical
from .vault import KEY_VARIABLE, RECOVERY, RUNNER, Key, Vault, seal

_AT = secret_state.c
_CHANGED = "somebody changed the ledger; find out who, then `trueup ledger restore` a backup from before"
_TELLING = 8
"""Shorter texts stand anywhere by chance."""
_PUBLIC = frozenset({"id", "public"})
"""Parts that are no secret by themselves: an issuer's id is the name that its key is revoked by."""


class Rotations:
    """Books. `stacks` tells by secret which stack declares it: its history has the entries, the ledger's own has those
    of secrets that no stack declares.

    Without `key` no value is opened, without `vault` none is sealed or fingerprinted (KeyRefused); states are read and
    saved all the same. Raises LedgerError.
    """

    def __init__(self, ledger: Ledger, stacks: Mapping[str, str], *, key: Key | None, vault: Vault | None) -> None:
        self._ledger = ledger
        self._stacks = stacks
        self._key = key
        self._vault = vault

    def state(self, secret: str) -> State:
        """As it is kept; an empty one where nothing is."""
        return self._ledger.reading(lambda connection: _state(connection, secret))

    def states(self) -> dict[str, State]:
        """All that are kept, by secret, in one look; also of secrets that no stack declares any more."""
        rows = self._ledger.reading(lambda connection: connection.execute(select(secret_state)).all())
        return {row.secret: states.read(row.secret, row.turn, row.fence, row.state) for row in rows}

    def busy(self) -> dict[str, str]:
        """Units that a rotation changes now, and of which secret it is."""
        held = self._ledger.reading(units.busy)
        return {unit: secret for unit, secret in held.items() if secret in self._stacks}

    def claim(self, secret: str) -> State:
        """Takes the secret up: fence and turn grow by one, and whoever held it before can save nothing more."""

        def work(connection: Connection) -> tuple[State, Sequence[Draft]]:
            found = _state(connection, secret)
            taken = replace(found, turn=found.turn + 1, fence=found.fence + 1)
            _keep(connection, found, taken)
            return taken, ()

        return self._ledger.writing(work)

    def save(
        self,
        before: State,
        after: State,
        entries: Sequence[Entry] = (),
        *,
        seal: Mapping[int, Value] | None = None,
        erase: Collection[int] = (),
    ) -> State:
        """Keeps `after` where `before` is still what is kept, and returns it with its new turn.

        Values in `seal` (by version) are kept, those in `erase` destroyed, in the same transaction. Raises LostRace;
        UnitBusy where `after` changes units that another secret's rotation changes now; ValueError where a value
        that is to be sealed stands in the open beside it.
        """
        if after.secret != before.secret or after.fence < before.fence:
            raise ValueError("a state is followed by one of the same secret whose fence is not lower")
        saved = replace(after, turn=before.turn + 1)
        contents = {version: self._content(after.secret, version, value) for version, value in (seal or {}).items()}
        stack = self._stacks.get(after.secret, "")
        drafts = [Draft(stack, one.what, f"secret.{after.secret}", one.detail) for one in entries]
        _refuse_open(seal or {}, states.written(saved), canonical([[one.what, one.detail] for one in drafts]))

        def work(connection: Connection) -> tuple[State, Sequence[Draft]]:
            found = _state(connection, before.secret)
            if (found.turn, found.fence) != (before.turn, before.fence):
                raise LostRace(_lost(found, before))
            _keep(connection, found, saved)
            units.claim(connection, after.secret, saved.changing, self._stacks)
            sealing.keep_values(connection, _sealed(connection, after.secret, contents))
            sealing.erase_values(connection, after.secret, erase)
            return saved, drafts

        return self._ledger.writing(work, destroys=bool(erase))

    def check(self, state: State) -> None:
        """Right before an effect outside. Raises LostRace where another run took the secret up or saved since."""
        found = self.state(state.secret)
        if (found.turn, found.fence) != (state.turn, state.fence):
            raise LostRace(_lost(found, state))

    def value(self, secret: str, version: int) -> Value | None:
        """The value that is kept sealed, opened; None where none is kept.

        Raises KeyRefused without the key, LedgerBroken where the row holds what was sealed for another one, or by
        somebody who does not have the pepper.
        """
        text = self._ledger.reading(lambda connection: sealing.value(connection, (secret, version)))
        if text is None:
            return None
        if self._key is None:
            raise KeyRefused(
                f"version {version} of {secret} is kept sealed, and there is no key here to open it",
                advice=f"give the runner key, or the recovery key, in {KEY_VARIABLE}",
            )
        return self._opened(secret, version, self._key.open(text))

    def fingerprint(self, value: str) -> str:
        """Equal for equal values, and nothing that could be guessed."""
        if self._vault is None:
            raise KeyRefused(
                "no fingerprint can be made: the pepper is sealed, and there is no key here to open it",
                advice=f"give the runner key in {KEY_VARIABLE}; `trueup init` makes what was never made",
            )
        return self._vault.fingerprint(value)

    def _content(self, secret: str, version: int, value: Value) -> bytes:
        """What is sealed. It says what it belongs to, and proves that it was made here: anybody can seal to a public
        key."""
        bound = {"secret": secret, "version": version, "value": {part: one.reveal() for part, one in value.items()}}
        return canonical({**bound, "proof": self.fingerprint(canonical(bound))}).encode()

    def _opened(self, secret: str, version: int, content: bytes) -> Value:
        try:
            told = json.loads(content)
            proof, row = told.pop("proof"), (told["secret"], told["version"])
            parts = {str(part): str(text) for part, text in told["value"].items()}
        except (ValueError, TypeError, KeyError, AttributeError):
            # Without the cause: it repeats the text.
            raise LedgerBroken(f"what is kept sealed as version {version} of {secret} is no value") from None
        if row != (secret, version):
            raise LedgerBroken(
                f"what is kept sealed as version {version} of {secret} is version {row[1]} of {row[0]}",
                advice=_CHANGED,
            )
        if proof != self.fingerprint(canonical(told)):
            raise LedgerBroken(
                f"what is kept sealed as version {version} of {secret} was not sealed by this project",
                advice=_CHANGED,
            )
        label = f"{secret} {version}"
        return {part: SecretText(text, label, self.fingerprint(text)) for part, text in parts.items()}


def _state(connection: Connection, secret: str) -> State:
    row = connection.execute(select(secret_state).where(_AT.secret == secret)).one_or_none()
    return states.read(row.secret, row.turn, row.fence, row.state) if row is not None else State(secret)


def _keep(connection: Connection, found: State, saved: State) -> None:
    row = {"turn": saved.turn, "fence": saved.fence, "state": states.written(saved)}
    if found.turn:
        connection.execute(update(secret_state).where(_AT.secret == saved.secret).values(row))
    else:
        connection.execute(insert(secret_state), {"secret": saved.secret, **row})


def _sealed(connection: Connection, secret: str, contents: Mapping[int, bytes]) -> dict[sealing.Kept, str]:
    """Sealed in the transaction: to whom, is what stands there now, whatever was sealed anew meanwhile."""
    if not contents:
        return {}
    known = sealing.named(connection)
    if RUNNER not in known or RECOVERY not in known:
        raise KeyRefused("the ledger does not say to whom a value is sealed", advice="run `trueup init` first")
    to = (known[RUNNER], known[RECOVERY])
    return {(secret, version): seal(content, to) for version, content in contents.items()}


def _lost(found: State, before: State) -> str:
    what = "was taken up by another run" if found.fence != before.fence else "was saved by another run"
    return f"{before.secret} {what} (turn {found.turn}, fence {found.fence}; here {before.turn}, {before.fence})"


def _refuse_open(values: Mapping[int, Value], *texts: str) -> None:
    """The last net: what is about to be sealed never stands in a column beside it."""
    for value in values.values():
        for part, secret in value.items():
            telling = canonical(secret.reveal())[1:-1]
            if part not in _PUBLIC and len(telling) >= _TELLING and any(telling in text for text in texts):
                raise ValueError(f"part {part} of a value stands in the open in a state or an entry")
