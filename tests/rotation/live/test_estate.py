"""Consumers as they live: looked at, written and started through real platform files, against the pretend platforms."""

import datetime as dt
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from reconcile.model.errors import Denied, PlatformError, Unavailable
from reconcile.model.platform import Running
from reconcile.model.rotated import Consumer
from reconcile.model.rotation import UNREADABLE, Standing
from reconcile.model.secret import SecretText
from reconcile.model.spec import Place
from reconcile.rotation import estate as bound
from reconcile.rotation.estate import LiveEstate
from reconcile.steps.rotate.ports import Wanted

from .shop import SHOP, Shop

OLD, NEW = "the-old-value-of-it", "the-new-value-of-it"


@dataclass
class Bench:
    """A shop that is applied, with no value yet, and its estate in one run."""

    shop: Shop
    estate: LiveEstate
    consumers: tuple[Consumer, ...]

    @property
    def api(self) -> Consumer:
        return self.consumers[0]

    @property
    def unit(self) -> Place:
        return self.api.unit

    def look(self, one: Consumer | None = None) -> Standing:
        one = one or self.api
        return self.estate.look([one])[one]

    def write(self, value: str = NEW, previous: str | None = None) -> None:
        second = SecretText(previous, "previous") if previous is not None else None
        self.estate.write({self.api: Wanted(SecretText(value, "value"), second)})

    def holds(self, value: str, one: Consumer | None = None) -> bool:
        return self.look(one).current == self.estate.fingerprint(value)

    def start(self) -> None:
        self.estate.start([self.unit])

    def settled(self, value: str = OLD) -> "Bench":
        """Written and started."""
        self.write(value)
        self.start()
        assert self.look().run == "fresh"
        return self

    def edit(self, **fields: str) -> None:
        """What somebody does to the instance of the api."""
        (id,) = [one["id"] for one in self.shop.shelf("instance") if one["name"] == "api"]
        self.shop.world.edit("railway", "instance", id, "acme", fields)


Make = Callable[..., Bench]


@pytest.fixture
def make(tmp_path: Path) -> Iterator[Make]:
    opened: list[Any] = []

    def one(stack: str = SHOP, **more: Any) -> Bench:
        shop = Shop(tmp_path / "shop", stack, **more)
        shop.apply()
        workshop = shop.workshop()
        opened.append(workshop)
        reconciler = workshop.reconciler()
        secrets = tuple(reconciler.tree.secrets.values())
        run = workshop.ledger().begin_run("test", tuple(reconciler.tree.stacks), "-", "a test")
        assert reconciler.rotations is not None
        estate = reconciler.rotations(reconciler, secrets, run, lambda: None).estate
        return Bench(shop, estate, secrets[0].consumers)

    yield one
    for workshop in opened:
        workshop.__exit__(None, None, None)


@pytest.fixture
def bench(make: Make) -> Bench:
    return make()


def test_what_is_not_there_is_none_and_what_never_ran_runs_nothing(bench: Bench) -> None:
    assert bench.look() == Standing(None, None, "none")


def test_a_value_is_written_without_a_start_and_counts_once_something_started_after_it(bench: Bench) -> None:
    bench.settled()
    before = bench.shop.deployments("api")
    bench.write(NEW, previous=OLD)
    assert bench.holds(NEW) and bench.look().previous == bench.estate.fingerprint(OLD)
    assert (bench.look().run, bench.shop.deployments("api")) == ("stale", before)
    bench.start()
    assert (bench.look().run, bench.shop.deployments("api")) == ("fresh", before + 1)


def test_writing_what_stands_there_already_calls_nobody_and_makes_nothing_stale(bench: Bench) -> None:
    bench.settled(NEW)
    writes = bench.shop.only(lambda: bench.write(NEW))
    assert not [one for one in writes if "mutation" in str(one.get("body", one["path"])).lower()]
    assert bench.look().run == "fresh"


