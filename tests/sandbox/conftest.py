"""A world with one shop, two customers in it, and five boxes; open on loopback."""

from collections.abc import Iterator

import httpx
import pytest

from reconcile.sandbox.serve import Served, serve
from reconcile.sandbox.world import World

from .pretend_shop import over_socket, stocked


@pytest.fixture
def world() -> World:
    return stocked()


@pytest.fixture
def served(world: World) -> Iterator[Served]:
    served = serve(world)
    yield served
    served.stop()


@pytest.fixture
def client(served: Served) -> Iterator[httpx.Client]:
    with over_socket(served) as client:
        yield client


@pytest.fixture
def boxes() -> str:
    return "racks/r1/boxes"
