"""Looking at a workspace: which listings a scope asks for, what was read of them, what could not be."""

import datetime as dt
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ...model.errors import Denied, PlatformError, RateLimited
from ...model.observation import Container, Gap, Observation, Scope, Seen
from ...model.resource import Resource
from ...model.spec import Access
from . import kinds
from .reader import Found, Project, Reader, Wanted
from .reading import Raw, Reading

INNER: tuple[type[Resource], ...] = kinds.KINDS[3:]
"""What stands in an environment."""
_OF_PROJECT = (kinds.Environment.kind, kinds.Service.kind)
_PULSE = ("id", "name", "deletedAt", "configEtag")
PULL_REQUESTS = "pull request environments"


@dataclass(frozen=True)
class Sight:
    """One look, and what a later poll is held against."""

    scope: Scope
    observation: Observation
    kinds: frozenset[str]
    projects: Sequence[Project] | None = None
    readings: Mapping[str, Reading] = field(default_factory=dict)

    @property
    def whole(self) -> bool:
        """Whether a poll can tell that all of it still holds: no gap, and nothing that a poll does not show."""
        polled = all(not one.extras.proxies and not one.extras.schedules for one in self.readings.values())
        return self.projects is not None and not self.observation.gaps and polled


class Survey:
    """Reads a workspace by scope."""

    def __init__(self, reader: Reader, account: str, access: Access) -> None:
        self._reader = reader
        self._account = account
        self._access = access
        self.workspace = access.id or ""

    def projects(self) -> Sequence[Project]:
        """Raises PlatformError."""
        if not self.workspace:
            opened = self._reader.workspaces()
            if len(opened) != 1:
                raise Denied("pin the workspace with `id:`", platform="railway", account=self._account)
            self.workspace = opened[0]
        opened, projects = self._reader.projects(self.workspace)
        if self.workspace not in opened:
            raise Denied(f"the token opens {', '.join(opened)}", platform="railway", account=self._account)
        return projects

    def holds(self, sight: Sight) -> bool:
        """Whether one poll shows everything as it was."""
        try:
            projects, environments = self._reader.poll(self.workspace, list(sight.readings))
        except PlatformError:
            return False
        before = {id: pulse(one.raw) for id, one in sight.readings.items()}
        return projects == list(sight.projects or ()) and {id: pulse(one) for id, one in environments.items()} == before

    def look(self, scope: Scope, at: dt.datetime) -> Sight:
        """Everything in scope. Raises nothing of the error tree."""
        asked = frozenset(one.kind for one in scope.containers) if scope.containers is not None else None
        told = asked if asked is not None else frozenset(kind.kind for kind in kinds.KINDS)
        opened = self._open()
        if isinstance(opened, Observation):
            gaps = tuple(self._blind(scope, gap) for gap in opened.gaps for gap in self._spread(scope, gap))
            blind = Observation("railway", self._account, at, gaps=gaps, account_id=opened.account_id)
            return Sight(scope, blind, told)
        builder = _Builder(self._account, opened)
        wanted = builder.plan(scope)
        found = self._reader.environments(list(wanted.values()), told)
        builder.fill(wanted, found)
        observation = Observation(
            *("railway", self._account, at, tuple(builder.seen), tuple(builder.gaps), frozenset(builder.read)),
            account_id=self.workspace,
        )
        readings = {id: one for id, one in found.items() if isinstance(one, Reading)}
        return Sight(scope, observation, told, opened, readings)
