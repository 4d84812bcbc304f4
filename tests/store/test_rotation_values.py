"""Values of secrets: sealed to runner and recovery key, bound to their row, and gone when they are erased."""

import base64
import json
import sqlite3
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from pyrage import decrypt, x25519

from reconcile.model.books import Entry
from reconcile.model.errors import KeyRefused, LedgerBroken, LedgerError
from reconcile.model.issuing import Value
from reconcile.model.rotation import State, Version
from reconcile.store import Ledger, begin_ledger
from reconcile.store.rotations import Rotations
from reconcile.store.vault import PEPPER, RECOVERY, RUNNER, Key, open_vault, reseal, seal

from .conftest import clock
from .places import FilePlace, Place, PostgresPlace, S3Place, SnapshotPlace
from .rotating import NAME, TOLD, begun, books, shown, value

CANARY = "canary-7Qv/3kXw+Zt0=é"
PEM = "-----BEGIN PRIVATE KEY-----\n" + "canaryPEM/" * 600 + "\n-----END PRIVATE KEY-----\n"
BOTH = {"access": CANARY, "refresh": PEM}


def sealed_in(kept: Rotations, secret: str = NAME, number: int = 1, parts: Value | None = None) -> State:
    parts = parts if parts is not None else value(**BOTH)
    prints = {part: kept.fingerprint(text.reveal()) for part, text in parts.items()}
    held = kept.claim(secret)
    after = replace(held, versions=(*held.versions, Version(number, "pending", prints, kept=True)))
    return kept.save(held, after, TOLD, seal={number: parts})


def raw(place: Place) -> bytes:
    """All that lies where the ledger lives, the log beside a file and what others see of a snapshot."""
    files = b"".join(file.read_bytes() for file in sorted(place.root.rglob("*")) if file.is_file())
    match place:
        case S3Place():
            return files + place.content
        case SnapshotPlace():
            return files + (place.bucket.load()[0] or b"")
        case PostgresPlace():
            return files + place.rows().encode()
    return files


def forms(text: str) -> set[bytes]:
    """What a grep looks for: as it is, in JSON, in base64 and in hex."""
    content = text.encode()
    telling = json.dumps(text)[1:-1][:40]
    return {content[:40], telling.encode(), base64.b64encode(content)[:40], content.hex().encode()[:40]}


def test_what_was_sealed_opens_for_the_runner_and_for_the_recovery_key(
    ledger: Ledger, reopen: Callable[[], Ledger]
) -> None:
    keys = begun(ledger)
    sealed_in(books(ledger, keys.runner))
    again = reopen()
    for key in (keys.runner, keys.recovery):
        assert shown(books(again, key).value(NAME, 1)) == BOTH
    assert books(again, keys.runner).value(NAME, 2) is None
    kept = books(again, keys.runner)
    found = kept.value(NAME, 1)
    assert found is not None and repr(found).count("<secret bilko-jwt 1>") == 2
    assert {part: text.print for part, text in found.items()} == {p: kept.fingerprint(t) for p, t in BOTH.items()}


def test_without_a_key_states_are_read_and_values_are_not(ledger: Ledger) -> None:
    keys = begun(ledger)
    saved = sealed_in(books(ledger, keys.runner))
    blind = books(ledger)
    assert blind.state(NAME) == saved and blind.states() == {NAME: saved} and blind.value(NAME, 9) is None
    with pytest.raises(KeyRefused, match=f"version 1 of {NAME} is kept sealed, and there is no key") as caught:
        blind.value(NAME, 1)
    assert "TRUEUP_KEY" in caught.value.advice
    with pytest.raises(KeyRefused, match="no fingerprint"):
        blind.fingerprint("x")
    with pytest.raises(KeyRefused):
        blind.save(saved, saved, seal={2: value(value="x")})
    assert blind.save(saved, replace(saved, paused="x")).turn == saved.turn + 1


def test_another_key_opens_nothing(ledger: Ledger) -> None:
    keys = begun(ledger)
    sealed_in(books(ledger, keys.runner))
    stranger = Rotations(ledger, {}, key=Key.fresh()[0], vault=open_vault(ledger, keys.runner))
    with pytest.raises(KeyRefused, match="does not open"):
        stranger.value(NAME, 1)


