"""What is seen of credentials: those that must be there, those that nobody declared, and never a value."""

from typing import Any

import pytest

from reconcile.model.observation import Container
from reconcile.model.resource import Resource
from reconcile.platforms import issues, kinds
from tests.contract.harness import Harness
from tests.contract.samples import Sample

from .conftest import Bench, change, everything
from .issuing import MADE, by_hand, issuer, opened

DECLARED: dict[str, dict[str, Any]] = {
    "sendgrid.api-key": {"name": "the runner's own"},
    "resend.api-key": {"name": "the runner's own"},
    "stripe.webhook-endpoint": {"url": "https://api.acme.example/hooks"},
}
SEEN = tuple(DECLARED)
FOREIGN = {kind: {} for kind in DECLARED} | {"stripe.webhook-endpoint": {"url": "https://else.example"}}


def harness(kind: str, **more: Any) -> Harness:
    """A stack that declares one; what is there is made by hand."""
    return Harness(kinds()[kind], [Sample(kinds()[kind], "runner", {**DECLARED[kind], **more})])


def made(ours: Harness, kind: str, **more: str) -> dict[str, Any]:
    fields = {name: str(value) for name, value in DECLARED[kind].items()} | more
    name = fields.pop("name", "runner")
    return ours.world.create(ours.name, ours.word, name, "acme", fields)


@pytest.mark.parametrize("kind", SEEN)
def test_what_must_be_there_and_is_not_is_a_persons_to_make(kind: str) -> None:
    ours = harness(kind)
    plan = ours.plan()
    (gap,) = plan.gaps
    assert gap.exit_code == 16 and "take it out of the stack file" in gap.reason and not plan.changes
    made(ours, kind)
    plan = ours.plan()
    assert (plan.gaps, plan.changes, plan.unmanaged) == ((), (), ())


@pytest.mark.parametrize("kind", SEEN)
def test_what_nobody_declared_is_seen(kind: str) -> None:
    ours = harness(kind)
    made(ours, kind)
    foreign = made(ours, kind, name="somebody's", **FOREIGN[kind])
    (one,) = ours.plan().unmanaged
    assert (one.seen.kind, one.seen.id) == (kind, foreign["id"])


@pytest.mark.parametrize("kind", SEEN)
def test_what_is_only_seen_is_never_written(kind: str) -> None:
    ours = harness(kind)
    (wanted,) = ours.wanted.values()
    wave = [change(wanted), change(None, wanted, "1", verb="delete")]
    assert ours.platform.predict(wave) == 0
    before = len(ours.world.calls())
    assert [one.status for one in ours.platform.apply(wave)] == ["failed", "failed"]
    assert len(ours.world.calls()) == before


@pytest.mark.parametrize("kind", SEEN)
def test_two_of_one_name_hide_the_kind_and_the_others_are_seen(kind: str) -> None:
    ours = harness(kind)
    for _ in range(2):
        made(ours, kind)
    other = made(ours, kind, name="other", **FOREIGN[kind])
    found = ours.observe()
    assert [one.id for one in found.seen] == [other["id"]] and not found.read
    assert "rename or delete all but one" in found.gaps[0].reason


@pytest.mark.parametrize("kind", SEEN)
@pytest.mark.parametrize(
    ("fault", "exit_code"), [("401", 14), ("403", 17), ("429 retry-after=900", 15), ("500", 17), ("reset", 17)]
)
def test_what_hides_the_kind_is_a_gap_with_its_exit_code(bench: Bench, kind: str, fault: str, exit_code: int) -> None:
    name = kind.partition(".")[0]
    bench.world.fault(name, f"{fault} times=always")
    (gap,) = opened(bench, name).observe(everything()).gaps
    assert (gap.kind, gap.exit_code) == (kind, exit_code)
    assert bool(gap.right) == (fault == "403")


@pytest.mark.parametrize("kind", SEEN)
def test_a_revoked_credential_of_our_own_opens_nothing(bench: Bench, kind: str) -> None:
    name = kind.partition(".")[0]
    platform = opened(bench, name)
    platform._client = bench.client(name, token="sk_test_that_was_never_one")
    (gap,) = platform.observe(everything()).gaps
    assert gap.exit_code == 14 and not gap.right


@pytest.mark.parametrize("name", ["clerk", "plaid"])
def test_where_nothing_is_listed_nothing_is_asked(bench: Bench, name: str) -> None:
    platform = opened(bench, name)
    found = platform.observe(everything())
    assert (found.seen, found.gaps, found.read, bench.calls()) == ((), (), frozenset(), [])
    assert list(platform.apply([])) == [] and platform.predict([]) == 0


