"""What GitHub holds, as stack files say it.

Repositories, environments and workflows are only looked up. A secret is known by where it stands and its name; GitHub
has no place for an owner mark, so ownership is the ledger's written intent.
"""

import re
from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Self

from pydantic import Field, ValidationInfo, field_validator, model_validator

from ...model.resource import STACK_FILE, Declaration, Immutable, Key, ReadOnly, RefersTo, Resource, is_pending
from ...model.secret import SecretText
from ...model.variable import EnvironmentVariable
from ...wire.rest import Endpoint, RestResource

ACTIVE = "active"
REPOSITORY = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]*/[A-Za-z0-9._-]+\Z")
FILE = re.compile(r"[A-Za-z0-9._-]+\.ya?ml\Z")
SECRET_NAME = re.compile(r"(?!GITHUB_)[A-Z_][A-Z0-9_]*\Z")
"""GitHub's rule; it keeps names in upper case."""
Raw = Mapping[str, Any]


class Repository(Resource):
    """A repository, as `owner/name`. It is looked up: Trueup makes none, and deletes none."""

    kind = "github.repository"
    shortest: ClassVar[Mapping[str, Any]] = {"name": "example/shop"}
    lookup = True
    in_pulumi = False

    name: str = Field(description="owner/name, as in its address")
    default_branch: Annotated[str | None, ReadOnly] = None
    archived: Annotated[bool, ReadOnly] = Field(False, description="nothing runs there, and no secret can be written")

    @field_validator("name")
    @classmethod
    def _name(cls, value: str, info: ValidationInfo) -> str:
        if info.context == STACK_FILE and not is_pending(value) and not REPOSITORY.match(value):
            raise ValueError(f"{value!r} is no repository: owner/name")
        return value

    def container(self) -> str:
        return self.name

    def remarks(self) -> tuple[str, ...]:
        return ("it is archived: no workflow runs, and no secret can be written",) if self.archived else ()


class Environment(Resource):
    """An environment of a repository, for the secrets that only jobs of that environment read."""

    kind = "github.environment"
    shortest: ClassVar[Mapping[str, Any]] = {"name": "production"}
    lookup = True
    in_pulumi = False

    repository: Annotated[str, RefersTo("github.repository"), Immutable] = Field(description="whose environment it is")
    name: str = Field(min_length=1, max_length=255, description="as the jobs of a workflow name it")

    def container(self) -> str:
        return self.referred_as()

    def keys(self) -> tuple[Key, ...]:
        return ((self.repository, self.name),)

    def referred_as(self) -> str:
        return f"{self.repository}:{self.name}"


class Workflow(Resource):
    """A workflow on one branch or tag: what must run before a secret of its repository reaches anything.

    To be started it needs `on: workflow_dispatch` in its file. `host` and `path` tell where it writes a file of
    variables; which ones is told by `writes`.
    """

    kind = "github.workflow"
    shortest: ClassVar[Mapping[str, Any]] = {"file": "deploy.yml"}
    lookup = True
    in_pulumi = False

    repository: Annotated[str, RefersTo("github.repository"), Immutable] = Field(description="where it stands")
    file: str = Field(description="its file under .github/workflows: deploy.yml")
    ref: str = Field("main", min_length=1, description="the branch or tag that it runs on")
    inputs: Annotated[Mapping[str, str] | None, Declaration] = Field(
        None, max_length=25, description="what it is given when it is started"
    )
    host: Annotated[str | None, Declaration] = Field(None, description="the host that it deploys to")
    path: Annotated[str | None, Declaration] = Field(None, description="the file of variables that it writes there")
    state: Annotated[str | None, ReadOnly] = Field(None, description="active, or in which way it is disabled")

    @field_validator("file")
    @classmethod
    def _file(cls, value: str, info: ValidationInfo) -> str:
        if info.context == STACK_FILE and not is_pending(value) and not FILE.match(value):
            raise ValueError(f"{value!r} is no workflow: the name of its file, as deploy.yml")
        return value

    def container(self) -> str:
        return self.referred_as()

    def keys(self) -> tuple[Key, ...]:
        return ((self.repository, self.file, self.ref),)

    def referred_as(self) -> str:
        return f"{self.repository}/{self.file}@{self.ref}"

    def remarks(self) -> tuple[str, ...]:
        stopped = self.state not in (None, ACTIVE)
        return (f"GitHub says {self.state}: nothing starts it until somebody enables it",) if stopped else ()


