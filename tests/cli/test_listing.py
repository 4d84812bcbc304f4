"""`show` of a prefix: what lives below it, every value that no stack says in plain kept back. And `status --live`."""

import datetime as dt
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from reconcile.sandbox.serve import serve
from tests.railway.estate import BY_HAND, Runbooks
from tests.railway.estate import built as built

from .conftest import Answer, Command

API = "railway.variable.api"
TYPED = "typed-by-a-person"


@pytest.fixture
def estate(built: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Runbooks]:
    """The stacks of this repository, applied and at rest; every command of the test talks to their world."""
    root = tmp_path / "runbooks"
    shutil.copytree(built, root)
    found = Runbooks(root)
    served = serve(found.world, ready_file=root / "ready.json", ledger=found.ledger_file)
    monkeypatch.setenv("TRUEUP_SANDBOX", str(root / "ready.json"))
    monkeypatch.chdir(root)
    yield found
    served.stop()


def things(told: Answer, place: str) -> dict[str, Any]:
    (found,) = [one["things"] for one in told.json["places"] if one["place"] == place]
    return {one["name"]: one for one in found}


def hidden(one: dict[str, Any]) -> bool:
    return bool(one["fields"]["value"] == {"hidden": True})


def make_variable(estate: Runbooks, name: str, service: str = "api") -> None:
    where = {"project": "bilko", "environment": "production", "service": service}
    estate.world.create("railway", "variable", name, "bilko", {**where, "value": TYPED})


def test_the_variables_of_an_instance_are_listed_masked(estate: Runbooks, trueup: Command) -> None:
    make_variable(estate, "TYPED_IN")
    told = trueup("show", API, "--stack", "bilko-production", "--json")
    assert told.code == told.json["exit"] == 0
    found = things(told, "bilko/production/api")
    live = {one["name"] for one in estate.shelf("variable", environment="production", service="api")}
    assert found.keys() == live
    plain = {"NODE_ENV": "production", "PORT": "3000", "DATABASE_URL": "${{Postgres.DATABASE_URL}}"}
    assert {name: found[name]["fields"]["value"] for name in plain} == plain
    assert {found[name]["state"] for name in plain} == {"as declared"}
    assert {name for name, one in found.items() if hidden(one)} == {
        *("JWT_SECRET", "JWT_REFRESH_SECRET", "SENDGRID_API_KEY", "SENTRY_DSN", "TYPED_IN"),
        *("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"),
    }
    assert found["TYPED_IN"]["state"] == "unmanaged"
    assert (found["TYPED_IN"]["stack"], found["TYPED_IN"]["address"]) == (None, None)
    assert found["JWT_SECRET"]["state"] == "rotated by bilko-jwt, part access"


def test_no_value_that_is_not_declared_in_plain_is_printed(estate: Runbooks, trueup: Command) -> None:
    make_variable(estate, "TYPED_IN")
    estate.edit_variable("api", "NODE_ENV", value=TYPED)
    issued = estate.value("api", "SENTRY_DSN")
    for words in ((API,), (API, "--json"), ("railway.variable",), ("railway.variable", "--json")):
        told = trueup("show", *words)
        assert "TYPED_IN" in told.out
        assert not [secret for secret in (TYPED, BY_HAND, issued) if secret in told.out + told.err]
    lines = [line.split() for line in trueup("show", API).out.splitlines()]
    assert ["NODE_ENV", "differs:", "value", "«hidden»"] in lines
    assert ["TYPED_IN", "unmanaged", "«hidden»"] in lines


@pytest.mark.parametrize("environment", ["development", "testing", "production"])
def test_the_variables_of_one_environment_are_listed_by_its_stack(
    environment: str, estate: Runbooks, trueup: Command
) -> None:
    told = trueup("show", "railway.variable.app", "-s", f"capliquify-{environment}", "--json")
    place = f"sentia-manufacturing/{environment}/sentia-manufacturing-{environment}"
    assert [one["place"] for one in told.json["places"]] == [place]
    live = estate.shelf(
        "variable", "capliquify", environment=environment, service=f"sentia-manufacturing-{environment}"
    )
    found = things(told, place)
    assert found.keys() == {one["name"] for one in live}
    assert [name for name in found if not hidden(found[name])] == ["NODE_ENV", "PORT", "VITE_CLERK_PUBLISHABLE_KEY"]


