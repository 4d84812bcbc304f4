"""Every edit that a person could make to a thing behind our back: one for each field, and each part of a field."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal, get_args, get_origin

from pydantic import BaseModel, ValidationError

from reconcile.model.resource import Resource

from .examples_railway import HAND
from .samples import Sample, others, plain, repaired


@dataclass(frozen=True)
class Exemption:
    """A field that nobody can edit at the platform, and of which resources that is so."""

    why: str
    of: Callable[[Resource], bool] = lambda resource: True


def _no_proxy(resource: Resource) -> bool:
    return getattr(resource, "type", "") not in ("A", "AAAA", "CNAME")


EXEMPT: Mapping[tuple[str, str], Exemption] = {
    ("cloudflare.record", "zone"): Exemption("a record stands in its zone for good; the console offers no move"),
    ("cloudflare.record", "proxied"): Exemption("Cloudflare proxies A, AAAA and CNAME only", _no_proxy),
    ("cloudflare.record", "ttl"): Exemption(
        "the TTL of a proxied record is always automatic", lambda one: bool(getattr(one, "proxied", False))
    ),
    ("betterstack.heartbeat", "team_name"): Exemption("a heartbeat stays in the team it was made in"),
    ("railway.environment", "project"): Exemption("an environment stays in its project"),
    ("railway.service", "project"): Exemption("a service stays in its project"),
    ("railway.instance", "service"): Exemption("an instance is a service's own"),
    ("railway.instance", "environment"): Exemption("an instance is its environment's own"),
    ("railway.variable", "instance"): Exemption("a variable stays at its instance"),
    ("railway.variable", "name"): Exemption("the name is all that a variable is known by: another name is another one"),
    ("railway.variable", "sealed"): Exemption("sealing is for good: it is found, and nothing puts it back"),
    ("railway.shared-variable", "environment"): Exemption("a shared variable stays in its environment"),
    ("railway.shared-variable", "name"): Exemption("as of a variable"),
    ("railway.shared-variable", "sealed"): Exemption("as of a variable"),
    ("railway.domain", "instance"): Exemption("a domain stays at its instance"),
    ("railway.domain", "host"): Exemption("a domain is made and deleted, never renamed"),
    ("railway.service-domain", "instance"): Exemption("a domain stays at its instance"),
    ("railway.tcp-proxy", "instance"): Exemption("a proxy stays at its instance"),
    ("railway.volume", "instance"): Exemption("the console mounts a volume elsewhere only by taking it off first"),
    ("vercel.variable", "project"): Exemption("a variable stays in its project"),
    ("vercel.variable", "branch"): Exemption(
        "a branch is for previews alone", lambda one: getattr(one, "targets", ()) != ("preview",)
    ),
    ("vercel.variable", "targets"): Exemption(
        "a branch is for previews alone", lambda one: bool(getattr(one, "branch", ""))
    ),
    ("vercel.domain", "project"): Exemption("a domain moves only by leaving its project first"),
    ("vercel.domain", "host"): Exemption("a domain is added and removed, never renamed"),
    ("vercel.domain", "branch"): Exemption(
        "what redirects shows no branch", lambda one: bool(getattr(one, "redirect", ""))
    ),
    ("vercel.domain", "redirect"): Exemption(
        "what shows a branch redirects not", lambda one: bool(getattr(one, "branch", ""))
    ),
    ("vercel.check", "project"): Exemption("a check stays in its project"),
    ("vercel.check", "github"): Exemption("the source of a check is told once, when it is made"),
    ("vercel.webhook", "url"): Exemption("a webhook is added and removed, never changed"),
    ("vercel.webhook", "events"): Exemption("as its address"),
    ("vercel.webhook", "projects"): Exemption("as its address"),
    ("r2.bucket", "name"): Exemption("a bucket is never renamed"),
    ("r2.bucket", "jurisdiction"): Exemption("a bucket stays in its jurisdiction"),
    ("r2.bucket", "location"): Exemption("a hint, said once: nobody decides where a bucket is"),
    **{
        (f"r2.{word}", "bucket"): Exemption("it is its bucket's own")
        for word in ("cors", "lifecycle", "lock", "domain", "public-access")
    },
    ("r2.domain", "zone"): Exemption("a domain is connected and taken off, never changed"),
    ("r2.domain", "host"): Exemption("as its zone"),
    **{
        (f"github.{word}", field): Exemption(why)
        for word, group in (("secret", "repository"), ("environment-secret", "environment"))
        for field, why in (
            (group, "a secret stays where it is"),
            ("name", "a secret is made and deleted, never renamed"),
            ("value", "nobody reads it back; that somebody wrote it is asked in tests/github"),
        )
    },
}
COUPLED: Mapping[tuple[str, str], str] = {
    ("cloudflare.record", "type"): "the value is written differently from type to type, and moves with it",
    ("cloudflare.record", "proxied"): "a proxied record loses its own TTL",
}
"""Fields whose edit moves others with it, by the platform's nature."""


