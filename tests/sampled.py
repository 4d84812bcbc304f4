"""Which cases of a long sweep `make test` runs. `make proof` runs all of them."""

from collections.abc import Callable, Collection, Hashable, Iterable
from typing import Any

import pytest


def only_proof(*values: Any) -> Any:
    """A case that only `make proof` runs."""
    return pytest.param(*values, marks=pytest.mark.proof)


def first_of_each(sort: Callable[..., Hashable], cases: Iterable[tuple[Any, ...]]) -> list[Any]:
    """Always the first case of each sort."""
    seen: set[Hashable] = set()
    chosen = []
    for case in cases:
        chosen.append(only_proof(*case) if sort(*case) in seen else pytest.param(*case))
        seen.add(sort(*case))
    return chosen


def one_in(count: int, cases: Collection[tuple[Any, ...]]) -> list[Any]:
    """Always one case of so many."""
    return [pytest.param(*case) if number % count == 0 else only_proof(*case) for number, case in enumerate(cases)]
