"""What a project's production runs, and starting it anew: a deployment keeps the variables that it was made with.

The newest production deployment is listed first. Which one has the domains is told by the last request that gave them
to one by hand (`lastAliasRequest`): a rollback holds until somebody promotes, and what is deployed under it waits.
"""

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any
from urllib.parse import quote

from ...model.errors import Missing, PlatformError, Unavailable
from ...model.platform import Running
from ...model.resource import Key, Resource
from ...wire import Call, Client
from .kinds import Project, Raw

ROUNDS = 3
PAGE = 20
_STARTING = frozenset({"BUILDING", "INITIALIZING", "QUEUED", "BLOCKED"})
_FAILED = frozenset({"ERROR", "CANCELED"})


@dataclass(frozen=True)
class Productions:
    """The production deployments of projects. `id_of` tells a project's id by its name, `wait` sleeps that long."""

    client: Client
    team: Mapping[str, str | int]
    id_of: Callable[[str], str]
    wait: Callable[[float], None]
    settle_seconds: float

    def running(self, units: Sequence[Resource]) -> Mapping[Key, Running]:
        """Raises PlatformError."""
        found = {}
        for one, told in zip(units, self._side_by_side([partial(self._look, one) for one in units]), strict=True):
            if isinstance(told, _Place):
                found[one.keys()[0]] = told.running()
        return found

    def start(self, units: Sequence[Resource]) -> None:
        """The same source as before, with the variables of now; from its repository where it never was deployed, and
        not at all where it has none. Raises PlatformError where one is not known to have begun, once all were tried."""
        self._side_by_side([partial(self._start, one) for one in units])

    def _side_by_side(self, jobs: Sequence[Callable[[], "_Place | None"]]) -> "list[_Place | None]":
        """Raises PlatformError, the first, once all are done."""
        told = self.client.side_by_side([partial(_quietly, job) for job in jobs]) if jobs else []
        errors = [one for one in told if isinstance(one, _Broken)]
        if errors:
            raise next((one.error for one in errors if _is_unsure(one.error)), errors[0].error)
        return [one for one in told if not isinstance(one, _Broken)]

    def _look(self, unit: Resource) -> "_Place | None":
        """Raises PlatformError."""
        assert isinstance(unit, Project)
        try:
            id = self.id_of(unit.name)
            project = self.client.get(f"/v9/projects/{quote(id, safe='')}", self.team)
        except Missing:
            return None
        query = {**self.team, "projectId": id, "target": "production", "limit": PAGE}
        listed = self.client.get("/v7/deployments", query)
        if not isinstance(project, dict) or not isinstance((listed or {}).get("deployments"), list):
            raise Unavailable("the answer is no listing of deployments", platform="vercel")
        return _Place(project, sorted(listed["deployments"], key=_made, reverse=True))

    def _start(self, unit: Resource) -> "_Place | None":
        before = self._look(unit)
        if before is None:
            raise Missing(f"there is no project {unit.title()}", platform="vercel")
        source = before.source()
        if source is None:
            return before
        body = {"name": before.project["name"], "project": before.project["id"], "target": "production", **source}
        call = Call("POST", "/v13/deployments", {**self.team, "forceNew": 1}, body)
        for _ in range(ROUNDS):
            try:
                self.client.send(call)
                return before
            except Unavailable as unknown:
                if not unknown.unsure:
                    raise
                error = unknown
            for seconds in (0.0, self.settle_seconds):
                if seconds:
                    self.wait(seconds)
                now = self._look(unit)
                if now is not None and now.newest_id not in ("", before.newest_id):
                    return now
        raise error


@dataclass(frozen=True)
class _Place:
    """A project as it is told, and its production deployments, the newest first."""

    project: Raw
    deployments: Sequence[Raw]

    @property
    def newest_id(self) -> str:
        return _id(self.deployments[0]) if self.deployments else ""

    @property
    def live_id(self) -> str:
        """Of the deployment that has the domains; "" where none is known to."""
        ready = [one for one in self.deployments if _state(one) == "READY" and one.get("readySubstate") != "STAGED"]
        newest = ready[0] if ready else None
        asked = self.project.get("lastAliasRequest") or {}
        if asked.get("jobStatus") == "succeeded" and asked.get("toDeploymentId"):
            later = newest is not None and _made(newest) > _number(asked.get("requestedAt"))
            if asked.get("type") == "rollback" or not later:
                return str(asked["toDeploymentId"])
        return _id(newest) if newest is not None else ""

    def running(self) -> Running:
        live = self.live_id
        if not self.deployments:
            return Running("", "none", live=live)
        newest = self.deployments[0]
        at = dt.datetime.fromtimestamp(_made(newest) / 1000, dt.UTC).isoformat(timespec="milliseconds")
        return Running(
            self.newest_id,
            self._word(newest, live),
            at.replace("+00:00", "Z"),
            "" if live == self.newest_id else live,
        )

    def _word(self, newest: Raw, live: str) -> str:
        state = _state(newest)
        if state == "READY":
            # Built, and waiting for somebody to promote it.
            return "live" if live == self.newest_id else "starting"
        return "starting" if state in _STARTING else "failed" if state in _FAILED else "none"

    def source(self) -> Raw | None:
        """What a new deployment is made of: of what is live, else of the newest, else the repository's branch."""
        from_one = self.live_id or self.newest_id
        if from_one:
            return {"deploymentId": from_one}
        link = self.project.get("link") or {}
        parts = {"github": ("org", "repo"), "gitlab": ("projectId",), "bitbucket": ("owner", "slug")}
        names = parts.get(link.get("type", ""))
        if names is None or not link.get("productionBranch") or not all(link.get(name) for name in names):
            return None
        told = {name: link[name] for name in names}
        return {"gitSource": {"type": link["type"], **told, "ref": link["productionBranch"]}}


@dataclass(frozen=True)
class _Broken:
    error: PlatformError


def _quietly(job: Callable[[], _Place | None]) -> _Place | _Broken | None:
    try:
        return job()
    except PlatformError as error:
        return _Broken(error)
    except (LookupError, TypeError, AttributeError, ValueError):
        return _Broken(Unavailable("the answer is no deployment's", platform="vercel"))


def _is_unsure(error: PlatformError) -> bool:
    return isinstance(error, Unavailable) and error.unsure


def _id(deployment: Raw) -> str:
    return str(deployment["uid"])


def _state(deployment: Raw) -> str:
    return str(deployment.get("readyState") or deployment.get("state"))


def _made(deployment: Raw) -> int:
    return _number(deployment.get("createdAt") or deployment.get("created"))


def _number(value: Any) -> int:
    return int(value or 0)
