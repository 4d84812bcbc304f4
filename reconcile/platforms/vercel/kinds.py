"""What Vercel holds, as stack files say it. API: Vercel's API description of 2025-10, SDK 1.28 for what came later.

Only a variable has a place for an owner mark, its comment; else ownership is the ledger's written intent.
"""

import datetime as dt
import re
from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationInfo, field_validator, model_validator

from ...model.resource import STACK_FILE, Immutable, Key, ReadOnly, RefersTo, is_pending
from ...model.secret import SecretText
from ...model.variable import EnvironmentVariable
from ...wire.rest import Endpoint, RestResource

TARGETS = ("production", "preview", "development")
TYPES = ("plain", "encrypted", "sensitive")
Target = Literal["production", "preview", "development"]
Raw = Mapping[str, Any]


class Git(BaseModel):
    """The repository that a project is built from."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    repo: str = Field(description="owner/name")
    branch: str = Field(description="each push to it goes to production")
    type: Literal["github", "gitlab", "bitbucket"] | str = "github"


class Project(RestResource):
    """A front end and how it is built. What is left out is left as it lives; "" is what Vercel finds out itself."""

    kind = "vercel.project"
    protected = True
    endpoint = Endpoint("/v10/projects", many="projects")
    at_birth: ClassVar[frozenset[str]] = frozenset(
        (
            *("name", "framework", "build_command", "dev_command", "install_command", "output_directory"),
            *("root_directory", "ignore_command", "protection", "function_regions"),
        )
    )
    """What the call that makes a project takes beside its repository; the rest is for the one that changes it."""

    name: str = Field(min_length=1, max_length=100, description="unique in the account")
    framework: Literal["nextjs", "vite", "astro", "sveltekit", "nuxtjs", "remix"] | str | None = Field(
        None, description="by Vercel's word for it"
    )
    root_directory: str | None = Field(None, alias="rootDirectory", description="the part of the repository to build")
    build_command: str | None = Field(None, alias="buildCommand", max_length=256)
    dev_command: str | None = Field(None, alias="devCommand", max_length=256)
    install_command: str | None = Field(None, alias="installCommand", max_length=256)
    output_directory: str | None = Field(None, alias="outputDirectory", max_length=256)
    ignore_command: str | None = Field(
        None,
        alias="commandForIgnoringBuildStep",
        max_length=256,
        description="ends with 0 where nothing is to be built",
    )
    node_version: Literal["24.x", "22.x", "20.x"] | str | None = Field(None, alias="nodeVersion")
    git: Git | None = Field(None, alias="gitRepository", description="where its code comes from")
    auto_assign_domains: bool | None = Field(
        None,
        alias="autoAssignCustomDomains",
        description="whether a production build takes over the domains by itself; else somebody promotes it",
    )
    system_variables: bool | None = Field(
        None, alias="autoExposeSystemEnvs", description="whether a build sees VERCEL_URL and the like"
    )
    directory_listing: bool | None = Field(None, alias="directoryListing")
    fork_protection: bool | None = Field(
        None, alias="gitForkProtection", description="whether a fork's build needs a member's consent"
    )
    outside_files: bool | None = Field(
        None, alias="sourceFilesOutsideRootDirectory", description="whether a build sees files outside root_directory"
    )
    protection: Literal["none", "preview", "all", "prod_deployment_urls_and_all_previews"] | str | None = Field(
        None, alias="ssoProtection", description="which deployments only members may see"
    )
    function_regions: tuple[str, ...] | None = Field(
        None, alias="functionDefaultRegions", min_length=1, description="where functions run: iad1, fra1, …"
    )
    deployment: Annotated[str | None, ReadOnly] = Field(
        None, description="the state of its latest production deployment, in Vercel's word"
    )

    @field_validator("name")
    @classmethod
    def _name(cls, value: str, info: ValidationInfo) -> str:
        if info.context == STACK_FILE and not is_pending(value) and not re.fullmatch(r"[a-z0-9][a-z0-9._-]*", value):
            raise ValueError("a project's name is lower-case letters, digits, `.`, `_` and `-`")
        return value

    @field_validator("function_regions")
    @classmethod
    def _regions(cls, value: tuple[str, ...] | None, info: ValidationInfo) -> tuple[str, ...] | None:
        if info.context == STACK_FILE and any(len(one) > 4 for one in value or ()):
            raise ValueError("a region is one of Vercel's short words, as iad1")
        return None if value is None else tuple(sorted(set(value)))

    @classmethod
    def answered(cls, values: Raw) -> Self:
        """From the vendor's answer, which has null where it finds out itself and `link` for the repository."""
        texts = (one.alias or name for name, one in cls.model_fields.items() if str in _types(one.annotation))
        told = {alias: values.get(alias) or "" for alias in texts if alias in values}
        regions = (values.get("resourceConfig") or {}).get("functionDefaultRegions")
        production = (values.get("targets") or {}).get("production") or {}
        return super().answered(
            {
                **values,
                **told,
                "gitRepository": _linked(values.get("link")),
                "ssoProtection": (values.get("ssoProtection") or {}).get("deploymentType", "none"),
                "functionDefaultRegions": regions or None,
                "deployment": production.get("readyState"),
            }
        )

    def settings(self, *, at_birth: bool | None = None) -> dict[str, Any]:
        """What is declared beside the repository, by the vendor's names. `at_birth` None: all of it."""
        body: dict[str, Any] = {}
        for name in self.comparable():
            value = getattr(self, name)
            if value is None or name == "git" or at_birth not in (None, name in self.at_birth):
                continue
            alias = type(self).model_fields[name].alias or name
            body[alias] = list(value) if isinstance(value, tuple) else None if value == "" else value
        if "ssoProtection" in body:
            word = body["ssoProtection"]
            body["ssoProtection"] = None if word == "none" else {"deploymentType": word}
        if "functionDefaultRegions" in body:
            body["resourceConfig"] = {"functionDefaultRegions": body.pop("functionDefaultRegions")}
        return body


