"""What runs on the sandbox's Railway: a deployment keeps the variables that it was started with, and a later one that
succeeds takes its place.

Railway's docs: a rollback restores the image and that deployment's variables, as long as the plan keeps it.
"""

import datetime as dt
import hashlib
import json
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from ...model.pretend import RunningUnit, Thing
from .pretend_config import told

if TYPE_CHECKING:
    from .pretend_estate import Estate

REFERENCE = re.compile(r"\$\{\{\s*([^}\s]+?)\s*\}\}")
STAGES = ("QUEUED", "BUILDING", "DEPLOYING", "SUCCESS")
FAILS = ("build", "start")
"""What a person can make of an instance's next deployments: none is built, or what is built does not come up."""
ILL = "ill"
_KEPT_HOURS = {"free": 24, "hobby": 72, "pro": 120, "enterprise": 360}
"""How long a deployment can be returned to, by plan (Railway's docs)."""
_TAKES_OVER = ("SUCCESS", "CRASHED")


def deploy(estate: "Estate", instance: Thing, reason: str) -> Thing | None:
    """A deployment of what an instance is now; None if it has nothing to deploy. `print` tells what it runs with,
    variables among it: a later one of the same print changes nothing."""
    source = instance["config"].get("source", {})
    if not (source.get("repo") or source.get("image")):
        return None
    config = json.loads(json.dumps(told(instance["config"])))
    config.get("deploy", {}).pop("registryCredentials", None)
    meta = {**config.get("source", {}), "reason": reason, "serviceManifest": config, **_file(estate, instance, config)}
    environment = estate.shelf("environment")[instance["environmentId"]]
    print = hashlib.sha256(estate.prints(environment)[instance["id"]].encode()).hexdigest()
    values = {one["name"]: _rendered(estate, instance, one["value"]) for one in estate.variables_of(instance)}
    return _add(estate, instance, {"meta": meta, "print": print, "values": values})


def roll_back(estate: "Estate", old: Thing) -> Thing:
    """A deployment of what an old one ran, its variables among it; what the environment says is not touched."""
    instance = estate.instance(old["environmentId"], old["serviceId"])
    meta = {**old["meta"], "reason": "rollback"}
    return _add(estate, instance, {"meta": meta, "print": old["print"], "values": old["values"]}, fails=False)


def can_roll_back(estate: "Estate", deployment: Thing) -> bool:
    return status(estate, deployment) == "REMOVED" and "values" in deployment


def _add(estate: "Estate", instance: Thing, fields: Thing, *, fails: bool = True) -> Thing:
    where = {name: instance[name] for name in ("projectId", "environmentId", "serviceId")}
    _forget(estate, where)
    broken = {"fails": instance["fails"]} if fails and instance.get("fails") else {}
    return estate.add("deployment", {"name": instance["name"], **where, **fields, **broken})


def _forget(estate: "Estate", where: Thing) -> None:
    """What can no longer be returned to keeps no values."""
    hours = _KEPT_HOURS.get(estate.tier, _KEPT_HOURS["pro"])
    for one in estate.where("deployment", **where):
        old = estate.world.now() - dt.datetime.fromisoformat(one["createdAt"]) > dt.timedelta(hours=hours)
        if old and "values" in one and status(estate, one) == "REMOVED":
            del one["values"]


def _file(estate: "Estate", instance: Thing, config: Thing) -> Thing:
    """What a deployment takes from its repository's own file, laid over the settings; nothing is written there.

    An explicit null counts as said: so it was measured on Railway.
    """
    file = instance.get("file")
    if not file or not config.get("source", {}).get("repo") or estate.now[:10] >= estate.files_until:
        return {}
    parts = {name: file[name] for name in ("build", "deploy") if file.get(name)}
    keys = [f"{section}.{key}" for section, said in parts.items() for key in said]
    whole = {**config, **{name: {**config.get(name, {}), **said} for name, said in parts.items()}}
    return {
        "configFile": instance["config"].get("configFile") or "/railway.json",
        "fileServiceManifest": parts,
        "propertyFileMapping": {key: f"$.{key}" for key in keys},
        "serviceManifest": whole,
    }


