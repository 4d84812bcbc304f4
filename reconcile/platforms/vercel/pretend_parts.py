"""The things of the pretend Vercel: their fields, what each takes, and how a person types them."""

import hashlib
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from ...model.pretend import Thing, World

_FRAMEWORKS = (
    "container blitzjs nextjs gatsby remix react-router astro hexo eleventy docusaurus-2 docusaurus preact solidstart "
    "solidstart-1 dojo ember vue scully ionic-angular angular polymer svelte sveltekit sveltekit-1 ionic-react "
    "create-react-app gridsome umijs sapper saber stencil nuxtjs redwoodjs hugo jekyll brunch middleman zola hydrogen "
    "vite tanstack-start vitepress vuepress parcel fastapi flask fasthtml django ash eve sanity sanity-v2 storybook "
    "nitro hono express h3 koa nestjs elysia fastify xmcp python ruby rust axum actix-web bun node go services mastra"
)
FRAMEWORKS = frozenset(_FRAMEWORKS.split(" "))
"""The slugs of the SDK's call that makes a project."""
NODES = tuple(f"{number}.x" for number in (24, 22, 20, 18, 16, 14, 12, 10))
TARGETS = ("production", "preview", "development")
PROTECTIONS = ("all", "preview", "prod_deployment_urls_and_all_previews", "all_except_custom_domains")
GITHUB_APP = "To link a GitHub repository, you need to install the GitHub integration first."
_HOST = re.compile(r"(?:\*\.)?[a-z0-9-]+(\.[a-z0-9-]+)+\Z")


class Refused(Exception):
    """What Vercel answers instead; `more` stands beside code and message."""

    def __init__(self, status: int, code: str, message: str, **more: Any) -> None:
        super().__init__(message)
        self.status, self.code, self.more = status, code, more


@dataclass(frozen=True)
class Setting:
    """What a field takes, whether the call that makes a thing knows it, and how typed text becomes it."""

    takes: Callable[[Any], bool]
    at_birth: bool = True
    typed: Callable[[str], Any] = lambda text: text


def _text(value: Any) -> bool:
    return value is None or (isinstance(value, str) and 0 < len(value) <= 256)


def _flag(value: Any) -> bool:
    return isinstance(value, bool)


def _listed(text: str) -> list[str]:
    return [one for one in text.split(",") if one]


def _switch(text: str) -> Any:
    return {"true": True, "false": False}.get(text, text)


def _number(text: str) -> Any:
    return int(text) if text.isdecimal() else text


def _none(text: str) -> str | None:
    return None if text in ("", "null") else text


def _regions(value: Any) -> bool:
    regions = value.get("functionDefaultRegions") if isinstance(value, dict) else None
    return (
        isinstance(regions, list) and bool(regions) and all(isinstance(one, str) and len(one) <= 4 for one in regions)
    )


SETTINGS: Mapping[str, Setting] = {
    "framework": Setting(lambda value: value is None or value in FRAMEWORKS, typed=_none),
    **{
        name: Setting(_text, typed=_none)
        for name in ("buildCommand", "devCommand", "installCommand", "outputDirectory", "rootDirectory")
    },
    "commandForIgnoringBuildStep": Setting(_text, typed=_none),
    "nodeVersion": Setting(lambda value: value in NODES, at_birth=False),
    **{
        name: Setting(_flag, at_birth=False, typed=_switch)
        for name in ("autoAssignCustomDomains", "autoExposeSystemEnvs", "directoryListing", "gitForkProtection")
    },
    "sourceFilesOutsideRootDirectory": Setting(_flag, at_birth=False, typed=_switch),
    "ssoProtection": Setting(
        lambda value: value is None or (isinstance(value, dict) and value.get("deploymentType") in PROTECTIONS),
        typed=lambda text: None if text == "none" else {"deploymentType": text},
    ),
    "resourceConfig": Setting(_regions, typed=lambda text: {"functionDefaultRegions": _listed(text)}),
}
"""Of a project, beside name and repository. What is not `at_birth` only the call that changes one takes (API
description)."""
VARIABLE = ("key", "value", "type", "target", "gitBranch", "comment", "customEnvironmentIds")
DOMAIN: Mapping[str, Setting] = {
    "gitBranch": Setting(_text, typed=_none),
    "redirect": Setting(lambda value: value is None or bool(_HOST.match(str(value))), typed=_none),
    "redirectStatusCode": Setting(lambda value: value in (None, 301, 302, 307, 308), typed=_number),
}
CHECK: Mapping[str, Setting] = {
    "name": Setting(lambda value: isinstance(value, str) and bool(value)),
    "requires": Setting(lambda value: value in ("build-ready", "deployment-url", "none")),
    "blocks": Setting(
        lambda value: value in ("build-start", "deployment-start", "deployment-alias", "deployment-promotion", "none")
    ),
    "targets": Setting(
        lambda value: isinstance(value, list) and bool(value) and set(value) <= {"production", "preview"}, typed=_listed
    ),
    "timeout": Setting(lambda value: isinstance(value, int) and value > 0, typed=_number),
    "isRerequestable": Setting(_flag, typed=_switch),
}


