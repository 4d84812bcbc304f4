"""What a person does in Railway's console, behind our back: it takes effect at once and deploys nothing."""

import json
from collections.abc import Callable, Mapping
from typing import Any

from ...model.pretend import Thing
from .pretend_commit import (
    add_domain,
    add_proxy,
    add_service_domain,
    add_volume,
    checked,
    mount_volume,
    patch_environment,
    put_variable,
    rename_service_domain,
)
from .pretend_config import FLAT
from .pretend_estate import Estate, Refused
from .pretend_keys import add_key, fingerprint
from .pretend_mutations import add_environment, add_project, add_service, set_limits, stage, write_instance
from .pretend_parts import rename_volume
from .pretend_running import FAILS, ILL, can_roll_back, roll_back
from .pretend_views import deployments_of

KINDS = (
    *("project", "environment", "service", "instance", "variable", "shared-variable"),
    *("domain", "service-domain", "tcp-proxy", "volume", "ssh-key"),
)
_WORDS = frozenset({"name", "description", "icon", "value", "target", "token", "domain", "region", "mountPath"})
_WORDS |= frozenset({"startCommand", "buildCommand", "healthcheckPath", "cronSchedule", "repo", "image", "branch"})
_WORDS |= frozenset({"rootDirectory", "dockerfilePath", "railwayConfigFile", "builder", "restartPolicyType"})
_WORDS |= frozenset({"publicKey", "fails", "health", "deployment"})
_LISTS = frozenset({"preDeployCommand", "watchPatterns", "backups"})
_NEVER_NULL = frozenset({"name", "value", "target", "token", "domain", "mountPath", "publicKey"})
_WHERE = ("project", "environment", "service")
_DONE_TO_IT = ("fails", "health", "deployment")
"""What a person does to an instance as it runs: make its next deployments fail (`build`, `start`, `no`), make it ill or
`well`, and start it: `push` with what is set now, `previous` or a deployment's id with what ran then."""
STAGED = "staged"
"""What waits in an environment for the button at the dashboard, as JSON of a patch; added to what waits already, and
null discards all of it."""
FILE = "repositoryFile"
"""What an instance's repository says in a railway.json of its own, as JSON."""


def edit(estate: Estate, kind: str, id: str, fields: Mapping[str, str]) -> Thing:
    """Raises ValueError on a field that the kind does not have, Refused on what Railway would refuse."""
    may = _FIELDS[kind]
    unknown = sorted(set(fields) - may)
    if unknown:
        raise ValueError(f"a {kind} has no field {unknown[0]} to edit; it has {', '.join(sorted(may))}")
    thing = estate.shelf(kind)[id]
    given = {name: _value(name, text) for name, text in fields.items()}
    if "name" in given and kind in ("project", "environment", "service"):
        name = given.pop("name")
        if name != thing["name"]:
            _free(estate, kind, thing, name)
            estate.renamed(kind, thing, name)
    if given:
        _ACTS.get(kind, _plain)(estate, thing, given)
        thing["updatedAt"] = estate.now
    return thing


def create(estate: Estate, kind: str, fields: Mapping[str, str]) -> Thing:
    """`project`, `environment` and `service` say where, by name or id; the other fields are those of `edit`.

    Raises ValueError on an unknown field or place, Refused on what Railway would refuse.
    """
    rest = {name: value for name, value in fields.items() if name not in ("name", *_WHERE)}
    if kind == "project":
        made = add_project(estate, {"name": fields["name"]})
    elif kind == "ssh-key":
        made = add_key(estate, fields["name"], rest.pop("publicKey", ""))
    elif kind in ("environment", "service"):
        project = _place(estate, "project", fields)
        made = (add_environment if kind == "environment" else add_service)(estate, project, fields["name"])
        if kind == "service":
            for environment in estate.scope(project["id"], None):
                estate.add_instance(made, environment, {})
    else:
        made, rest = _part(estate, kind, fields, rest)
    return edit(estate, kind, made["id"], rest) if rest else made


