"""A credential that is tried goes with one call alone, and a web form is sent as one."""

from collections.abc import Mapping
from urllib.parse import parse_qsl

import pytest
from scripted import TOKEN, Reply, World

from reconcile.model.errors import Denied, PlatformError, Rejected, Unavailable
from reconcile.model.secret import SecretText
from reconcile.wire import Call
from reconcile.wire.trial import OnlyTried, refusal, travels

TRIED = "tried-Hq7wPz3sVb9nXe"


def trial(value: str = TRIED) -> Call:
    return Call("GET", "/scopes", headers={"authorization": SecretText(f"Bearer {value}", "tried")})


def test_another_credential_takes_the_place_of_our_own_for_one_call(world: World) -> None:
    client = world.client()
    client.send(trial())
    client.get("/zones")
    assert [asked.headers["authorization"] for asked in world.server.asked] == [f"Bearer {TRIED}", f"Bearer {TOKEN}"]


def test_what_a_vendor_repeats_of_a_header_is_masked(world: World) -> None:
    error = {"errors": [{"code": TRIED, "message": f"no such key {TRIED} in Bearer {TRIED}"}]}
    world.server.will(Reply(status=401, body=error))
    with pytest.raises(Denied) as refused:
        world.client().send(trial())
    assert TRIED not in str(refused.value) and "***" in str(refused.value)
    assert TRIED not in repr(trial())


def test_what_a_header_cannot_carry_is_not_sent_and_not_shown(world: World) -> None:
    for value in ("two\nlines", "grüße"):
        assert not travels(SecretText(value))
        with pytest.raises(Rejected) as refused:
            world.client().send(trial(value))
        assert value not in str(refused.value)
    assert world.server.asked == []


@pytest.mark.parametrize(
    ("value", "does"), [("sk_test_1", True), ("", False), (" x", False), ("x\t", False), ("ä", False)]
)
def test_what_travels_is_one_line_of_printable_ascii(value: str, does: bool) -> None:
    assert travels(SecretText(value)) is does


@pytest.mark.parametrize(("status", "kind"), [(200, None), (401, Denied), (403, Denied), (400, Rejected)])
def test_a_refusal_is_an_answer(world: World, status: int, kind: type[PlatformError] | None) -> None:
    world.server.will(Reply(status=status, body={"errors": [{"code": "7", "message": "no"}]}))
    found = refusal(world.client(), trial())
    assert found is None if kind is None else isinstance(found, kind)


@pytest.mark.parametrize("status", [429, 500])
def test_an_outage_is_none(world: World, status: int) -> None:
    world.server.will(*[Reply(status=status, headers={"retry-after": "900"})] * 5)
    with pytest.raises(Unavailable):
        refusal(world.client(attempts=2), trial())


FORMS: tuple[Mapping[str, str], ...] = (
    {"url": "https://acme.example/?a=b&c=d", "enabled_events[0]": "invoice.paid", "metadata[trueup]": "grüße & co"},
    {},
)


@pytest.mark.parametrize("form", FORMS)
def test_a_form_arrives_as_it_was_meant(world: World, form: Mapping[str, str]) -> None:
    world.client().send(Call("POST", "/hooks", form=form))
    (asked,) = world.server.asked
    assert asked.headers["content-type"] == "application/x-www-form-urlencoded"
    assert dict(parse_qsl(asked.body.decode(), keep_blank_values=True)) == form


def test_what_a_person_makes_is_neither_made_nor_ended_here() -> None:
    ours = OnlyTried()
    assert ours.find("") == () and not ours.makes
    for act in (lambda: ours.mint("name"), lambda: ours.revoke("1", None)):
        with pytest.raises(Rejected):
            act()
