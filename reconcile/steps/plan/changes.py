"""One change, or one thing that is missing, of what was compared: the making alone, no decision."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Literal

from ...model.change import Change, FieldChange
from ...model.exits import AUTH, PERSON
from ...model.observation import Gap, Mark, Seen
from ...model.resource import Address
from ...model.spec import Declared, Place
from .diff import initial


def missing(one: Declared) -> Gap:
    """What must be there and is not: a person's to make (16), or somebody else's (17)."""
    title, person = one.resource.title(), one.resource.by_hand()
    if person:
        return Gap(one.account, one.address.full_kind, title, f"{one.address} is not there: {person}", exit_code=PERSON)
    return Gap(one.account, one.address.full_kind, title, f"{title} is not in this account")


def elsewhere(one: Declared) -> Gap:
    """The one thing that the stack file names by its id is not there: nothing else takes its place unasked."""
    why = (
        f"{one.address} is to be {one.pinned}, which is not there: put it back, "
        "or take `id` out of the stack file to have another"
    )
    return Gap(one.account, one.address.full_kind, one.resource.title(), why, exit_code=PERSON)


def unknown(one: Declared) -> Gap:
    """A secret that somebody wrote, and that cannot be put back from here."""
    why = f"{one.address} was written since it was applied, and the value that was applied is not known here"
    return Gap(one.account, one.address.full_kind, one.resource.container(), why, exit_code=AUTH)


def unfit(one: Declared, why: str) -> Gap:
    """What is there and will not do: a person's to put right."""
    told = f"{one.address} will not do: {why}"
    return Gap(one.account, one.address.full_kind, one.resource.title(), told, exit_code=PERSON)


def created(one: Declared, project: str, *, known: bool) -> Change:
    """`known`: it was there before, so that its absence is drift. A kind that takes marks is marked for `project`."""
    kind = type(one.resource)
    mark = ""
    if kind.marker_field and getattr(one.resource, kind.marker_field) is None:
        mark = str(Mark.of(project, one.stack, one.address))
    return Change(
        stack=one.stack,
        account=one.account,
        address=one.address,
        verb="create",
        cause="drift" if known else "git",
        key=one.resource.keys()[0],
        container=one.resource.container(),
        before=None,
        after=one.resource,
        fields=initial(one.resource, one.references),
        marker=mark,
        references=one.references,
        needs=one.needs,
        at=one.at,
    )


def changed(
    one: Declared,
    seen: Seen,
    fields: tuple[FieldChange, ...],
    verb: Literal["update", "replace", "adopt"],
    cause: str,
    left: tuple[str, ...],
) -> Change:
    return Change(
        stack=one.stack,
        account=one.account,
        address=one.address,
        verb=verb,
        cause=cause,  # type: ignore[arg-type]
        key=one.resource.keys()[0],
        container=one.resource.container(),
        before=seen.resource,
        after=one.resource,
        id=seen.id,
        fields=fields,
        references=one.references,
        managed=seen.managed,
        needs=one.needs,
        left=left,
        at=one.at,
    )


def outdated(one: Declared, seen: Seen, project: str, moved: Mapping[Place, Address]) -> FieldChange | None:
    """Our mark on a thing of ours, where it still names the address that the thing was moved from."""
    kind = type(one.resource)
    if not moved or not kind.marker_field or getattr(one.resource, kind.marker_field) is not None:
        return None
    former = (Mark.of(project, *old) for old, new in moved.items() if (old.stack, new) == one.place)
    if seen.owner is None or seen.owner not in former:
        return None
    return FieldChange(kind.marker_field, before=str(seen.owner), after=str(Mark.of(project, *one.place)))


def marked(change: Change, mark: FieldChange | None) -> Change:
    """The change, which leaves that mark besides."""
    return replace(change, fields=(*change.fields, mark), marker=str(mark.after)) if mark is not None else change


def deleted(stack: str, address: Address, account: str, seen: Seen) -> Change:
    return Change(
        stack=stack,
        account=account,
        address=address,
        verb="delete",
        cause="git",
        key=seen.key,
        container=seen.resource.container(),
        before=seen.resource,
        after=None,
        id=seen.id,
        managed=seen.managed,
    )