def _part(estate: Estate, kind: str, fields: Mapping[str, str], rest: dict[str, str]) -> tuple[Thing, dict[str, str]]:
    environment, name = _place(estate, "environment", fields), fields["name"]
    if kind == "shared-variable":
        put_variable(estate, environment, None, name, {"value": rest.pop("value", "")})
        return next(estate.where(kind, environmentId=environment["id"], name=name)), rest
    if kind == "instance":
        service = _place(estate, "service", {**fields, "service": fields.get("service", name)})
        if estate.instance_or_none(environment["id"], service["id"]):
            raise ValueError(f"{service['name']} has an instance in {environment['name']}")
        return estate.add_instance(service, environment, {}), rest
    instance = estate.instance(environment["id"], _place(estate, "service", fields)["id"])
    if kind == "variable":
        put_variable(estate, environment, instance, name, {"value": rest.pop("value", "")})
        return next(one for one in estate.variables_of(instance) if one["name"] == name), rest
    if kind == "domain":
        return add_domain(estate, instance, name, None), rest
    if kind == "service-domain":
        made = add_service_domain(estate, instance, None)
        rename_service_domain(estate, made, name)
        return made, rest
    if kind == "tcp-proxy":
        return add_proxy(estate, instance, int(rest.pop("applicationPort", name))), rest
    disk = estate.add("disk", {"name": name, "projectId": environment["projectId"]})
    return add_volume(estate, environment, disk, instance, rest.pop("mountPath", "/data")), rest


def delete(estate: Estate, kind: str, id: str) -> None:
    """With all that belongs to it."""
    thing = estate.shelf(kind)[id]
    if kind == "project":
        estate.drop_project(thing)
    elif kind == "environment":
        estate.drop_environment(thing)
    elif kind == "instance":
        estate.drop_instance(thing)
    elif kind == "service":
        for instance in estate.where("instance", serviceId=id):
            estate.drop_instance(instance)
        del estate.shelf("service")[id]
    else:
        del estate.shelf(kind)[id]
        if kind == "volume" and not next(estate.where("volume", volumeId=thing["volumeId"]), None):
            del estate.shelf("disk")[thing["volumeId"]]


def _value(name: str, text: str) -> Any:
    if text == "null" and name not in _NEVER_NULL:
        return None
    if name in _WORDS:
        return text
    if name in _LISTS:
        return [one for one in (text.split(",") if name != "preDeployCommand" else [text]) if one]
    try:
        return json.loads(text)
    except ValueError:
        raise ValueError(f"{name} cannot be {text}") from None


def _place(estate: Estate, kind: str, fields: Mapping[str, str]) -> Thing:
    """The project, environment or service meant; the only one there is, where none is named."""
    within = {"projectId": _place(estate, "project", fields)["id"]} if kind != "project" else {}
    named = fields.get(kind)
    found = [one for one in estate.where(kind, **within) if named in (None, one["id"], one["name"])]
    if len(found) != 1:
        raise ValueError(f"name one {kind} with {kind}=NAME; {len(found)} fit")
    return found[0]


def _free(estate: Estate, kind: str, thing: Thing, name: str) -> None:
    if kind != "project" and next(estate.where(kind, projectId=thing["projectId"], name=name), None):
        raise Refused(f"{name} is taken: an {kind} of that name exists in this project")


def _plain(estate: Estate, thing: Thing, fields: Mapping[str, Any]) -> None:
    thing.update(fields)


def _instance(estate: Estate, thing: Thing, fields: Mapping[str, Any]) -> None:
    limits = {name: fields[name] for name in ("vCPUs", "memoryGB") if name in fields}
    _as_it_runs(estate, thing, fields)
    if FILE in fields:
        # A push of the repository's own railway.json, which deploys as any push does.
        thing["file"] = fields[FILE]
        estate.deploy(thing, "deploy")
    settings = {name: value for name, value in fields.items() if name not in (*limits, *_DONE_TO_IT, FILE)}
    if settings:
        write_instance(estate, thing, settings)
    if limits:
        held = thing["config"].get("deploy", {}).get("limitOverride", {}).get("containers", {})
        memory = held.get("memoryBytes")
        was = {"vCPUs": held.get("cpu"), "memoryGB": None if memory is None else memory / 1_000_000_000}
        set_limits(estate, thing, *({**was, **limits}[name] for name in ("vCPUs", "memoryGB")))