def test_a_second_value_is_taken_away_whoever_put_it_there(bench: Bench) -> None:
    """The stack declares the place as this secret's: what stands there is accepted by the service."""
    bench.write(NEW, previous=OLD)
    bench.write(NEW)
    assert bench.look().previous is None
    where = {"project": "shop", "environment": "production", "service": "api", "value": "somebody's"}
    bench.shop.world.create("railway", "variable", "API_SECRET_PREVIOUS", "acme", where)
    bench.write(NEW)
    assert "API_SECRET_PREVIOUS" not in bench.shop.variables("api")


def test_a_start_by_somebody_else_after_the_write_counts(bench: Bench) -> None:
    bench.settled()
    bench.write(NEW)
    bench.edit(deployment="push")
    assert bench.look().run == "fresh"


def test_a_start_by_somebody_else_in_the_middle_of_the_write_does_not_count(bench: Bench) -> None:
    """It may have begun before the value was there."""
    bench.settled()
    calls: list[int] = []

    def on_call(number: int, moment: str) -> None:
        if moment == "after" and bench.shop.variables("api")["API_SECRET"] == NEW and not calls:
            calls.append(number)
            bench.shop.world.on_call = None
            bench.edit(deployment="push")

    bench.shop.world.on_call = on_call
    bench.write(NEW)
    assert calls and bench.look().run == "stale"