def _types(annotation: Any) -> tuple[Any, ...]:
    return getattr(annotation, "__args__", (annotation,))


def _linked(link: Raw | None) -> dict[str, Any] | None:
    """A project's `link` as we say it: each host names the parts of a repository otherwise (API description)."""
    if not link:
        return None
    words = {"gitlab": ("projectNamespace", "projectName"), "bitbucket": ("owner", "slug")}
    owner, name = words.get(link["type"], ("org", "repo"))
    repo = f"{link.get(owner)}/{link.get(name)}"
    return {"type": link["type"], "repo": repo, "branch": link.get("productionBranch") or ""}


class Variable(EnvironmentVariable, RestResource):
    """An environment variable of a project, for some targets. New deployments see a change, old ones never do."""

    kind = "vercel.variable"
    group_by = "project"
    marker_field = "comment"
    vendor = "Vercel"
    endpoint = Endpoint("/v10/projects/{}/env", many="envs")

    project: Annotated[str, RefersTo("vercel.project"), Immutable] = Field(description="whose variable it is")
    name: str = Field(alias="key", description="the variable's name; the same may stand twice, for other targets")
    type: Literal["plain", "encrypted", "sensitive"] | str | None = Field(
        None, description="plain; encrypted at rest; sensitive: nobody reads it back. A new secret is sensitive"
    )
    targets: tuple[Target | str, ...] = Field(
        ("production",), alias="target", min_length=1, description="production, preview, development"
    )
    branch: str = Field("", alias="gitBranch", max_length=250, description="only previews of this branch")
    comment: str | None = Field(None, max_length=500)
    updated_at: Annotated[str | None, ReadOnly] = Field(None, alias="updatedAt", description="when last written")

    @field_validator("targets")
    @classmethod
    def _targets(cls, value: tuple[str, ...], info: ValidationInfo) -> tuple[str, ...]:
        odd = [one for one in value if one not in TARGETS]
        if odd and info.context == STACK_FILE:
            raise ValueError(f"{odd[0]!r} is none of {', '.join(TARGETS)}")
        return (*(one for one in TARGETS if one in value), *sorted(odd))

    @model_validator(mode="after")
    def _rules(self, info: ValidationInfo) -> Self:
        if info.context != STACK_FILE:
            return self
        if self.type not in (None, *TYPES):
            raise ValueError(f"the type is one of {', '.join(TYPES)}")
        if not self.logical_name.match(self.name):
            raise ValueError("a variable's name is letters, digits and `_`")
        if self.branch and self.targets != ("preview",):
            raise ValueError("a branch is for `targets: [preview]` alone")
        if self.type == "sensitive" and "development" in self.targets:
            raise ValueError("Vercel takes no sensitive variable for development")
        if self.type == "sensitive" and isinstance(self.value, str):
            raise ValueError("a sensitive value comes from the runner (from_env), or is somebody else's (exists)")
        return self

    @classmethod
    def answered(cls, values: Raw) -> Self:
        """From the vendor's answer: `target` is a text or a list, and a value counts only where it is the value.

        Of a sensitive one it is "", of an encrypted one ciphertext unless `decrypted` (recorded answers).
        """
        told = values.get("target") or ()
        targets = (*([told] if isinstance(told, str) else told), *(values.get("customEnvironmentIds") or ()))
        readable = values.get("type") == "plain" or (values.get("decrypted") is True and values["type"] != "sensitive")
        name, value, written = str(values["key"]), values.get("value"), values.get("updatedAt")
        hidden = value if isinstance(value, SecretText) else SecretText(str(value), name)
        return super().answered(
            {
                **values,
                "target": targets,
                "gitBranch": values.get("gitBranch") or "",
                "value": hidden if readable and value is not None else None,
                "updatedAt": _moment(written) if isinstance(written, int) else written,
            }
        )

    def keys(self) -> tuple[Key, ...]:
        return ((self.project, self.name, "+".join(self.targets), self.branch), (self.project, self.name))

    def container(self) -> str:
        return self.project

    def apart_by(self) -> str:
        return " ".join(filter(None, (*self.targets, self.branch)))

    def worded(self) -> Mapping[str, Any]:
        """What Vercel encrypts is as it lives; a sensitive one is told so."""
        return {} if self.type == "sensitive" else {"type": None}

    def body(self, marker: str = "", *, making: bool = True, before: "Variable | None" = None) -> dict[str, Any]:
        """As Vercel is sent it. `before`: as it lives, for what is left out; a value that nobody has stays out."""
        ours = "encrypted" if "development" in self.targets else "sensitive"
        usual = ours if isinstance(self.value, SecretText) else "plain"
        body = {
            "key": self.name,
            "value": self.value,
            "type": self.type or (before.type if before else usual),
            "target": [one for one in self.targets if one in TARGETS],
            "gitBranch": self.branch or None,
            "comment": self.comment if self.comment is not None else (before.comment if before else marker) or None,
        }
        kept = ("gitBranch",) if before is not None and before.branch else ()
        return {name: value for name, value in body.items() if value is not None or name in kept}


def _moment(milliseconds: int) -> str:
    """Vercel tells time in milliseconds since 1970."""
    at = dt.datetime.fromtimestamp(milliseconds / 1000, dt.UTC)
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")
