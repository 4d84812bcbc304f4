"""What the sandbox's Railway tells of each thing beyond the thing's own fields."""

import base64
import datetime as dt
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from ...model.pretend import Thing
from .pretend_commit import SUFFIX
from .pretend_config import placed
from .pretend_estate import Estate, Refused
from .pretend_running import REFERENCE, can_roll_back

Args = Mapping[str, Any]
View = Callable[[Estate, Thing, Args], Any]

RATES: Mapping[str, tuple[int, float]] = {"free": (100, 3600.0), "hobby": (1_000, 3600.0), "pro": (10_000, 3600.0)}
"""Calls in seconds by plan (Railway's docs)."""
VERIFIED_AFTER_SECONDS = 60.0
"""How long after its making, by the world's clock, a custom domain counts as verified."""


def paged(items: Sequence[Any], args: Args) -> Thing:
    """A Relay connection; a cursor is a place in the list."""
    try:
        start = int(base64.b64decode(args["after"])) + 1 if args.get("after") else 0
        end = int(base64.b64decode(args["before"])) if args.get("before") else len(items)
    except ValueError:
        raise Refused("Invalid cursor", "BAD_USER_INPUT") from None
    if args.get("first") is not None:
        end = min(end, start + args["first"])
    if args.get("last") is not None:
        start = max(start, min(end, len(items)) - args["last"])
    edges = [{"cursor": _cursor(start + at), "node": one} for at, one in enumerate(items[start:end])]
    bounds = {"startCursor": edges[0]["cursor"], "endCursor": edges[-1]["cursor"]} if edges else {}
    return {"edges": edges, "pageInfo": {"hasNextPage": end < len(items), "hasPreviousPage": start > 0, **bounds}}


def _cursor(at: int) -> str:
    return base64.b64encode(str(at).encode()).decode()


def _listed(kind: str, by: str) -> View:
    return lambda estate, thing, args: paged(list(estate.where(kind, **{by: thing["id"]})), args)


def _constant(value: Any) -> View:
    return lambda estate, thing, args: value


def _owner(kind: str) -> View:
    return lambda estate, thing, args: estate.shelf(kind).get(thing.get(f"{kind}Id") or "")


def _deep(section: str, key: str, default: Any = None) -> View:
    def view(estate: Estate, thing: Thing, args: Args) -> Any:
        value = thing["config"].get(section, {}).get(key)
        return default if value is None else value

    return view


def _environments(estate: Estate, thing: Thing, args: Args) -> Thing:
    found = [
        one
        for one in estate.where("environment", projectId=thing["id"])
        if args.get("isEphemeral") in (None, one["isEphemeral"])
        and (estate.token is None or estate.token["environmentId"] == one["id"])
    ]
    return paged(found, args)


def _variables(estate: Estate, thing: Thing, args: Args) -> Thing:
    where = {"environmentId": thing["id"]}
    return paged([*estate.where("shared-variable", **where), *estate.where("variable", **where)], args)


def triggers(estate: Estate, where: Thing, args: Args) -> Thing:
    return paged([trigger_of(one) for one in estate.where("instance", **where) if trigger_of(one)], args)


def trigger_of(instance: Thing) -> Thing:
    """The deployment trigger that a repository and a branch make; empty without them."""
    source = instance["config"].get("source", {})
    if not (source.get("repo") and source.get("branch")):
        return {}
    where = {name: instance[name] for name in ("projectId", "environmentId", "serviceId")}
    told = {"branch": source["branch"], "repository": source["repo"], "checkSuites": bool(source.get("checkSuites"))}
    return {"id": instance["id"][::-1], **where, **told, "provider": "github", "validCheckSuites": 0}


def deployments_of(estate: Estate, instance: Thing) -> list[Thing]:
    """An instance's deployments, the oldest first."""
    where = {name: instance[name] for name in ("environmentId", "serviceId")}
    return list(estate.where("deployment", **where))


def _newest_first(estate: Estate, instance: Thing) -> Iterator[Thing]:
    place = instance["environmentId"], instance["serviceId"]
    shelf = reversed(list(estate.shelf("deployment").values()))
    return (one for one in shelf if (one["environmentId"], one["serviceId"]) == place)


def _latest(estate: Estate, thing: Thing, args: Args) -> Thing | None:
    return next(_newest_first(estate, thing), None)


def _active(estate: Estate, thing: Thing, args: Args) -> list[Thing]:
    """One at most: what took over from it removed it."""
    for one in _newest_first(estate, thing):
        status = estate.status(one)
        if status in ("SUCCESS", "CRASHED", "REMOVED"):
            return [one] if status == "SUCCESS" else []
    return []


