"""How the sandbox's Railway changes an environment: patches by id, variables, volumes, domains."""

import re
from collections.abc import Mapping
from typing import Any

from ...model.pretend import Thing
from .pretend_config import merged, wrong
from .pretend_estate import Estate, Refused

_HOST = re.compile(r"(\*\.)?([a-z0-9_]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}\Z")
_OWN_KEYS = ("source", "build", "deploy", "configFile", "groupId", "parentServiceId", "clusterRole")
_OWN_NETWORK = ("privateNetworkEndpoint",)
_VARIABLE_KEYS = ("description", "isOptional", "defaultValue", "generator")
SUFFIX = "up.railway.app"
VOLUME_MB = 5_000


def patch_environment(estate: Estate, environment: Thing, patch: Mapping[str, Any]) -> None:
    """Lay a patch over an environment. Raises Refused where it names what is not there; to be called in `committed`."""
    for id, body in (patch.get("services") or {}).items():
        _patch_service(estate, environment, id, body)
    for name, body in (patch.get("sharedVariables") or {}).items():
        put_variable(estate, environment, None, name, body)
    for id, body in (patch.get("volumes") or {}).items():
        _patch_volume(estate, environment, id, body)
    if patch.get("buckets"):
        raise Refused("BucketInstance not found")


def _patch_service(estate: Estate, environment: Thing, id: str, body: Mapping[str, Any] | None) -> None:
    service = estate.service(id)
    if service["projectId"] != environment["projectId"]:
        raise Refused("Service not found")
    instance = estate.instance_or_none(environment["id"], id)
    if body is None or body.get("isDeleted"):
        if instance is not None:
            estate.drop_instance(instance)
        return
    if instance is None:
        if not body.get("isCreated"):
            raise Refused("ServiceInstance not found")
        instance = estate.add_instance(service, environment, {})
    own = {key: body[key] for key in _OWN_KEYS if key in body}
    network = body.get("networking") or {}
    kept = {key: network[key] for key in _OWN_NETWORK if key in network}
    instance["config"] = merged(instance["config"], {**own, "networking": kept} if kept else own)
    for name, variable in (body.get("variables") or {}).items():
        put_variable(estate, environment, instance, name, variable)
    _patch_network(estate, instance, network)
    for volume, mount in (body.get("volumeMounts") or {}).items():
        mount_volume(estate, instance, volume, mount)


def _patch_network(estate: Estate, instance: Thing, network: Mapping[str, Any]) -> None:
    """Ports of domains there are; domains that are not there are passed over in silence, as by the vendor."""
    for kind, key in (("domain", "customDomains"), ("service-domain", "serviceDomains")):
        for host, body in (network.get(key) or {}).items():
            for one in estate.where(kind, **_place(instance), domain=host):
                one.update(targetPort=(body or {}).get("port"), updatedAt=estate.now)
    for port, body in (network.get("tcpProxies") or {}).items():
        if not port.isdecimal() or not 1 <= int(port) <= 65535:
            raise Refused(f"{port} is not a valid port", "BAD_USER_INPUT")
        if body is None:
            estate.drop("tcp-proxy", **_place(instance), applicationPort=int(port))
        elif not list(estate.where("tcp-proxy", **_place(instance), applicationPort=int(port))):
            add_proxy(estate, instance, int(port))


def _patch_volume(estate: Estate, environment: Thing, id: str, body: Mapping[str, Any] | None) -> None:
    disk = estate.get("disk", id, "Volume")
    found = next(estate.where("volume", environmentId=environment["id"], volumeId=id), None)
    if body is None or body.get("isDeleted"):
        if found is not None:
            del estate.shelf("volume")[found["id"]]
        return
    if found is None:
        if not body.get("isCreated"):
            raise Refused("VolumeInstance not found")
        found = add_volume(estate, environment, disk, None, "")
    size = body.get("sizeMB", found["sizeMB"])
    if size is None or size < found["sizeMB"]:
        raise Refused("Volume size cannot be reduced")  # guessed
    found.update(sizeMB=size, updatedAt=estate.now)
    found.update({key: body[key] for key in ("region", "alerts") if key in body})


def put_variable(
    estate: Estate, environment: Thing, instance: Thing | None, name: str, body: Mapping[str, Any] | None
) -> None:
    """Set a variable of an instance, or a shared one; a body of None deletes it. What is sealed stays sealed."""
    kind = "shared-variable" if instance is None else "variable"
    where = {"environmentId": environment["id"], "serviceId": instance["serviceId"] if instance else None}
    found = next(estate.where(kind, **where, name=name), None)
    if body is None:
        if found is not None:
            del estate.shelf(kind)[found["id"]]
        return
    if not name or "=" in name:
        raise Refused(f"{name!r} is not a valid variable name", "BAD_USER_INPUT")  # guessed
    if found is None:
        fields = {"projectId": environment["projectId"], **where, "value": "", "isSealed": False}
        found = estate.add(kind, {"name": name, **fields})
    told = {key: body[key] for key in _VARIABLE_KEYS if key in body}
    value = body.get("value")
    new = {**found, **told, "value": found["value"] if value is None else value}
    new["isSealed"] = found["isSealed"] or bool(body.get("isSealed"))
    if new != found:
        found.update(new, updatedAt=estate.now)


