"""Budgets and call limits count as they say."""

import threading
import time

import pytest
from scripted import Reply, World

from reconcile.model.errors import RateLimited
from reconcile.wire import Budget, CallLimit
from reconcile.wire.rates import quota_left, retry_after


class Clock:
    """Time that passes only in sleep."""

    def __init__(self) -> None:
        self.now = 100.0
        self.slept: list[float] = []

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds


@pytest.fixture
def clock() -> Clock:
    return Clock()


def budget(clock: Clock, calls: int = 4, seconds: float = 2.0) -> Budget:
    return Budget(calls, seconds, clock=clock, sleep=clock.sleep)


def test_a_full_budget_does_not_wait(clock: Clock) -> None:
    bucket = budget(clock)
    for _ in range(4):
        bucket.take()
    assert clock.slept == []


def test_an_empty_budget_waits_for_the_next_token(clock: Clock) -> None:
    bucket = budget(clock)
    bucket.take(4)
    bucket.take()
    bucket.take(3)
    assert clock.slept == [0.5, 1.5]


def test_a_budget_refills_and_never_overflows(clock: Clock) -> None:
    bucket = budget(clock)
    bucket.take(4)
    clock.now += 1000
    bucket.take(4)
    bucket.take()
    assert clock.slept == [0.5]


def test_the_vendors_lower_count_is_believed_the_higher_is_not(clock: Clock) -> None:
    bucket = budget(clock)
    bucket.learn(1, 60)
    bucket.learn(4000, 60)
    bucket.take()
    bucket.take()
    assert clock.slept == [0.5]


def test_nothing_left_closes_the_budget_until_the_reset(clock: Clock) -> None:
    bucket = budget(clock)
    bucket.learn(0, 30)
    bucket.learn(0, 5)
    bucket.take()
    assert clock.slept == [30.0]


def test_a_wait_beyond_patience_is_refused_and_takes_nothing(clock: Clock) -> None:
    bucket = budget(clock)
    bucket.learn(0, 300)
    with pytest.raises(RateLimited) as caught:
        bucket.take(patience=60)
    assert caught.value.after == 300
    clock.now += 300
    bucket.take(4, patience=0)
    assert clock.slept == []


def test_threads_that_wait_together_go_one_after_the_other() -> None:
    slept: list[float] = []
    bucket = Budget(1, 1.0, clock=lambda: 0.0, sleep=slept.append)
    threads = [threading.Thread(target=bucket.take) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(slept) == [1.0, 2.0, 3.0, 4.0]


@pytest.mark.parametrize(("calls", "seconds"), [(0, 1.0), (1, 0.0)])
def test_a_budget_of_nothing_is_refused(calls: int, seconds: float) -> None:
    with pytest.raises(ValueError, match="budget"):
        Budget(calls, seconds)


def test_the_call_limit_stops_before_the_call_and_is_shared(world: World) -> None:
    limit = CallLimit(3)
    one, two = world.client(limit=limit), world.client(limit=limit)
    one.get("/zones")
    two.get("/zones")
    one.get("/zones")
    with pytest.raises(RateLimited, match="--max-calls 3") as caught:
        two.get("/zones")
    assert caught.value.exit_code == 15
    assert caught.value.account == "bilko"
    assert (len(world.server.asked), world.log.count(), world.sleeps) == (3, 3, [])


def test_the_call_limit_counts_repeated_attempts(world: World) -> None:
    world.server.will(*[Reply(500)] * 5)
    with pytest.raises(RateLimited):
        world.client(limit=CallLimit(2)).get("/zones")
    assert len(world.server.asked) == 2


def test_a_closed_budget_stops_the_client_when_patience_ends(world: World) -> None:
    world.server.will(Reply(headers={"x-ratelimit-remaining": "0", "x-ratelimit-reset": "600"}))
    client = world.client()
    client.get("/zones")
    with pytest.raises(RateLimited) as caught:
        client.get("/zones")
    assert caught.value.after == pytest.approx(600, abs=5)
    assert len(world.server.asked) == 1


def test_a_429_closes_the_budget_for_the_other_threads_too(world: World, clock: Clock) -> None:
    shared = budget(clock, calls=100)
    world.server.will(Reply(429, headers={"retry-after": "40"}))
    with pytest.raises(RateLimited):
        world.client(budget=shared, attempts=1).get("/zones")
    world.client(budget=shared).get("/zones")
    assert clock.slept == [40.0]


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry-after": "3"}, 3.0),
        ({"retry-after": "0.5"}, 0.5),
        ({"retry-after": "-4"}, 0.0),
        ({"retry-after": "nan"}, None),
        ({"retry-after": "inf"}, None),
        ({"retry-after": "soon"}, None),
        ({}, None),
        ({"retry-after": "Thu, 01 May 2031 12:00:20 GMT", "date": "Thu, 01 May 2031 12:00:00 GMT"}, 20.0),
        ({"retry-after": "Thu, 01 May 2031 11:00:00 GMT", "date": "Thu, 01 May 2031 12:00:00 GMT"}, 0.0),
    ],
)
def test_retry_after_is_read_in_every_form(headers: dict[str, str], seconds: float | None) -> None:
    assert retry_after(headers) == seconds


@pytest.mark.parametrize(
    ("headers", "quota"),
    [
        ({"ratelimit": '"default";r=50;t=30'}, (50, 30.0)),
        ({"ratelimit": '"a";r=50;t=30, "b";r=2;t=5'}, (2, 5.0)),
        ({"ratelimit": '"a";r=0;t=3, "b";r=0;t=50'}, (0, 50.0)),
        ({"ratelimit": '"a";r=7', "ratelimit-policy": '"b";q=1;w=1, "a";q=100;w=60'}, (7, 60.0)),
        ({"ratelimit": "nonsense"}, None),
        ({"x-ratelimit-remaining": "5", "x-ratelimit-reset": "20"}, (5, 20.0)),
        ({"x-ratelimit-remaining": "5"}, (5, 0.0)),
        ({"x-ratelimit-remaining": "x"}, None),
        ({}, None),
    ],
)
def test_the_quota_left_is_read_in_every_form(headers: dict[str, str], quota: tuple[int, float] | None) -> None:
    assert quota_left(headers) == quota


@pytest.mark.parametrize("reset", ["{:.0f}", "{:.0f}000"])
def test_a_reset_given_as_a_moment_becomes_a_span(reset: str) -> None:
    headers = {"x-ratelimit-remaining": "0", "x-ratelimit-reset": reset.format(time.time() + 40)}
    quota = quota_left(headers)
    assert quota is not None
    assert quota[1] == pytest.approx(40, abs=3)
