"""Deployments of the pretend Vercel: each keeps the variables that it was made with, and one of them has the domains.

From Vercel's API description and its pages on redeploying, promoting and rolling back: an instant rollback gives the
domains to an older build, variables and all, and what is deployed afterwards waits until somebody promotes.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from ...model.pretend import Asked, RunningUnit, Thing, Told, World
from .pretend_parts import Refused

STATES = ("QUEUED", "BUILDING", "READY")
PUSH, PREVIOUS, LATEST = "push", "previous", "latest"
_BODY = frozenset({"name", "project", "target", "deploymentId", "gitSource", "meta", "projectSettings"})
_HIDDEN = ("values", "fails", "assigns")


def deployments_of(world: World, account: str, project: Thing) -> list[Thing]:
    """To production, the oldest first."""
    return [one for one in world.shelf(account, "deployment").values() if one["projectId"] == project["id"]]


def deploy(world: World, account: str, project: Thing, source: str) -> Thing:
    """One to production, of what the project is now. While a rollback holds, it does not get the domains."""
    variables = [one for one in world.shelf(account, "variable").values() if one["projectId"] == project["id"]]
    values = {one["name"]: one["value"] for one in variables if "production" in one["target"]}
    made: Thing = {"id": f"dpl_{world.new_id(28)}", "name": project["name"], "projectId": project["id"]}
    asked = (project.get("lastAliasRequest") or {}).get("requestedAt", 0)
    before = [one["createdAt"] for one in deployments_of(world, account, project)]
    at = max(_now(world), asked + 1, *(one + 1 for one in before[-1:]))
    made |= {"target": "production", "source": source, "createdAt": at, "values": values}
    made["assigns"] = bool(project["autoAssignCustomDomains"]) and not project.get("rolledBack")
    made["fails"] = bool(project.get("fails"))
    world.shelf(account, "deployment")[made["id"]] = made
    return made


def state_of(world: World, pace: float, deployment: Thing) -> str:
    """Where it is by the world's clock."""
    last = len(STATES) - 1
    age = (_now(world) - deployment["createdAt"]) / 1000
    at = last if pace <= 0 else min(last, max(0, int(age / pace)))
    return "ERROR" if deployment["fails"] and at == last else STATES[at]


def live_of(world: World, account: str, pace: float, project: Thing) -> Thing | None:
    """The deployment that has the domains."""
    given = project.get("lastAliasRequest")
    since = given["requestedAt"] if given else -1
    for one in reversed(deployments_of(world, account, project)):
        if one["assigns"] and one["createdAt"] > since and state_of(world, pace, one) == "READY":
            return one
    return world.shelf(account, "deployment").get(given["toDeploymentId"]) if given else None


def give(world: World, account: str, project: Thing, wanted: str, word: str) -> Thing:
    """The project once its domains were given to a deployment by hand. Raises Refused."""
    found = deployments_of(world, account, project)
    live = live_of(world, account, 0, project)
    if wanted == PREVIOUS:
        found = [one for one in found if live is not None and one["createdAt"] < live["createdAt"]]
    choices = found[-1:] if wanted in (PREVIOUS, LATEST) else [one for one in found if one["id"] == wanted]
    if not choices:
        raise Refused(404, "not_found", f"Could not find the deployment: {wanted}")
    if word == "promote":
        world.shelf(account, "deployment")[choices[0]["id"]] = {**choices[0], "assigns": True}
    at = max([_now(world), *(one["createdAt"] + 1 for one in deployments_of(world, account, project))])
    asked = {"type": word, "jobStatus": "succeeded", "requestedAt": at, "toDeploymentId": choices[0]["id"]}
    asked["fromDeploymentId"] = live["id"] if live else ""
    return {**project, "lastAliasRequest": asked, "rolledBack": word == "rollback"}


def targets(world: World, account: str, pace: float, project: Thing) -> Thing:
    """As a project tells them: its newest production deployment."""
    found = deployments_of(world, account, project)
    if not found:
        return dict(project["targets"])
    newest = found[-1]
    told = {"id": newest["id"], "readyState": state_of(world, pace, newest), "createdAt": newest["createdAt"]}
    return {"production": {**told, "name": newest["name"], "target": "production", "type": "LAMBDAS"}}


def running(world: World, account: str, pace: float) -> Iterator[RunningUnit]:
    """Every project that was ever deployed to production."""
    hosts: dict[str, list[str]] = {}
    for one in world.shelf(account, "domain").values():
        if not one["redirect"] and not one["gitBranch"]:
            hosts.setdefault(one["projectId"], []).append(one["name"])
    for project in world.shelf(account, "project").values():
        found = deployments_of(world, account, project)
        if not found:
            continue
        live = live_of(world, account, pace, project)
        under_way = any(state_of(world, pace, one) in ("QUEUED", "BUILDING") for one in found[-5:])
        yield RunningUnit(
            "vercel.project",
            project["name"],
            live["id"] if live else "",
            (live or {}).get("values", {}),
            under_way,
            tuple(hosts.get(project["id"], ())),
            project.get("health") != "ill",
        )


