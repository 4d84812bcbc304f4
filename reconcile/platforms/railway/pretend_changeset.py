"""Railway's change sets as the sandbox applies them: what is changed is named by name, and all of it is one commit.

Shapes are those that Railway's command line and npm package write, versions 0 and 1.
"""

from collections.abc import Callable, Mapping
from typing import Any

from ...model.pretend import Thing
from .pretend_commit import add_volume, mount_volume, patch_environment, put_variable
from .pretend_config import wrong_section
from .pretend_estate import Estate, Refused

_COMMON = frozenset({"kind", "path", "summary", "severity", "deployEffect", "details"})
_KINDS: Mapping[str, tuple[frozenset[str], frozenset[str]]] = {
    "resource.create": (frozenset({"address", "resource"}), frozenset()),
    "resource.update": (frozenset({"address", "field", "after"}), frozenset({"before"})),
    "resource.delete": (frozenset({"address"}), frozenset({"previous"})),
    "variable.set": (frozenset({"address", "variable", "after"}), frozenset({"before"})),
    "variable.delete": (frozenset({"address", "variable"}), frozenset({"previous"})),
    "domain.create": (frozenset({"address", "domain"}), frozenset({"targetPort"})),
}
"""What each kind must say, and may."""
_INPUT = frozenset({"version", "changes", "diagnostics", "declared", "partial"})
_NODE = frozenset(
    {
        *("address", "type", "kind", "name", "source", "build", "deploy", "networking", "variables"),
        *("volumeAttachments", "configFile", "groupId", "config"),
    }
)
_SEVERITY, _EFFECT = ("safe", "destructive"), ("deploy", "none", "unknown")


def changes_of(body: Any) -> list[Thing]:
    """The changes of an input. Raises Refused (BAD_USER_INPUT) on a key, kind or form that Railway's writers lack."""
    if not isinstance(body, Mapping) or set(body) - _INPUT or not isinstance(body.get("changes"), list):
        raise _bad("a change set has version, changes, diagnostics, declared, partial")
    if body.get("version") not in (0, 1):
        raise _bad(f"unsupported change set version {body.get('version')}")
    for change in body["changes"]:
        _check(change)
    return [dict(change) for change in body["changes"]]


def _check(change: Any) -> None:
    kind = str(change.get("kind")) if isinstance(change, Mapping) else ""
    if kind not in _KINDS:
        raise _bad(f"unknown change kind {kind}")
    must, may = _KINDS[kind]
    missing, unknown = sorted((must | {"path", "summary"}) - set(change)), sorted(set(change) - must - may - _COMMON)
    if missing or unknown:
        raise _bad(f"{kind}: " + (f"{missing[0]} is missing" if missing else f"unknown key {unknown[0]}"))
    if change.get("severity", "safe") not in _SEVERITY or change.get("deployEffect", "none") not in _EFFECT:
        raise _bad(f"{kind}: severity is safe or destructive, deployEffect deploy, none or unknown")
    if kind == "resource.create" and set(change["resource"]) - _NODE:
        raise _bad(f"{kind}: unknown key {min(set(change['resource']) - _NODE)}")


def apply_changes(estate: Estate, environment: Thing, changes: list[Thing]) -> list[Thing]:
    """Make them in order; returns what became of each. Raises Refused where one cannot be made."""
    acts: Mapping[str, Callable[[Estate, Thing, Thing], bool]] = {
        "resource.create": _create,
        "resource.update": _update,
        "resource.delete": _delete,
        "variable.set": _set,
        "variable.delete": _unset,
        # Answered as applied, and nothing made: so does the vendor.
        "domain.create": lambda *_: True,
    }
    results = []
    for change in changes:
        moved = acts[change["kind"]](estate, environment, change)
        status = "applied" if moved else "noop"
        told = {key: change[key] for key in ("kind", "path", "summary")}
        results.append({**told, "status": status, "outputs": None})
    return results


def _named(address: str) -> tuple[str, str]:
    family, dot, name = address.partition(".")
    if not dot or family not in ("service", "database", "volume", "bucket", "group"):
        raise _bad(f"unknown address {address}")
    if family in ("bucket", "group"):
        raise Refused(f"Resource {address} not found")
    return ("volume" if family == "volume" else "service"), name


def _instance(estate: Estate, environment: Thing, address: str) -> Thing:
    family, name = _named(address)
    found = next(estate.where("instance", environmentId=environment["id"], name=name), None)
    if family != "service" or found is None:
        raise Refused(f"Resource {address} not found")
    return found


def _create(estate: Estate, environment: Thing, change: Thing) -> bool:
    (family, name), node = _named(change["address"]), change["resource"]
    if family == "volume":
        disk = _disk(estate, environment, name)
        if disk is not None and _held(estate, environment, disk) is not None:
            raise Refused(f'A volume named "{name}" already exists in this project')
        disk = disk or estate.add("disk", {"name": name, "projectId": environment["projectId"]})
        _resize(estate, environment, add_volume(estate, environment, disk, None, ""), node.get("config") or {})
        return True
    service = next(estate.where("service", projectId=environment["projectId"], name=name), None)
    if service is not None and estate.instance_or_none(environment["id"], service["id"]):
        raise Refused(f'A service named "{name}" already exists in this project')
    if service is None:
        service = estate.add("service", {"name": name, "projectId": environment["projectId"], "icon": None})
    # In this environment alone: a change set is a commit of one environment. Not told by any source.
    instance = estate.add_instance(service, environment, {})
    for field in ("source", "build", "deploy", "networking", "configFile", "groupId", "volumeAttachments"):
        if node.get(field) is not None:
            _write(estate, environment, instance, field, node[field])
    for key, value in (node.get("variables") or {}).items():
        _put(estate, environment, instance, key, value)
    return True