def new_project(world: World, owner: str, body: Mapping[str, Any]) -> Thing:
    """As Vercel makes it of a name, by recorded answers."""
    name, now = body.get("name"), int(world.now().timestamp() * 1000)
    usual = {"functionDefaultRegions": ["iad1"], "functionDefaultTimeout": 300, "fluid": True}
    nothing = ("framework", "buildCommand", "devCommand", "installCommand", "outputDirectory", "rootDirectory")
    thing: Thing = {"id": f"prj_{world.new_id(28)}", "accountId": owner, "name": "", "createdAt": now, "updatedAt": now}
    thing |= dict.fromkeys((*nothing, "commandForIgnoringBuildStep"))
    thing |= {"nodeVersion": "22.x", "autoAssignCustomDomains": True, "autoExposeSystemEnvs": True}
    thing |= {"directoryListing": False, "gitForkProtection": True, "sourceFilesOutsideRootDirectory": True}
    thing |= {"ssoProtection": {"deploymentType": "all_except_custom_domains"}, "resourceConfig": usual}
    thing |= {"defaultResourceConfig": usual, "alias": [], "deploymentExpiration": {}, "targets": {}}
    return _named(thing, name)


def _named(thing: Thing, name: Any) -> Thing:
    if not isinstance(name, str) or not re.fullmatch(r"[a-z0-9._-]{1,100}", name) or "---" in name:
        raise Refused(400, "bad_request", "Project names can be up to 100 characters long and must be lowercase.")
    return {**thing, "name": name}


def settings(thing: Thing, body: Mapping[str, Any]) -> Thing:
    """A project with what a body says of it; null is what Vercel finds out itself."""
    for name, value in body.items():
        if name == "name":
            thing = _named(thing, value)
        elif name in SETTINGS:
            if not SETTINGS[name].takes(value):
                raise Refused(400, "bad_request", f"Invalid request: `{name}` is not allowed to be {value!r}.")
            thing = {**thing, name: {**thing[name], **value} if name == "resourceConfig" else value}
    return thing


def variable_fields(thing: Thing, body: Mapping[str, Any], *, whole: bool = False) -> Thing:
    """A variable with what a body says of it; `whole`: one that is made, which needs all."""
    lacking = [name for name in ("key", "value", "type", "target") if whole and name not in body]
    if lacking:
        raise Refused(400, "bad_request", f"Invalid request: missing required property `{lacking[0]}`.")
    target = body.get("target", thing["target"])
    new = {**thing, "name": body.get("key", thing["name"]), "target": [target] if isinstance(target, str) else target}
    new |= {name: body[name] for name in ("value", "type", "gitBranch", "comment") if name in body}
    about = {"key": new["name"], "envVarKey": new["name"], "target": new["target"], "gitBranch": new["gitBranch"]}
    if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", str(new["name"])):
        raise Refused(
            400, "INVALID_KEY", "A name holds letters, digits and underscores, and begins with no digit.", **about
        )
    if new["type"] not in ("plain", "encrypted", "sensitive") or not isinstance(new["value"], str):
        raise Refused(400, "bad_request", "Invalid request: `type` or `value` is not allowed.", **about)
    if not new["target"] or not set(new["target"]) <= set(TARGETS):
        raise Refused(400, "bad_request", "Invalid request: `target` is not allowed.", **about)
    if new["gitBranch"] and new["target"] != ["preview"]:
        raise Refused(400, "bad_request", "A Git branch is for the target preview alone.", **about)
    if new["type"] == "sensitive" and "development" in new["target"]:
        raise Refused(
            400, "bad_request", "You cannot set a Sensitive Environment Variable's target to development.", **about
        )
    return {**new, "gitBranch": new["gitBranch"] or None}


def check_fields(thing: Thing, body: Mapping[str, Any], known: Mapping[str, Setting]) -> Thing:
    """A domain or a check with what a body says of it."""
    for name, value in body.items():
        if name in known and not known[name].takes(value):
            raise Refused(400, "bad_request", f"Invalid request: `{name}` is not allowed to be {value!r}.")
    new = {**thing, **{name: value for name, value in body.items() if name in known}}
    if known is DOMAIN:
        if not _HOST.match(new["name"]):
            raise Refused(400, "invalid_domain", "The domain is not valid")
        if new["gitBranch"] and new["redirect"]:
            raise Refused(400, "bad_request", "You can't set both a git branch and a redirect for the domain")
        if new["redirect"] == new["name"]:
            raise Refused(400, "bad_request", "A domain cannot redirect to itself")
    return new