def _as_it_runs(estate: Estate, thing: Thing, fields: Mapping[str, Any]) -> None:
    words = {"fails": (*FAILS, "no"), "health": (ILL, "well")}
    for name, known in words.items():
        if fields.get(name, known[0]) not in known:
            raise ValueError(f"{name} is one of {', '.join(known)}")
    if "fails" in fields:
        thing["fails"] = fields["fails"] if fields["fails"] in FAILS else ""
    if "health" in fields:
        thing["health"] = fields["health"]
    wanted = fields.get("deployment")
    if wanted == "push":
        if estate.deploy(thing, "deploy") is None:
            raise ValueError(f"{thing['name']} has no source to deploy")
    elif wanted is not None:
        kept = [one for one in deployments_of(estate, thing) if can_roll_back(estate, one)]
        found = kept[-1:] if wanted == "previous" else [one for one in kept if one["id"] == wanted]
        if not found:
            raise ValueError(f"{thing['name']} has no deployment {wanted} that can be returned to")
        roll_back(estate, found[0])


def _environment(estate: Estate, thing: Thing, fields: Mapping[str, Any]) -> None:
    stage(estate, thing, checked(fields[STAGED] or {}), merge=fields[STAGED] is not None)


def _variable(estate: Estate, thing: Thing, fields: Mapping[str, Any]) -> None:
    environment = estate.environment(thing["environmentId"])
    service = thing["serviceId"]
    instance = estate.instance(environment["id"], service) if service else None
    put_variable(estate, environment, instance, thing["name"], fields)


def _ssh_key(estate: Estate, thing: Thing, fields: Mapping[str, Any]) -> None:
    if "publicKey" in fields:
        thing["fingerprint"] = fingerprint(fields["publicKey"])
    thing.update(fields)


def _service_domain(estate: Estate, thing: Thing, fields: Mapping[str, Any]) -> None:
    host = fields.get("domain") or fields.get("name")
    if host:
        rename_service_domain(estate, thing, host)
    if "targetPort" in fields:
        thing["targetPort"] = fields["targetPort"]


def _proxy(estate: Estate, thing: Thing, fields: Mapping[str, Any]) -> None:
    thing.update(fields)
    thing["name"] = str(thing["applicationPort"])


def _volume(estate: Estate, thing: Thing, fields: Mapping[str, Any]) -> None:
    given = dict(fields)
    if "name" in given:
        rename_volume(estate, estate.shelf("disk")[thing["volumeId"]], given.pop("name"))
    size = {name: given[name] for name in ("sizeMB", "region") if name in given}
    if size:
        environment = estate.environment(thing["environmentId"])
        patch_environment(estate, environment, {"volumes": {thing["volumeId"]: size}})
    if "mountPath" in given and thing["serviceId"]:
        instance = estate.instance(thing["environmentId"], thing["serviceId"])
        mount_volume(estate, instance, thing["volumeId"], {"mountPath": given["mountPath"]})
    if "backups" in given:
        thing["backups"] = sorted(set(given["backups"] or ()))


_VARIABLE = frozenset({"value", "isSealed", "description"})
_FIELDS: Mapping[str, frozenset[str]] = {
    "project": frozenset({"name", "description", "prDeploys", "isPublic"}),
    "environment": frozenset({"name", STAGED}),
    "service": frozenset({"name", "icon"}),
    "instance": FLAT | {"vCPUs", "memoryGB", FILE, *_DONE_TO_IT},
    "variable": _VARIABLE,
    "shared-variable": _VARIABLE,
    "domain": frozenset({"target", "token", "targetPort"}),
    "service-domain": frozenset({"name", "domain", "targetPort"}),
    "tcp-proxy": frozenset({"applicationPort", "proxyPort", "domain"}),
    "volume": frozenset({"name", "mountPath", "sizeMB", "region", "backups"}),
    "ssh-key": frozenset({"name", "publicKey"}),
}
_ACTS: Mapping[str, Callable[[Estate, Thing, Mapping[str, Any]], None]] = {
    "environment": _environment,
    "instance": _instance,
    "variable": _variable,
    "shared-variable": _variable,
    "service-domain": _service_domain,
    "tcp-proxy": _proxy,
    "volume": _volume,
    "ssh-key": _ssh_key,
}
