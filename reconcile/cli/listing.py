"""Everything below a prefix of an address, as it lives: what is declared there and what nobody declares.

A value that may be a secret is shown where the stack itself says it in plain and it lives as said; nowhere else.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, get_args

from ..model.memory import Memory
from ..model.observation import Container, Gap, Seen
from ..model.resource import Resource, Secret
from ..model.secret import SecretText
from ..model.spec import Declared, Tree
from ..steps.plan.diff import as_json
from ..steps.plan.seen import Sightings, is_watched
from .documents import gap_document
from .looking import Look, listings_of, look
from .plain import harmless, plain
from .rotated_by import rotated_by
from .showing import differences_of, told

if TYPE_CHECKING:
    from rich.console import Console

    from ..assemble import Workshop


_ROTATED = "rotated by "


@dataclass(frozen=True)
class Prefix:
    """`platform.kind`, or `platform.kind.group` where the kind is grouped."""

    kind: type[Resource]
    group: str = ""

    def __str__(self) -> str:
        return f"{self.kind.kind}.{self.group}" if self.group else self.kind.kind

    def holds(self, one: Declared) -> bool:
        return one.address.full_kind == self.kind.kind and (
            not self.group or one.address.name.startswith(f"{self.group}/")
        )

    def groups_by(self, one: Declared) -> bool:
        """Whether things of the kind stand in this one."""
        grouping = self.kind.refers().get(self.kind.group_by, "")
        return one.address.full_kind == grouping and self.group in ("", one.address.leaf)


@dataclass(frozen=True, order=True)
class Shelf:
    """What things of a kind stand in together: the thing that groups them by its own name, or their listing."""

    account: str
    place: str


@dataclass(frozen=True)
class Row:
    """One thing. `stack` and `address` are "" where no stack declares it; a secret in `fields` is {"hidden": True}."""

    stack: str
    address: str
    title: str
    state: str
    fields: dict[str, Any]


@dataclass(frozen=True)
class Listed:
    """`gaps`: what could not be seen."""

    prefix: Prefix
    shelves: dict[Shelf, list[Row]]
    gaps: tuple[Gap, ...]
    exit_code: int


@dataclass
class _Asked:
    """What is declared below the prefix, shelf by shelf, and the listings that tell the rest."""

    shelves: dict[Shelf, list[Declared]] = field(default_factory=dict)
    listings: set[tuple[str, Container]] = field(default_factory=set)


@dataclass(frozen=True)
class _Known:
    """What a row is told from; `today` is a date, UTC."""

    look: Look
    tree: Tree
    memory: Memory
    today: str


def prefix_of(shop: "Workshop", text: str) -> Prefix | None:
    """None where the text begins no address of a known kind, or says more than a prefix."""
    platform, _, rest = text.partition(".")
    word, _, group = rest.partition(".")
    kind = shop.kinds.get(f"{platform}.{word}")
    if kind is None or "/" in group or (group and not kind.group_by):
        return None
    return Prefix(kind, group)


def listed(shop: "Workshop", prefix: Prefix, stack: str | None) -> Listed | None:
    """Reads the listings below a prefix; None where no stack (`stack`: this one only) has anything there.

    Raises ReconcileError.
    """
    asked = _asked(shop, prefix, stack)
    if not asked.shelves:
        return None
    memory = shop.ledger(readonly=True).memory()
    found = look(shop, memory, asked.listings)
    known = _Known(found, shop.tree, memory, shop.clock().date().isoformat())
    shelves: dict[Shelf, list[Row]] = {
        shelf: [_declared_row(one, known) for one in ones if one.beside is None or one.place in found.matching.pairs]
        for shelf, ones in sorted(asked.shelves.items())
    }
    for account, seen in found.matching.left:
        shelf = Shelf(account, _place(prefix.kind, seen.resource))
        if seen.kind == prefix.kind.kind and shelf in shelves:
            shelves[shelf].append(_live_row(account, seen, found))
    return Listed(prefix, shelves, found.gaps, found.exit_code)


def _asked(shop: "Workshop", prefix: Prefix, stack: str | None) -> _Asked:
    found, kind = _Asked(), prefix.kind
    for one in shop.tree.declared():
        if stack not in (None, one.stack):
            continue
        if prefix.holds(one):
            found.shelves.setdefault(Shelf(one.account, _place(kind, one.resource)), []).append(one)
            found.listings |= listings_of(shop.tree, one)
        elif prefix.groups_by(one):
            # An instance of which no variable is declared holds variables all the same.
            found.shelves.setdefault(Shelf(one.account, one.resource.referred_as()), [])
            found.listings |= {
                (one.account, Container(kind.kind, one.resource.contents())),
                *listings_of(shop.tree, one),
            }
    return found


def _place(kind: type[Resource], resource: Resource) -> str:
    return str(getattr(resource, kind.group_by)) if kind.group_by else resource.container()


def _declared_row(one: Declared, known: _Known) -> Row:
    filled = known.look.declared.get(one.place, one)
    seen = known.look.matching.pairs.get(one.place)
    fields = _fields(seen.resource, filled.resource) if seen else {}
    if one.beside is not None:
        # Nobody declared it: it is there while a rotation needs a second value.
        return Row("", "", one.address.leaf, f"second value of {one.beside.leaf}", fields)
    return Row(one.stack, str(one.address), one.address.leaf, _state(filled, seen, known), fields)


def _state(one: Declared, seen: Seen | None, known: _Known) -> str:
    resource = one.resource
    if seen is None:
        read = known.look.was_read((one.account, Container(one.address.full_kind, resource.container())))
        later = f"not there yet: {_ROTATED}{rotated_by(one)}" if resource.rotated else "missing"
        return later if read else "not seen"
    if resource.rotated:
        return f"{_ROTATED}{rotated_by(one)}"
    if resource.only_seen:
        # By the time of writing alone: a fingerprint would need the key, and this command writes nothing.
        _, touched = Sightings.of(known.memory, None).look(one, seen, known.today)
        told_now = touched.verdict if touched is not None and is_watched(resource) else "there"
        return resource.unfit(seen.resource) or told_now
    if any(getattr(resource, name) for name in resource.from_environment()):
        # Its value is not the stack file's to say, so nothing here was compared with it.
        return "there"
    rules = tuple(rule for rule in known.tree.stacks[one.stack].ignores if rule.address == one.address)
    found = differences_of(one, seen, known.memory.applied.get(one.place), rules, known.today)
    counted = [each.field.name for each in found if each.accepted is None]
    return f"differs: {', '.join(counted)}" if counted else "as declared"


def _live_row(account: str, seen: Seen, found: Look) -> Row:
    owned = found.facts.owned_live.get((account, seen.kind, seen.id))
    name = str(getattr(seen.resource, "name", "") or seen.resource.title())
    if owned is not None:
        return Row(owned.stack, str(owned.address), name, "ours, no longer declared", _fields(seen.resource, None))
    state = f"managed by {seen.managed}" if seen.managed else "unmanaged"
    return Row("", "", name, state, _fields(seen.resource, None))


def _fields(live: Resource, declared: Resource | None) -> dict[str, Any]:
    """What lives of what a stack says; of what no stack declares, all that is not empty. Names and places aside."""
    aside = {*type(live).refers(), "name"}
    found: dict[str, Any] = {}
    for name in live.comparable():
        value = getattr(live, name)
        if name in aside:
            continue
        if name in live.having(Secret) or SecretText in get_args(type(live).model_fields[name].annotation):
            plainly = getattr(declared, name, None)
            same = isinstance(value, SecretText) and isinstance(plainly, str) and value.is_same(plainly)
            found[name] = plainly if same else {"hidden": True}
        elif value is not None and (value if declared is None else name in declared.model_fields_set):
            found[name] = _without_empty(as_json(live, name))
    return found


def _without_empty(value: Any) -> Any:
    return {name: each for name, each in value.items() if each not in (None, "")} if isinstance(value, dict) else value


def listing_document(one: Listed) -> dict[str, Any]:
    """`trueup.listing/1`."""
    return {
        "schema": "trueup.listing/1",
        "prefix": str(one.prefix),
        "places": [
            {
                "account": shelf.account,
                "place": shelf.place,
                "things": [
                    {
                        "stack": row.stack or None,
                        "address": row.address or None,
                        "name": row.title,
                        "state": row.state,
                        "fields": row.fields,
                    }
                    for row in rows
                ],
            }
            for shelf, rows in one.shelves.items()
        ],
        "gaps": [gap_document(gap) for gap in one.gaps],
        "exit": one.exit_code,
    }


def print_listed(screen: "Console", one: Listed) -> None:
    """One line a thing, place by place."""
    for shelf, rows in one.shelves.items():
        stacks = ", ".join(dict.fromkeys(row.stack for row in rows if row.stack)) or "-"
        where = f" at {plain(shelf.place)}" if shelf.place else ""
        screen.print(f"[bold]{plain(one.prefix)}[/]{where}  account {plain(shelf.account)}, stack {plain(stacks)}")
        if not rows:
            screen.print("  nothing" if not one.gaps else "  nothing that could be seen")
        wide = max((len(harmless(row.title)) for row in rows), default=0)
        long = max((len(harmless(row.state)) for row in rows), default=0)
        for row in rows:
            gaps = " " * (wide - len(harmless(row.title)) + 2), " " * (long - len(harmless(row.state)) + 2)
            screen.print(f"  {plain(row.title)}{gaps[0]}{_coloured(row.state)}{gaps[1]}{', '.join(_told(row.fields))}")
    for gap in one.gaps:
        right = f" (needs {plain(gap.right)})" if gap.right else ""
        screen.print(f"[red]not seen:[/] {plain(gap.kind)} {plain(gap.container)}: {plain(gap.reason)}{right}")


def _told(fields: dict[str, Any]) -> Iterator[str]:
    yield from (told(value) if name == "value" else f"{plain(name)}: {told(value)}" for name, value in fields.items())


def _coloured(state: str) -> str:
    colour = {"as declared": "green", "there": "green", "unmanaged": "yellow"}.get(state, "red")
    if state.startswith((_ROTATED, "second value")):
        colour = "green"
    return f"[{colour}]{plain(state)}[/]"
