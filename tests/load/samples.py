"""A small platform to load: a zone that is looked up, records by zone, and a site with outputs and a secret."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from reconcile.model.errors import Problem, SpecError
from reconcile.model.resource import Key, ReadOnly, RefersTo, Resource, Secret, is_pending
from reconcile.model.spec import Tree
from reconcile.steps.load import Kinds, load, working_tree


class Zone(Resource):
    kind: ClassVar[str] = "dns.zone"
    lookup: ClassVar[bool] = True
    name: Annotated[str, Field(description="The domain, without a dot at its end.")]
    id: Annotated[str | None, ReadOnly] = None

    @field_validator("name")
    @classmethod
    def _lower(cls, value: str) -> str:
        return value.lower()


class Record(Resource):
    kind: ClassVar[str] = "dns.record"
    section: ClassVar[str] = "records"
    group_by: ClassVar[str] = "zone"
    zone: Annotated[str, RefersTo("dns.zone")]
    name: str
    type: Literal["A", "AAAA", "CNAME", "MX", "TXT"]
    content: str
    ttl: int | Literal["auto"] = Field(default="auto", description="Seconds; auto leaves it to the platform.")
    priority: int | None = None
    comment: str | None = None
    tags: tuple[str, ...] = ()

    def container(self) -> str:
        return self.zone

    def keys(self) -> tuple[Key, ...]:
        return ((self.zone, self.name, self.type, self.content), (self.zone, self.name, self.type))


class Limits(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")
    memory: int
    cpu: float = 1.0


class Site(Resource):
    kind: ClassVar[str] = "host.site"
    name: str
    domains: Annotated[tuple[str, ...], RefersTo("dns.zone")] = ()
    parent: Annotated[str | None, RefersTo("host.site")] = None
    port: int = 80
    public: bool = True
    greeting: str = "hello"
    password: Annotated[str | None, Secret] = None
    pin: Annotated[int | None, Secret] = None
    env: Mapping[str, str] = Field(default_factory=dict)
    limits: Limits | None = None
    target: Annotated[str | None, ReadOnly] = Field(default=None, alias="dnsTarget")

    @field_validator("greeting")
    @classmethod
    def _polite(cls, value: str) -> str:
        if not is_pending(value) and "damn" in value:
            raise ValueError("a greeting does not swear")
        return value

    @model_validator(mode="after")
    def _speaks(self) -> "Site":
        if self.greeting == "silence":
            raise ValueError(f"silence needs no password, and it is {self.password}")
        return self


KINDS: Kinds = {cls.kind: cls for cls in (Zone, Record, Site)}

PROJECT = """\
project: samples
ledger: {id: led1, home: .trueup/ledger.db}
accounts:
  acme:
    dns: {id: d1, credentials: {token: ACME_DNS_TOKEN}, tier: free}
    host: {credentials: {token: ACME_HOST_TOKEN}}
"""


def write(root: Path, files: Mapping[str, str | bytes]) -> Path:
    """Stack files on disk, with a project unless they bring one; names are relative to `stacks/`."""
    folder = root / "stacks"
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in {"_project.yaml": PROJECT, **files}.items():
        data = content.encode() if isinstance(content, str) else content
        (folder / name).write_bytes(data)
    return root


def loaded(root: Path, files: Mapping[str, str | bytes]) -> Tree:
    return load(working_tree(write(root, files)), KINDS)


def problems(root: Path, files: Mapping[str, str | bytes]) -> tuple[Problem, ...]:
    """What loading refuses; an error where it refuses nothing."""
    try:
        loaded(root, files)
    except SpecError as error:
        return error.problems
    raise AssertionError("these files were accepted")


def only(root: Path, text: str, **more: str) -> Problem:
    """The single problem of `stacks/a.yaml`."""
    files: dict[str, Any] = {"a.yaml": text, **{f"{name}.yaml": content for name, content in more.items()}}
    found = problems(root, files)
    assert len(found) == 1, "\n".join(map(str, found))
    return found[0]
