"""The pool runs leaf calls, in order, and never waits on itself."""

import signal
import threading
import time
from collections.abc import Callable, Iterator

import pytest
from scripted import Reply, World

from reconcile.model.errors import Missing, Unavailable
from reconcile.wire import Call, Pool


@pytest.fixture
def pool() -> Iterator[Pool]:
    pool = Pool(3)
    yield pool
    pool.close()


def test_together_keeps_order_and_isolates_errors(world: World) -> None:
    def answer(asked: object) -> Reply:
        number = int(str(getattr(asked, "target", "")).rsplit("/", 1)[1])
        return Reply(404 if number == 2 else 200, {"number": number}, delay=0.02 * (6 - number))

    world.server.answer = answer
    results = world.client().together([Call("GET", f"/zones/{number}") for number in range(6)])
    assert isinstance(results[2], Missing)
    assert [result["number"] for result in results if isinstance(result, dict)] == [0, 1, 3, 4, 5]


def test_together_overlaps_its_calls(world: World) -> None:
    meeting = threading.Barrier(4, timeout=5)

    def answer(asked: object) -> Reply:
        meeting.wait()
        return Reply()

    world.server.answer = answer
    assert world.client().together([Call("GET", "/zones")] * 4) == [{}] * 4


def test_nothing_together_is_nothing(world: World) -> None:
    assert world.client().together([]) == []


def test_a_pooled_task_that_waits_on_the_pool_raises(pool: Pool) -> None:
    def nested() -> int:
        pool.run([lambda: 1])
        return 2

    with pytest.raises(RuntimeError, match="pooled task"):
        pool.run([nested])


def test_a_pooled_task_may_not_wait_on_another_pool_either(pool: Pool) -> None:
    other = Pool(1)
    with pytest.raises(RuntimeError, match="pooled task"):
        pool.run([lambda: other.run([lambda: 1])])
    other.close()


def test_a_mistake_of_ours_is_raised_and_cancels_what_has_not_started() -> None:
    pool = Pool(1)
    ran: list[int] = []

    def wrong() -> None:
        raise KeyError("ours")

    with pytest.raises(KeyError):
        pool.run([wrong, lambda: time.sleep(0.2), *[_note(ran, number) for number in range(50)]])
    assert pool.run([lambda: "still usable"]) == ["still usable"]
    assert ran == []
    pool.close()


def test_ctrl_c_cancels_what_has_not_started() -> None:
    pool = Pool(1)
    ran: list[int] = []
    stopped = threading.Event()

    def pressed() -> None:
        signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)
        stopped.wait(5)

    with pytest.raises(KeyboardInterrupt):
        pool.run([pressed, *[_note(ran, number) for number in range(50)]])
    stopped.set()
    assert pool.run([lambda: "later"]) == ["later"]
    assert ran == []
    assert pool.interrupted
    pool.close()


def test_after_ctrl_c_a_failing_call_is_not_tried_again(world: World) -> None:
    def interrupted() -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        world.pool.run([interrupted])
    world.server.will(Reply(500))
    with pytest.raises(Unavailable):
        world.client().get("/zones")
    assert (len(world.server.asked), world.sleeps) == (1, [])


def test_a_pool_without_threads_is_refused() -> None:
    with pytest.raises(ValueError, match="thread"):
        Pool(0)


def _note(ran: list[int], number: int) -> Callable[[], None]:
    return lambda: ran.append(number)