def domains_of(estate: Estate, thing: Thing, args: Args) -> Thing:
    where = {name: thing[name] for name in ("environmentId", "serviceId")}
    return {
        "customDomains": list(estate.where("domain", **where)),
        "serviceDomains": list(estate.where("service-domain", **where)),
    }


def _domain_status(estate: Estate, domain: Thing, args: Args) -> Thing:
    made = dt.datetime.fromisoformat(domain["createdAt"])
    verified = (estate.world.now() - made).total_seconds() >= VERIFIED_AFTER_SECONDS
    labels = domain["domain"].removeprefix("*.").split(".")
    zone, label = ".".join(labels[-2:]), ".".join(labels[:-2])
    routes = [("TRAFFIC_ROUTE", domain["domain"].removesuffix(zone).rstrip("."), domain["target"])]
    if domain["domain"].startswith("*."):
        challenge = ".".join(filter(None, ("_acme-challenge", label)))
        routes.append(("ACME_DNS01_CHALLENGE", challenge, f"{domain['token'][:12]}.authorize.railwaydns.net"))
    records = [
        {
            "purpose": f"DNS_RECORD_PURPOSE_{purpose}",
            "recordType": "DNS_RECORD_TYPE_CNAME",
            "zone": zone,
            "hostlabel": host,
            "fqdn": f"{host}.{zone}" if host else zone,
            "requiredValue": value,
            "currentValue": value if verified else "",
            "status": f"DNS_RECORD_STATUS_{'PROPAGATED' if verified else 'REQUIRES_UPDATE'}",
        }
        for purpose, host, value in routes
    ]
    expires = (made + dt.timedelta(days=90)).isoformat()
    return {
        "verified": verified,
        # A label below the zone: how the vendor writes it is not told; its form in the wild is this one.
        "verificationDnsHost": ".".join(filter(None, ("_railway-verify", label))),
        "verificationToken": f"railway-verify={domain['token']}",
        "certificateStatus": f"CERTIFICATE_STATUS_TYPE_{'VALID' if verified else 'VALIDATING_OWNERSHIP'}",
        "certificates": [{"issuedAt": domain["createdAt"], "expiresAt": expires}] if verified else [],
        "dnsRecords": records,
    }


def _references(estate: Estate, thing: Thing, args: Args) -> list[str]:
    return [] if thing["isSealed"] else REFERENCE.findall(thing["value"])


def masked(patch: Any) -> Any:
    """A patch without the values of its variables."""
    if isinstance(patch, list):
        return [masked(one) for one in patch]
    if not isinstance(patch, Mapping):
        return patch
    return {
        key: {name: one and {**one, "value": ""} for name, one in value.items()}
        if key in ("variables", "sharedVariables") and isinstance(value, Mapping)
        else masked(value)
        for key, value in patch.items()
    }


def workspace(estate: Estate, id: str | None) -> Thing:
    if id != estate.workspace:
        raise Refused("Not Authorized")
    most, seconds = RATES.get(estate.tier, RATES["pro"])
    resets = (estate.world.now() + dt.timedelta(seconds=seconds)).isoformat()
    return {
        "id": estate.workspace,
        "name": estate.account,
        "createdAt": "2024-01-01T00:00:00.000Z",
        "updatedAt": "2024-01-01T00:00:00.000Z",
        "adoptionLevel": 0.0,
        "usersWithout2FA": [],
        **dict.fromkeys(("has2FAEnforcement", "hasGuardrailsAccess", "hasSAML", "redactedDueTo2FAPending"), False),
        "apiTokenRateLimit": {"remainingPoints": most, "resetsAt": resets},
    }


def _unmerged(estate: Estate, thing: Thing, args: Args) -> int:
    staged = next(estate.where("patch", environmentId=thing["id"], status="STAGED"), None)
    return sum(len(part) for part in staged["patch"].values() if isinstance(part, Mapping)) if staged else 0


def _restarts(name: str) -> View:
    return _deep("deploy", name, {"restartPolicyType": "ON_FAILURE", "restartPolicyMaxRetries": 10}[name])


def _builder(estate: Estate, thing: Thing, args: Args) -> str:
    """The enum has no DOCKERFILE, which the config has."""
    builder = str(thing["config"].get("build", {}).get("builder") or "RAILPACK")
    return "RAILPACK" if builder == "DOCKERFILE" else builder


def _source(estate: Estate, thing: Thing, args: Args) -> Thing | None:
    source = thing["config"].get("source", {})
    return source if source.get("repo") or source.get("image") else None


