"""What hangs on Vercel's projects: domains, checks, webhooks. Sources as in `kinds`."""

import re
from collections.abc import Mapping
from typing import Annotated, Any, Literal, Self

from pydantic import Field, ValidationInfo, WithJsonSchema, field_validator, model_validator

from ...model.resource import STACK_FILE, Immutable, Key, ReadOnly, RefersTo, Secret, is_pending
from ...model.secret import SecretText
from ...wire.rest import Endpoint, RestResource
from .kinds import Raw

_TOLD = WithJsonSchema({"type": "string", "readOnly": True})
_HOST = re.compile(r"(?:\*\.)?(?:[a-z0-9_-]+\.)+[a-z][a-z0-9-]+\Z")


class _InProject(RestResource):
    """What a project's listing holds and a stack file says beside it."""

    inside = "project"

    project: Annotated[str, RefersTo("vercel.project"), Immutable] = Field(description="the project it belongs to")

    def container(self) -> str:
        return self.project


class Domain(_InProject):
    """A domain that a project answers at, or that leads elsewhere. It needs a CNAME to `target`, at an apex an A to
    `ipv4`; where another account uses it, also a TXT, which Vercel tells only until it has seen it."""

    kind = "vercel.domain"
    endpoint = Endpoint("/v9/projects/{}/domains", many="domains", id="name")

    host: Annotated[str, Immutable] = Field(alias="name", min_length=1, description="the host name")
    branch: str = Field("", alias="gitBranch", max_length=250, description="shows this branch instead of production")
    redirect: str = Field("", description="the host that it leads to")
    redirect_status: Literal[301, 302, 307, 308] | None = Field(None, alias="redirectStatusCode")
    target: Annotated[str | None, ReadOnly] = Field(None, description="what its CNAME must point to")
    ipv4: Annotated[str | None, ReadOnly] = Field(None, description="what its A must point to, at an apex")
    misconfigured: Annotated[bool | None, ReadOnly] = Field(None, description="whether DNS does not lead to Vercel")
    verified: Annotated[bool, ReadOnly] = Field(False, description="whether it is this account's to use")
    verify_name: Annotated[str | None, ReadOnly] = Field(None, description="where Vercel looks for a TXT")
    verify_value: Annotated[str | None, ReadOnly] = Field(None, description="what that TXT must hold, while asked for")

    @field_validator("host", "redirect")
    @classmethod
    def _host(cls, value: str, info: ValidationInfo) -> str:
        if is_pending(value) or not value:
            return value
        host = value.lower().removesuffix(".")
        if info.context == STACK_FILE and not _HOST.match(host):
            raise ValueError(f"{value!r} is no domain")
        return host

    @model_validator(mode="after")
    def _rules(self, info: ValidationInfo) -> Self:
        if info.context != STACK_FILE:
            return self
        if self.host.endswith(".vercel.app"):
            raise ValueError("Vercel gives and takes the domains below vercel.app itself")
        if self.redirect == self.host:
            raise ValueError("a domain does not redirect to itself")
        if self.branch and self.redirect:
            raise ValueError("a domain either shows a branch or redirects")
        if self.redirect_status is not None and not self.redirect:
            raise ValueError("`redirect_status` needs `redirect`")
        return self

    @classmethod
    def answered(cls, values: Raw) -> Self:
        """From the vendor's answer; the TXT is known by `verification`, its name also by the apex."""
        asked: Raw = next((one for one in values.get("verification") or () if one.get("type") == "TXT"), {})
        apex = values.get("apexName")
        told = {name: values.get(name) or "" for name in ("gitBranch", "redirect")}
        place = asked.get("domain") or (f"_vercel.{apex}" if apex else None)
        return super().answered({**values, **told, "verify_name": place, "verify_value": asked.get("value")})

    def keys(self) -> tuple[Key, ...]:
        return ((self.host,),)

    def apart_by(self) -> str:
        return self.host

    def asks_of_dns(self) -> Mapping[str, frozenset[str]]:
        """Where Vercel sees that DNS leads to it, by records of whatever age, it does."""
        told = frozenset(one for one in (self.target, self.ipv4) if one)
        return {} if self.misconfigured is False else {self.host: told}

    def body(self, marker: str = "", *, making: bool = True) -> dict[str, Any]:
        """A change says null for what is none; the making leaves it out."""
        status = self.redirect_status if self.redirect else None
        body = {"gitBranch": self.branch or None, "redirect": self.redirect or None, "redirectStatusCode": status}
        if making:
            return {"name": self.host, **{name: value for name, value in body.items() if value is not None}}
        return body if status is not None or not self.redirect else {**body, "redirectStatusCode": 308}

    def with_config(self, config: Raw) -> Self:
        """With the records that it needs: those of rank 1 (docs page of the domain's configuration)."""
        names = [one["value"] for one in config.get("recommendedCNAME") or () if one.get("rank") == 1]
        numbers = [one["value"] for one in config.get("recommendedIPv4") or () if one.get("rank") == 1]
        told = {
            "target": str(names[0]).removesuffix(".") if names else None,
            "ipv4": numbers[0][0] if numbers and numbers[0] else None,
            "misconfigured": config.get("misconfigured"),
        }
        return self.model_copy(update=told)