@pytest.mark.parametrize("kind", MADE)
def test_what_an_issuer_made_is_seen_under_the_id_it_was_made_with(bench: Bench, kind: str) -> None:
    made = issuer(bench, kind).mint("runbooks/mail/1/1")
    found = opened(bench, kind.partition(".")[0]).observe(everything())
    assert [(one.kind, one.id) for one in found.seen] == [(issues()[kind].seen_as, made.id)]


def test_a_mark_in_the_name_tells_whose_it_is(bench: Bench) -> None:
    issuer(bench, "sendgrid.api-key").mint("trueup:library/shop/sendgrid.api-key.mail")
    (seen,) = opened(bench, "sendgrid").observe(everything()).seen
    assert seen.owner is not None and (seen.owner.project, seen.owner.stack) == ("library", "shop")


def test_endpoints_of_one_address_are_told_apart_by_our_name(bench: Bench) -> None:
    ours = issuer(bench, "stripe.webhook")
    for number in (1, 2):
        ours.mint(f"trueup/acme/hook/{number}/1")
    found = opened(bench, "stripe").observe(everything())
    assert [one.key[1] for one in found.seen] == ["trueup/acme/hook/2/1", "trueup/acme/hook/1/1"] and not found.gaps
    assert found.read == {Container("stripe.webhook-endpoint")}


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        ({"status": "disabled"}, "status is disabled, not enabled"),
        ({"enabled_events": "invoice.paid"}, "events is invoice.paid, not charge.refunded, invoice.paid"),
    ],
)
def test_an_endpoint_that_will_not_do_is_told_in_words(typed: dict[str, str], told: str) -> None:
    kind = "stripe.webhook-endpoint"
    events = ("invoice.paid", "charge.refunded")
    ours = harness(kind, status="enabled", events=events)
    made(ours, kind, enabled_events=",".join(events))
    (wanted,) = ours.wanted.values()
    (seen,) = ours.seen().values()
    assert wanted.unfit(seen.resource) == ""
    ours.world.edit("stripe", "webhook-endpoint", seen.id, "acme", typed)
    (seen,) = ours.seen().values()
    assert wanted.unfit(seen.resource) == told


@pytest.mark.parametrize("kind", SEEN)
def test_a_world_begins_with_what_stacks_only_look_up(kind: str) -> None:
    ours = harness(kind)
    ours.world._seeded.clear()
    ours.world.begin(ours.tree.declared(), ours.tree.project)
    plan = ours.plan()
    assert (plan.gaps, plan.unmanaged) == ((), ())


@pytest.mark.parametrize(
    ("platform", "kind", "fields"),
    [
        ("sendgrid", "api-key", {"colour": "red"}),
        ("resend", "api-key", {"permission": "root"}),
        ("stripe", "webhook-endpoint", {"url": "api.acme.example"}),
        ("stripe", "secret-key", {"mode": "live"}),
        ("plaid", "secret", {"environment": "production"}),
        ("clerk", "secret-key", {"environment": "production"}),
    ],
)
def test_a_dashboard_refuses_what_it_has_no_field_for(
    bench: Bench, platform: str, kind: str, fields: dict[str, str]
) -> None:
    with pytest.raises(ValueError):
        bench.world.create(platform, kind, "new", "acme", fields)


def test_a_dashboard_renames_a_key_and_the_key_goes_on_working(bench: Bench) -> None:
    for kind, field in (("sendgrid.api-key", "api_key"), ("resend.api-key", "token")):
        name = kind.partition(".")[0]
        key = str(bench.world.create(name, "api-key", "before", "acme", {})[field])
        bench.world.edit(name, "api-key", "before", "acme", {"name": "after"})
        assert [seen.key for seen in opened(bench, name, tier="").observe(everything()).seen] == [("after",)]
        assert bench.client(name, token=key).get("/api-keys" if name == "resend" else "/v3/api_keys")
    text = by_hand(bench, "stripe.secret-key", "before")
    bench.world.edit("stripe", "secret-key", "before", "acme", {"name": "after"})
    assert bench.client("stripe", token=text).get("/v1/balance")["object"] == "balance"


def test_no_kind_of_these_is_built_by_pulumi() -> None:
    ours: list[type[Resource]] = [kinds()[kind] for kind in SEEN]
    assert all(not kind.in_pulumi and kind.lookup for kind in ours)
