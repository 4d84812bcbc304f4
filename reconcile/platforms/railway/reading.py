"""From Railway's answers to what is seen: one environment, read whole, as resources.

The config of an environment holds what was set and leaves defaults out; the instance's own fields hold what results.
Where both tell, the config is believed, then the instance, then the default: so nothing differs by being left out.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from pydantic import ValidationError

from ...model.observation import Seen
from ...model.resource import Resource
from ...model.secret import SecretText
from .files import taken
from .kinds import Domain, Instance, ServiceDomain, SharedVariable, TcpProxy, Variable, Volume

Raw = Mapping[str, Any]
_GONE = frozenset({"DELETED", "DELETING"})
_DATABASES = ("postgres", "mysql", "redis", "mongo")
GB = 1_000_000_000
PROVIDED = "RAILWAY_"
"""How the variables begin that Railway itself gives a service. Those that a person set are in the config."""


@dataclass(frozen=True)
class Named:
    """A thing of Railway's: its id and its name."""

    id: str
    name: str


@dataclass(frozen=True)
class Place:
    """An environment and the project it is of."""

    project: Named
    environment: Named

    @property
    def path(self) -> str:
        return f"{self.project.name}/{self.environment.name}"


@dataclass(frozen=True)
class Extras:
    """What the snapshot of an environment does not hold, as far as it was asked for."""

    proxies: Mapping[str, Sequence[Raw]] = field(default_factory=dict)
    """By service id."""
    schedules: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """By the id of a volume's instance."""
    values: Mapping[str, Raw] = field(default_factory=dict)
    """Values of variables by service id; "" for shared ones."""


@dataclass(frozen=True)
class Unread:
    """A live thing that does not fit its kind, so that its listing cannot be told whole."""

    kind: str
    reason: str


