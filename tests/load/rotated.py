"""A repository with secrets: LegacyVideo on Railway, a site on Vercel, and platforms that make credentials."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, ClassVar

from pydantic import Field, field_validator

from reconcile.model.errors import Problem, SpecError
from reconcile.model.issuing import IssueOptions
from reconcile.model.resource import Address, Key, RefersTo, Resource
from reconcile.model.rotated import Consumer, Secret
from reconcile.model.spec import Place, Tree
from reconcile.model.variable import EnvironmentVariable
from reconcile.platforms.railway import Railway
from reconcile.platforms.vercel import Vercel
from reconcile.steps.load import Kinds, load, working_tree

from .samples import write


class Workflow(Resource):
    kind: ClassVar[str] = "forge.workflow"
    name: str


class RepositorySecret(EnvironmentVariable):
    """What reaches nothing until a workflow has run."""

    kind: ClassVar[str] = "forge.secret"
    section: ClassVar[str] = "secret"
    vendor: ClassVar[str] = "Forge"
    starts_by: ClassVar[str] = "workflow"
    workflow: Annotated[str | None, RefersTo("forge.workflow")] = None

    @field_validator("name")
    @classmethod
    def _upper(cls, value: str) -> str:
        return value.upper()

    def keys(self) -> tuple[Key, ...]:
        return ((self.name,),)


class ApiKey(IssueOptions):
    scopes: tuple[str, ...] = Field(min_length=1)
    label: str = ""

    @field_validator("scopes")
    @classmethod
    def _known(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if "everything" in value:
            raise ValueError("no key of everything is made")
        return value


class Bucket(IssueOptions):
    parts: ClassVar[tuple[str, ...]] = ("id", "secret")


class InPlace(IssueOptions):
    in_place: ClassVar[bool] = True


class Typed(IssueOptions):
    makes: ClassVar[bool] = False


ISSUES: Mapping[str, type[IssueOptions]] = {
    "post.api-key": ApiKey,
    "post.token": InPlace,
    "post.typed": Typed,
    "store.credentials": Bucket,
}
KINDS: Kinds = {cls.kind: cls for cls in (*Railway.kinds, *Vercel.kinds, Workflow, RepositorySecret)}
PROJECT = """\
project: samples
ledger: {id: led1, home: .trueup/ledger.db}
from_env: [SOMETHING]
accounts:
  acme:
    railway: {credentials: {token: T}}
    vercel: {credentials: {token: T}}
    forge: {credentials: {token: T}}
    post: {credentials: {token: T}}
  other:
    store: {credentials: {token: T}}
"""
GENERATED = "{strategy: overlap, generate: {bytes: 32}}"


def legacyvideo(api: str, worker: str, secrets: str = "") -> str:
    """The two services of LegacyVideo with the variables of each, and secrets."""
    section = "".join(f"  {line}\n" for line in secrets.splitlines())
    return f"""\
account: acme
railway:
  project: {{lv: {{name: legacyvideo}}}}
  environment: {{production: {{project: lv}}}}
  service: {{api: {{project: lv}}, worker: {{project: lv}}}}
  instance:
    api: {{service: api, environment: production, variables: {{{api}}}}}
    worker: {{service: worker, environment: production, variables: {{{worker}}}}}
""" + (f"secrets:\n{section}" if section else "")


def one_secret(entry: str, variable: str = "{secret: s}") -> str:
    """A stack with one secret `s`, which one variable of `api` holds."""
    return legacyvideo(f"KEY: {variable}", "", f"s: {entry}")


def loaded(root: Path, **files: str) -> Tree:
    texts: dict[str, str | bytes] = {f"{name}.yaml": text for name, text in files.items()}
    return load(working_tree(write(root, {"_project.yaml": PROJECT, **texts})), KINDS, ISSUES)


def secret(root: Path, entry: str, variable: str = "{secret: s}") -> Secret:
    """What an entry is read as."""
    return loaded(root, a=one_secret(entry, variable)).secrets["s"]


def refused(root: Path, **files: str) -> tuple[Problem, ...]:
    """What loading refuses; an error where it refuses nothing."""
    try:
        loaded(root, **files)
    except SpecError as error:
        return error.problems
    raise AssertionError("these files were accepted")


def only(root: Path, **files: str) -> Problem:
    found = refused(root, **files)
    assert len(found) == 1, "\n".join(map(str, found))
    return found[0]


def wrong(root: Path, entry: str, variable: str = "{secret: s}") -> Problem:
    """The one problem of an entry."""
    return only(root, a=one_secret(entry, variable))


def line_of(text: str, part: str) -> int:
    return next(number for number, line in enumerate(text.splitlines(), 1) if part in line)


def place(stack: str, address: str) -> Place:
    return Place(stack, Address.parse(address))


def consumer(stack: str, address: str, unit: Place, previous: str = "", part: str = "value") -> Consumer:
    second = Address.parse(previous) if previous else None
    return Consumer(stack, "acme", Address.parse(address), part, second, unit)
