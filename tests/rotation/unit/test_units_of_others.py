"""Two secrets of one service: which waits for which, for how long, and what is lost by that (nothing)."""

from typing import Any

import pytest

from reconcile.model.rotated import ByHand, Issue
from reconcile.steps.rotate import asking

from .shop import DAY, MINUTE, Shop

ISSUED: dict[str, Any] = {"source": Issue("acme", "mail.api-key")}
BY_HAND: dict[str, Any] = {"source": ByHand("the dashboard", ("make a key",), Issue("acme", "mail.key"))}


def two(**fields: Any) -> tuple[Shop, Shop]:
    """A signing key and a mail key, both with a first value."""
    signing = Shop(**fields)
    mail = signing.beside("two-key", "mail", "MAIL_KEY", **ISSUED)
    for one in (signing, mail):
        one.ended()
        one.quiet()
    return signing, mail


def ask_now(shop: Shop) -> None:
    shop.says(lambda secret, state: asking.begin(secret, state, shop.now, "ann"))


def phase(shop: Shop) -> str:
    return shop.state.rotation.phase if shop.state.rotation is not None else ""


def test_a_secret_that_waits_for_a_person_keeps_no_other_one_from_its_first_value() -> None:
    paid = Shop("manual", **BY_HAND)
    paid.turns(lambda step: step.what == "waits")
    signing = paid.beside("overlap", "signing", "SIGNING")
    signing.ended()
    assert phase(paid) == "issue" and signing.how == "done"
    value = paid.world.make("by ann").value
    paid.gives(value)
    paid.ended()
    assert paid.runs() == {"api": value, "worker": value}


def test_who_comes_second_waits_before_it_writes_and_keeps_what_it_has_made() -> None:
    signing, mail = two()
    ask_now(signing)
    signing.in_phase("accept")
    ask_now(mail)
    step = mail.turns(lambda step: step.what == "waits")
    made, rotation = len(mail.world.credentials), mail.state.rotation
    assert rotation is not None and rotation.phase == "issue" and rotation.new is not None
    assert "rotation of key now" in step.text and rotation.why == step.text and not step.trouble
    for _ in range(5):
        assert mail.turn().what == "waits" and not mail.state.rotation.fails  # type: ignore[union-attr]
    signing.in_phase("soak")
    mail.in_phase("soak")
    assert len(mail.world.credentials) == made


def test_a_leak_does_not_wait_for_the_soak_of_another_secret() -> None:
    signing, mail = two()
    ask_now(signing)
    signing.in_phase("soak")
    until = signing.state.rotation.soak_until  # type: ignore[union-attr]
    mail.says(lambda secret, state: asking.compromised(secret, state, mail.now, "ann"))
    began = mail.now
    mail.turns(lambda step: step.what == "ended" and bool(signing.turn()))
    assert mail.now - began < 60 * MINUTE and phase(signing) == "soak"
    assert signing.state.rotation.soak_until == until  # type: ignore[union-attr]


def test_a_soak_that_is_over_waits_for_who_took_the_unit_meanwhile() -> None:
    signing, mail = two()
    ask_now(signing)
    signing.in_phase("soak")
    signing.wait(2 * DAY)
    ask_now(mail)
    mail.in_phase("switch")
    assert signing.turn().what == "waits" and phase(signing) == "soak"
    mail.in_phase("soak")
    signing.ended()
    assert signing.how == "done"


@pytest.mark.parametrize("soaks", [False, True])
def test_nothing_is_put_right_by_a_start_while_another_secret_is_half_written(soaks: bool) -> None:
    signing, mail = two()
    if soaks:
        ask_now(signing)
        signing.in_phase("soak")
    right = signing.holds()["worker"]
    ask_now(mail)
    mail.in_phase("switch")
    mail.turns(lambda step: step.text.startswith("wrote"))
    signing.put("worker", "by-hand", start=False)
    acts = signing.world.acts
    for _ in range(3):
        step = signing.turn()
        assert step.what == "waits" and "rotation of mail now" in step.text
    assert signing.world.acts == acts
    mail.in_phase("soak")
    signing.turns(lambda step: signing.runs()["worker"] == right and step.what in ("nothing", "waits"))


def test_what_is_due_does_not_begin_and_is_not_failed_by_the_starts_of_another_one() -> None:
    signing, mail = two()
    ask_now(mail)
    mail.in_phase("switch")
    signing.wait(100 * DAY)
    step = signing.turns(lambda step: step.what in ("waits", "moved"))
    assert step.what == "waits" and "rotation of mail now" in step.text and signing.state.rotation is None
    mail.in_phase("soak")
    assert signing.turns(lambda step: step.what in ("waits", "moved")).what == "moved"


def test_a_rollback_out_of_a_soak_waits_as_well() -> None:
    signing, mail = two()
    ask_now(signing)
    signing.in_phase("soak")
    ask_now(mail)
    mail.in_phase("switch")
    from reconcile.model.books import UnitBusy

    with pytest.raises(UnitBusy, match="rotation of mail"):
        signing.says(lambda secret, state: asking.turn_back(secret, state, signing.now, "ann"))
    mail.in_phase("soak")
    signing.says(lambda secret, state: asking.turn_back(secret, state, signing.now, "ann"))
    signing.ended()
    assert signing.how == "rolled back"