def test_a_sealed_value_counts_as_hidden(estate: Runbooks, trueup: Command) -> None:
    estate.edit_variable("api", "JWT_SECRET", isSealed="true")
    found = things(trueup("show", API, "-s", "bilko-production", "--json"), "bilko/production/api")
    assert hidden(found["JWT_SECRET"])


def test_what_somebody_wrote_over_is_told(estate: Runbooks, trueup: Command) -> None:
    assert estate.apply("bilko-production").exit_code() == 0
    estate.world.advance(dt.timedelta(minutes=5))
    estate.edit_variable("Postgres", "POSTGRES_PASSWORD", value=TYPED)
    told = trueup("show", "railway.variable.postgres", "-s", "bilko-production", "--json")
    found = things(told, "bilko/production/Postgres")
    assert found["POSTGRES_PASSWORD"]["state"] == "touched, value unknown"
    assert found["POSTGRES_DB"]["state"] == "as declared"
    assert hidden(found["POSTGRES_PASSWORD"])


def test_under_a_renamed_environment_everything_is_still_seen(estate: Runbooks, trueup: Command) -> None:
    id = estate.one("environment", name="production", project="bilko")["id"]
    estate.world.edit("railway", "environment", id, "bilko", {"name": "renamed"})
    found = things(trueup("show", API, "-s", "bilko-production", "--json"), "bilko/production/api")
    rotated = {one for one in (each["state"] for each in found.values()) if one.startswith("rotated by bilko-")}
    assert {one["state"] for one in found.values()} == {"as declared", "there", *rotated}
    assert len(rotated) == 5
    running = trueup("status", "--live", "-s", "bilko-production", "--json").json["running"]["bilko-production"]
    assert {name: one["state"] for name, one in running.items() if name.startswith("railway.")} == {
        "railway.instance.api": "SUCCESS",
        "railway.instance.postgres": "SUCCESS",
    }
    shown = trueup("show", "railway.instance.api", "-s", "bilko-production", "--json").json
    assert (shown["live"]["state"], shown["differences"]) == ("present", [])


def test_without_a_stack_every_place_of_that_name_is_listed(estate: Runbooks, trueup: Command) -> None:
    places = [one["place"] for one in trueup("show", API, "--json").json["places"]]
    assert places == ["bilko/production/api", "bilko/staging/api", "legacyvideo/production/api"]


def test_what_is_missing_is_named(estate: Runbooks, trueup: Command) -> None:
    for name in ("JWT_SECRET", "PORT"):
        id = estate.one("variable", environment="production", service="api", name=name)["id"]
        estate.world.delete("railway", "variable", id, "bilko", {})
    found = things(trueup("show", API, "-s", "bilko-production", "--json"), "bilko/production/api")
    assert {name for name, one in found.items() if one["state"] == "missing"} == {"PORT"}
    assert found["JWT_SECRET"]["state"] == "not there yet: rotated by bilko-jwt, part access"


def test_what_cannot_be_seen_is_not_called_missing(estate: Runbooks, trueup: Command) -> None:
    estate.world.fault("railway", "403 POST times=always account=bilko")
    told = trueup("show", API, "-s", "bilko-production", "--json")
    assert told.code == told.json["exit"] != 0
    assert told.json["gaps"]
    assert {one["state"] for one in things(told, "bilko/production/api").values()} == {"not seen"}


def test_a_whole_kind_and_the_records_of_a_zone_are_listed_too(estate: Runbooks, trueup: Command) -> None:
    estate.world.create("cloudflare", "record", "stray.bilko.io", "bilko", {"type": "A", "content": "192.0.2.7"})
    told = trueup("show", "cloudflare.record.bilko-io", "--json")
    found = things(told, "bilko.io")
    assert found["sendgrid-path"]["fields"]["content"] == "u4170.wl.sendgrid.example.net"
    assert [found[name]["stack"] for name in ("sendgrid-path", "api")] == ["bilko", "bilko-production"]
    assert [name for name, one in found.items() if one["state"] == "unmanaged"] == ["stray.bilko.io"]
    kinds = trueup("show", "railway.instance", "-s", "bilko-staging").out.splitlines()
    assert [line.split()[0] for line in kinds] == ["railway.instance", "api", "postgres"]