def put_variables(
    estate: Estate, environment: Thing, instance: Thing | None, values: Mapping[str, str], *, replace: bool
) -> None:
    """Set several; with `replace`, take away all others."""
    kind = "shared-variable" if instance is None else "variable"
    for name, value in values.items():
        put_variable(estate, environment, instance, name, {"value": value})
    service = instance["serviceId"] if instance else None
    for one in estate.where(kind, environmentId=environment["id"], serviceId=service) if replace else ():
        if one["name"] not in values:
            put_variable(estate, environment, instance, one["name"], None)


def add_volume(
    estate: Estate, environment: Thing, disk: Thing, instance: Thing | None, path: str, region: str | None = None
) -> Thing:
    """A disk's place in one environment. Raises Refused where the instance has one already."""
    if instance is not None and next(estate.where("volume", **_place(instance)), None):
        raise Refused("A service can have only one volume")  # guessed; the rule is the docs'
    fields = {"volumeId": disk["id"], "projectId": disk["projectId"], "environmentId": environment["id"]}
    fields |= {"serviceId": instance["serviceId"] if instance else None, "mountPath": path, "region": region}
    return estate.add("volume", {"name": disk["name"], **fields, "sizeMB": VOLUME_MB, "backups": []})


def mount_volume(estate: Estate, instance: Thing, id: str, mount: Mapping[str, Any] | None) -> None:
    """Mount a disk at an instance, or with None take it off."""
    found = next(estate.where("volume", environmentId=instance["environmentId"], volumeId=id), None)
    if found is None:
        raise Refused("VolumeInstance not found")
    if mount is None:
        if found["serviceId"] == instance["serviceId"]:
            found.update(serviceId=None, service=None, updatedAt=estate.now)
        return
    if any(one["id"] != found["id"] for one in estate.where("volume", **_place(instance))):
        raise Refused("A service can have only one volume")  # guessed; the rule is the docs'
    found.update(serviceId=instance["serviceId"], service=instance["service"], updatedAt=estate.now)
    found["mountPath"] = mount.get("mountPath") or found["mountPath"]
    if "backupSchedules" in mount:
        found["backups"] = sorted(set(mount["backupSchedules"] or ()))


def add_proxy(estate: Estate, instance: Thing, port: int) -> Thing:
    """Railway allows one TCP proxy an instance. Raises Refused."""
    if next(estate.where("tcp-proxy", **_place(instance)), None):
        raise Refused("A TCP proxy already exists for this service instance")  # guessed
    number = int(estate.world.new_id(8), 16)
    fields = {
        "applicationPort": port,
        "proxyPort": 10_000 + number % 50_000,
        "domain": f"{_word(estate)}.proxy.rlwy.net",
    }
    return estate.add("tcp-proxy", {"name": str(port), **_place(instance, project=True), **fields})


def add_domain(estate: Estate, instance: Thing, host: str, port: int | None) -> Thing:
    """A domain of the customer's own. Raises Refused on what is no host name, or taken in any account."""
    host = host.lower().removesuffix(".")
    if not _HOST.match(host):
        raise Refused(f"{host} is not a valid domain")
    if taken(estate, host):
        raise Refused(f"The domain {host} is already in use")  # guessed; duplicates say "already in use"
    token = estate.world.new_id(40)
    fields = {"domain": host, "targetPort": port, "target": f"{_word(estate)}.{SUFFIX}", "token": token}
    return estate.add("domain", {"name": host, **_place(instance, project=True), **fields})


def taken(estate: Estate, host: str) -> bool:
    """Whether any account has the domain."""
    shelves = [*estate.world.shelves("domain").values(), *estate.world.shelves("service-domain").values()]
    return any(one["domain"] == host for shelf in shelves for one in shelf.values())


def add_service_domain(estate: Estate, instance: Thing, port: int | None) -> Thing:
    """A generated `….up.railway.app`."""
    parts = [instance["name"], *([] if instance["environment"] == "production" else [instance["environment"]])]
    stem = re.sub(r"[^a-z0-9-]+", "-", "-".join(parts).lower()).strip("-")
    host = f"{stem}-{estate.world.new_id(4)}.{SUFFIX}"
    return estate.add(
        "service-domain", {"name": host, **_place(instance, project=True), "domain": host, "targetPort": port}
    )


def rename_service_domain(estate: Estate, domain: Thing, host: str) -> None:
    """Raises Refused on a name that is no `….up.railway.app`, or taken."""
    host = host.lower() if "." in host else f"{host.lower()}.{SUFFIX}"
    if not re.fullmatch(rf"[a-z0-9]([a-z0-9-]*[a-z0-9])?\.{re.escape(SUFFIX)}", host):
        raise Refused(f"{host} is not a valid domain")
    if host != domain["domain"] and taken(estate, host):
        raise Refused(f"The domain {host} is already in use")  # guessed
    domain.update(domain=host, name=host, updatedAt=estate.now)


def checked(patch: Any) -> Thing:
    """The patch, if it is one. Raises Refused."""
    faults = wrong(patch)
    if faults:
        raise Refused(faults[0], "BAD_USER_INPUT")
    return dict(patch)


def _place(instance: Thing, *, project: bool = False) -> Thing:
    names = ("environmentId", "serviceId", *(("projectId",) if project else ()))
    return {name: instance[name] for name in names}


def _word(estate: Estate) -> str:
    """Eight letters and digits, such as the vendor's targets begin with."""
    number, letters = int(estate.world.new_id(16), 16), "abcdefghijklmnopqrstuvwxyz0123456789"
    return letters[number % 26] + "".join(letters[(number >> shift) % 36] for shift in range(6, 48, 6))