_INSTANCE: Mapping[str, View] = {
    **{name: _deep("build", name) for name in ("buildCommand", "dockerfilePath", "nixpacksPlan")},
    **{
        name: _deep("deploy", name)
        for name in (
            *("startCommand", "preDeployCommand", "cronSchedule", "healthcheckPath", "healthcheckTimeout"),
            *("sleepApplication", "overlapSeconds", "drainingSeconds", "ipv6EgressEnabled"),
        )
    },
    **{name: _restarts(name) for name in ("restartPolicyType", "restartPolicyMaxRetries")},
    "builder": _builder,
    "watchPatterns": _deep("build", "watchPatterns", ()),
    "rootDirectory": _deep("source", "rootDirectory"),
    "upstreamUrl": _deep("source", "upstreamUrl"),
    "railwayConfigFile": lambda estate, thing, args: thing["config"].get("configFile"),
    "region": lambda estate, thing, args: placed(thing["config"].get("deploy", {}))[0],
    "numReplicas": lambda estate, thing, args: placed(thing["config"].get("deploy", {}))[1],
    "source": _source,
    "serviceName": lambda estate, thing, args: thing["name"],
    "service": _owner("service"),
    "isUpdatable": _constant(False),
    "domains": domains_of,
    "latestDeployment": _latest,
    "activeDeployments": _active,
}
_PROJECT: Mapping[str, View] = {
    "baseEnvironment": lambda estate, thing, args: estate.shelf("environment").get(thing["baseEnvironmentId"] or ""),
    "environments": _environments,
    "services": _listed("service", "projectId"),
    "volumes": _listed("disk", "projectId"),
    "buckets": lambda estate, thing, args: paged([], args),
    "members": _constant(()),
    "isTempProject": _constant(False),
    "subscriptionPlanLimit": _constant({}),
    "workspace": lambda estate, thing, args: workspace(estate, thing["workspaceId"]),
}
_ENVIRONMENT: Mapping[str, View] = {
    "config": lambda estate, thing, args: estate.config(thing, decrypted=bool(args.get("decryptVariables"))),
    "configEtag": lambda estate, thing, args: estate.etag(thing),
    "canAccess": _constant(True),
    "unmergedChangesCount": _unmerged,
    "variables": _variables,
    "serviceInstances": _listed("instance", "environmentId"),
    "volumeInstances": _listed("volume", "environmentId"),
    "deploymentTriggers": lambda estate, thing, args: triggers(estate, {"environmentId": thing["id"]}, args),
}
_FROM_FILE = frozenset({"configFile", "fileServiceManifest", "propertyFileMapping"})


def _meta(estate: Estate, thing: Thing, args: Args) -> Thing:
    """While it is being built, nobody has read the repository's own file yet."""
    if estate.status(thing) not in ("QUEUED", "BUILDING"):
        return dict(thing["meta"])
    return {key: value for key, value in thing["meta"].items() if key not in _FROM_FILE}


_DEPLOYMENT: Mapping[str, View] = {
    "meta": _meta,
    "status": lambda estate, thing, args: estate.status(thing),
    "canRedeploy": _constant(True),
    "canRollback": lambda estate, thing, args: can_roll_back(estate, thing),
    "deploymentStopped": _constant(False),
    "suggestAddServiceDomain": _constant(False),
    "instances": _constant(()),
    "sockets": _constant(()),
    "environment": _owner("environment"),
    "service": _owner("service"),
}
_VOLUME: Mapping[str, View] = {
    "volume": lambda estate, thing, args: estate.shelf("disk").get(thing["volumeId"]),
    "service": _owner("service"),
    "environment": _owner("environment"),
    "currentSizeMB": _constant(0.0),
    "state": _constant("READY"),
    "isPendingDeletion": _constant(False),
}
_DOMAIN: Mapping[str, View] = {
    "status": _domain_status,
    "syncStatus": _constant("ACTIVE"),
    "cnameCheck": _constant({"message": "", "link": None}),
}
FIELDS: Mapping[str, Mapping[str, View]] = {
    "Project": _PROJECT,
    "Environment": _ENVIRONMENT,
    "Service": {"project": _owner("project"), "hasHiddenRegistryCredentialsFromTemplate": _constant(False)},
    "ServiceInstance": _INSTANCE,
    "Deployment": _DEPLOYMENT,
    "CustomDomain": _DOMAIN,
    "ServiceDomain": {"syncStatus": _constant("ACTIVE"), "suffix": _constant(SUFFIX)},
    "TCPProxy": {"syncStatus": _constant("ACTIVE")},
    "Variable": {"references": _references},
    "Volume": {"project": _owner("project")},
    "VolumeInstance": _VOLUME,
    "EnvironmentPatch": {
        "environment": _owner("environment"),
        "patch": lambda estate, thing, args: thing["patch"] if args.get("decryptVariables") else masked(thing["patch"]),
    },
}
"""What is not named here is the thing's own, or null."""