@dataclass(frozen=True)
class Reading:
    """One environment at one moment. `services` holds the project's, name by id."""

    place: Place
    services: Mapping[str, str]
    raw: Raw
    extras: Extras = field(default_factory=Extras)

    @property
    def etag(self) -> str:
        return str(self.raw["configEtag"])

    @property
    def config(self) -> Raw:
        return self.raw.get("config") or {}

    @cached_property
    def blobs(self) -> Mapping[str, Raw]:
        """The config's services by id, without those that are going."""
        found = self.config.get("services") or {}
        return {id: blob for id, blob in found.items() if isinstance(blob, Mapping) and not blob.get("isDeleted")}

    @cached_property
    def nodes(self) -> Mapping[str, Raw]:
        """Instances by service id: those of services that the project still has."""
        found = (one for one in self.listed("serviceInstances") if not one.get("deletedAt"))
        return {one["serviceId"]: one for one in found if one["serviceId"] in self.services}

    @cached_property
    def volumes(self) -> Mapping[str, Raw]:
        """Volumes that live here, by the id they share with other environments."""
        live = (
            one
            for one in self.listed("volumeInstances")
            if not (one.get("deletedAt") or one.get("isPendingDeletion") or one.get("state") in _GONE)
        )
        return {one["volumeId"]: one for one in live}

    @cached_property
    def seen(self) -> tuple[Seen, ...]:
        return tuple(one for one in self._read if isinstance(one, Seen))

    @cached_property
    def unread(self) -> tuple[Unread, ...]:
        return tuple(one for one in self._read if isinstance(one, Unread))

    @cached_property
    def has_files(self) -> bool:
        """Whether a repository's own file decides something here: it may change without any setting's moving."""
        return any(isinstance(one.resource, Instance) and one.resource.config_file for one in self.seen)

    @cached_property
    def by_id(self) -> Mapping[tuple[str, str], Seen]:
        """By kind and id."""
        return {(one.kind, one.id): one for one in self.seen}

    @cached_property
    def by_key(self) -> Mapping[tuple[str, tuple[str, ...]], Seen]:
        """By kind and natural key."""
        return {(one.kind, one.key): one for one in self.seen}

    def listed(self, connection: str) -> list[Raw]:
        return [edge["node"] for edge in (self.raw.get(connection) or {}).get("edges") or ()]

    def path(self, service: str) -> str:
        return f"{self.place.path}/{self.services[service]}"

    def service_id(self, name: str) -> str | None:
        return next((id for id, one in self.services.items() if one == name), None)

    def masked(self) -> Iterator[str]:
        """Services ("" for what is shared) with a variable whose value the config should tell and does not."""
        sealed = {(one.get("serviceId") or "", one["name"]) for one in self._variables if one.get("isSealed")}
        for service, held in self._held.items():
            if any(not _sealed(one) and (service, name) not in sealed and not one.get("value") for name, one in held):
                yield service

    def is_blank(self, service: str) -> bool:
        """Whether an instance is only what a service's making leaves in every environment: nothing set, nothing run."""
        node, blob = self.nodes[service], self.blobs.get(service, {})
        domains = node.get("domains") or {}
        told = {key: value for key, value in blob.items() if value and key not in ("isCreated", "isDeleted")}
        mounted = any(one.get("serviceId") == service for one in self.volumes.values())
        source = node.get("source") or {}
        return not (
            told
            or source.get("repo")
            or source.get("image")
            or node.get("latestDeployment")
            or domains.get("customDomains")
            or domains.get("serviceDomains")
            or self.extras.proxies.get(service)
            or mounted
            or any(one.get("serviceId") == service for one in self._variables)
        )

    def address(self, service: str) -> str:
        """How change sets name a service. A database is told by its image, as the vendor's own clients do."""
        image = str((self.blobs.get(service, {}).get("source") or {}).get("image") or "")
        family = "database" if any(word in image for word in _DATABASES) else "service"
        return f"{family}.{self.services[service]}"

    @cached_property
    def _variables(self) -> list[Raw]:
        return self.listed("variables")

    @cached_property
    def _held(self) -> Mapping[str, list[tuple[str, Raw]]]:
        """The config's variables by service ("" for what is shared)."""
        found = {id: list((blob.get("variables") or {}).items()) for id, blob in self.blobs.items() if id in self.nodes}
        return {**found, "": list((self.config.get("sharedVariables") or {}).items())}

    @cached_property
    def _read(self) -> tuple[Seen | Unread, ...]:
        found: list[Seen | Unread] = []
        for kind, things in (
            (Instance, self._instances()),
            (Variable, self._variables_of(Variable)),
            (SharedVariable, self._variables_of(SharedVariable)),
            (Domain, self._domains()),
            (ServiceDomain, self._service_domains()),
            (TcpProxy, self._proxies()),
            (Volume, self._volumes()),
        ):
            found += [_fit(kind, id, values) for id, values in things]
        return tuple(found)

    def _instances(self) -> Iterator[tuple[str, dict[str, Any]]]:
        triggers = {one.get("serviceId"): one for one in self.listed("deploymentTriggers")}
        for service, node in self.nodes.items():
            if self.is_blank(service):
                continue
            values = instance_values(self.blobs.get(service, {}), node, triggers.get(service) or {})
            where = {"service": f"{self.place.project.name}/{self.services[service]}", "environment": self.place.path}
            yield f"{service}@{self.place.environment.id}", {**values, **where}

    def _variables_of(self, kind: type[Resource]) -> Iterator[tuple[str, dict[str, Any]]]:
        shared = kind is SharedVariable
        told = {(one.get("serviceId") or "", one["name"]): one for one in self._variables}
        held = {(service, name): one for service, names in self._held.items() for name, one in names}
        for service, name in dict.fromkeys((*held, *told)):
            if shared == bool(service) or (service and service not in self.nodes):
                continue
            blob, meta = held.get((service, name)), told.get((service, name), {})
            if blob is None and name.startswith(PROVIDED):
                continue
            sealed = bool(meta.get("isSealed") or _sealed(blob or {}))
            place = {"environment": self.place.path} if shared else {"instance": self.path(service)}
            yield (
                f"{self.place.environment.id}/{service}/{name}",
                {
                    **place,
                    "name": name,
                    "value": None if sealed else self._value(service, name, blob or {}),
                    "sealed": sealed,
                    "updated_at": meta.get("updatedAt"),
                },
            )

    def _value(self, service: str, name: str, blob: Raw) -> SecretText | None:
        """None where Railway does not tell it."""
        value = blob.get("value") or self.extras.values.get(service, {}).get(name)
        if value is None:
            return None
        return SecretText(str(value), f"{self.services.get(service, 'shared')}/{name}")

    def _domains(self) -> Iterator[tuple[str, dict[str, Any]]]:
        for service, one in self._at_instances("customDomains"):
            yield one["id"], {"instance": self.path(service), **domain_values(one)}

    def _service_domains(self) -> Iterator[tuple[str, dict[str, Any]]]:
        for service, one in self._at_instances("serviceDomains"):
            yield one["id"], {"instance": self.path(service), "host": one["domain"], "port": one.get("targetPort")}

    def _at_instances(self, name: str) -> Iterator[tuple[str, Raw]]:
        for service, node in self.nodes.items():
            for one in (node.get("domains") or {}).get(name) or ():
                if _lives(one):
                    yield service, one

    def _proxies(self) -> Iterator[tuple[str, dict[str, Any]]]:
        for service, proxies in self.extras.proxies.items():
            for one in proxies:
                if _lives(one) and service in self.nodes:
                    yield (
                        one["id"],
                        {
                            "instance": self.path(service),
                            "port": one["applicationPort"],
                            "public_host": one["domain"],
                            "public_port": one["proxyPort"],
                        },
                    )

    def _volumes(self) -> Iterator[tuple[str, dict[str, Any]]]:
        for id, one in self.volumes.items():
            service = one.get("serviceId")
            if service not in self.nodes:
                continue
            yield (
                f"{id}@{self.place.environment.id}",
                {
                    "instance": self.path(str(service)),
                    "name": one["volume"]["name"],
                    "mount": one["mountPath"],
                    "backups": self.backups(one),
                },
            )

    def backups(self, volume: Raw) -> tuple[str, ...]:
        """The kinds of backup that a volume has."""
        known = self.extras.schedules.get(volume["id"])
        if known is None:
            mounts = self.blobs.get(str(volume.get("serviceId")), {}).get("volumeMounts") or {}
            known = (mounts.get(volume["volumeId"]) or {}).get("backupSchedules") or ()
        return tuple(known)