@dataclass(frozen=True)
class Edit:
    """What is typed into the console, and the fields of ours that then differ."""

    field: str
    typed: Mapping[str, str]
    differs: frozenset[str]


def exempt(resource: Resource, name: str) -> bool:
    found = EXEMPT.get((resource.kind, name))
    return found is not None and found.of(resource)


def cases(sample: Sample) -> Iterator[str]:
    """`field`, or `field.part` for each part of one that has parts: all that a plan compares of this resource."""
    resource = sample.declared()
    for name in resource.comparable():
        value = plain(getattr(resource, name))
        if isinstance(value, Mapping) and value:
            yield from (f"{name}.{part}" for part in value)
        elif value is not None:
            yield name


def edits(sample: Sample, case: str) -> list[Edit]:
    """Valid edits of one case, those that move the fewest fields first."""
    name, _, part = case.partition(".")
    old = sample.declared()
    value, annotation = plain(getattr(old, name)), sample.kind.model_fields[name].annotation
    word = get_origin(annotation) is Literal
    found = []
    for other in others(value[part], _part(annotation, part)) if part else others(value, annotation):
        new = {**value, part: other} if part else other
        values: Mapping[str, Any] | None = {**sample.values, name: new}
        if (sample.kind.kind, name) in COUPLED:
            values = repaired(sample, {**sample.values, name: new}, {name, "name"})
        edit = _edit(sample, old, case, values) if values is not None else None
        if edit is not None:
            found.append(edit)
    return sorted(found, key=lambda edit: len(edit.differs)) if word else found


def _part(annotation: Any, name: str) -> Any:
    """The type of one part of a field that has parts; None where that is not known."""
    for one in (annotation, *get_args(annotation)):
        if isinstance(one, type) and issubclass(one, BaseModel):
            return one.model_fields[name].annotation
    return None


def _edit(sample: Sample, old: Resource, case: str, values: Mapping[str, Any]) -> Edit | None:
    name, _, part = case.partition(".")
    try:
        new = Sample(sample.kind, sample.name, values).declared()
    except ValidationError:
        return None
    differs = frozenset(
        each for each in old.comparable() if getattr(old, each) is not None and getattr(old, each) != getattr(new, each)
    )
    if name not in differs:
        return None
    # A word that decides how the rest is written is typed together with the rest.
    whole = get_origin(sample.kind.model_fields[name].annotation) is Literal
    typed = _typed(sample.kind, values) if whole else _typed(sample.kind, {name: values[name]}, part)
    return Edit(name, typed, differs)


def _typed(kind: type[Resource], values: Mapping[str, Any], only: str = "") -> dict[str, str]:
    """Values as a person types them, by the vendor's names."""
    typed = {}
    for name, value in values.items():
        called = HAND[kind.kind].get(name, name) if kind.kind in HAND else kind.model_fields[name].alias or name
        if not isinstance(called, str):
            typed.update({part: _word(each) for part, each in called(value).items()})
        elif isinstance(value, Mapping):
            typed.update({f"{called}.{part}": _word(each) for part, each in value.items() if only in ("", part)})
        else:
            typed[called] = _word(value)
    return typed


def _word(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, tuple | list):
        return ",".join(map(str, value))
    return str(value)