def test_a_write_that_nobody_saw_end_leaves_everything_stale_until_it_is_started_anew(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Died(BaseException):
        pass

    def die(*args: object) -> None:
        raise Died

    bench.settled()
    with monkeypatch.context() as dying:
        dying.setattr(type(bench.estate.ledger), "unit_baseline", die)
        with pytest.raises(Died):
            bench.write(NEW)
    bench.edit(deployment="push")
    assert bench.look().run == "stale", "nobody knows whether that start has it"
    bench.start()
    assert (bench.holds(NEW), bench.look().run) == (True, "fresh")


def test_a_start_that_fails_is_failed_and_the_next_one_that_does_not_is_fresh(bench: Bench) -> None:
    bench.settled()
    bench.write(NEW)
    bench.edit(fails="start")
    bench.start()
    assert bench.look().run == "failed"
    bench.edit(fails="no")
    bench.start()
    assert bench.look().run == "fresh"


def test_a_start_under_way_is_starting(bench: Bench) -> None:
    bench.settled()
    pretend: Any = bench.shop.world.mount("railway").pretend
    pretend.pace = 60.0
    bench.write(NEW)
    bench.start()
    assert bench.look().run == "starting"
    pretend.pace = 0.0
    assert bench.look().run == "fresh"


@pytest.mark.parametrize("fault", ["500 before", "500 after", "reset before", "reset after"])
def test_a_lost_answer_to_a_write_is_found_out_by_looking_again(bench: Bench, fault: str) -> None:
    bench.settled()
    bench.shop.fault(f"{fault} POST times=always", "railway")
    with pytest.raises(PlatformError):
        bench.write(NEW)
    bench.shop.world.clear_faults()
    assert bench.look().run in ("fresh", "stale")
    for _ in range(2):
        bench.write(NEW)
    assert bench.holds(NEW)
    bench.start()
    assert (bench.look().run, bench.shop.variables("api")["API_SECRET"]) == ("fresh", NEW)


@pytest.mark.parametrize("fault", ["500 before", "500 after", "reset after"])
def test_a_lost_answer_to_a_start_is_never_taken_for_a_start(bench: Bench, fault: str) -> None:
    bench.settled()
    bench.write(NEW)
    before = bench.shop.deployments("api")
    bench.shop.fault(f"{fault} POST times=always", "railway")
    with pytest.raises(PlatformError):
        bench.start()
    bench.shop.world.clear_faults()
    began = bench.shop.deployments("api") > before
    assert bench.look().run == ("fresh" if began else "stale")


def test_what_cannot_be_read_is_an_error_and_never_absent(bench: Bench) -> None:
    bench.settled()
    bench.shop.fault("500 POST times=always", "railway")
    with pytest.raises(Unavailable):
        bench.look()


def test_an_account_that_cannot_be_asked_says_so(bench: Bench) -> None:
    bench.settled()
    bench.estate.platforms, bench.estate.blind = {}, {("acme", "railway"): "the token is not set"}
    with pytest.raises((Denied, Unavailable), match="the token is not set"):
        bench.look()


def test_a_prefetch_serves_the_first_look_only(bench: Bench) -> None:
    bench.settled()
    bench.estate.prefetch([bench.api])
    bench.shop.world.edit("railway", "variable", _id(bench), "acme", {"value": NEW})
    assert bench.holds(OLD)
    assert bench.holds(NEW)


def _id(bench: Bench) -> str:
    (id,) = [one["id"] for one in bench.shop.shelf("variable") if one["name"] == "API_SECRET"]
    return str(id)


# What nobody reads back

SEALED = SHOP.replace("{secret: session}", "{secret: session, sealed: true}")


def test_a_sealed_value_is_what_we_wrote_as_long_as_nobody_wrote_since(make: Make) -> None:
    bench = make(SEALED)
    bench.settled(OLD)
    assert bench.holds(OLD)
    bench.shop.world.edit("railway", "variable", _id(bench), "acme", {"value": OLD})
    assert bench.look().current == UNREADABLE
    bench.write(NEW)
    assert bench.holds(NEW)


def test_a_sealed_value_that_was_there_before_us_is_unreadable(make: Make) -> None:
    bench = make(SEALED)
    where = {"project": "shop", "environment": "production", "service": "api", "value": "theirs", "isSealed": "true"}
    bench.shop.world.create("railway", "variable", "API_SECRET", "acme", where)
    assert bench.look().current == UNREADABLE


VERCEL = """
project: library
ledger: {id: 0a1b2c3d, home: .trueup/ledger.db}
accounts:
  acme:
    vercel: {id: team_acme, credentials: {token: ACME_VERCEL_TOKEN}}
"""
SITE = """
account: acme
secrets:
  session: {strategy: overlap, generate: {bytes: 32, as: base64}, every: 30d, soak: 1h}
vercel:
  project: {web: {}}
  variables:
    web:
      API_SECRET: {secret: session, targets: [production]}
"""


def test_a_sensitive_value_of_vercel_is_told_by_when_it_was_written(make: Make) -> None:
    bench = make(SITE, project=VERCEL)
    bench.write(OLD)
    assert bench.holds(OLD)
    bench.shop.world.advance(dt.timedelta(minutes=1))
    (one,) = [
        one for one in bench.shop.world.shelf("vercel", "acme", "variable").values() if one["name"] == "API_SECRET"
    ]
    assert one["type"] == "sensitive"
    bench.shop.world.edit("vercel", "variable", one["id"], "acme", {"value": "typed"})
    assert bench.look().current == UNREADABLE
    bench.write(NEW)
    assert bench.holds(NEW)


# What runs, against what the ledger knows


@pytest.mark.parametrize(
    ("running", "baseline", "state"),
    [
        (Running("", "always"), "", "fresh"),
        (Running("", "none"), None, "none"),
        (Running("", "none"), bound.NEVER, "none"),
        (Running("7", "live"), None, "fresh"),
        (Running("7", "live"), "", "stale"),
        (Running("7", "live"), "7", "stale"),
        (Running("8", "live"), "7", "fresh"),
        (Running("8", "live"), bound.NEVER, "fresh"),
        (Running("8", "live", live="6"), "7", "stale"),
        (Running("8", "live", live="6"), None, "fresh"),
        (Running("8", "starting", live="7"), "7", "starting"),
        (Running("8", "failed", live="7"), "7", "failed"),
        (Running("8", "none"), "7", "failed"),
    ],
)
def test_a_start_counts_where_it_is_newer_than_the_last_write(
    running: Running, baseline: str | None, state: str
) -> None:
    assert bound._state(running, baseline) == state