def by_hand(kind: str, thing: Thing, fields: Mapping[str, str]) -> Thing:
    """A thing after what a person types at the dashboard. Raises Refused."""
    forms = {"project": _project_form, "variable": _variable_form, "domain": _domain_form, "check": _check_form}
    return forms[kind](thing, fields)


def _project_form(thing: Thing, fields: Mapping[str, str]) -> Thing:
    for name, text in fields.items():
        if name == "name":
            thing = _named(thing, text)
        elif name == "functionDefaultRegions":
            thing = settings(thing, {"resourceConfig": SETTINGS["resourceConfig"].typed(text)})
        elif name in SETTINGS:
            thing = settings(thing, {name: SETTINGS[name].typed(text)})
        elif name.startswith("gitRepository."):
            thing = {**thing, "link": _relinked(thing.get("link"), name.partition(".")[2], text)}
        elif name == "readyState":
            thing = {**thing, "targets": {"production": {"id": "dpl_1", "readyState": text}}}
        elif name == "hiddenProductionEnvCount":
            thing = {**thing, "hidden": int(text)}
        elif name == "undecrypted":
            thing = {**thing, "undecrypted": text == "true"}
        else:
            raise Refused(400, "bad_request", f"a project has no field {name!r}; it has name, {', '.join(SETTINGS)}")
    return thing


def _relinked(link: Thing | None, part: str, text: str) -> Thing:
    words = {"github": ("org", "repo"), "gitlab": ("projectNamespace", "projectName"), "bitbucket": ("owner", "slug")}
    told: Thing = {"type": "github", "org": "example", "repo": "example", "productionBranch": "main"}
    told |= {"deployHooks": [], "gitCredentialId": "cred_1", **(link or {})}
    one, other = words[told["type"]]
    if part == "branch":
        return {**told, "productionBranch": text}
    if part == "repo" and re.fullmatch(r"[\w.-]+/[\w.-]+", text):
        return {**told, one: text.partition("/")[0], other: text.partition("/")[2]}
    if part == "type" and text in words:
        return {**told, "type": text, words[text][0]: told[one], words[text][1]: told[other]}
    raise Refused(400, "bad_request", f"{text!r} is no {part} of a repository")


def _variable_form(thing: Thing, fields: Mapping[str, str]) -> Thing:
    typed: dict[str, Any] = {{"name": "key"}.get(name, name): text for name, text in fields.items()}
    if "target" in typed:
        typed["target"] = _listed(typed["target"])
    if "gitBranch" in typed:
        typed["gitBranch"] = typed["gitBranch"] or None
    odd = [name for name in typed if name not in (*VARIABLE, "configurationId")]
    if odd:
        raise Refused(400, "bad_request", f"a variable has no field {odd[0]!r}; it has {', '.join(VARIABLE)}")
    whose = {"configurationId": typed.pop("configurationId")} if "configurationId" in typed else {}
    return {**variable_fields(thing, typed), **whose}


def _domain_form(thing: Thing, fields: Mapping[str, str]) -> Thing:
    for name, text in fields.items():
        if name in DOMAIN:
            thing = check_fields(thing, {name: DOMAIN[name].typed(text)}, DOMAIN)
        elif name in ("verified", "misconfigured"):
            thing = {**thing, name: text == "true"}
        elif name != "name" or text != thing["name"]:
            raise Refused(400, "bad_request", f"a domain has no field {name!r} to edit; it has {', '.join(DOMAIN)}")
    return thing


def _check_form(thing: Thing, fields: Mapping[str, str]) -> Thing:
    for name, text in fields.items():
        if name in CHECK:
            thing = check_fields(thing, {name: CHECK[name].typed(text)}, CHECK)
        elif name == "externalCheckName" and text != (thing["source"] or {}).get("externalCheckName"):
            raise Refused(400, "bad_request", "the source of a check stays: make another")
        elif name == "sourceKind":
            thing = {**thing, "sourceKind": text, "source": {"kind": text}}
        elif name != "externalCheckName":
            raise Refused(400, "bad_request", f"a check has no field {name!r}; it has {', '.join(CHECK)}")
    return thing


def stamp(world: World, thing: Thing) -> Thing:
    """Written now; never at the moment of the writing before."""
    now = int(world.now().timestamp() * 1000)
    return {**thing, "updatedAt": max(now, int(thing["updatedAt"]) + 1)}


def cipher(value: str) -> str:
    """What stands for an encrypted value in an answer."""
    return "eyJ2IjoidjIi" + hashlib.sha256(value.encode()).hexdigest()


def apex_of(host: str) -> str:
    """The name that is registered, as far as two labels tell it."""
    return ".".join(host.split(".")[-2:])
