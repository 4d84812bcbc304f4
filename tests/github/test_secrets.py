"""Secrets: written sealed, told by a name and a time, and never read back."""

import json
from typing import Any

import pytest
from pydantic import ValidationError

from reconcile.model.observation import Container, Scope
from reconcile.model.secret import SecretText
from reconcile.platforms.github import HostVariable, Secret

from .bench import PRODUCTION, REPO, Bench, change, done, inner_secret, look, make, repository, secret, seen


@pytest.fixture
def bench() -> Bench:
    return Bench()


def test_a_secret_arrives_as_it_was_and_travels_sealed(bench: Bench) -> None:
    github, value = bench.github(), 'with "quotes", ünïcode and a\nnew line'
    (outcome,) = make(github, secret(value=value))
    assert bench.one("secret", "PLAID_SECRET")["value"] == value
    assert outcome.id == f"{REPO}/PLAID_SECRET" and outcome.resource is not None
    assert outcome.resource.touched_at() == bench.one("secret", "PLAID_SECRET")["updated_at"]
    for call in bench.world.calls():
        assert "quotes" not in json.dumps([call["request"], call["response"], call["path"]])


def test_an_environments_secret_is_sealed_with_the_environments_own_key(bench: Bench) -> None:
    github = bench.github()
    make(github, secret(), inner_secret(value="inner"))
    assert bench.one("environment-secret", "PLAID_SECRET")["value"] == "inner"
    assert bench.one("secret", "PLAID_SECRET")["value"] == "issued"
    found = seen(github, inner_secret())
    assert found is not None and found.id == f"{PRODUCTION}/PLAID_SECRET"


def test_the_same_value_is_never_sent_twice_in_the_same_words(bench: Bench) -> None:
    github = bench.github()
    (made,) = make(github, secret())
    done(github, change(secret(), made))
    sent = [call["request"]["encrypted_value"] for call in bench.world.calls() if call["method"] == "PUT"]
    assert len(sent) == len(set(sent)) == 2


def test_twenty_secrets_take_one_key_and_one_listing(bench: Bench) -> None:
    github = bench.github()
    changes = [change(secret(f"NAME_{number}")) for number in range(20)]
    assert github.predict(changes) == 22
    done(github, *changes)
    assert len(bench.world.calls()) == 22 and len(bench.calls("PUT")) == 20


def test_as_many_calls_as_foretold(bench: Bench) -> None:
    github = bench.github()
    made = make(github, secret(), secret("OTHER"), inner_secret())
    renamed = change(secret("RENAMED"), made[1], verb="replace")
    changes = [change(secret(value="2"), made[0]), renamed, change(None, made[2])]
    bench.world.clear_calls()
    foretold = github.predict(changes)
    done(github, *changes)
    assert len(bench.world.calls()) == foretold
    assert [one["name"] for one in bench.shelf("secret")] == ["PLAID_SECRET", "RENAMED"]
    assert bench.shelf("environment-secret") == []


def test_who_writes_a_secret_by_hand_moves_its_time(bench: Bench) -> None:
    github = bench.github()
    make(github, secret())
    before = seen(github, secret())
    bench.later()
    bench.edit("secret", "PLAID_SECRET", value="typed by somebody")
    after = seen(github, secret())
    assert before is not None and after is not None
    assert before.resource.touched_at() < after.resource.touched_at()
    assert after.resource.secrets() == {} and getattr(after.resource, "value", "") is None


def test_a_secret_deleted_by_hand_is_not_there_and_one_made_by_hand_is_seen(bench: Bench) -> None:
    github = bench.github()
    make(github, secret())
    bench.world.delete("github", "secret", "PLAID_SECRET", "bunty", {})
    bench.by_hand("secret", "typed", repository=REPO, value="x")
    told = look(github, secret())
    assert [one.id for one in told.seen] == [f"{REPO}/TYPED"] and told.gaps == ()


def test_a_delete_is_harmless_twice(bench: Bench) -> None:
    github = bench.github()
    (made,) = make(github, secret())
    for _ in range(2):
        done(github, change(None, made))
    assert bench.shelf("secret") == []


def test_a_change_without_a_value_writes_nothing(bench: Bench) -> None:
    (outcome,) = bench.github().apply([change(secret(value=None))])
    assert outcome.status == "failed" and "no value" in outcome.error and bench.calls("PUT") == []


def test_every_page_is_read_and_a_total_that_disagrees_is_a_gap(bench: Bench) -> None:
    github = bench.github()
    for number in range(101):
        bench.by_hand("secret", f"S{number}", repository=REPO, value="x")
    assert len(look(github, secret()).seen) == 101
    shelf, (first, *_) = bench.world.shelf("github", "bunty", "secret"), bench.shelf("secret")

    def somebody_deletes_one(number: int, moment: str) -> None:
        if moment == "after":
            shelf.pop(first["id"], None)

    bench.world.on_call = somebody_deletes_one
    told = look(github, secret())
    assert told.read == frozenset() and "page shifted" in told.gaps[0].reason


@pytest.mark.parametrize(
    ("values", "why"),
    [
        ({"name": "PLAID_SECRET", "value": "sandbox-1"}, "nobody reads it back"),
        ({"name": "GITHUB_TOKEN", "exists": True}, "GITHUB_"),
        ({"name": "9LIVES", "exists": True}, "begins neither with a digit"),
        ({"name": "PLAID-SECRET", "exists": True}, "letters, digits"),
        ({"name": "PLAID_SECRET"}, "say one of"),
    ],
)
def test_what_no_secret_can_be_is_refused_before_anything_is_asked(values: dict[str, Any], why: str) -> None:
    with pytest.raises(ValidationError, match=why):
        Secret.declared({"repository": REPO, **values})


def test_a_name_is_upper_case_as_github_keeps_it() -> None:
    assert Secret.declared({"repository": REPO, "name": "plaid_secret", "exists": True}).name == "PLAID_SECRET"


def test_a_host_variable_has_no_other_value_than_its_workflows() -> None:
    with pytest.raises(ValidationError, match="only its workflow writes it"):
        HostVariable.declared({"workflow": "example/bunty/deploy.yml@main", "name": "X", "from_env": "X"})


def test_everything_that_a_token_sees_is_seen_where_nothing_is_asked_for(bench: Bench) -> None:
    github = bench.github()
    bench.begin(repository("example/other"))
    bench.by_hand("secret", "TYPED", repository="example/other", value="x")
    make(github, secret(), inner_secret())
    told = github.observe(Scope("bunty"))
    assert told.gaps == ()
    ids = {one.id for one in told.seen if one.kind.endswith("secret")}
    assert ids == {f"{REPO}/PLAID_SECRET", f"{PRODUCTION}/PLAID_SECRET", "example/other/TYPED"}
    assert Container("github.repository") in told.read


def test_a_strangers_repository_is_one_that_is_not_there_or_not_to_be_seen(bench: Bench) -> None:
    told = look(bench.github("stranger"), repository(), secret())
    assert told.seen == () and told.read == frozenset()
    assert {gap.right for gap in told.gaps} == {"Metadata: read", "Secrets: read"}
    assert all("may not see it" in gap.reason for gap in told.gaps)


def test_no_value_is_shown_by_anything(bench: Bench) -> None:
    github = bench.github()
    outcomes = make(github, secret(value="canary-9f3b1c"), inner_secret(value="canary-9f3b1c"))
    assert isinstance(secret().value, SecretText)
    told = (outcomes, look(github, secret()), vars(github), bench.world.calls(), bench.world.things())
    assert "canary-9f3b1c" not in repr(told) + json.dumps(bench.world.things())
