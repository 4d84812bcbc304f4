"""From changes to what Railway is sent for one environment: a change set, or a patch of its config.

A change set names things by name and is refused where the environment moved (`baseConfigEtag`): it is the rule. A
patch goes by id and says what a change set cannot: that a service is to run in this environment or no longer to, what
is shared, what is sealed, that a volume goes. Either is one commit, which deploys each service it moves once.

A quiet change is always part of a patch, for only a patch can be committed without deploying.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ...model.change import Change
from ...model.observation import Seen
from ...model.resource import Resource
from ...model.secret import SecretText
from .kinds import Instance, SharedVariable, TcpProxy, Variable, Volume
from .reading import GB, Raw, Reading

Body = dict[str, Any]
_DEPLOY = {
    "start_command": "startCommand",
    "healthcheck_path": "healthcheckPath",
    "healthcheck_timeout": "healthcheckTimeout",
    "restart_policy": "restartPolicyType",
    "restart_retries": "restartPolicyMaxRetries",
    "cron": "cronSchedule",
    "sleep": "sleepApplication",
}
_BUILD = {"builder": "builder", "build_command": "buildCommand"}
_QUIETLY = (Instance, Variable, SharedVariable)
_SOURCE_KEYS = ("image", "repo", "branch", "checkSuites", "rootDirectory")


@dataclass(frozen=True)
class Part:
    """One change of a commit, and the thing as it lives; None where it is not there."""

    change: Change
    live: Seen | None
    quiet: bool = False

    @property
    def want(self) -> Resource | None:
        return self.change.after

    @property
    def there(self) -> Resource:
        resource = self.change.after if self.change.after is not None else self.change.before
        assert resource is not None
        return resource

    @property
    def service(self) -> str:
        """The name of the service that it is of; "" for what is shared."""
        there = self.there
        if isinstance(there, Instance):
            return there.service_name
        return "" if isinstance(there, SharedVariable) else str(getattr(there, "instance", "")).rpartition("/")[2]


def quiet_ones(changes: Sequence[Change]) -> frozenset[int]:
    """Which of an environment's changes are committed without deploying, by their `id()`.

    Deletes never are, nor what has no patch of its own: volumes, TCP proxies, domains. What stands in an instance that
    another of these changes makes, and deploys, comes along with it.
    """
    loud = {
        one.after.referred_as()
        for one in changes
        if isinstance(one.after, Instance) and one.before is None and not one.quiet
    }
    return frozenset(
        id(one)
        for one in changes
        if one.quiet and isinstance(one.after, _QUIETLY) and getattr(one.after, "instance", None) not in loud
    )


class Unspeakable(ValueError):
    """A change that has no form; its text says why, without any value."""


def needs_patch(part: Part, reading: Reading) -> bool:
    """Whether no change set can say it."""
    there = part.there
    if part.quiet:
        return True
    if isinstance(there, SharedVariable):
        return True
    if isinstance(there, Variable):
        sealed = [getattr(one, "sealed", None) for one in (part.want, part.live.resource if part.live else None)]
        return part.want is not None and any(sealed)
    if isinstance(there, Instance):
        service = reading.service_id(part.service)
        blob = reading.blobs.get(service or "", {})
        # A change set gives a section whole, and credentials may be told masked; the vendor's own client sends none
        # for a service whose repository still carries a config file.
        held = (blob.get("deploy") or {}).get("registryCredentials") or blob.get("configFile")
        return part.live is None or part.want is None or bool(held)
    return isinstance(there, Volume) and part.want is None


def change_set(parts: Sequence[Part], reading: Reading) -> Body:
    """The input of `environmentApplyChangeSet`. Raises Unspeakable."""
    changes: list[Body] = []
    for part in parts:
        changes += _CHANGES[type(part.there)](part, reading)
    return {"version": 1, "changes": changes, "diagnostics": []}


def patch(parts: Sequence[Part], reading: Reading) -> Body:
    """The patch of `environmentPatchCommit`: sparse, by id, a null takes a key away. Raises Unspeakable."""
    services: dict[str, Body] = {}
    whole: Body = {}
    for part in parts:
        there, want = part.there, part.want
        if isinstance(there, SharedVariable):
            whole.setdefault("sharedVariables", {})[there.name] = _variable(part)
        elif isinstance(there, Volume):
            volume, _, _ = part.change.id.partition("@")
            whole.setdefault("volumes", {})[volume] = {"isDeleted": True}
        else:
            body = services.setdefault(_service(part, reading), {})
            if isinstance(there, Variable):
                body.setdefault("variables", {})[there.name] = _variable(part)
            elif isinstance(there, TcpProxy):
                body.setdefault("networking", {}).setdefault("tcpProxies", {})[str(there.port)] = {}
            elif want is None:
                body["isDeleted"] = True
            else:
                body.update(_instance_patch(part, reading))
    kept = {id: {"isDeleted": True} if body.get("isDeleted") else body for id, body in services.items()}
    return {**({"services": kept} if kept else {}), **whole}


def named_in(patch: Raw, depth: int = 4) -> frozenset[tuple[str, ...]]:
    """What a patch writes, by the keys that lead there: as far as a variable or a setting, never its value."""
    found: set[tuple[str, ...]] = set()
    for key, value in patch.items():
        inner = named_in(value, depth - 1) if isinstance(value, Mapping) and depth > 1 else ()
        found |= {(key, *rest) for rest in inner or ((),)}
    return frozenset(found)


def sections(want: Instance, have: Instance | None, blob: Raw) -> dict[str, Body]:
    """What differs of an instance's source, build and deploy, by the vendor's names; a null takes a key away.

    Defaults that are declared are sent as they are: what is left out would be left as it lives. Raises Unspeakable.
    """
    elsewhere = have.decided_elsewhere() if have is not None else frozenset()
    differing = {
        name
        for name in want.comparable()
        if name not in elsewhere
        and getattr(want, name) is not None
        and (have is None or getattr(want, name) != getattr(have, name))
    }
    found: dict[str, Body] = {}
    if "source" in differing and want.source is not None:
        found["source"] = _source(want, blob.get("source") or {})
    if build := {_BUILD[name]: getattr(want, name) for name in _BUILD if name in differing}:
        found["build"] = build
    deploy = {_DEPLOY[name]: getattr(want, name) for name in _DEPLOY if name in differing}
    if "pre_deploy_command" in differing:
        deploy["preDeployCommand"] = [want.pre_deploy_command]
    if differing & {"region", "replicas"}:
        deploy |= _placement(want, have, blob.get("deploy") or {})
    if "limits" in differing and want.limits is not None:
        memory = want.limits.memory_gb
        containers = {"cpu": want.limits.cpu, "memoryBytes": None if memory is None else round(memory * GB)}
        deploy["limitOverride"] = {"containers": containers}
    if deploy:
        found["deploy"] = deploy
    return found


def laid_over(live: Raw, new: Raw) -> Body:
    """A section of the config with a patch laid over it; a null stays, for a merge must take the key away."""
    whole = dict(live)
    for key, value in new.items():
        old = live.get(key)
        whole[key] = laid_over(old, value) if isinstance(value, Mapping) and isinstance(old, Mapping) else value
    return whole


def _source(want: Instance, live: Raw) -> Body:
    source = want.source
    assert source is not None
    if source.image is not None:
        told: Body = {"image": source.image}
    else:
        told = {
            "repo": source.repo,
            "branch": source.branch,
            "checkSuites": source.check_suites,
            "rootDirectory": source.root_directory,
        }
    return {**{key: None for key in _SOURCE_KEYS if key in live}, **told}


def _placement(want: Instance, have: Instance | None, live: Raw) -> Body:
    regions = [name for name, one in (live.get("multiRegionConfig") or {}).items() if one is not None]
    if want.region is None and len(regions) > 1:
        raise Unspeakable("it runs in several regions: declare the `region` that it shall run in")
    region = want.region or (have.region if have is not None else None)
    if region is None:
        return {"numReplicas": want.replicas}
    told: Body = {"multiRegionConfig": {**dict.fromkeys(regions), region: {"numReplicas": want.replicas}}}
    return {**{key: None for key in ("numReplicas", "region") if key in live}, **told}


def _instance_patch(part: Part, reading: Reading) -> Body:
    want = part.want
    assert isinstance(want, Instance)
    have = part.live.resource if part.live is not None else None
    service = _service(part, reading)
    told = sections(want, have if isinstance(have, Instance) else None, reading.blobs.get(service, {}))
    return told if service in reading.nodes else {"isCreated": True, **told}


def _instance_changes(part: Part, reading: Reading) -> Iterable[Body]:
    want, have, service = part.want, part.live.resource if part.live else None, _service(part, reading)
    assert isinstance(want, Instance) and isinstance(have, Instance)
    blob, address = reading.blobs.get(service, {}), reading.address(service)
    for field, new in sections(want, have, blob).items():
        whole = laid_over(blob.get(field) or {}, new)
        if field == "source":
            # The graph tells repositories from images by a word of its own.
            whole = {"type": "image" if whole.get("image") else "github", **whole}
        yield _update(address, field, whole)


def _variable_changes(part: Part, reading: Reading) -> Iterable[Body]:
    there, address = part.there, reading.address(_service(part, reading))
    assert isinstance(there, Variable)
    told = {"address": address, "variable": there.name, "path": f"resources.{address}.variables.{there.name}"}
    name = f"{there.name} of {part.service}"
    if part.want is None:
        yield {"kind": "variable.delete", **told, **_label(f"Delete {name}", "destructive", "deploy")}
        return
    after = {"type": "literal", **(_variable(part) or {})}
    yield {"kind": "variable.set", **told, "after": after, **_label(f"Set {name}", "safe", "deploy")}


def _proxy_changes(part: Part, reading: Reading) -> Iterable[Body]:
    service, there = _service(part, reading), part.there
    assert isinstance(there, TcpProxy)
    network = reading.blobs.get(service, {}).get("networking") or {}
    kept = {name: network[name] for name in ("privateNetworkEndpoint",) if name in network}
    yield _update(reading.address(service), "networking", {**kept, "tcpProxies": {str(there.port): {}}})


def _volume_changes(part: Part, reading: Reading) -> Iterable[Body]:
    want, service = part.want, _service(part, reading)
    assert isinstance(want, Volume)
    address = f"volume.{want.name}"
    held = next((one for one in reading.volumes.values() if one["volume"]["name"] == want.name), None)
    if held is None:
        node = {"address": address, "type": "volume", "name": want.name, "config": {}}
        told = {"address": address, "resource": node, "path": f"resources.{address}"}
        yield {"kind": "resource.create", **told, **_label(f"Create volume {want.name}", "safe", "none")}
    backups = want.backups if want.backups is not None else reading.backups(held) if held is not None else ()
    schedules = {"backupSchedules": list(backups)} if backups else {}
    after = {want.name: {"volume": address, "mountPath": want.mount, **schedules}}
    yield _update(reading.address(service), "volumeAttachments", after)


_CHANGES = {
    Instance: _instance_changes,
    Variable: _variable_changes,
    TcpProxy: _proxy_changes,
    Volume: _volume_changes,
}


def _update(address: str, field: str, after: Body) -> Body:
    told = {"address": address, "field": field, "after": after, "path": f"resources.{address}.{field}"}
    return {"kind": "resource.update", **told, **_label(f"Change {field} of {address}", "safe", "deploy")}


def _label(summary: str, severity: str, effect: str) -> Body:
    return {"summary": summary, "severity": severity, "deployEffect": effect}


def _variable(part: Part) -> Body | None:
    """A variable's body; None takes it away. The value goes as a secret, so that nothing on the way tells it."""
    want = part.want
    if want is None:
        return None
    assert isinstance(want, Variable | SharedVariable)
    body: Body = {}
    if want.value is not None:
        text = want.value
        body["value"] = text if isinstance(text, SecretText) else SecretText(text, want.name)
    if want.sealed:
        body["isSealed"] = True
    if not body or (part.live is None and want.value is None):
        raise Unspeakable("it has no value to write")
    return body


def _service(part: Part, reading: Reading) -> str:
    found = reading.service_id(part.service)
    if found is None:
        raise Unspeakable(f"the project has no service {part.service}")
    return found