class Check(_InProject):
    """What must be green before a production build takes over (docs page deployment-checks)."""

    kind = "vercel.check"
    endpoint = Endpoint("/v2/projects/{}/checks", many="checks")

    name: str = Field(min_length=1, description="unique in the project")
    github: Annotated[str | None, Immutable] = Field(
        None, alias="externalCheckName", description="the check or workflow on GitHub, by the name it reports"
    )
    requires: Literal["build-ready", "deployment-url", "none"] = Field(
        "deployment-url", description="what must be there before it can run"
    )
    blocks: Literal["build-start", "deployment-start", "deployment-alias", "deployment-promotion", "none"] = Field(
        "deployment-alias", description="what waits for it; deployment-alias: the domains"
    )
    targets: tuple[Literal["production", "preview"] | str, ...] = Field(
        ("production",), min_length=1, description="which deployments wait"
    )
    timeout: int | None = Field(None, ge=1, description="how long it is waited for, in Vercel's unit")
    rerequestable: bool | None = Field(None, alias="isRerequestable", description="whether it can be asked for again")

    @field_validator("targets")
    @classmethod
    def _targets(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(sorted(set(value)))

    @classmethod
    def answered(cls, values: Raw) -> Self:
        """From the vendor's answer, which names the check at its source."""
        return super().answered({**values, "externalCheckName": (values.get("source") or {}).get("externalCheckName")})

    def keys(self) -> tuple[Key, ...]:
        return ((self.project, self.name),)

    def body(self, marker: str = "", *, making: bool = True) -> dict[str, Any]:
        """The source is told at the making only: the SDK's call that changes a check has none."""
        body = {name: getattr(self, name) for name in ("name", "requires", "blocks", "timeout")}
        body |= {"targets": list(self.targets), "isRerequestable": self.rerequestable}
        if making and self.github:
            body["source"] = {"kind": "git-provider", "provider": "github", "externalCheckName": self.github}
        return {name: value for name, value in body.items() if value is not None}


class Webhook(RestResource):
    """Who is called when something happens. It is never changed, so a change makes another, with another secret."""

    kind = "vercel.webhook"
    endpoint = Endpoint("/v1/webhooks")

    url: Annotated[str, Immutable] = Field(min_length=1, description="https address", examples=["https://example.net"])
    events: Annotated[tuple[str, ...], Immutable] = Field(
        min_length=1, description="deployment.error, project.domain.unverified, …", examples=[["deployment.error"]]
    )
    projects: Annotated[tuple[str, ...], RefersTo("vercel.project"), Immutable] = Field(
        (), description="of these projects; of all where none is named"
    )
    secret: Annotated[SecretText | None, ReadOnly, Secret, _TOLD] = Field(
        None, description="signs what is sent; known only right after the making"
    )

    @field_validator("url")
    @classmethod
    def _url(cls, value: str, info: ValidationInfo) -> str:
        if info.context == STACK_FILE and not is_pending(value) and not re.match(r"https?://[^\s/]", value):
            raise ValueError("an address begins with https:// or http://")
        return value

    @field_validator("events", "projects", mode="before")
    @classmethod
    def _set(cls, value: Any) -> Any:
        value = (value,) if isinstance(value, str) else value
        texts = isinstance(value, list | tuple) and all(isinstance(one, str) for one in value)
        return tuple(sorted(set(value))) if texts else value

    @classmethod
    def answered(cls, values: Raw) -> Self:
        """From the vendor's answer; the secret is in that to the making alone."""
        secret = values.get("secret")
        return super().answered({**values, "secret": SecretText(secret, "webhook secret") if secret else None})

    def keys(self) -> tuple[Key, ...]:
        return ((self.url, "+".join(self.projects)), (self.url,))