def _disk(estate: Estate, environment: Thing, name: str) -> Thing | None:
    return next(estate.where("disk", projectId=environment["projectId"], name=name), None)


def _held(estate: Estate, environment: Thing, disk: Thing) -> Thing | None:
    return next(estate.where("volume", environmentId=environment["id"], volumeId=disk["id"]), None)


def _update(estate: Estate, environment: Thing, change: Thing) -> bool:
    (family, name), field, after = _named(change["address"]), change["field"], change["after"]
    before = estate.etag(environment)
    if family == "volume":
        disk = _disk(estate, environment, name)
        held = _held(estate, environment, disk) if disk else None
        if held is None:
            raise Refused(f"Resource {change['address']} not found")
        if field != "config":
            raise _bad(f"a volume has no field {field}")
        _resize(estate, environment, held, after or {})
    else:
        _write(estate, environment, _instance(estate, environment, change["address"]), field, after)
    return estate.etag(environment) != before


def _resize(estate: Estate, environment: Thing, volume: Thing, config: Mapping[str, Any]) -> None:
    body = {key: value for key, value in config.items() if value is not None}
    if body:
        patch_environment(estate, environment, {"volumes": {volume["volumeId"]: body}})


def _write(estate: Estate, environment: Thing, instance: Thing, field: str, after: Any) -> None:
    """Give a field of an instance its new value, whole: what the new one does not say is gone."""
    if field == "name":
        estate.renamed("service", estate.service(instance["serviceId"]), str(after))
    elif field == "volumeAttachments":
        _attach(estate, environment, instance, after or {})
    elif field == "networking":
        held = {str(one["applicationPort"]): None for one in estate.where("tcp-proxy", **_at(instance))}
        network = {**(after or {}), "tcpProxies": {**held, **((after or {}).get("tcpProxies") or {})}}
        _patch(estate, environment, instance, {"networking": network})
    elif field in ("source", "build", "deploy", "configFile", "groupId"):
        value = after
        if isinstance(after, Mapping):
            # `type` tells repositories from images in the graph; the config has no such key.
            value = {key: one for key, one in after.items() if one is not None and (field, key) != ("source", "type")}
            instance["config"].pop(field, None)
        _patch(estate, environment, instance, {field: value})
    else:
        raise _bad(f"a service has no field {field}")


def _patch(estate: Estate, environment: Thing, instance: Thing, body: Thing) -> None:
    for name, value in body.items():
        faults = wrong_section(name, value) if value is not None else []
        if faults:
            raise _bad(faults[0])
    patch_environment(estate, environment, {"services": {instance["serviceId"]: body}})


def _attach(estate: Estate, environment: Thing, instance: Thing, after: Mapping[str, Any]) -> None:
    wanted = {}
    for key, attachment in after.items():
        _, name = _named(attachment.get("volume") or f"volume.{key}")
        disk = _disk(estate, environment, name)
        if disk is None:
            raise Refused(f"Resource volume.{name} not found")
        wanted[disk["id"]] = {key: one for key, one in attachment.items() if key != "volume"}
    for volume in estate.where("volume", **_at(instance)):
        if volume["volumeId"] not in wanted:
            mount_volume(estate, instance, volume["volumeId"], None)
    for id, mount in wanted.items():
        mount_volume(estate, instance, id, {"backupSchedules": [], **mount})


def _delete(estate: Estate, environment: Thing, change: Thing) -> bool:
    """A service goes from this environment alone; its name in the project stays. Not told by any source."""
    family, name = _named(change["address"])
    if family == "volume":
        raise Refused(f"Resource {change['address']} cannot be deleted by a change set")  # its writers never ask it
    found = next(estate.where("instance", environmentId=environment["id"], name=name), None)
    if found is not None:
        estate.drop_instance(found)
    return found is not None


def _set(estate: Estate, environment: Thing, change: Thing) -> bool:
    instance = _instance(estate, environment, change["address"])
    return _put(estate, environment, instance, change["variable"], change["after"])


def _unset(estate: Estate, environment: Thing, change: Thing) -> bool:
    instance = _instance(estate, environment, change["address"])
    held = any(one["name"] == change["variable"] for one in estate.variables_of(instance))
    put_variable(estate, environment, instance, change["variable"], None)
    return held


def _put(estate: Estate, environment: Thing, instance: Thing, name: str, value: Any) -> bool:
    kind = value.get("type") if isinstance(value, Mapping) else None
    if kind == "preserve":
        return False
    if kind == "literal":
        body = {key: one for key, one in value.items() if key != "type"}
    elif kind == "reference":
        body = {"value": f"${{{{{_named(value['resource'])[1]}.{value['output']}}}}}"}
    elif kind == "sharedReference":
        body = {"value": f"${{{{shared.{value['name']}}}}}"}
    elif kind == "raw":
        body = dict(value["value"])
    else:
        raise _bad(f"unknown variable value {kind}")
    faults = wrong_section("variables", {name: body})
    if faults:
        raise _bad(faults[0])
    held = next((dict(one) for one in estate.variables_of(instance) if one["name"] == name), None)
    put_variable(estate, environment, instance, name, body)
    return held != next(one for one in estate.variables_of(instance) if one["name"] == name)


def _at(instance: Thing) -> Thing:
    return {name: instance[name] for name in ("environmentId", "serviceId")}


def _bad(message: str) -> Refused:
    return Refused(message, "BAD_USER_INPUT")
