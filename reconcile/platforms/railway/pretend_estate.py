"""What one Railway account holds in the sandbox, and how its things hang together."""

import datetime as dt
import hashlib
import json
from collections.abc import Callable, Iterator, Mapping, MutableMapping
from dataclasses import dataclass
from typing import Any, TypeVar

from ...model.pretend import Thing, World
from .pretend_config import told
from .pretend_running import deploy, status

T = TypeVar("T")
SHELVES = (
    *("project", "environment", "service", "instance", "variable", "shared-variable", "domain", "service-domain"),
    *("tcp-proxy", "disk", "volume", "deployment", "changeset", "patch", "project-token"),
    *("ssh-key", "gone-token"),
)
"""`volume` holds a volume as it is mounted in one environment, `disk` what its environments share: id and name;
`gone-token` what was a project token once, by the SHA-256 of its value."""
FILES_UNTIL = "2026-12-01"
"""When Railway stops reading a repository's own railway.json and railway.toml (Railway's docs)."""


class Refused(Exception):
    """What Railway answers with `errors[]`."""

    def __init__(self, message: str, code: str = "INTERNAL_SERVER_ERROR") -> None:
        super().__init__(message)
        self.code = code


@dataclass
class Estate:
    """One account at the moment of one request. `pace` is how long a deployment stays in each stage, in seconds;
    with `everywhere`, what is said of a service without naming an environment holds in all that are not forks. From
    `files_until` on, an ISO date, a repository's own railway.json is not read."""

    world: World
    account: str
    workspace: str
    tier: str = "free"
    pace: float = 10.0
    everywhere: bool = True
    files_until: str = FILES_UNTIL
    create_pause: float = 0.0
    """How many seconds must lie between two projects or environments."""
    token: Thing | None = None
    """The project token that the caller came with; None: the account's own."""

    def shelf(self, kind: str) -> MutableMapping[str, Thing]:
        return self.world.shelf(self.account, kind)

    @property
    def now(self) -> str:
        return self.world.now().astimezone(dt.UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")

    def new_id(self) -> str:
        digits = self.world.new_id(32)
        return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))

    def get(self, kind: str, id: str, called: str) -> Thing:
        """Raises Refused: another account's thing is told like a dead token, never like none."""
        found = self.shelf(kind).get(id)
        if found is not None and self._opens(kind, found):
            return found
        if found is not None or any(id in shelf for shelf in self.world.shelves(kind).values()):
            raise Refused("Not Authorized")
        raise Refused(f"{called} not found")

    def _opens(self, kind: str, thing: Thing) -> bool:
        """Whether the caller's token reaches a thing of the account's."""
        if self.token is None:
            return True
        project, environment = self.token["projectId"], self.token["environmentId"]
        if kind == "environment":
            return bool(thing["id"] == environment)
        home = thing["id"] if kind == "project" else thing.get("projectId")
        return home == project and thing.get("environmentId") in (None, environment)

    def not_too_quick(self, kind: str, called: str) -> None:
        """Raises Refused where the account made another of a kind just before. An environment that came with its
        project does not count."""
        came = {one["baseEnvironmentId"] for one in self.shelf("project").values()}
        for one in self.shelf(kind).values() if self.create_pause else ():
            if one["id"] in came:
                continue
            age = self.world.now() - dt.datetime.fromisoformat(one["createdAt"])
            if age.total_seconds() < self.create_pause:
                raise Refused(f"You are creating {called} too quickly. Please try again later.")  # end guessed

    def project(self, id: str) -> Thing:
        return self.get("project", id, "Project")

    def environment(self, id: str, project: str | None = None) -> Thing:
        found = self.get("environment", id, "Environment")
        if project not in (None, found["projectId"]):
            raise Refused("Environment not found")
        return found

    def service(self, id: str) -> Thing:
        return self.get("service", id, "Service")

    def instance(self, environment: str, service: str) -> Thing:
        self.environment(environment)
        self.service(service)
        found = self.instance_or_none(environment, service)
        if found is None:
            raise Refused("ServiceInstance not found")
        return found

    def instance_or_none(self, environment: str, service: str) -> Thing | None:
        return next(self.where("instance", environmentId=environment, serviceId=service), None)

    def where(self, kind: str, **fields: Any) -> Iterator[Thing]:
        for thing in list(self.shelf(kind).values()):
            if all(thing.get(name) == value for name, value in fields.items()):
                yield thing

    def add(self, kind: str, fields: Thing) -> Thing:
        """Put a thing on its shelf; where it belongs is written into it by name, for a person to select by."""
        now = self.now
        thing = {"id": self.new_id(), **fields, "createdAt": now, "updatedAt": now}
        for name in ("project", "environment", "service"):
            owner = self.shelf(name).get(thing.get(f"{name}Id") or "")
            if owner is not None:
                thing[name] = owner["name"]
        self.shelf(kind)[thing["id"]] = thing
        return thing

    def renamed(self, kind: str, thing: Thing, name: str) -> None:
        """Give a project, environment or service another name, and write it into all that belongs to it."""
        thing.update(name=name, updatedAt=self.now)
        for shelf in SHELVES:
            for one in self.where(shelf, **{f"{kind}Id": thing["id"]}):
                one[kind] = name
                if kind == "service" and shelf == "instance":
                    one["name"] = name

    def drop(self, kind: str, **fields: Any) -> None:
        for thing in self.where(kind, **fields):
            del self.shelf(kind)[thing["id"]]
            if kind == "project-token":
                gone = {"id": thing["id"], "name": thing["name"], "print": print_of(thing)}
                self.shelf("gone-token")[thing["id"]] = gone

    def drop_instance(self, instance: Thing) -> None:
        """An instance goes with its variables, domains, proxies and deployments; a volume stays, unmounted."""
        where = {name: instance[name] for name in ("environmentId", "serviceId")}
        for kind in ("variable", "domain", "service-domain", "tcp-proxy", "deployment", "instance"):
            self.drop(kind, **where)
        for volume in self.where("volume", **where):
            volume.update(serviceId=None, service=None)

    def drop_environment(self, environment: Thing) -> None:
        for instance in self.where("instance", environmentId=environment["id"]):
            self.drop_instance(instance)
        for kind in ("shared-variable", "volume", "changeset", "patch", "project-token"):
            self.drop(kind, environmentId=environment["id"])
        del self.shelf("environment")[environment["id"]]

    def drop_project(self, project: Thing) -> None:
        for environment in self.where("environment", projectId=project["id"]):
            self.drop_environment(environment)
        for kind in ("service", "disk"):
            self.drop(kind, projectId=project["id"])
        del self.shelf("project")[project["id"]]

    def add_instance(self, service: Thing, environment: Thing, config: Mapping[str, Any]) -> Thing:
        fields = {"projectId": service["projectId"], "environmentId": environment["id"], "serviceId": service["id"]}
        return self.add("instance", {"name": service["name"], **fields, "config": dict(config)})

    def scope(self, project: str, environment: str | None) -> list[Thing]:
        """The environments that something said of a service holds in, after the schema's own words."""
        named = self.environment(environment) if environment is not None else None
        if named is not None and (named["isEphemeral"] or not self.everywhere):
            return [named]
        found = [one for one in self.where("environment", projectId=project) if not one["isEphemeral"]]
        return found if self.everywhere else found[:1]

    def variables_of(self, instance: Thing) -> Iterator[Thing]:
        return self.where("variable", environmentId=instance["environmentId"], serviceId=instance["serviceId"])

    def config(self, environment: Thing, *, decrypted: bool, sealed: bool = False) -> Thing:
        """The environment's config, by ids. `sealed` gives what nobody outside may see."""
        here = environment["id"]
        services: dict[str, Any] = {
            one["serviceId"]: told(one["config"]) for one in self.where("instance", environmentId=here)
        }
        parts: list[tuple[str, str, Callable[[Thing], tuple[str, Any]]]] = [
            ("variable", "variables", lambda one: (one["name"], _shown(one, decrypted, sealed))),
            ("service-domain", "networking.serviceDomains", lambda one: (one["domain"], _port(one))),
            ("domain", "networking.customDomains", lambda one: (one["domain"], _port(one))),
            ("tcp-proxy", "networking.tcpProxies", lambda one: (str(one["applicationPort"]), {})),
            ("volume", "volumeMounts", _mount),
        ]
        for kind, path, form in parts:
            for thing in self.where(kind, environmentId=here):
                if thing["serviceId"] in services:
                    into = services[thing["serviceId"]]
                    for part in path.split("."):
                        into = into.setdefault(part, {})
                    key, value = form(thing)
                    into[key] = value
        for service in services.values():
            credentials = service.get("deploy", {}).get("registryCredentials")
            if credentials and not decrypted:
                service["deploy"]["registryCredentials"] = dict.fromkeys(credentials, "*****")
        shared = {
            one["name"]: _shown(one, decrypted, sealed) for one in self.where("shared-variable", environmentId=here)
        }
        volumes = {one["volumeId"]: _size(one) for one in self.where("volume", environmentId=here)}
        whole = {"services": services, "sharedVariables": shared, "volumes": volumes, "buckets": {}}
        return {key: value for key, value in whole.items() if value}

    def etag(self, environment: Thing) -> str:
        """Moves with all that the config holds and with the names that change sets use; not with where domains lead."""
        names = {one["serviceId"]: one["name"] for one in self.where("instance", environmentId=environment["id"])}
        whole = [environment["id"], names, self.config(environment, decrypted=True, sealed=True)]
        return hashlib.sha256(json.dumps(whole, sort_keys=True).encode()).hexdigest()[:40]

    def deploy(self, instance: Thing, reason: str) -> Thing | None:
        """As `pretend_running.deploy`."""
        return deploy(self, instance, reason)

    def status(self, deployment: Thing) -> str:
        """As `pretend_running.status`."""
        return status(self, deployment)

    def committed(
        self, environment: Thing, change: Callable[[], T], *, reason: str = "deploy", deploys: bool = True
    ) -> tuple[T, list[Thing]]:
        """Make a change whole or not at all, and deploy each service that it moved once; returns the deployments."""
        before = self.prints(environment)
        result = self.whole(change)
        after = self.prints(environment)
        moved = [id for id, print in after.items() if before.get(id) != print]
        if before != after:
            environment["updatedAt"] = self.now
        made = []
        for id in moved:
            instance = self.shelf("instance")[id]
            instance["updatedAt"] = self.now
            deployment = self.deploy(instance, reason) if deploys else None
            made += [deployment] if deployment is not None else []
        return result, made

    def whole(self, change: Callable[[], T]) -> T:
        """Make a change whole, or not at all if it is refused."""
        kept = self._kept()
        try:
            return change()
        except (Refused, ValueError):
            self._restore(kept)
            raise

    def tried(self, change: Callable[[], T]) -> T:
        """What a change would answer; nothing is changed."""
        kept = self._kept()
        try:
            return change()
        finally:
            self._restore(kept)

    def _kept(self) -> Mapping[str, str | dict[str, Thing]]:
        """A deployment's own things are never changed in place, and of them there are many."""
        kept: dict[str, str | dict[str, Thing]] = {
            kind: json.dumps(dict(self.shelf(kind))) for kind in SHELVES if kind != "deployment"
        }
        return {**kept, "deployment": {id: dict(one) for id, one in self.shelf("deployment").items()}}

    def _restore(self, kept: Mapping[str, str | dict[str, Thing]]) -> None:
        for kind, things in kept.items():
            shelf = self.shelf(kind)
            shelf.clear()
            shelf.update(json.loads(things) if isinstance(things, str) else things)

    def prints(self, environment: Thing) -> dict[str, str]:
        """By instance, all that a deployment of it depends on: not networking, not a region's replicas."""
        whole = self.config(environment, decrypted=True, sealed=True)
        found = {}
        for instance in self.where("instance", environmentId=environment["id"]):
            config = {**whole["services"][instance["serviceId"]]}
            for part in ("networking", "groupId"):
                config.pop(part, None)
            deploy = {**config.get("deploy", {})}
            deploy.pop("numReplicas", None)
            deploy["multiRegionConfig"] = sorted(deploy.get("multiRegionConfig", {}))
            mounts = {id: one["mountPath"] for id, one in config.get("volumeMounts", {}).items()}
            values = json.dumps(config.get("variables", {}))
            shared = {
                name: one for name, one in whole.get("sharedVariables", {}).items() if f"shared.{name}}}}}" in values
            }
            print = {**config, "deploy": deploy, "volumeMounts": mounts, "shared": shared}
            found[instance["id"]] = json.dumps(print, sort_keys=True)
        return found


def print_of(token: Thing) -> str:
    """What a project token is known by once it is gone."""
    return hashlib.sha256(token["token"].encode()).hexdigest()


def _shown(variable: Thing, decrypted: bool, sealed: bool) -> Thing:
    shown = {
        key: variable[key] for key in ("description", "isOptional", "defaultValue", "generator") if variable.get(key)
    }
    if variable["isSealed"]:
        shown["isSealed"] = True
        return {**shown, "value": variable["value"]} if sealed else shown
    return {**shown, "value": variable["value"] if decrypted else ""}


def _port(domain: Thing) -> Thing:
    return {} if domain["targetPort"] is None else {"port": domain["targetPort"]}


def _mount(volume: Thing) -> tuple[str, Thing]:
    schedules = {"backupSchedules": list(volume["backups"])} if volume["backups"] else {}
    return volume["volumeId"], {"mountPath": volume["mountPath"], **schedules}


def _size(volume: Thing) -> Thing:
    return {"sizeMB": volume["sizeMB"], **{key: volume[key] for key in ("region", "alerts") if volume.get(key)}}