def test_nothing_is_sealed_where_nobody_said_to_whom(ledger: Ledger, tmp_path: Path) -> None:
    with begin_ledger("other.db", tmp_path, clock=clock) as other:
        keys = begun(other)
        vault = open_vault(other, keys.runner)
    kept = Rotations(ledger, {}, key=keys.runner, vault=vault)
    held = kept.claim(NAME)
    with pytest.raises(KeyRefused, match="to whom"):
        kept.save(held, held, seal={1: value(value="x")})
    assert kept.state(NAME) == held


@pytest.mark.parametrize(("secret", "number"), [("api-secret", 1), (NAME, 2)], ids=["secret", "version"])
def test_a_value_that_was_moved_to_another_row_is_refused(
    ledger: Ledger, place: Place, secret: str, number: int
) -> None:
    keys = begun(ledger)
    sealed_in(books(ledger, keys.runner))
    place.tamper(f"UPDATE secret_value SET secret = '{secret}', version = {number}")
    refused = f"as version {number} of {secret} is version 1 of {NAME}"
    with pytest.raises(LedgerBroken, match=refused):
        books(ledger, keys.runner).value(secret, number)


def test_a_value_that_somebody_sealed_to_our_public_keys_is_refused(ledger: Ledger, place: Place) -> None:
    keys = begun(ledger)
    sealed_in(books(ledger, keys.runner))
    forged = {"secret": NAME, "version": 1, "value": {"access": "known-to-the-thief"}, "proof": "0" * 64}
    known = ledger.sealed()
    blob = seal(json.dumps(forged).encode(), (known[RUNNER], known[RECOVERY]))
    place.tamper(f"UPDATE secret_value SET value = '{blob}'")
    with pytest.raises(LedgerBroken, match="not sealed by this project") as caught:
        books(ledger, keys.runner).value(NAME, 1)
    assert "thief" not in str(caught.value)
    place.tamper(f"UPDATE secret_value SET value = '{seal(b'{}', (known[RUNNER],))}'")
    with pytest.raises(LedgerBroken, match="no value"):
        books(ledger, keys.runner).value(NAME, 1)


def test_what_is_sealed_is_an_age_file_that_says_what_it_belongs_to(ledger: Ledger) -> None:
    identity = x25519.Identity.generate()
    keys = begun(ledger)
    sealed_in(books(ledger, keys.runner))
    reseal(ledger, keys.runner, runner=str(identity.to_public()), who="me")
    (text,) = ledger.sealed_values().values()
    told = json.loads(decrypt(base64.b64decode(text), [identity]))
    assert (told["secret"], told["version"], told["value"]) == (NAME, 1, BOTH)


def test_a_value_stands_nowhere_in_the_open(ledger: Ledger, place: Place, tmp_path: Path) -> None:
    keys = begun(ledger)
    kept = books(ledger, keys.runner)
    saved = sealed_in(kept)
    kept.save(saved, replace(saved, paused="looked at"), [Entry("opened", {"value": kept.value(NAME, 1)})])
    backup = tmp_path / "elsewhere.json"
    ledger.backup(backup)
    everything = raw(place) + backup.read_bytes() + place.rows().encode()
    (ciphertext,) = ledger.sealed_values().values()
    assert ciphertext[:60].encode() in everything
    for form in forms(CANARY) | forms(PEM):
        assert form not in everything
    assert ledger.history("bilko")[0].detail == {"value": {"access": {"hidden": True}, "refresh": {"hidden": True}}}


def test_a_value_that_stands_beside_what_seals_it_is_not_kept(ledger: Ledger, place: Place) -> None:
    keys = begun(ledger)
    kept = books(ledger, keys.runner)
    held = kept.claim(NAME)
    leaks = [
        (held, [Entry("minted", {"id": f"x {CANARY}"})]),
        (replace(held, versions=(Version(1, "pending", name=CANARY),)), []),
        (replace(held, versions=(Version(1, "pending", id=PEM),)), []),
    ]
    for after, entries in leaks:
        with pytest.raises(ValueError, match="in the open") as caught:
            kept.save(held, after, entries, seal={1: value(**BOTH)})
        assert CANARY not in str(caught.value)
    assert kept.state(NAME) == held and "canary" not in place.rows()
    # An issuer's id is no secret, and a part of what the consumer needs.
    told = replace(held, versions=(Version(1, "pending", id="AKIAEXAMPLE"),))
    kept.save(held, told, seal={1: value(id="AKIAEXAMPLE", secret=CANARY)})


