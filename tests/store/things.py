"""A small platform's nouns, to fill a ledger with."""

from typing import Annotated, Any, ClassVar

from pydantic import ConfigDict

from reconcile.model.change import Cause, Change, FieldChange, Outcome, Status, Verb
from reconcile.model.memory import Applied, Owned
from reconcile.model.resource import Address, Key, ReadOnly, Resource, Secret
from reconcile.model.secret import SecretText


class Record(Resource):
    kind: ClassVar[str] = "toy.record"

    name: str
    content: str = ""
    ttl: int | None = None
    tags: tuple[str, ...] | None = None
    modified: Annotated[str, ReadOnly] = ""

    def keys(self) -> tuple[Key, ...]:
        return ((self.name, self.content), (self.name,))


class Variable(Resource):
    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True, arbitrary_types_allowed=True)
    kind: ClassVar[str] = "toy.variable"

    name: str
    value: Annotated[SecretText, Secret]
    seed: Annotated[str, Secret] = ""
    note: str = ""
    headers: dict[str, Any] | None = None


def record(name: str = "www", content: str = "192.0.2.1", **more: Any) -> Record:
    return Record(name=name, content=content, **more)


def change(
    after: Resource | None = None,
    *,
    before: Resource | None = None,
    verb: Verb = "create",
    stack: str = "web",
    cause: Cause = "git",
    id: str = "",
    fields: tuple[FieldChange, ...] = (),
    references: dict[str, str] | None = None,
    name: str = "",
) -> Change:
    thing = after if after is not None else before
    assert thing is not None
    platform, _, kind = type(thing).kind.partition(".")
    return Change(
        stack=stack,
        account="acme",
        address=Address(platform, kind, name or str(thing.keys()[0][0])),
        verb=verb,
        cause=cause,
        key=thing.keys()[0],
        container="",
        before=before,
        after=after,
        id=id,
        fields=fields,
        references=references or {},
    )


def outcome(
    of: Change, status: Status = "done", *, id: str = "", resource: Resource | None = None, error: str = ""
) -> Outcome:
    return Outcome(of, status, id=id, resource=resource, error=error)


def owned(number: int, *, stack: str = "web", id: str = "") -> Owned:
    name = f"n{number}"
    return Owned("acme", "toy.record", (name, "192.0.2.1"), id or f"id{number}", Address("toy", "record", name), stack)


def applied(number: int, *, stack: str = "web") -> Applied:
    fields = {"name": f"n{number}", "content": "192.0.2.1", "ttl": 300, "proxied": False, "comment": "a comment"}
    return Applied(stack, Address("toy", "record", f"n{number}"), "c0ffee", fields, at="2026-01-01T00:00:00Z")
