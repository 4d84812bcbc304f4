"""The queries of the sandbox's Railway."""

from collections.abc import Mapping
from typing import Any

from ...model.pretend import Thing
from .pretend_commit import taken
from .pretend_estate import Estate, Refused
from .pretend_running import provided, rendered
from .pretend_views import Args, View, domains_of, paged, triggers, workspace

_CRON = {"DAILY": ("0 0 * * *", 6), "WEEKLY": ("0 0 * * 0", 30), "MONTHLY": ("0 0 1 * *", 90)}
"""When a backup is made, and for how many days it is kept (Railway's docs)."""


def _variable_map(estate: Estate, thing: Thing, args: Args) -> dict[str, str]:
    environment = estate.environment(args["environmentId"], args["projectId"])
    if args.get("serviceId") is None:
        held = [one for one in estate.where("shared-variable", environmentId=environment["id"]) if not one["isSealed"]]
        return {one["name"]: one["value"] for one in held}
    instance = estate.instance(environment["id"], args["serviceId"])
    values = {one["name"]: one["value"] for one in estate.variables_of(instance) if not one["isSealed"]}
    if not args.get("unrendered"):
        values = {name: rendered(estate, environment, instance, value, 8) for name, value in values.items()}
    return {**provided(environment, instance), **values}


def _schedules(estate: Estate, thing: Thing, args: Args) -> list[Thing]:
    volume = estate.get("volume", args["volumeInstanceId"], "VolumeInstance")
    return [
        {
            "id": f"{volume['id']}:{kind.lower()}",
            "kind": kind,
            "name": kind.capitalize(),
            "cron": _CRON[kind][0],
            "retentionSeconds": _CRON[kind][1] * 86_400,
            "createdAt": volume["createdAt"],
        }
        for kind in volume["backups"]
    ]


def _projects(estate: Estate, thing: Thing, args: Args) -> Thing:
    if args.get("workspaceId") is not None:
        workspace(estate, args["workspaceId"])
    return paged(list(estate.shelf("project").values()), args)


def _deployments(estate: Estate, thing: Thing, args: Args) -> Thing:
    """The newest first."""
    asked = args["input"]
    where = {name: asked[name] for name in ("projectId", "environmentId", "serviceId") if asked.get(name)}
    if estate.token is not None:
        where |= {name: estate.token[name] for name in ("projectId", "environmentId")}
    status = asked.get("status") or {}
    found = [
        one
        for one in estate.where("deployment", **where)
        if estate.status(one) in (status.get("in") or [estate.status(one)])
        and estate.status(one) not in (status.get("notIn") or [])
    ]
    return paged(found[::-1], args)


def _staged(estate: Estate, thing: Thing, args: Args) -> Thing:
    environment = estate.environment(args["environmentId"])
    found = next(estate.where("patch", environmentId=environment["id"], status="STAGED"), None)
    stamps = {"createdAt": environment["createdAt"], "updatedAt": environment["createdAt"]}
    return found or {
        "id": environment["id"],
        "environmentId": environment["id"],
        "status": "STAGED",
        "patch": {},
        **stamps,
    }


def _patches(estate: Estate, thing: Thing, args: Args) -> Thing:
    environment = estate.environment(args["environmentId"])
    return paged(list(estate.where("patch", environmentId=environment["id"]))[::-1], args)


def _change_set(estate: Estate, thing: Thing, args: Args) -> Thing:
    """The first look finds it still applying, the next ones applied."""
    estate.environment(args["environmentId"])
    found = estate.get("changeset", args["id"], "Change set")
    if found["environmentId"] != args["environmentId"]:
        raise Refused("Change set not found")
    found["polls"] += 1
    return told_change_set(found)


def told_change_set(found: Thing) -> Thing:
    """What is told of an apply; its results only once it is applied."""
    if found["polls"] > 1:
        return {**found, "status": "applied"}
    return {**found, "status": "applying", "changes": [], "deploymentId": None}


def _workflow(estate: Estate, thing: Thing, args: Args) -> Thing:
    known = any(one.get("workflowId") == args["workflowId"] for one in estate.shelf("patch").values())
    return {"status": "Complete" if known else "NotFound", "error": None}


def _available(estate: Estate, thing: Thing, args: Args) -> Thing:
    free = not taken(estate, args["domain"].lower())
    return {"available": free, "message": "Domain is available" if free else "Domain is already in use"}  # guessed


def _custom_domain(estate: Estate, thing: Thing, args: Args) -> Thing:
    found = estate.get("domain", args["id"], "CustomDomain")
    if found["projectId"] != estate.project(args["projectId"])["id"]:
        raise Refused("CustomDomain not found")
    return found


def _limits(estate: Estate, thing: Thing, args: Args) -> Any:
    instance = estate.instance(args["environmentId"], args["serviceId"])
    return instance["config"].get("deploy", {}).get("limitOverride")


def _proxies(estate: Estate, thing: Thing, args: Args) -> list[Thing]:
    instance = estate.instance(args["environmentId"], args["serviceId"])
    return list(estate.where("tcp-proxy", environmentId=instance["environmentId"], serviceId=instance["serviceId"]))


def _api_token(estate: Estate, thing: Thing, args: Args) -> Thing:
    return {"workspaces": [{"id": estate.workspace, "name": estate.account}]}


def _instance(estate: Estate, thing: Thing, args: Args) -> Thing:
    return estate.instance(args["environmentId"], args["serviceId"])


def _environments(estate: Estate, thing: Thing, args: Args) -> Thing:
    project = estate.project(args["projectId"])
    found = estate.where("environment", projectId=project["id"])
    return paged([one for one in found if args.get("isEphemeral") in (None, one["isEphemeral"])], args)


def _triggers(estate: Estate, thing: Thing, args: Args) -> Thing:
    instance = _instance(estate, thing, args)
    return triggers(estate, {"id": instance["id"]}, args)


QUERIES: Mapping[str, View] = {
    "apiToken": _api_token,
    "customDomain": _custom_domain,
    "customDomainAvailable": _available,
    "deployment": lambda estate, thing, args: estate.get("deployment", args["id"], "Deployment"),
    "deploymentTriggers": _triggers,
    "deployments": _deployments,
    "domains": lambda estate, thing, args: domains_of(estate, _instance(estate, thing, args), args),
    "environment": lambda estate, thing, args: estate.environment(args["id"], args.get("projectId")),
    "environmentChangeSetApply": _change_set,
    "environmentPatches": _patches,
    "environmentStagedChanges": _staged,
    "environments": _environments,
    "project": lambda estate, thing, args: estate.project(args["id"]),
    "projects": _projects,
    "service": lambda estate, thing, args: estate.service(args["id"]),
    "serviceInstance": _instance,
    "serviceInstanceLimitOverride": _limits,
    "serviceInstanceLimits": lambda estate, thing, args: _limits(estate, thing, args) or {"containers": {}},
    "tcpProxies": _proxies,
    "variables": _variable_map,
    "volumeInstance": lambda estate, thing, args: estate.get("volume", args["id"], "VolumeInstance"),
    "volumeInstanceBackupScheduleList": _schedules,
    "workflowStatus": _workflow,
    "workspace": lambda estate, thing, args: workspace(estate, args["workspaceId"]),
}
