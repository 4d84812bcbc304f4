"""Which thing a person means who edits behind our back."""

from collections.abc import Mapping
from dataclasses import dataclass

from ..model.pretend import PretendPlatform, Thing
from .shelves import Place

_PREFIX = "where."


@dataclass(frozen=True)
class Found:
    """One thing in one account."""

    account: str
    id: str
    thing: Thing


@dataclass(frozen=True)
class Console:
    """A platform's console, open in all its accounts."""

    pretend: PretendPlatform
    place: Place
    accounts: tuple[str, ...]

    def check(self, kind: str) -> None:
        """Raises ValueError, naming the kinds there are."""
        if kind not in self.pretend.kinds():
            raise ValueError(f"{self.pretend.name} has no kind {kind!r}; it has {', '.join(self.pretend.kinds())}")

    def named(self, kind: str, name: str, account: str | None) -> list[Found]:
        """The things whose id, title or name that is."""
        found = []
        for owner, shelf in self.place.shelves(kind).items():
            if account not in (None, owner):
                continue
            for id, thing in shelf.items():
                if name in (id, thing.get("name"), self.pretend.title(kind, thing)):
                    found.append(Found(owner, id, thing))
        return found

    def one(self, kind: str, name: str, account: str | None, where: Mapping[str, str]) -> Found:
        """The one thing meant. Raises ValueError if there is none, or several: with their ids."""
        self.check(kind)
        found = [each for each in self.named(kind, name, account) if _fits(each.thing, where)]
        if len(found) > 1:
            found = [each for each in found if each.id == name] or found  # An id that is another's name too.
        if len(found) == 1:
            return found[0]
        asked = " ".join([repr(name), *(f"{field}={value}" for field, value in where.items())])
        if not found:
            raise ValueError(f"{self.pretend.name} holds no {kind} {asked}")
        shown = "\n".join(f"  {each.id}  {self._line(kind, each)}" for each in found)
        raise ValueError(f"{len(found)} of kind {kind} answer to {asked}; give an id or a selector:\n{shown}")

    def to_delete(self, kind: str, name: str, account: str | None, fields: Mapping[str, str]) -> Found:
        """Every pair is a selector."""
        return self.one(kind, name, account, {field.removeprefix(_PREFIX): value for field, value in fields.items()})

    def to_edit(
        self, kind: str, name: str, account: str | None, fields: Mapping[str, str]
    ) -> tuple[Found, dict[str, str]]:
        """The thing and what to write. `where.FIELD=VALUE` is a selector; so is `type=VALUE`, if without it several
        things answer to the name and one of them has that type."""
        where = {field.removeprefix(_PREFIX): value for field, value in fields.items() if field.startswith(_PREFIX)}
        plain = {field: value for field, value in fields.items() if not field.startswith(_PREFIX)}
        if "type" in plain:
            self.check(kind)
            fitting = [each for each in self.named(kind, name, account) if _fits(each.thing, where)]
            if len(fitting) > 1 and any(_fits(each.thing, {"type": plain["type"]}) for each in fitting):
                where["type"] = plain.pop("type")
        found = self.one(kind, name, account, where)
        if not plain:
            raise ValueError("nothing to edit: give FIELD=VALUE")
        return found, plain

    def owner(self, account: str | None) -> str:
        """The account to make a thing in. Raises ValueError where it must be named."""
        if account is None and len(self.accounts) == 1:
            return self.accounts[0]
        if account not in self.accounts:
            raise ValueError(f"name one of the accounts of {self.pretend.name}: {', '.join(self.accounts)}")
        return account

    def _line(self, kind: str, found: Found) -> str:
        told = ("type", "content", "value")
        thing = shown(self.pretend, kind, found.thing)
        facts = [str(thing[field]) for field in told if isinstance(thing.get(field), str)]
        return " ".join([self.pretend.title(kind, found.thing), *facts, f"(account {found.account})"])


def shown(pretend: PretendPlatform, kind: str, thing: Thing) -> Thing:
    """A copy, without what the vendor shows to nobody but its console: `Pretend.shown(kind, thing)` is optional."""
    told = getattr(pretend, "shown", None)
    return dict(thing) if told is None else dict(told(kind, thing))


def _fits(thing: Thing, where: Mapping[str, str]) -> bool:
    return all(field in thing and _text(thing[field]) == value for field, value in where.items())


def _text(value: object) -> str:
    """A value as a person types it: `true`, `null`, `1`."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return "null" if value is None else str(value)