def test_of_an_erased_value_nothing_stays_behind(ledger: Ledger, place: Place, reopen: Callable[[], Ledger]) -> None:
    keys = begun(ledger)
    kept = books(ledger, keys.runner)
    saved = sealed_in(kept)
    kept.save(saved, saved, seal={2: value(value="stays")})
    gone, stays = (ledger.sealed_values()[(NAME, number)] for number in (1, 2))
    # Another process has the same ledger open, so that no log is put away by closing it.
    other = reopen()
    held = books(other, keys.runner).state(NAME)
    pieces = [gone[at : at + 60].encode() for at in range(0, len(gone) - 60, 60)]
    assert len(gone) > 4096 and any(piece in raw(place) for piece in pieces)
    kept.save(held, held, [Entry("value erased", {"version": 1})], erase=[1, 7])
    left = raw(place)
    assert not [piece for piece in pieces if piece in left]
    assert stays[:60].encode() in left
    assert books(other, keys.runner).value(NAME, 1) is None
    assert shown(books(other, keys.runner).value(NAME, 2)) == {"value": "stays"}


def test_an_erasure_does_not_wait_for_who_reads(tmp_path: Path) -> None:
    place = FilePlace(tmp_path)
    with begin_ledger(place.home(), tmp_path, clock=clock) as ledger:
        keys = begun(ledger)
        kept = books(ledger, keys.runner)
        saved = sealed_in(kept)
        with sqlite3.connect(place.path, isolation_level=None) as reader:
            reader.execute("BEGIN")
            reader.execute("SELECT * FROM secret_value").fetchall()
            kept.save(saved, saved, erase=[1])
            assert kept.value(NAME, 1) is None
        reader.close()


def test_values_are_sealed_anew_with_everything_else(
    ledger: Ledger, reopen: Callable[[], Ledger], place: Place
) -> None:
    keys = begun(ledger)
    saved = sealed_in(books(ledger, keys.runner))
    sealed_in(books(ledger, keys.runner), "api-secret", 3, value(value="other"))
    before = ledger.sealed_values()
    fresh, _ = Key.fresh()
    reseal(ledger, keys.runner, runner=fresh.recipient, who="me")
    again = reopen()
    for key in (fresh, keys.recovery):
        assert shown(books(again, key).value(NAME, 1)) == BOTH
        assert shown(books(again, key).value("api-secret", 3)) == {"value": "other"}
    old = Rotations(again, {}, key=keys.runner, vault=open_vault(again, fresh))
    with pytest.raises(KeyRefused, match="does not open"):
        old.value(NAME, 1)
    assert ledger.history("")[0].detail["values"] == ["api-secret 3", f"{NAME} 1"]
    left = raw(place)
    assert not [text for text in before.values() if text[-60:].encode() in left]
    # What is sealed from now on opens for the new key, whatever its writer knew before.
    books(again, fresh).save(saved, saved, seal={2: value(value="later")})
    assert shown(books(again, fresh).value(NAME, 2)) == {"value": "later"}


def test_a_value_sealed_meanwhile_is_not_left_to_the_key_before(ledger: Ledger, reopen: Callable[[], Ledger]) -> None:
    keys = begun(ledger)
    sealed_in(books(ledger, keys.runner))
    known, blobs = ledger.sealed(), ledger.sealed_values()
    sealed_in(books(reopen(), keys.runner), "api-secret", 1, value(value="other"))
    anew = {one: (text, text) for one, text in blobs.items()}
    done = ledger.reseal({PEPPER: "x"}, instead_of=known, of_secrets=anew, who="me", opened_by="runner key")
    assert not done and ledger.sealed() == known
    stranger, _ = Key.fresh()
    with pytest.raises((KeyRefused, LedgerError)):
        reseal(ledger, stranger, runner=stranger.recipient, who="me")
    assert ledger.sealed() == known
