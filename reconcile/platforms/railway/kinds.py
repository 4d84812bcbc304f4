"""What Railway holds, as stack files say it. API: GraphQL v2, schema of 2026-08-08; docs of 2026-08.

Names repeat across projects and environments, so a resource is known by its path: an environment is `bilko/production`,
an instance `bilko/production/api`. Railway has no place for an owner mark: ownership is the ledger's written intent.
"""

import re
from collections.abc import Mapping
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from ...model.resource import Immutable, Key, ReadOnly, RefersTo, Resource
from ...model.secret import SecretText
from ...model.variable import EnvironmentVariable

REGIONS = {
    "us-west": "us-west2",
    "us-east": "us-east4-eqdc4a",
    "europe-west": "europe-west4-drams3a",
    "europe-west4": "europe-west4-drams3a",
    "asia-southeast": "asia-southeast1-eqsg3a",
}
"""Short names to the region ids of Railway's docs."""
Schedule = Literal["DAILY", "WEEKLY", "MONTHLY"]


class Project(Resource):
    """A project: the home of services in all its environments."""

    kind = "railway.project"
    protected = True

    name: str = Field(min_length=1, description="unique in the workspace")


class _InProject(Resource):
    """What belongs to a project and is known by its path in it."""

    protected = True

    project: Annotated[str, RefersTo("railway.project"), Immutable] = Field(description="the project it belongs to")
    name: str = Field(min_length=1, description="unique in the project")

    def container(self) -> str:
        return self.project

    def keys(self) -> tuple[Key, ...]:
        return ((self.project, self.name),)

    def referred_as(self) -> str:
        return f"{self.project}/{self.name}"


class Environment(_InProject):
    """One environment of a project. Deleting it deletes what runs and is stored there."""

    kind = "railway.environment"
    apart = True


class Service(_InProject):
    """A service of a project. It is shared: creating or deleting it acts in every environment."""

    kind = "railway.service"


class Source(BaseModel):
    """Where an instance's code comes from: a repository and a branch, or an image."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    repo: str | None = Field(None, description="owner/name on GitHub")
    branch: str | None = Field(None, description="deployed at each push")
    check_suites: bool = Field(False, description="deploy only after the branch's checks have passed")
    root_directory: str = Field("", description="the part of the repository to build")
    image: str | None = Field(None, description="an image and its tag, in place of a repository")

    @model_validator(mode="after")
    def _one_of(self) -> Self:
        if (self.repo is None) == (self.image is None):
            raise ValueError("say either repo or image")
        if self.repo is not None and self.branch is None:
            raise ValueError("a repo needs its branch")
        if self.image is not None and (self.branch or self.check_suites or self.root_directory):
            raise ValueError("an image has no branch, checks or root directory")
        return self


class Limits(BaseModel):
    """What one replica may use."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    cpu: float | None = Field(None, gt=0, description="virtual CPUs")
    memory_gb: float | None = Field(None, gt=0, description="GB")