def listed(world: World, asked: Asked, pace: float, projects: Iterable[Thing]) -> Told:
    """The newest first, a page by time."""
    query, account = asked.query, asked.caller.account
    named = [query["projectId"]] if "projectId" in query else query.get("projectIds", "").split(",")
    ids = {one["id"] for one in projects if not any(named) or {one["id"], one["name"]} & set(named)}
    states = query.get("state", "")
    found = [
        one
        for one in world.shelf(account, "deployment").values()
        if one["projectId"] in ids
        and query.get("target", "production") == one["target"]
        and (not states or state_of(world, pace, one) in states.split(","))
        and one["createdAt"] < int(query.get("until") or one["createdAt"] + 1)
        and one["createdAt"] > int(query.get("since") or -1)
    ]
    limit = query.get("limit", "20")
    if not limit.isdecimal() or not 1 <= int(limit) <= 100:
        raise Refused(400, "bad_request", "Invalid request: `limit` should be <= 100.")
    page = found[::-1][: int(limit)]
    more = page[-1]["createdAt"] if len(page) < len(found) else None
    shown = [{**told(world, pace, one), "uid": one["id"]} for one in page]
    return Told(200, {"deployments": shown, "pagination": {"count": len(page), "next": more, "prev": None}})


def told(world: World, pace: float, one: Thing) -> Thing:
    """A deployment as an answer tells it."""
    state = state_of(world, pace, one)
    shown = {name: value for name, value in one.items() if name not in _HIDDEN}
    substate = {"readySubstate": "PROMOTED" if one["assigns"] else "STAGED"} if state == "READY" else {}
    creator = {"uid": "person", "username": "person"}
    shown |= {"readyState": state, "state": state, "status": state, "type": "LAMBDAS", "creator": creator}
    return {**shown, **substate, "created": one["createdAt"], "url": f"{one['name']}-{one['id'][4:13]}.vercel.app"}


def whole(world: World, pace: float, one: Thing) -> Thing:
    """A deployment as the answer to its making or its own call tells it."""
    nothing: Thing = {"meta": {}, "projectSettings": {}, "regions": ["iad1"], "plan": "pro", "routes": []}
    names = sorted(one["values"])
    return {**told(world, pace, one), **nothing, "env": names, "build": {"env": names}, "alias": []}


def wanted(body: Any, account: str, world: World, find: Any) -> tuple[Thing, str]:
    """The project that is to be deployed, and how: again, or from its repository. Raises Refused."""
    if not isinstance(body, Mapping) or set(body) - _BODY or not isinstance(body.get("name"), str):
        raise Refused(400, "bad_request", "Invalid request: a deployment needs `name`, and knows no more than it does.")
    if body.get("target") != "production":
        raise Refused(400, "bad_request", "This sandbox deploys to production alone.")
    project = find(world, account, body.get("project") or body["name"])
    old = body.get("deploymentId")
    if old is not None:
        if old not in {one["id"] for one in deployments_of(world, account, project)}:
            raise Refused(404, "not_found", f"Could not find the deployment: {old}")
        return project, "redeploy"
    git, link = body.get("gitSource"), project.get("link")
    if not isinstance(git, Mapping) or link is None or git.get("type") != link["type"] or not git.get("ref"):
        raise Refused(400, "bad_request", "Invalid request: `deploymentId` or `gitSource` of the linked repository.")
    return project, "git"


def by_hand(world: World, account: str, project: Thing, fields: Mapping[str, str]) -> tuple[Thing, Sequence[str]]:
    """A project once a person did to its deployments what `fields` say, and which of them these were: `deployment`
    (push; previous or an id: a rollback), `promote` (latest or an id), `fails` (build, no), `health` (ill, well)."""
    taken = [name for name in ("fails", "health", "deployment", "promote") if name in fields]
    known = {"fails": ("build", "no"), "health": ("ill", "well")}
    for name in taken:
        if name in known and fields[name] not in known[name]:
            raise Refused(400, "bad_request", f"{name} is one of {', '.join(known[name])}")
    if "fails" in fields:
        project = {**project, "fails": fields["fails"] != "no"}
    if "health" in fields:
        project = {**project, "health": fields["health"]}
    if fields.get("deployment") == PUSH:
        deploy(world, account, project, "git")
    elif "deployment" in fields:
        project = give(world, account, project, fields["deployment"], "rollback")
    if "promote" in fields:
        project = give(world, account, project, fields["promote"], "promote")
    return project, taken


def _now(world: World) -> int:
    return int(world.now().timestamp() * 1000)