@pytest.mark.parametrize(
    ("words", "advice"),
    [
        (("railway.variable.apu",), "nearest: "),
        (("railway.variable.api", "-s", "bunty"), "is not declared in stack bunty"),
        (("railway.nothing",), "addresses look like"),
        (("railway",), "addresses look like"),
    ],
)
def test_a_prefix_that_nothing_has_leaves_with_1(
    words: tuple[str, ...], advice: str, estate: Runbooks, trueup: Command
) -> None:
    told = trueup("show", *words)
    assert (told.code, told.out) == (1, "")
    assert advice in told.err


def test_status_live_tells_the_latest_deployment_of_every_instance(estate: Runbooks, trueup: Command) -> None:
    told = trueup("status", "--live", "--stack", "bilko-production", "--json")
    assert told.code == told.json["exit"] == 0
    assert [one["stack"] for one in told.json["stacks"]] == ["bilko-production"]
    assert told.json["running"] == {
        "bilko-production": {
            "railway.instance.api": {"state": "SUCCESS", "seen": True},
            "railway.instance.postgres": {"state": "SUCCESS", "seen": True},
            "vercel.project.web": {"state": None, "seen": True},
        }
    }


def test_status_live_tells_what_is_under_way_gone_and_unseen(estate: Runbooks, trueup: Command) -> None:
    pretend: Any = estate.world.mount("railway").pretend
    pretend.pace = 1_000.0
    for name, environment in (("bilko", "production"), ("legacyvideo", "production")):
        id = estate.one("instance", name, environment=environment, service="api")["id"]
        if name == "legacyvideo":
            estate.world.delete("railway", "instance", id, name, {})
    estate.world.fault("railway", "403 POST times=always account=capliquify")
    told = trueup("status", "--live")
    assert told.code != 0
    lines = [line.split() for line in told.out.splitlines() if line.startswith("  live ")]
    states = {(line[1], " ".join(line[2:])) for line in lines}
    assert ("railway.instance.api", "not there") in states
    assert ("railway.instance.app", "not seen") in states
    assert {word for _, word in states} & {"QUEUED", "BUILDING", "DEPLOYING", "INITIALIZING", "WAITING"}
    assert "not seen: capliquify" in told.out


def test_status_live_tells_a_zone_and_a_heartbeat_too(estate: Runbooks, trueup: Command) -> None:
    found = trueup("status", "--live", "-s", "legacyvideo-production", "--json").json["running"]
    states = {address: one["state"] for address, one in found["legacyvideo-production"].items()}
    assert states["cloudflare.zone.legacyvideo"] == "active"
    assert states["betterstack.heartbeat.worker"] == "pending"


def test_status_without_live_asks_no_platform_and_knows_no_stack_that_is_not_there(
    estate: Runbooks, trueup: Command
) -> None:
    estate.world.clear_calls()
    assert "running" not in trueup("status", "--json").json
    assert estate.world.calls() == []
    assert trueup("status", "--stack", "bilko-prod").code == 1


def test_doctor_names_the_credential_that_a_platform_needs_and_the_right_that_lacks(
    estate: Runbooks, trueup: Command
) -> None:
    """A scoped token in place of a person's login: pinned to its workspace, and what it may not read is named."""
    well = {one["subject"]: one for one in trueup("doctor", "--json").json["checks"]}
    assert "pinned to account fef65949-" in well["bilko on railway"]["message"]
    estate.world.fault("railway", "403 POST /graphql/v2?query=Snapshot times=always account=bilko")
    told = trueup("doctor", "--json")
    assert told.code == told.json["exit"] != 0
    wrong = [one for one in told.json["checks"] if one["exit"]]
    assert {one["subject"] for one in wrong} == {"bilko on railway"}
    assert all("the missing right is access to bilko/" in one["message"] for one in wrong)
    assert all("token: needs a workspace token" in one["advice"] for one in wrong)
    assert all("put it into BILKO_RAILWAY_TOKEN" in one["advice"] for one in wrong)
