"""GitHub as the sandbox has it: its routes, errors, and a person at its pages or on the host.

Written from GitHub's own description of its API and its documentation. A repository of another account is one that is
not there: so GitHub answers for what a token may not see.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, ClassVar

from ...model.pretend import Asked, Caller, Handler, Route, RunningUnit, Thing, Told, World
from ...model.spec import Declared
from .pretend_hand import by_hand, made, new_secret, now, seeded
from .pretend_parts import API, Refused, environment, error, file, opened, repository, run, secret, workflow
from .pretend_runs import move, queue, units

LARGEST_SECRET = 48 * 1024
_PAGES = frozenset({"per_page", "page"})
_RUNS = _PAGES | {
    "actor",
    "branch",
    "event",
    "status",
    "created",
    "exclude_pull_requests",
    "check_suite_id",
    "head_sha",
}
_SECRET = re.compile(r"[A-Z_][A-Z0-9_]*\Z")


class Pretend:
    """GitHub, as far as we use it. Shelves: `repository`, `environment`, `workflow`, `secret`, `environment-secret`,
    `host-variable` (what green runs wrote on hosts), and `run`."""

    name: ClassVar[str] = "github"
    prefix: ClassVar[str] = ""
    rate: ClassVar[tuple[int, float]] = (5_000, 3_600.0)
    request_id: ClassVar[str] = "x-github-request-id"

    def routes(self) -> Sequence[Route]:
        one = "/repos/{owner}/{repo}"
        works, inside = f"{one}/actions/workflows", f"{one}/environments/{{environment}}"
        found: list[tuple[str, str, Handler, frozenset[str]]] = [
            (
                "GET",
                "/user/repos",
                self._repositories,
                _PAGES | {"visibility", "affiliation", "type", "sort", "direction"},
            ),
            ("GET", one, self._repository, frozenset()),
            ("GET", f"{one}/environments", self._environments, _PAGES),
            ("GET", works, self._workflows, _PAGES),
            ("GET", f"{works}/{{workflow}}", self._workflow, frozenset()),
            ("GET", f"{works}/{{workflow}}/runs", self._runs, _RUNS),
            ("POST", f"{works}/{{workflow}}/dispatches", self._dispatch, frozenset()),
            ("GET", f"{one}/actions/runs", self._runs, _RUNS),
            ("GET", f"{one}/actions/runs/{{run}}", self._run, frozenset({"exclude_pull_requests"})),
            ("GET", f"{one}/contents/.github/workflows/{{workflow}}", self._file, frozenset({"ref"})),
        ]
        for path in (f"{one}/actions/secrets", f"{inside}/secrets"):
            found += [
                ("GET", path, self._secrets, _PAGES),
                ("GET", f"{path}/public-key", self._key, frozenset()),
                ("GET", f"{path}/{{name}}", self._secret, frozenset()),
                ("PUT", f"{path}/{{name}}", self._write, frozenset()),
                ("DELETE", f"{path}/{{name}}", self._delete, frozenset()),
            ]
        return [Route(verb, path, _moved(handler), query) for verb, path, handler, query in found]

    def refusal(self, status: int, reason: str, retry_after: float | None = None) -> Told:
        words = {401: "Bad credentials", 403: "Resource not accessible by personal access token", 404: "Not Found"}
        words |= {405: "Not Found", 429: "You have exceeded a secondary rate limit. Please wait before you try again."}
        words |= {400: "Problems parsing JSON", 422: f"Invalid request.\n\n{reason}"}
        status = 404 if status == 405 else status
        told = error(status, words.get(status, "Server Error" if status >= 500 else reason))
        headers = {} if retry_after is None else {"Retry-After": str(max(1, -int(-retry_after // 1)))}
        return Told(told.status, told.body, headers)

    def budget(self, limit: int, left: int, reset: float) -> dict[str, str]:
        """GitHub's own headers."""
        told = {"limit": limit, "remaining": left, "used": limit - left, "reset": int(reset), "resource": "core"}
        return {f"x-ratelimit-{name}": str(value) for name, value in told.items()}

    def seed(self, world: World, caller: Caller, wanted: Sequence[Declared]) -> None:
        """Repositories, environments and workflows; a workflow reads the secrets that stacks say it needs."""
        seeded(world, caller.account, wanted)

    def edit(self, world: World, account: str, kind: str, id: str, fields: Mapping[str, str]) -> Thing:
        """A workflow takes `conclusion`, how its runs end from now on; `seconds`, how long one takes; `pushed`, a
        branch that somebody pushes to; `reads`, the secrets in its file; `ill=true`: what it deploys does not work."""
        move(world, account)
        return by_hand(world, account, kind, id, fields)

    def create(self, world: World, account: str, kind: str, fields: Mapping[str, str]) -> Thing:
        move(world, account)
        return made(world, account, kind, fields)

    def delete(self, world: World, account: str, kind: str, id: str) -> None:
        move(world, account)
        name = world.shelf(account, kind).pop(id)["name"]
        for below in ("environment", "workflow", "secret", "environment-secret", "run") if kind == "repository" else ():
            shelf = world.shelf(account, below)
            for other in [one for one, thing in shelf.items() if thing["repository"] == name]:
                del shelf[other]

    def title(self, kind: str, thing: Thing) -> str:
        where = f"{thing['repository']}/" if kind == "workflow" else ""
        return f"{where}{thing['name']}"

    def kinds(self) -> Sequence[str]:
        return ("repository", "environment", "workflow", "secret", "environment-secret", "host-variable")

    def shown(self, kind: str, thing: Thing) -> Thing:
        """Nobody sees a secret's value, and GitHub sees no host."""
        return {name: value for name, value in thing.items() if name not in ("value", "values", "private_key")}

    def running(self, world: World, account: str) -> Iterable[RunningUnit]:
        """What each workflow deployed last, with the values that its run had read."""
        return list(units(world, account))

    def _repositories(self, world: World, asked: Asked) -> Told:
        things = _page(asked, list(world.shelf(asked.caller.account, "repository").values()))
        return Told(200, [repository(one, whole=True) for one in things])

    def _repository(self, world: World, asked: Asked) -> Told:
        return Told(200, repository(_of(world, asked), whole=True))

    def _environments(self, world: World, asked: Asked) -> Told:
        return _listing(asked, "environments", _inside(world, asked, "environment"), environment)

    def _workflows(self, world: World, asked: Asked) -> Told:
        return _listing(asked, "workflows", _inside(world, asked, "workflow"), workflow)

    def _workflow(self, world: World, asked: Asked) -> Told:
        return Told(200, workflow(_does(world, asked)))

    def _file(self, world: World, asked: Asked) -> Told:
        place, does = _of(world, asked), _does(world, asked)
        ref = asked.query.get("ref", place["default_branch"])
        if ref not in place["branches"]:
            raise Refused(404, f"No commit found for the ref {ref}", "/repos/contents#get-repository-content")
        return Told(200, file(does, ref))

    def _runs(self, world: World, asked: Asked) -> Told:
        place, query = _of(world, asked), asked.query
        works = {one["id"]: one for one in _inside(world, asked, "workflow")}
        chosen = {_does(world, asked)["id"]} if "workflow" in asked.path else set(works)
        things = [one for one in _inside(world, asked, "run") if one["workflow"] in chosen]
        things = [one for one in things if query.get("branch") in (None, one["ref"])]
        things = [one for one in things if query.get("event") in (None, one["event"])]
        things = [one for one in things if query.get("status") in (None, one["status"], one["conclusion"])]
        things.sort(key=lambda one: int(one["id"]), reverse=True)
        return _listing(asked, "workflow_runs", things, lambda one: run(one, place, works[one["workflow"]]))

    def _run(self, world: World, asked: Asked) -> Told:
        place = _of(world, asked)
        thing = next((one for one in _inside(world, asked, "run") if str(one["id"]) == asked.path["run"]), None)
        does = world.shelf(asked.caller.account, "workflow").get(str(thing["workflow"])) if thing else None
        if thing is None or does is None:
            raise Refused(404, "Not Found", "/actions/workflow-runs#get-a-workflow-run")
        return Told(200, run(thing, place, does))

    def _dispatch(self, world: World, asked: Asked) -> Told:
        doc = "/actions/workflows#create-a-workflow-dispatch-event"
        place, does = _of(world, asked), _does(world, asked)
        body = _strict(asked.body, {"ref": str, "inputs": dict, "return_run_details": bool}, ("ref",), doc)
        if body["ref"] not in place["branches"]:
            raise Refused(422, f"No ref found for: {body['ref']}", doc)
        if not does["dispatch"]:
            raise Refused(422, "Workflow does not have 'workflow_dispatch' trigger", doc)
        if does["state"] != "active":
            raise Refused(422, "Cannot trigger a 'workflow_dispatch' on a disabled workflow", doc)
        if odd := sorted(set(body.get("inputs") or {}) - set(does["inputs"])):
            raise Refused(422, f"Unexpected inputs provided: {odd}", doc)
        thing = queue(world, asked.caller.account, does, body["ref"], "workflow_dispatch")
        if not body.get("return_run_details"):
            return Told(204)
        told = run(thing, place, does)
        return Told(200, {"workflow_run_id": told["id"], "run_url": told["url"], "html_url": told["html_url"]})

    def _secrets(self, world: World, asked: Asked) -> Told:
        owner, kind = _owner(world, asked)
        return _listing(asked, "secrets", _mine(world, asked, owner, kind), secret)

    def _key(self, world: World, asked: Asked) -> Told:
        owner, _ = _owner(world, asked)
        return Told(200, {"key_id": owner["key_id"], "key": owner["key"]})

    def _secret(self, world: World, asked: Asked) -> Told:
        return Told(200, secret(_named(world, asked)[1]))

    def _write(self, world: World, asked: Asked) -> Told:
        owner, kind = _owner(world, asked)
        doc = "/actions/secrets#create-or-update-a-repository-secret"
        name = asked.path["name"].upper()
        if not _SECRET.match(name) or name.startswith("GITHUB_"):
            raise Refused(422, "Secret names can only contain alphanumeric characters or underscores", doc)
        if _of(world, asked)["archived"]:
            raise Refused(403, "Repository was archived so is read-only.", doc)
        body = _strict(asked.body, {"encrypted_value": str, "key_id": str}, ("encrypted_value", "key_id"), doc)
        if body["key_id"] != owner["key_id"]:
            raise Refused(422, "key_id is not that of the current public key", doc)
        value = opened(owner, body["encrypted_value"])
        if len(value.encode()) > LARGEST_SECRET:
            raise Refused(422, "Secret value is too large: 48 KB is the limit", doc)
        before = next((one for one in _mine(world, asked, owner, kind) if one["name"] == name), None)
        if before is not None:
            before |= {"value": value, "updated_at": now(world)}
            return Told(204)
        new_secret(world, asked.caller.account, kind, owner, name, value)
        return Told(201, {})

    def _delete(self, world: World, asked: Asked) -> Told:
        kind, thing = _named(world, asked)
        del world.shelf(asked.caller.account, kind)[str(thing["id"])]
        return Told(204)