class Instance(Resource):
    """A service as it runs in one environment. What is left out is left as it lives, but for Railway's own defaults."""

    kind = "railway.instance"
    runs = True

    service: Annotated[str, RefersTo("railway.service"), Immutable] = Field(description="the service that runs")
    environment: Annotated[str, RefersTo("railway.environment"), Immutable] = Field(description="where it runs")
    source: Source | None = Field(None, description="where its code comes from")
    region: str | None = Field(None, description="us-west, us-east, europe-west, asia-southeast, or a region id")
    replicas: int = Field(1, ge=0, le=50, description="how many run; Railway has no autoscaler")
    limits: Limits | None = Field(None, description="what one replica may use")
    builder: Literal["RAILPACK", "NIXPACKS", "DOCKERFILE", "HEROKU", "PAKETO"] | None = Field(
        None, description="how it is built"
    )
    build_command: str | None = None
    start_command: str | None = None
    pre_deploy_command: str | None = Field(None, description="runs before a deployment takes over, as migrations do")
    healthcheck_path: str | None = Field(None, description="must answer before a deployment takes over")
    healthcheck_timeout: int = Field(300, ge=1, le=3600, description="seconds")
    restart_policy: Literal["ON_FAILURE", "ALWAYS", "NEVER"] = "ON_FAILURE"
    restart_retries: int = Field(10, ge=0, le=100, description="with ON_FAILURE")
    cron: str | None = Field(None, description="five fields, UTC: a job instead of a server")
    sleep: bool = Field(False, description="whether it sleeps when nobody calls")
    deployment: Annotated[str | None, ReadOnly] = Field(
        None, description="the state of its latest deployment, in Railway's word"
    )
    config_file: Annotated[str | None, ReadOnly] = Field(
        None, description="a railway.json or railway.toml that the repository still carries"
    )
    config_sets: Annotated[tuple[str, ...], ReadOnly] = Field(
        (), description="what that file decides, so that it is not compared"
    )

    @field_validator("region")
    @classmethod
    def _region(cls, value: str | None) -> str | None:
        return REGIONS.get(value, value) if value is not None else None

    @model_validator(mode="after")
    def _one_project(self) -> Self:
        if self.service.partition("/")[0] != self.environment.partition("/")[0]:
            raise ValueError("service and environment belong to different projects")
        return self

    def container(self) -> str:
        return self.environment

    def keys(self) -> tuple[Key, ...]:
        return ((self.environment, self.service_name),)

    def contents(self) -> str:
        return self.environment

    def decided_elsewhere(self) -> frozenset[str]:
        return frozenset(self.config_sets)

    def worded(self) -> Mapping[str, Any]:
        """A region by its short name, none where it runs in several; an image is not built."""
        several = self.region is not None and "+" in self.region
        short = next((word for word, id in REGIONS.items() if id == self.region), self.region)
        built = self.source is None or self.source.image is None
        return {"region": None if several else short, "builder": self.builder if built else None}

    def untold(self) -> str:
        several = (self.region or "").split("+")
        return f"it runs in {' and '.join(several)}, and an entry has one region" if len(several) > 1 else ""

    def risks(self) -> tuple[str, ...]:
        """A job, a sleeper and an image of Docker's own, as a database's, have nothing that could be asked."""
        alone = self.environment.rpartition("/")[2] == "production" and self.replicas == 1
        bare = self.source is not None and self.source.image is not None and "/" not in self.source.image
        if not alone or self.healthcheck_path is not None or self.cron is not None or self.sleep or bare:
            return ()
        return ("in production with one replica and no healthcheck_path: a deployment that fails ends what ran",)

    @property
    def service_name(self) -> str:
        return self.service.partition("/")[2]

    def referred_as(self) -> str:
        return f"{self.environment}/{self.service_name}"


class _Variable(EnvironmentVariable):
    """What both kinds of variables say."""

    nested = True
    vendor = "Railway"

    value: str | SecretText | None = Field(
        None, validate_default=True, description="a plain value, or a `${{…}}` of Railway's own"
    )
    sealed: bool | None = Field(None, description="whether nobody can read it back; never undone")

    def worded(self) -> Mapping[str, Any]:
        """Sealed or not is what lives; it is never undone."""
        return {"sealed": None}


class Variable(_Variable):
    """A variable of one instance; deployed together with everything else that changes there."""

    kind = "railway.variable"
    group_by = "instance"

    instance: Annotated[str, RefersTo("railway.instance"), Immutable] = Field(description="whose variable it is")

    def container(self) -> str:
        return self.instance.rpartition("/")[0]

    def keys(self) -> tuple[Key, ...]:
        return ((self.instance, self.name),)


class SharedVariable(_Variable):
    """A variable that an environment shares with its services: they refer to it as `${{shared.NAME}}`."""

    kind = "railway.shared-variable"
    group_by = "environment"

    environment: Annotated[str, RefersTo("railway.environment"), Immutable] = Field(description="where it is shared")

    def is_read_by(self, other: Resource) -> bool:
        """Where `${{shared.NAME}}` stands in a variable of an instance of the environment."""
        if not isinstance(other, Variable) or other.container() != self.environment:
            return False
        said = other.value if isinstance(other.value, str) else ""
        return re.search(r"\$\{\{\s*shared\." + re.escape(self.name) + r"\s*\}\}", said) is not None

    def container(self) -> str:
        return self.environment

    def keys(self) -> tuple[Key, ...]:
        return ((self.environment, self.name),)


class Domain(Resource):
    """A domain of our own at an instance. Railway asks for a CNAME to `target` and a TXT at `verify_name`."""

    kind = "railway.domain"

    instance: Annotated[str, RefersTo("railway.instance"), Immutable] = Field(description="who answers there")
    host: Annotated[str, Immutable] = Field(min_length=1, description="the host name")
    port: int | None = Field(None, ge=1, le=65535, description="the port it leads to")
    target: Annotated[str | None, ReadOnly] = Field(None, description="what its CNAME must point to")
    verify_name: Annotated[str | None, ReadOnly] = Field(None, description="where Railway looks for its TXT")
    verify_value: Annotated[str | None, ReadOnly] = Field(None, description="what that TXT must hold")
    verified: Annotated[bool, ReadOnly] = Field(False, description="whether Railway saw it")

    @field_validator("host")
    @classmethod
    def _host(cls, value: str) -> str:
        return value.lower().removesuffix(".")

    def asks_of_dns(self) -> Mapping[str, frozenset[str]]:
        return {self.host: frozenset({self.target} if self.target else ())}

    def container(self) -> str:
        return self.instance.rpartition("/")[0]

    def keys(self) -> tuple[Key, ...]:
        return ((self.host,),)