def status(estate: "Estate", deployment: Thing) -> str:
    """Where a deployment is by the world's clock; a later one of the same instance that took over replaces it."""
    stage = _stage(estate, deployment)
    if stage not in _TAKES_OVER:
        return stage
    for one in reversed(list(estate.shelf("deployment").values())):
        if one["id"] == deployment["id"]:
            break
        same = one["environmentId"] == deployment["environmentId"] and one["serviceId"] == deployment["serviceId"]
        if same and _stage(estate, one) in _TAKES_OVER:
            return "REMOVED"
    return stage


def _stage(estate: "Estate", deployment: Thing) -> str:
    age = (estate.world.now() - dt.datetime.fromisoformat(deployment["createdAt"])).total_seconds()
    last = len(STAGES) - 1
    at = last if estate.pace <= 0 else min(last, max(0, int(age / estate.pace)))
    fails = deployment.get("fails")
    if fails == "build" and at > STAGES.index("BUILDING"):
        return "FAILED"
    if fails and at == last:
        # With a health check what ran before stays; without one it has been taken away by then.
        checked = (deployment["meta"]["serviceManifest"].get("deploy") or {}).get("healthcheckPath")
        return "FAILED" if checked else "CRASHED"
    return STAGES[at]


def running(estate: "Estate") -> Iterator[RunningUnit]:
    """Every instance that was ever started, and what runs there."""
    starts: dict[tuple[str, str], list[Thing]] = {}
    for one in estate.shelf("deployment").values():
        starts.setdefault((one["environmentId"], one["serviceId"]), []).append(one)
    hosts: dict[tuple[str, str], list[str]] = {}
    for kind in ("domain", "service-domain"):
        for one in estate.shelf(kind).values():
            hosts.setdefault((one["environmentId"], one["serviceId"]), []).append(one["domain"])
    for instance in estate.shelf("instance").values():
        place = instance["environmentId"], instance["serviceId"]
        if place not in starts:
            continue
        live, under_way = _live(estate, starts[place])
        yield RunningUnit(
            "railway.instance",
            f"{instance['project']}/{instance['environment']}/{instance['service']}",
            live["id"] if live else "",
            (live or {}).get("values", {}),
            under_way,
            tuple(hosts.get(place, ())),
            instance.get("health") != ILL,
        )


def _live(estate: "Estate", starts: list[Thing]) -> tuple[Thing | None, bool]:
    """The start that runs, and whether a newer one is under way."""
    under_way = False
    for one in reversed(starts):
        stage = _stage(estate, one)
        if stage in _TAKES_OVER:
            return (one if stage == "SUCCESS" else None), under_way
        under_way |= stage != "FAILED"
    return None, under_way


def provided(environment: Thing, instance: Thing) -> dict[str, str]:
    """What Railway itself gives each service."""
    return {
        "RAILWAY_ENVIRONMENT_ID": environment["id"],
        "RAILWAY_ENVIRONMENT_NAME": environment["name"],
        "RAILWAY_PRIVATE_DOMAIN": f"{instance['name'].lower()}.railway.internal",
        "RAILWAY_PROJECT_ID": environment["projectId"],
        "RAILWAY_PROJECT_NAME": environment["project"],
        "RAILWAY_SERVICE_ID": instance["serviceId"],
        "RAILWAY_SERVICE_NAME": instance["name"],
    }


def _rendered(estate: "Estate", instance: Thing, value: str) -> str:
    return rendered(estate, estate.shelf("environment")[instance["environmentId"]], instance, value, 8, sealed=True)


def rendered(
    estate: "Estate", environment: Thing, instance: Thing, value: str, depth: int, *, sealed: bool = False
) -> str:
    """A value with what it refers to in place; what is `sealed` only where nobody outside sees it."""
    here = {"environmentId": environment["id"]}

    def one(found: re.Match[str]) -> str:
        owner, _, name = found[1].rpartition(".")
        if owner == "shared":
            source, held = instance, list(estate.where("shared-variable", **here, name=name))
        else:
            sources = [instance] if not owner else list(estate.where("instance", **here, name=owner))
            if not sources:
                return ""
            source = sources[0]
            held = [one for one in estate.variables_of(source) if one["name"] == name]
        if not held:
            return provided(environment, source).get(name, "")
        if depth == 0 or (held[0]["isSealed"] and not sealed):
            return ""
        return rendered(estate, environment, source, held[0]["value"], depth - 1, sealed=sealed)

    return REFERENCE.sub(one, value)