def _moved(handler: Handler) -> Handler:
    """A call meets the world as it is by now; what is refused is told in GitHub's words. Addresses in an answer lead
    to where it was asked: the vendor's clients follow them, and go nowhere else."""

    def asked_now(world: World, asked: Asked) -> Told:
        move(world, asked.caller.account)
        try:
            told = handler(world, asked)
        except Refused as refused:
            told = refused.told
        host = asked.headers.get("host", "")
        return Told(told.status, _leading(told.body, f"http://{host}"), told.headers) if host else told

    return asked_now


def _leading(body: Any, to: str) -> Any:
    if isinstance(body, str):
        return to + body.removeprefix(API) if body.startswith(API) else body
    if isinstance(body, dict):
        return {name: _leading(value, to) for name, value in body.items()}
    return [_leading(value, to) for value in body] if isinstance(body, list) else body


def _of(world: World, asked: Asked) -> Thing:
    name = f"{asked.path['owner']}/{asked.path['repo']}".lower()
    things = world.shelf(asked.caller.account, "repository").values()
    found = next((one for one in things if one["name"].lower() == name), None)
    if found is None:
        raise Refused(404, "Not Found", "/repos/repos#get-a-repository")
    return found


def _inside(world: World, asked: Asked, kind: str) -> list[Thing]:
    place = _of(world, asked)
    return [one for one in world.shelf(asked.caller.account, kind).values() if one["repository"] == place["name"]]


