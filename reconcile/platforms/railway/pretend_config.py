"""The environment config that the sandbox reads and writes: which keys it has, how patches merge, what it leaves out.

Keys are those of the `EnvironmentConfig` scalar in Railway's own engine and command line, August 2026.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from ...model.pretend import Thing

Config = dict[str, Any]
Check = Callable[[str, Any], Iterator[str]]

DEFAULTS: Mapping[str, Mapping[str, Any]] = {
    "source": {"checkSuites": False, "rootDirectory": ""},
    "build": {"builder": "RAILPACK", "buildCommand": "", "watchPatterns": []},
    "deploy": {
        "restartPolicyType": "ON_FAILURE",
        "restartPolicyMaxRetries": 10,
        "healthcheckTimeout": 300,
        "sleepApplication": False,
        "ipv6EgressEnabled": False,
        "startCommand": "",
        "preDeployCommand": [],
    },
}
"""What Railway takes for granted: set on purpose, it reads back as absent."""


def _is(*types: type) -> Check:
    def check(where: str, value: Any) -> Iterator[str]:
        if (isinstance(value, bool) and bool not in types) or not isinstance(value, types):
            yield f"{where} has the wrong type"

    return check


def _one_of(*values: str) -> Check:
    def check(where: str, value: Any) -> Iterator[str]:
        if value not in values:
            yield f"{where} is not one of {', '.join(values)}"

    return check


def _keys(fields: Mapping[str, Check]) -> Check:
    def check(where: str, value: Any) -> Iterator[str]:
        if not isinstance(value, Mapping):
            yield f"{where} must be an object"
            return
        for key, inner in value.items():
            at = f"{where}.{key}" if where else key
            if key not in fields:
                yield f"unknown key {at}"
            elif inner is not None:
                yield from fields[key](at, inner)

    return check


def _map(each: Check) -> Check:
    def check(where: str, value: Any) -> Iterator[str]:
        if not isinstance(value, Mapping):
            yield f"{where} must be an object"
            return
        for key, inner in value.items():
            if inner is not None:
                yield from each(f"{where}.{key}", inner)

    return check


def _list(each: Check) -> Check:
    def check(where: str, value: Any) -> Iterator[str]:
        if not isinstance(value, list):
            yield f"{where} must be a list"
            return
        for inner in value:
            yield from each(where, inner)

    return check


_TEXT, _FLAG, _WHOLE, _NUMBER, _ANY = _is(str), _is(bool), _is(int), _is(int, float), _is(object)
_COMMAND = _is(str, list)
_SCHEDULES = _list(_one_of("DAILY", "WEEKLY", "MONTHLY"))
_VARIABLE = _keys(
    {
        **dict.fromkeys(("value", "defaultValue", "description", "generator", "encryptedValue"), _TEXT),
        **dict.fromkeys(("isOptional", "isSealed", "preserveExisting"), _FLAG),
    }
)
_WINDOW = _keys(dict.fromkeys(("day", "startHour", "endHour"), _WHOLE))
_UPDATES = _keys(
    {
        "type": _one_of("disabled", "patch", "minor"),
        "schedule": _list(_WINDOW),
        "tagMode": _one_of("semver", "sha"),
    }
)
_SECTIONS: Mapping[str, Check] = {
    "source": _keys(
        {
            **dict.fromkeys(("image", "repo", "branch", "commitSha", "upstreamUrl", "rootDirectory"), _TEXT),
            "checkSuites": _FLAG,
            "autoUpdates": _UPDATES,
        }
    ),
    "networking": _keys(
        {
            "serviceDomains": _map(_keys({"port": _WHOLE})),
            "customDomains": _map(_keys({"port": _WHOLE})),
            "tcpProxies": _map(_keys({})),
            "privateNetworkEndpoint": _TEXT,
        }
    ),
    "build": _keys(
        {
            "builder": _one_of("NIXPACKS", "DOCKERFILE", "RAILPACK", "HEROKU", "PAKETO"),
            "buildEnvironment": _one_of("V2", "V3"),
            **dict.fromkeys(("buildCommand", "dockerfilePath", "nixpacksConfigPath"), _TEXT),
            **dict.fromkeys(("nixpacksVersion", "railpackVersion"), _TEXT),
            "watchPatterns": _list(_TEXT),
            "nixpacksPlan": _ANY,
        }
    ),
    "deploy": _keys(
        {
            **dict.fromkeys(("startCommand", "region", "healthcheckPath", "cronSchedule", "runtime"), _TEXT),
            "requiredMountPath": _TEXT,
            "preDeployCommand": _COMMAND,
            **dict.fromkeys(("numReplicas", "healthcheckTimeout", "restartPolicyMaxRetries"), _WHOLE),
            **dict.fromkeys(("overlapSeconds", "drainingSeconds"), _WHOLE),
            **dict.fromkeys(("sleepApplication", "ipv6EgressEnabled", "useLegacyStacker"), _FLAG),
            "multiRegionConfig": _map(_keys({"numReplicas": _WHOLE, "stackerAssignment": _TEXT})),
            "restartPolicyType": _one_of("ON_FAILURE", "ALWAYS", "NEVER"),
            "registryCredentials": _keys({"username": _TEXT, "password": _TEXT}),
            "limitOverride": _keys({"containers": _keys({"cpu": _NUMBER, "memoryBytes": _WHOLE, "diskBytes": _WHOLE})}),
        }
    ),
}
_MOUNT = _keys({"mountPath": _TEXT, "backupSchedules": _SCHEDULES})
_SERVICE = _keys(
    {
        **_SECTIONS,
        "variables": _map(_VARIABLE),
        "volumeMounts": _map(_MOUNT),
        **dict.fromkeys(("configFile", "parentServiceId", "groupId"), _TEXT),
        **dict.fromkeys(("isDeleted", "isCreated"), _FLAG),
        "clusterRole": _one_of("root", "replica", "internal", "edge"),
    }
)
_VOLUME = _keys(
    {
        "sizeMB": _WHOLE,
        "region": _TEXT,
        "alerts": _keys({"usage": _map(_keys({}))}),
        **dict.fromkeys(("isDeleted", "isCreated", "allowOnlineResize", "forkFromBaseEnvironment"), _FLAG),
    }
)
_BUCKET = _keys(
    {"region": _one_of("sjc", "iad", "ams", "sin"), **dict.fromkeys(("isDeleted", "isCreated"), _FLAG)},
)
_CONFIG = _keys(
    {
        "services": _map(_SERVICE),
        "sharedVariables": _map(_VARIABLE),
        "volumes": _map(_VOLUME),
        "buckets": _map(_BUCKET),
        "privateNetworkDisabled": _FLAG,
    }
)


def wrong(config: Any) -> list[str]:
    """What is wrong with a config or a patch."""
    return list(_CONFIG("", config))


def wrong_section(name: str, value: Any) -> list[str]:
    """What is wrong with one part of a service's config: `deploy`, `variables`, …"""
    return list(_SERVICE("", {name: value}))