class ServiceDomain(Resource):
    """A domain of Railway's (`….up.railway.app`) at an instance."""

    kind = "railway.service-domain"

    instance: Annotated[str, RefersTo("railway.instance"), Immutable] = Field(description="who answers there")
    host: str = Field(
        min_length=1,
        pattern=r"^[a-z0-9-]+\.up\.railway\.app$",
        description="NAME.up.railway.app",
        examples=["example.up.railway.app"],
    )
    port: int | None = Field(None, ge=1, le=65535, description="the port it leads to")

    def container(self) -> str:
        return self.instance.rpartition("/")[0]

    def keys(self) -> tuple[Key, ...]:
        return ((self.instance, self.host), (self.instance,))


class TcpProxy(Resource):
    """A public TCP port that leads to an instance's own."""

    kind = "railway.tcp-proxy"

    instance: Annotated[str, RefersTo("railway.instance"), Immutable] = Field(description="who answers there")
    port: Annotated[int, Immutable] = Field(ge=1, le=65535, description="the instance's own port")
    public_host: Annotated[str | None, ReadOnly] = Field(None, description="where it can be reached")
    public_port: Annotated[int | None, ReadOnly] = Field(None, description="and at which port")

    def container(self) -> str:
        return self.instance.rpartition("/")[0]

    def keys(self) -> tuple[Key, ...]:
        return ((self.instance, str(self.port)),)


class Volume(Resource):
    """A disk at an instance, and how often it is backed up."""

    kind = "railway.volume"
    protected = True

    instance: Annotated[str, RefersTo("railway.instance"), Immutable] = Field(description="who it is mounted at")
    name: str = Field(min_length=1, description="unique in the project")
    mount: str = Field(pattern="^/", description="the path it is mounted at", examples=["/data"])
    backups: tuple[Schedule, ...] | None = Field(
        None, description="DAILY (kept 6 days), WEEKLY (a month), MONTHLY (three)"
    )

    @field_validator("backups")
    @classmethod
    def _backups(cls, value: tuple[Schedule, ...] | None) -> tuple[Schedule, ...] | None:
        return None if value is None else tuple(sorted(set(value)))

    def container(self) -> str:
        return self.instance.rpartition("/")[0]

    def keys(self) -> tuple[Key, ...]:
        return ((self.instance, self.name), (self.instance,))


_PUBLIC_KEY = re.compile(
    r"\s*((?:ssh|ecdsa|sk)-\S+)\s+((?:[A-Za-z0-9+/]{4})+(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?)(?:\s|$)"
)


class SshKey(Resource):
    """A public key that opens the workspace's services over SSH. There is no update: another name or key is made anew.

    Railway knows a key by what it is, whatever it is called: the comment at its end is no part of it.
    """

    kind = "railway.ssh-key"

    name: Annotated[str, Immutable] = Field(min_length=1, description="what the key is called, or whose it is")
    public_key: Annotated[str, Immutable] = Field(
        description="the line of a .pub file; its comment is left out",
        examples=["ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIKb3FPI08r1yyNN4a0qAJvYXwqLAyJUsoNYJKAcCFibf"],
    )
    fingerprint: Annotated[str | None, ReadOnly] = Field(None, description="of the key, as ssh-keygen -l shows it")
    created_at: Annotated[str | None, ReadOnly] = Field(None, description="when it was added")

    @field_validator("public_key")
    @classmethod
    def _public_key(cls, value: str) -> str:
        found = _PUBLIC_KEY.match(value)
        if found is None:
            raise ValueError("say a public key: its type and its body, as a .pub file has them")
        return f"{found[1]} {found[2]}"

    def keys(self) -> tuple[Key, ...]:
        return ((self.public_key,),)


class Release(Resource):
    """The start of an instance with what is set there. Only a Pulumi program has one: it follows quiet changes."""

    kind = "railway.release"

    instance: Annotated[str, RefersTo("railway.instance"), Immutable] = Field(description="what is started anew")
    digest: str = Field(description="of what is to run; another one starts it anew")
    deployment: Annotated[str | None, ReadOnly] = Field(
        None, description="the deployment that it started; none where the instance has no source"
    )

    def container(self) -> str:
        return self.instance.rpartition("/")[0]

    def keys(self) -> tuple[Key, ...]:
        return ((self.instance,),)


KINDS: tuple[type[Resource], ...] = (
    Project,
    Environment,
    Service,
    Instance,
    Variable,
    SharedVariable,
    Domain,
    ServiceDomain,
    TcpProxy,
    Volume,
    SshKey,
)