def _does(world: World, asked: Asked) -> Thing:
    """A workflow, by its id or by its file's name."""
    word = asked.path["workflow"]
    found = next((one for one in _inside(world, asked, "workflow") if word in (str(one["id"]), one["name"])), None)
    if found is None:
        raise Refused(404, "Not Found", "/actions/workflows#get-a-workflow")
    return found


def _owner(world: World, asked: Asked) -> tuple[Thing, str]:
    """Whose secrets a path means, and their kind."""
    if "environment" not in asked.path:
        return _of(world, asked), "secret"
    name = asked.path["environment"]
    found = next((one for one in _inside(world, asked, "environment") if one["name"] == name), None)
    if found is None:
        raise Refused(404, "Not Found", "/actions/secrets#list-environment-secrets")
    return found, "environment-secret"


def _mine(world: World, asked: Asked, owner: Thing, kind: str) -> list[Thing]:
    things = _inside(world, asked, kind)
    return things if kind == "secret" else [one for one in things if one["environment"] == owner["name"]]


def _named(world: World, asked: Asked) -> tuple[str, Thing]:
    owner, kind = _owner(world, asked)
    name = asked.path["name"].upper()
    found = next((one for one in _mine(world, asked, owner, kind) if one["name"] == name), None)
    if found is None:
        raise Refused(404, "Not Found", "/actions/secrets#get-a-repository-secret")
    return kind, found


def _page(asked: Asked, things: list[Thing]) -> list[Thing]:
    size, page = (asked.query.get(name, usual) for name, usual in (("per_page", "30"), ("page", "1")))
    many = min(100, int(size)) if size.isdecimal() and int(size) else 30
    start = (max(1, int(page)) - 1) * many if page.isdecimal() else 0
    return things[start : start + many]


def _listing(asked: Asked, word: str, things: list[Thing], told: Callable[[Thing], Thing]) -> Told:
    return Told(200, {"total_count": len(things), word: [told(one) for one in _page(asked, things)]})


def _strict(body: Any, known: Mapping[str, type], needed: Iterable[str], doc: str) -> Mapping[str, Any]:
    if not isinstance(body, dict):
        raise Refused(400, "Body should be a JSON object", doc)
    lacking = [f'"{name}" wasn\'t supplied.' for name in needed if name not in body]
    odd = [f'"{name}" is not a permitted key.' for name in body if name not in known]
    wrong = [
        f'For "{name}", {body[name]!r} is no {kind.__name__}.'
        for name, kind in known.items()
        if name in body and not isinstance(body[name], kind)
    ]
    if lacking or odd or wrong:
        raise Refused(422, "Invalid request.\n\n" + "\n".join((*lacking, *odd, *wrong)), doc)
    return body
