"""What instances run, and starting them anew: the newest deployment of each, and the one that is live."""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from ...model.errors import Missing, Unavailable
from ...model.platform import Running
from ...model.resource import Key, Resource
from . import documents
from .graph import Graph
from .kinds import Instance
from .reader import Project
from .reading import Named, Raw
from .releasing import Releaser, Started

_LIVE = frozenset({"SUCCESS", "SLEEPING"})
_STARTING = frozenset({"QUEUED", "WAITING", "INITIALIZING", "BUILDING", "DEPLOYING", "NEEDS_APPROVAL"})
_FAILED = frozenset({"FAILED", "CRASHED", "SKIPPED"})
"""Of Railway's states the rest, `REMOVING` and `REMOVED`, are of what somebody took away."""

ROLLBACK = "rollback"
"""In a deployment's `meta`, why it was made: it runs the variables of the one that it brings back (docs, rollback; the
word itself is not documented)."""


@dataclass(frozen=True)
class _Unit:
    instance: Instance
    environment: Named
    service: str


@dataclass(frozen=True)
class Units:
    """Instances of one workspace. `wait` sleeps that many seconds."""

    graph: Graph
    projects: Sequence[Project]
    wait: Callable[[float], None]
    settle_seconds: float

    def running(self, units: Sequence[Resource]) -> Mapping[Key, Running]:
        """Environments are read several in one request. Raises PlatformError."""
        found: dict[Key, Running] = {}
        by_place = self._by_place(units)
        places = list(by_place)
        size = documents.ENVIRONMENTS_PER_CALL
        for at in range(0, len(places), size):
            chunk = places[at : at + size]
            data = self.graph.ask(documents.running(len(chunk)), **{f"e{n}": id for n, id in enumerate(chunk)})
            for number, id in enumerate(chunk):
                nodes = _nodes(data[f"e{number}"])
                told = ((unit, nodes.get(unit.service)) for unit in by_place[id])
                found |= {unit.instance.keys()[0]: _running(node) for unit, node in told if node is not None}
        return found

    def start(self, units: Sequence[Resource]) -> None:
        """Raises PlatformError where one is not known to have begun, once all were tried."""
        by_place = self._by_place(units)
        known = {unit.instance.keys()[0] for ones in by_place.values() for unit in ones}
        lost = [one.title() for one in units if one.keys()[0] not in known]
        if lost:
            raise Missing(f"there is no {', '.join(lost)}", platform="railway")
        failed: list[Started] = []
        for id, ones in by_place.items():
            releaser = Releaser(self.graph, id, self.wait, self.settle_seconds)
            failed += [one for one in releaser.start([unit.service for unit in ones]) if one.error is not None]
        if any(one.unsure for one in failed):
            raise Unavailable("; ".join(one.why for one in failed), unsure=True, platform="railway")
        for one in failed:
            assert one.error is not None
            raise one.error

    def _by_place(self, units: Sequence[Resource]) -> Mapping[str, list[_Unit]]:
        """Those that the workspace's projects hold, by their environment's id."""
        found: dict[str, list[_Unit]] = defaultdict(list)
        for one in units:
            assert isinstance(one, Instance)
            name, _, environment = one.environment.partition("/")
            for project in self.projects:
                place, service = project.environment(environment), project.service_id(one.service_name)
                if project.name == name and place is not None and service is not None:
                    found[place.id].append(_Unit(one, place, service))
        return found


def _nodes(environment: Raw | None) -> Mapping[str, Raw]:
    """Instances by service. Raises PlatformError where the listing does not tell all of them."""
    listing = (environment or {}).get("serviceInstances")
    if not isinstance(listing, Mapping) or listing["pageInfo"]["hasNextPage"]:
        raise Unavailable("the environment's instances were not told whole", platform="railway")
    nodes = (edge["node"] for edge in listing["edges"])
    return {one["serviceId"]: one for one in nodes if not one.get("deletedAt")}


def _running(node: Raw) -> Running:
    newest = node.get("latestDeployment")
    live = next((str(one["id"]) for one in node.get("activeDeployments") or () if one["status"] in _LIVE), "")
    if newest is None:
        return Running("", "none", live=live)
    id = str(newest["id"])
    state = _state(newest["status"])
    if state == "live" and (newest.get("meta") or {}).get("reason") == ROLLBACK:
        state = "old"
    return Running(id, state, str(newest.get("createdAt") or ""), "" if live == id else live)


def _state(status: str) -> Literal["live", "old", "starting", "failed", "none"]:
    if status in _LIVE:
        return "live"
    if status in _STARTING:
        return "starting"
    # A word that nobody knew is never taken for a start that runs.
    return "failed" if status in _FAILED else "none"
