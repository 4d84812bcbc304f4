"""What is to be written to one account at one moment, written together: one wave, one `apply`.

The engine asks at once only for what is independent of each other, so whatever comes within a few milliseconds, or
while another wave is under way, is one wave.
"""

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Literal

from google.protobuf import struct_pb2

from ...model.resource import Resource
from ...model.spec import Declared
from .asked import Asked
from .listing import Listing

_MOMENTS = 12
"""How many times the gathering goes on because another one came."""
Verb = Literal["create", "update", "delete", "start"]


@dataclass
class Order:
    """One thing to be written, and what became of it."""

    verb: Verb
    asked: Asked
    declared: Declared
    inputs: struct_pb2.Struct
    id: str = ""
    """The platform's own; "" before a create."""
    done: threading.Event = field(default_factory=threading.Event)
    made: "Made | None" = None
    error: Exception | None = None

    @property
    def account(self) -> str:
        return self.declared.account


@dataclass(frozen=True)
class Made:
    """A thing as it lives now, under the platform's id; None after a delete."""

    id: str
    resource: Resource | None


class Desk:
    """Takes orders for one account on one platform, and has them worked on wave by wave."""

    def __init__(self, listing: Listing, work: Callable[[Listing, Sequence[Order]], None]) -> None:
        self._listing = listing
        self._work = work
        self._gate = threading.Condition()
        self._waiting: list[Order] = []
        self._led = False
        self._open = 0

    def submit(self, order: Order) -> Made:
        """Waits for what becomes of it. Raises whatever it failed with."""
        with self._gate:
            self._waiting.append(order)
            self._open += 1
            leads, self._led = not self._led, True
            self._gate.notify_all()
        try:
            if leads:
                self._lead()
            order.done.wait()
        finally:
            with self._gate:
                self._open -= 1
                self._gate.notify_all()
        if order.error is not None:
            raise order.error
        assert order.made is not None
        return order.made

    def rest(self) -> None:
        """Returns once every order has its answer."""
        with self._gate:
            self._gate.wait_for(lambda: self._open == 0)

    def _lead(self) -> None:
        """The first of a wave works for all of it."""
        parts = self._listing.parts
        self._gather(parts.gather_seconds)
        with self._listing.turn:
            with self._gate:
                wave, self._waiting, self._led = self._waiting, [], False
            for part in _apart(wave):
                try:
                    self._work(self._listing, part)
                except Exception as error:
                    for order in part:
                        order.error = order.error or (error if order.made is None else None)
                finally:
                    for order in part:
                        order.done.set()

    def _gather(self, seconds: float) -> None:
        """Waits until nothing more came for a moment, but for no more than a few of them: the engine sends the next
        one as soon as it has written down the last."""
        count = 0
        with self._gate:
            for _ in range(_MOMENTS):
                # Not the pretend clock's: real threads arrive in real time.
                if not self._gate.wait_for(lambda count=count: len(self._waiting) > count, seconds):  # type: ignore[misc]
                    return
                count = len(self._waiting)


def _apart(wave: Sequence[Order]) -> list[list[Order]]:
    """The orders of each stack, and of these never two of one natural key: the second is to see the first."""
    parts: list[tuple[set[tuple[str, ...]], list[Order]]] = []
    for order in wave:
        resource = order.declared.resource
        key = (resource.kind, *resource.keys()[0])
        for keys, orders in parts:
            if key not in keys and orders[0].declared.stack == order.declared.stack:
                keys.add(key)
                orders.append(order)
                break
        else:
            parts.append(({key}, [order]))
    return [orders for _, orders in parts]
