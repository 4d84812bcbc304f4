"""Few requests for much: a workspace's projects in one, a project's environments in one, what they leave out in one."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from ...model.errors import PlatformError, Unavailable
from ...model.observation import Seen
from . import documents
from .graph import Answer, Graph
from .kinds import SshKey, TcpProxy, Volume
from .reading import Extras, Named, Place, Raw, Reading

FIELDS_PER_CALL = 100
"""How many aliases one request of the small things has."""
_KEYS = "sshPublicKeys"
_CONNECTION = {
    documents.PROXIES: "proxies",
    documents.VALUES: "values",
    documents.SHARED_VALUES: "values",
    documents.SCHEDULES: "schedules",
}


@dataclass(frozen=True)
class Project:
    """What the workspace's listing tells of one project."""

    named: Named
    environments: tuple[Named, ...]
    services: Mapping[str, str]
    """Name by id."""
    closed: frozenset[str] = frozenset()
    """Ids of environments that the credential may not open."""
    passing: frozenset[str] = frozenset()
    """Ids of environments that Railway makes and takes away with pull requests."""
    cut: tuple[str, ...] = ()
    """Kinds whose listing goes on where we stopped."""

    @property
    def id(self) -> str:
        return self.named.id

    @property
    def name(self) -> str:
        return self.named.name

    def environment(self, name: str) -> Named | None:
        return next((one for one in self.environments if one.name == name), None)

    def service_id(self, name: str) -> str | None:
        return next((id for id, one in self.services.items() if one == name), None)

    @classmethod
    def of(cls, node: Raw) -> "Project":
        environments = [one for one in _nodes(node["environments"]) if not one.get("deletedAt")]
        services = [one for one in _nodes(node["services"]) if not one.get("deletedAt")]
        kinds = (("railway.environment", "environments"), ("railway.service", "services"))
        return cls(
            Named(node["id"], node["name"]),
            tuple(Named(one["id"], one["name"]) for one in environments),
            {one["id"]: one["name"] for one in services},
            frozenset(one["id"] for one in environments if not one.get("canAccess", True)),
            frozenset(one["id"] for one in environments if one.get("isEphemeral")),
            tuple(kind for kind, name in kinds if _goes_on(node[name])),
        )


Wanted = tuple[Project, Named]
"""A project and one of its environments."""
Found = dict[str, Reading | PlatformError]
"""By the environment's id."""
Keys = tuple[Seen, ...] | PlatformError | None
"""The workspace's SSH keys, or why they cannot be told; None where nobody asked."""


class Reader:
    """Reads what is there; never guesses at what was not told."""

    def __init__(self, graph: Graph) -> None:
        self._graph = graph

    def workspaces(self) -> list[str]:
        """Ids of the workspaces that the credential opens. Raises PlatformError."""
        return _workspaces(self._graph.ask(documents.WHO_AM_I))

    def projects(self, workspace: str, *, keys: bool = False) -> tuple[list[str], list[Project], Keys]:
        """The workspaces that the credential opens, one's projects, and with `keys` its SSH keys, all in one request.
        Raises PlatformError, but for what hinders the keys alone."""
        if not keys:
            data = self._graph.ask(documents.PROJECTS, w=workspace)
            return _workspaces(data), listed(data), None
        answer = self._graph.ask_parts(documents.PROJECTS_AND_KEYS, w=workspace)
        for name, error in answer.errors.items():
            if name != _KEYS:
                raise error
        return _workspaces(answer.data), listed(answer.data), _keys(answer)

    def environments(self, wanted: Sequence[Wanted], kinds: Collection[str]) -> Found:
        """Each environment, read whole, or why not. `kinds` says for which kinds the small things are asked too."""
        by_project: dict[str, list[Wanted]] = defaultdict(list)
        for project, environment in wanted:
            by_project[project.id].append((project, environment))
        size = documents.ENVIRONMENTS_PER_CALL
        chunks = [ones[at : at + size] for ones in by_project.values() for at in range(0, len(ones), size)]
        asked = [(documents.snapshot(len(chunk)), _variables(chunk)) for chunk in chunks]
        found: Found = {}
        for chunk, answer in zip(chunks, self._graph.together(asked) if asked else (), strict=True):
            for number, (project, environment) in enumerate(chunk):
                found[environment.id] = self._reading(project, environment, answer, f"e{number}")
        return self._with_extras(found, kinds)

    def poll(
        self, workspace: str, environments: Sequence[str], *, keys: bool = False
    ) -> tuple[list[Project], dict[str, Raw], Keys]:
        """The projects, and of each environment what a poll tells, in one request. Raises PlatformError."""
        ids = {f"e{number}": id for number, id in enumerate(environments)}
        data = self._graph.ask(documents.poll(len(environments), keys), w=workspace, **ids)
        told = {id: data[alias] for alias, id in ids.items()}
        return listed(data), told, _keys(Answer(data, {})) if keys else None

    def _reading(
        self, project: Project, environment: Named, answer: Answer | PlatformError, alias: str
    ) -> Reading | PlatformError:
        if isinstance(answer, PlatformError):
            return answer
        if alias in answer.errors:
            return answer.errors[alias]
        raw = answer.data.get(alias)
        if not isinstance(raw, dict) or raw.get("deletedAt"):
            return Unavailable(f"the environment {environment.name} was not told", platform="railway")
        try:
            whole = {**raw, **{name: self._whole(raw, name) for name in documents.CONNECTIONS}}
        except PlatformError as error:
            return error
        return Reading(Place(project.named, environment), project.services, whole)

    def _whole(self, raw: Raw, connection: str) -> Raw:
        """All pages of a listing. Raises PlatformError; Unavailable where a page came twice."""
        page = raw[connection]
        edges, cursors = list(page["edges"]), set()
        while _goes_on(page):
            after = page["pageInfo"].get("endCursor")
            if not after or after in cursors:
                raise Unavailable(f"page shifted: {connection} of {raw['name']} go round", platform="railway")
            cursors.add(after)
            answer = self._graph.ask(documents.more(connection), e=raw["id"], after=after)
            page = answer["environment"][connection]
            edges += page["edges"]
        ids = [edge["node"]["id"] for edge in edges]
        if len(set(ids)) != len(ids):
            raise Unavailable(f"page shifted: {connection} of {raw['name']} hold one twice", platform="railway")
        return {"edges": edges}

    def _with_extras(self, found: Found, kinds: Collection[str]) -> Found:
        fields = [(id, *one) for id, reading in found.items() if isinstance(reading, Reading)
                  for one in _missing(reading, kinds)]  # fmt: skip
        chunks = [fields[at : at + FIELDS_PER_CALL] for at in range(0, len(fields), FIELDS_PER_CALL)]
        asked = []
        for chunk in chunks:
            variables: dict[str, str] = {}
            for number, (_, _, _, values) in enumerate(chunk):
                variables |= {f"{name}{number}": value for name, value in values.items()}
            asked.append((documents.per_service([text for _, text, _, _ in chunk]), variables))
        got: dict[str, dict[str, dict[str, Any]]] = defaultdict(lambda: defaultdict(dict))
        failed: Found = {}
        for chunk, answer in zip(chunks, self._graph.together(asked) if asked else (), strict=True):
            for number, (id, text, owner, _) in enumerate(chunk):
                value = _value(answer, f"x{number}")
                if isinstance(value, PlatformError):
                    failed[id] = value
                else:
                    got[id][_CONNECTION[text]][owner] = value
        for id, extras in got.items():
            reading = found[id]
            assert isinstance(reading, Reading)
            schedules = {owner: [row["kind"] for row in rows or ()] for owner, rows in extras["schedules"].items()}
            proxies = {owner: rows or () for owner, rows in extras["proxies"].items()}
            texts = {owner: held or {} for owner, held in extras["values"].items()}
            extra = Extras(proxies, schedules, texts)
            found[id] = Reading(reading.place, reading.services, reading.raw, extra)
        return {**found, **failed}


