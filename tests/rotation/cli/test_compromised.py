"""What a leak asks for, by the command line: everything that is known is replaced at once, in a safe order."""

import pytest

from .conftest import Open
from .fleet import FLEET, HOLDS_ALL, JWT, PROJECT, SESSION, VAULTED, Application, answering, stack
from .stage import Stage, until_done


@pytest.mark.parametrize(
    "words", [("compromised", "session"), ("--compromised", "session"), ("--compromised", "--all")]
)
def test_a_compromised_secret_is_replaced_at_once(shop: Stage, words: tuple[str, ...]) -> None:
    old = shop.value("api")
    said = shop.run("rotate", *words, "--yes")
    assert said.code == 0 and "session ended done" in said.flat
    assert shop.value("api") == shop.value("worker") == shop.runs_with("api") == shop.runs_with("worker") != old
    state = shop.state()
    assert [(one.status, one.compromised) for one in state.versions] == [("revoked", True), ("current", False)]
    shop.by_hand("api", "API_SECRET", old)
    for _ in range(3):
        shop.run("apply", "--all", "--yes")
    assert shop.value("api") == shop.runs_with("api") == shop.value("worker")


def test_replacing_without_grace_ends_every_token(shop: Stage) -> None:
    old = shop.world.watched()["running"][0]["values"]["API_SECRET"]
    shop.run("rotate", "--compromised", "session", "--yes")
    told = shop.world.watched()
    assert all(old not in one["values"].values() for one in told["running"])
    assert all("API_SECRET_PREVIOUS" not in one["values"] for one in told["timeline"]), (
        "the old one is accepted nowhere"
    )


@pytest.mark.proof
def test_a_leak_while_both_values_live_replaces_both(shop: Stage) -> None:
    shop.run("rotate", "now", "session", "--yes")
    known = {shop.value("api"), shop.variables("api")["API_SECRET_PREVIOUS"]}
    said = shop.run("rotate", "--compromised", "session", "--yes")
    assert said.code == 0, said.flat
    assert not known & set(shop.variables("api").values())
    assert shop.runs_with("api") == shop.runs_with("worker") == shop.value("api")


def test_a_compromised_encryption_key_still_migrates(opened: Open) -> None:
    shop, application = opened(VAULTED, PROJECT), Application(rows=5)
    with answering(application) as url:
        shop.served.ready.model_copy(update={"services": url}).write(shop.ready_file)
        shop.up()
        old = shop.value("api", "MASTER_ENCRYPTION_KEY")
        said = shop.run("rotate", "--compromised", "master", "--yes")
        assert said.code == 0 and "master ended done" in said.flat
    assert application.asked == ["POST migrate", "GET left"] * 3 and application.left == 0
    assert shop.value("api", "MASTER_ENCRYPTION_KEY") == shop.runs_with("api", "MASTER_ENCRYPTION_KEY") != old
    assert "MASTER_ENCRYPTION_KEY_PREVIOUS" not in shop.variables("api")
    old_print = shop.world.watched()["timeline"][0]["values"]
    both = [one["values"] for one in shop.world.watched()["timeline"] if len(one["values"]) == 2]
    assert both and all(set(old_print.values()) <= set(one.values()) for one in both), "both keys until all is moved"
    assert not any(old.encode() in body for body in application.bodies)


def test_breach_replaces_every_secret_in_a_safe_order(opened: Open) -> None:
    shop = opened(FLEET, PROJECT).up()
    before = {name: value for one in ("api", "worker") for name, value in shop.variables(one).items()}
    said = shop.run("rotate", "--compromised", "--all", "--yes", "--json")
    assert (said.code, {one["text"].partition(":")[0] for one in said.json["secrets"]}) == (0, {"done"})
    after = {name: value for one in ("api", "worker") for name, value in shop.variables(one).items()}
    assert before.keys() == after.keys() and not set(before.values()) & set(after.values())
    history = shop.run("history", "--json", "--limit", "500").json["entries"][::-1]
    told = [(one["what"], (one["address"] or "").removeprefix("secret.")) for one in history]
    marked = [told.index(("compromised", name)) for name in ("jwt", "mail", "session")]
    ended = [len(told) - 1 - told[::-1].index(("ended", name)) for name in ("jwt", "session")]
    issued = len(told) - 1 - told[::-1].index(("issued", "mail"))
    assert max(marked) < min(ended), "all are known to be lost before the first is replaced"
    assert max(ended) < issued, "what applications hold comes before what opens a platform"
    assert len(shop.world.things("sendgrid", "api-key")["sendgrid"]["acme"]["api-key"]) == 1
    assert shop.refused() == []


@pytest.mark.proof
def test_a_leak_does_not_wait_for_the_soak_of_another_secret_of_the_same_service(opened: Open) -> None:
    shop = opened(stack(f"{SESSION}\n{JWT}", HOLDS_ALL)).up()
    shop.run("rotate", "now", "session", "--yes")
    said = shop.run("rotate", "--compromised", "jwt", "--yes")
    assert said.code == 0, said.flat
    assert [one.status for one in shop.state("jwt").versions] == ["revoked", "current"]
    assert shop.runs_with("api", "JWT_SECRET") == shop.value("api", "JWT_SECRET")
    until_done(shop, hours=3)
    assert shop.run("status").code == 0 and shop.refused() == []


@pytest.mark.proof
def test_a_leak_is_kept_even_where_another_rotation_has_to_move_first(opened: Open) -> None:
    shop = opened(stack(f"{SESSION}\n{JWT}", HOLDS_ALL)).up()
    shop.run("rotate", "now", "session", "--yes", "--once")
    for _ in range(2):
        assert shop.run("apply", "--all", "--yes").code == 0
    assert "in accept" in shop.run("rotate", "status").flat
    before = shop.value("api", "JWT_SECRET")
    said = shop.run("rotate", "--compromised", "jwt", "--yes")
    assert "is changed by the rotation of session now" in said.flat
    assert all(one.compromised for one in shop.state("jwt").versions if one.number == 1)
    assert shop.value("api", "JWT_SECRET") == before
    for _ in range(20):
        shop.run("apply", "--all", "--yes")
    assert shop.state("jwt").versions[0].status == "revoked" and shop.runs_with("api", "JWT_SECRET") != before


def test_revoking_first_takes_two_people(shop: Stage) -> None:
    from reconcile.assemble import whoami

    for more in ((), ("--agreed-with", ""), ("--agreed-with", whoami())):
        said = shop.run("rotate", "--compromised", "session", "--revoke-first", "--yes", *more)
        assert said.code == 1 and "takes two people" in said.err
    assert shop.state().rotation is None
    said = shop.run("rotate", "--compromised", "session", "--revoke-first", "--agreed-with", "grace", "--yes")
    assert said.code == 0 and shop.runs_with("api") == shop.runs_with("worker") == shop.value("api")
    assert "with grace" in shop.run("history", "--json").out


@pytest.mark.parametrize("words", [(), ("session", "--all"), ("session", "--stack", "shop")])
def test_which_secrets_leaked_must_be_clear(calm: Stage, words: tuple[str, ...]) -> None:
    said = calm.run("rotate", "--compromised", *words, "--yes")
    assert said.code == 1 and "which secrets?" in said.err
    assert not any(one.compromised for one in calm.state().versions)