class _Secret(EnvironmentVariable, RestResource):
    """What both kinds of secrets say."""

    section = "secrets"
    shortest: ClassVar[Mapping[str, Any]] = {"exists": True}
    nested = True
    in_pulumi = False
    vendor = "GitHub"
    starts_by = "workflow"

    workflow: Annotated[str | None, RefersTo("github.workflow"), Declaration] = Field(
        None, description="what must run before it reaches anything; what is rotated needs one"
    )
    name: Annotated[str, Immutable] = Field(description="the secret's name; GitHub keeps it in upper case")
    value: str | SecretText | None = Field(
        None, validate_default=True, description="nobody reads it back, so that none stands in a stack file"
    )

    @field_validator("name")
    @classmethod
    def _name(cls, value: str, info: ValidationInfo) -> str:
        value = value if is_pending(value) else value.upper()
        if info.context == STACK_FILE and not is_pending(value) and not SECRET_NAME.match(value):
            raise ValueError("a secret's name is letters, digits and `_`, and begins neither with a digit nor GITHUB_")
        return value

    @field_validator("value")
    @classmethod
    def _no_plain_value(cls, value: str | SecretText | None, info: ValidationInfo) -> str | SecretText | None:
        if info.context == STACK_FILE and isinstance(value, str):
            told = "say {secret: name}, {from_env: NAME} or {exists: true}"
            raise ValueError(f"a value in a stack file is no secret, and nobody reads it back from GitHub: {told}")
        return value

    def keys(self) -> tuple[Key, ...]:
        return ((self.container(), self.name),)


class Secret(_Secret):
    """A secret of a repository's Actions. A run reads it when it is queued; until a run was, it reaches nothing."""

    kind = "github.secret"
    group_by = "repository"
    endpoint = Endpoint("/repos/{}/actions/secrets", many="secrets", id="name", update="PUT", page="page")

    repository: Annotated[str, RefersTo("github.repository"), Immutable] = Field(description="whose secret it is")

    def container(self) -> str:
        return self.repository


class EnvironmentSecret(_Secret):
    """A secret that only jobs of one environment read, each when it starts. It goes before the repository's."""

    kind = "github.environment-secret"
    group_by = "environment"
    endpoint = Endpoint("/repos/{}/secrets", many="secrets", id="name", update="PUT", page="page")

    environment: Annotated[str, RefersTo("github.environment"), Immutable] = Field(description="whose secret it is")

    def container(self) -> str:
        return self.environment


class HostVariable(EnvironmentVariable):
    """A variable in a file on a host, which a workflow writes from an Actions secret whenever it runs.

    Nobody here sees that file. That it holds a value is told by three things: the workflow's file reads the secret and
    the secret is there, nobody wrote it since we did, and a run that was queued after that ended well; whether what it
    deployed works, by its health. Beside it the Actions secret itself is declared, with the same `{secret: name}`. What
    somebody types into the file by hand is never seen, and the next run writes over it.
    """

    kind = "github.host-variable"
    section = "writes"
    shortest: ClassVar[Mapping[str, Any]] = {"exists": True}
    group_by = "workflow"
    nested = True
    lookup = True
    in_pulumi = False
    vendor = "GitHub"

    workflow: Annotated[str, RefersTo("github.workflow"), Immutable] = Field(description="what writes it")
    reads: Annotated[str | None, Declaration] = Field(
        None, description="the Actions secret that it is written from; its own name where none is said"
    )
    version: Annotated[str | None, ReadOnly] = Field(None, description="of the workflow's file, by Git's own hash")
    value: str | SecretText | None = Field(None, validate_default=True, description="only the workflow writes it")

    @model_validator(mode="after")
    def _only_rotated(self, info: ValidationInfo) -> Self:
        if info.context == STACK_FILE and self.secret is None and not self.exists:
            raise ValueError("only its workflow writes it: say {secret: name}, or {exists: true}")
        return self

    @property
    def source(self) -> str:
        """The name of the Actions secret."""
        return (self.reads or self.name).upper()

    def touched_at(self) -> str:
        """Another version of the workflow may write something else: what ran before it tells nothing of it."""
        return self.version or ""

    def container(self) -> str:
        return f"{self.workflow}#{self.source}"

    def keys(self) -> tuple[Key, ...]:
        return ((self.workflow, self.source),)


def parted(referred: str) -> tuple[str, str, str]:
    """Repository, file and ref of what a field holds that names a workflow."""
    path, _, ref = referred.partition("@")
    repository, _, file = path.rpartition("/")
    return repository, file, ref