def listed(data: Raw) -> list[Project]:
    """The projects of an answer. Raises Unavailable where the listing goes on."""
    if _goes_on(data["projects"]):
        raise Unavailable("the workspace has more projects than one listing holds", platform="railway")
    return [Project.of(node) for node in _nodes(data["projects"]) if not node.get("deletedAt")]


def _keys(answer: Answer) -> Keys:
    value = _value(answer, _KEYS)
    if isinstance(value, PlatformError):
        return value
    if not isinstance(value, dict) or _goes_on(value):
        return Unavailable("the workspace's SSH keys were not told whole", platform="railway")
    try:
        return tuple(_key(node) for node in _nodes(value))
    except ValidationError:
        return Unavailable("an SSH key of the workspace is none that we can read", platform="railway")


def _key(node: Raw) -> Seen:
    told = {"fingerprint": node["fingerprint"], "created_at": node["createdAt"]}
    key = SshKey(name=node["name"], public_key=node["publicKey"], **told)
    return Seen(SshKey.kind, node["id"], key.keys()[0], key)


def _missing(reading: Reading, kinds: Collection[str]) -> Iterable[tuple[str, str, Mapping[str, str]]]:
    """What to ask beyond the snapshot: the field's text, whose it is, and its variables."""
    here = {"p": reading.place.project.id, "e": reading.place.environment.id}
    if TcpProxy.kind in kinds:
        for service in reading.nodes:
            yield documents.PROXIES, service, {"e": here["e"], "s": service}
    if Volume.kind in kinds:
        for volume in reading.volumes.values():
            yield documents.SCHEDULES, volume["id"], {"i": volume["id"]}
    for service in reading.masked():
        if service:
            yield documents.VALUES, service, {**here, "s": service}
        else:
            yield documents.SHARED_VALUES, "", here


def _value(answer: Answer | PlatformError, alias: str) -> Any:
    if isinstance(answer, PlatformError):
        return answer
    return answer.errors[alias] if alias in answer.errors else answer.data.get(alias)


def _variables(chunk: Sequence[Wanted]) -> dict[str, str]:
    ids = {f"e{number}": environment.id for number, (_, environment) in enumerate(chunk)}
    return {"p": chunk[0][0].id, **ids}


def _workspaces(data: Raw) -> list[str]:
    return [str(one["id"]) for one in data["apiToken"]["workspaces"]]


def _nodes(connection: Raw) -> list[Raw]:
    return [edge["node"] for edge in connection["edges"]]


def _goes_on(connection: Raw) -> bool:
    return bool((connection.get("pageInfo") or {}).get("hasNextPage"))