def merged(old: Mapping[str, Any], patch: Mapping[str, Any]) -> Config:
    """The old with the patch laid over it, key by key; a null takes a key away."""
    new = dict(old)
    for key, value in patch.items():
        if value is None:
            new.pop(key, None)
        elif isinstance(value, Mapping) and key != "nixpacksPlan":
            new[key] = merged(new[key] if isinstance(new.get(key), Mapping) else {}, value)
        else:
            new[key] = value
    return new


def told(config: Mapping[str, Any]) -> Config:
    """A service's own config as Railway tells it: without defaults, without what is empty."""
    shown: Config = {}
    for section, value in config.items():
        if isinstance(value, Mapping):
            taken = DEFAULTS.get(section, {})
            value = {key: one for key, one in value.items() if key not in taken or one != taken[key]}
            value = {key: one for key, one in value.items() if one not in (None, {})}
        if value not in (None, {}, ""):
            shown[section] = value
    return shown


_FLAT: Mapping[str, tuple[str, str]] = {
    **{name: ("source", name) for name in ("repo", "image", "branch", "checkSuites", "rootDirectory")},
    **{
        name: ("build", name) for name in ("builder", "buildCommand", "dockerfilePath", "watchPatterns", "nixpacksPlan")
    },
    **{
        name: ("deploy", name)
        for name in (
            *("startCommand", "preDeployCommand", "cronSchedule", "healthcheckPath", "healthcheckTimeout"),
            *("restartPolicyType", "restartPolicyMaxRetries", "sleepApplication", "ipv6EgressEnabled"),
            *("overlapSeconds", "drainingSeconds", "multiRegionConfig", "registryCredentials"),
        )
    },
}
FLAT = frozenset(_FLAT) | {"region", "numReplicas", "railwayConfigFile"}
"""An instance's fields as its GraphQL type and its update name them, and those of its source and trigger."""


def flat_patch(fields: Mapping[str, Any], config: Mapping[str, Any]) -> Config:
    """What an update of an instance's fields changes in its config."""
    patch: Config = {}
    for name, value in fields.items():
        if name in _FLAT:
            section, key = _FLAT[name]
            patch.setdefault(section, {})[key] = value
        elif name == "railwayConfigFile":
            patch["configFile"] = value or None
    if "region" in fields or "numReplicas" in fields:
        region, replicas = placed(config.get("deploy", {}))
        region, replicas = fields.get("region", region), fields.get("numReplicas", replicas)
        deploy = patch.setdefault("deploy", {})
        if region is None:
            deploy.update(numReplicas=replicas, multiRegionConfig=None)
        else:
            gone = dict.fromkeys(config.get("deploy", {}).get("multiRegionConfig", {}))
            deploy.update(numReplicas=None, region=None)
            deploy["multiRegionConfig"] = {**gone, region: {"numReplicas": replicas}}
    return patch


def placed(deploy: Mapping[str, Any]) -> tuple[str | None, int]:
    """The region (None: the workspace's, or several) and how many replicas run in all."""
    regions: Thing = {name: one for name, one in deploy.get("multiRegionConfig", {}).items() if one}
    if not regions:
        replicas = deploy.get("numReplicas")
        return deploy.get("region"), 1 if replicas is None else replicas
    counts = [1 if one.get("numReplicas") is None else one["numReplicas"] for one in regions.values()]
    return (next(iter(regions)) if len(regions) == 1 else None), sum(counts)