def instance_values(blob: Raw, node: Raw, trigger: Raw) -> dict[str, Any]:
    """The fields of an instance, but for what it is of and where."""
    build, deploy = blob.get("build") or {}, blob.get("deploy") or {}
    latest = node.get("latestDeployment") or {}
    file = taken(blob, node)
    if file is not None:
        build, deploy, node = file.over("build", build), file.over("deploy", deploy), file.without(node)

    def told(section: Raw, name: str, default: Any = None) -> Any:
        return next((one for one in (section.get(name), node.get(name)) if one not in (None, "", [])), default)

    before = told(deploy, "preDeployCommand")
    region, replicas = _placed(deploy, node)
    return {
        "source": _source(blob.get("source") or {}, node, trigger),
        "region": region,
        "replicas": replicas,
        "limits": _limits(deploy),
        "builder": build.get("builder") or told({}, "builder", "RAILPACK"),
        "build_command": told(build, "buildCommand"),
        "start_command": told(deploy, "startCommand"),
        "pre_deploy_command": " && ".join(before) if isinstance(before, list) else before,
        "healthcheck_path": told(deploy, "healthcheckPath"),
        "healthcheck_timeout": told(deploy, "healthcheckTimeout", 300),
        "restart_policy": told(deploy, "restartPolicyType", "ON_FAILURE"),
        "restart_retries": told(deploy, "restartPolicyMaxRetries", 10),
        "cron": told(deploy, "cronSchedule"),
        "sleep": bool(told(deploy, "sleepApplication", False)),
        "deployment": latest.get("status"),
        "config_file": file.name if file is not None else None,
        "config_sets": file.fields if file is not None else (),
    }


def domain_values(one: Raw) -> dict[str, Any]:
    """A custom domain's fields. The TXT is not in Railway's list of records: it is told apart, as a label."""
    status = one.get("status") or {}
    records = status.get("dnsRecords") or ()
    routes = [record for record in records if str(record.get("purpose", "")).endswith("TRAFFIC_ROUTE")]
    host, zone = status.get("verificationDnsHost"), next((record["zone"] for record in records), "")
    if host and zone and host != zone and not host.endswith(f".{zone}"):
        host = f"{host}.{zone}"
    return {
        "host": one["domain"],
        "port": one.get("targetPort"),
        "target": next((record["requiredValue"] for record in routes), None),
        "verify_name": host or None,
        "verify_value": status.get("verificationToken") or None,
        "verified": bool(status.get("verified")),
    }


def _source(blob: Raw, node: Raw, trigger: Raw) -> dict[str, Any] | None:
    told = node.get("source") or {}
    image, repo = blob.get("image") or told.get("image"), blob.get("repo") or told.get("repo")
    if blob.get("image") or (image and not blob.get("repo")):
        return {"image": image}
    if not repo:
        return None
    fits = trigger if trigger.get("repository") == repo else {}
    checks = blob["checkSuites"] if "checkSuites" in blob else fits.get("checkSuites")
    return {
        "repo": repo,
        "branch": blob.get("branch") or fits.get("branch") or "main",
        "check_suites": bool(checks),
        "root_directory": blob.get("rootDirectory") or node.get("rootDirectory") or "",
    }


def _placed(deploy: Raw, node: Raw) -> tuple[str | None, int]:
    """The region and how many run. Several regions are told as one text, which no declared region equals."""
    regions = {name: one for name, one in (deploy.get("multiRegionConfig") or {}).items() if one is not None}
    if regions:
        counts = [1 if one.get("numReplicas") is None else one["numReplicas"] for one in regions.values()]
        return "+".join(sorted(regions)), sum(counts)
    counts = [one for one in (deploy.get("numReplicas"), node.get("numReplicas")) if one is not None]
    return deploy.get("region") or node.get("region"), counts[0] if counts else 1


def _limits(deploy: Raw) -> dict[str, Any] | None:
    held = (deploy.get("limitOverride") or {}).get("containers") or {}
    cpu, memory = held.get("cpu"), held.get("memoryBytes")
    return {"cpu": cpu, "memory_gb": None if memory is None else memory / GB} if cpu or memory else None


def _sealed(variable: Raw) -> bool:
    return bool(variable.get("isSealed"))


def _lives(one: Raw) -> bool:
    return not one.get("deletedAt") and one.get("syncStatus") not in _GONE


def _fit(kind: type[Resource], id: str, values: Mapping[str, Any]) -> Seen | Unread:
    build: Callable[[Mapping[str, Any]], Resource] = kind.answered
    try:
        resource = build(values)
    except ValidationError as error:
        # The messages only: the input may be a value that nobody may read.
        why = "; ".join(f"{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in error.errors()[:3])
        return Unread(kind.kind, f"{id} cannot be read: {why}")
    return Seen(kind.kind, id, resource.keys()[0], resource)
