"""Ask every platform at once. What could not be read is a gap, never an absence."""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime

from ..model.errors import PlatformError
from ..model.observation import Container, Gap, Observation, Scope
from ..model.platform import Platform
from .threads import side_by_side

Pair = tuple[str, str]
"""(account, platform)."""


def observe(
    platforms: Mapping[Pair, Platform],
    scopes: Mapping[Pair, Scope],
    clock: Callable[[], datetime],
    blind: Mapping[Pair, str] | None = None,
) -> list[Observation]:
    """One plain thread per platform and account; each only coordinates its own calls on the shared pool.

    `blind` names the pairs that cannot be asked, and why (a credential that is not there). Raises whatever a platform
    raises outside the error tree: that is a defect of ours and must not look like a gap.
    """
    answers: dict[Pair, Observation] = {}

    def ask(pair: Pair) -> None:
        try:
            answers[pair] = platforms[pair].observe(scopes[pair])
        except PlatformError as error:
            answers[pair] = _blind(pair, scopes[pair], str(error), clock(), error.exit_code)

    side_by_side(ask, [pair for pair in scopes if pair in platforms], "observe")
    for pair in scopes.keys() - platforms.keys():
        why = (blind or {}).get(pair, f"the project names no account {pair[0]} on {pair[1]}")
        answers[pair] = _blind(pair, scopes[pair], why, clock(), 14)
    return [answers[pair] for pair in sorted(answers)]


def _blind(pair: Pair, scope: Scope, why: str, at: datetime, exit_code: int) -> Observation:
    account, platform = pair
    kinds: Iterable[Container] = scope.containers or (Container("*", "*"),)
    gaps = tuple(Gap(account, container.kind, container.name, why, exit_code=exit_code) for container in sorted(kinds))
    return Observation(platform, account, at, gaps=gaps)
