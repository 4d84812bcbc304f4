"""What people do at the platforms' consoles, before us and behind our back."""

import json
import secrets
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ...model.errors import ReconcileError

if TYPE_CHECKING:
    from ...model.resource import Resource
    from ...model.rotated import Secret
    from ...model.spec import Declared, Spec, Tree
    from ...sandbox.world import World

Thing = dict[str, Any]
TITLES = {"cloudflare": "DNS", "vercel": "Vercel", "r2": "R2", "railway": "Railway"}
"""What a platform is for, where a line has no room for its kinds."""
BUILT = ("railway", "vercel", "r2")
"""The platforms where nothing is yet when the story begins. The rest is the old world, which is taken over."""


@dataclass(frozen=True)
class Console:
    """The consoles of a world. What one of them refuses ends the story in a line: raises ReconcileError."""

    world: "World"

    def create(self, platform: str, kind: str, name: str, account: str, fields: dict[str, str]) -> Thing:
        with _refusals(f"make {platform}.{kind} {name}"):
            return dict(self.world.create(platform, kind, name, account, fields))

    def edit(self, platform: str, kind: str, name: str, account: str, fields: dict[str, str]) -> None:
        with _refusals(f"edit {platform}.{kind} {name}"):
            self.world.edit(platform, kind, name, account, fields)

    def delete(self, platform: str, kind: str, name: str, account: str) -> None:
        with _refusals(f"delete {platform}.{kind} {name}"):
            self.world.delete(platform, kind, name, account, {})


@contextmanager
def _refusals(what: str) -> Iterator[None]:
    try:
        yield
    except ValueError as error:
        first = next(iter(str(error).splitlines()), "")
        raise ReconcileError(
            f"the sandbox's console does not {what}: {first}",
            advice="the stack file may say what that platform does not know; `trueup validate` checks it",
        ) from None


@dataclass
class Hands:
    """One person with the keys to every console of a world."""

    world: "World"
    tree: "Tree"
    typed: list[str] = field(default_factory=list)
    """The secrets that were typed in; nobody else may know them."""
    seen: set[str] = field(default_factory=set)
    """Every value of a secret that changes on schedule which anything was seen to run with."""

    def make(self, spec: "Spec") -> int:
        """Everything a stack declares in the old world and in full, typed in without a mark of ours. Returns how many
        things that is, those among them that a stack names by its id and the world began with."""
        wanted = [one for one in spec.declared.values() if made_by_hand(one)]
        for one in wanted:
            if one.pinned:
                continue
            platform, kind = one.address.platform, one.address.kind
            Console(self.world).create(platform, kind, name_of(one), one.account, typed(one.resource))
        return len(wanted)

    def set_secrets(self, spec: "Spec") -> int:
        """Gives each variable that must exist, and whose value is not ours, a value that nobody else knows."""
        wanted = [one for one in spec.declared.values() if one.address.platform in BUILT and _is_asked_for(one)]
        for one in wanted:
            value = secrets.token_hex(16) + (getattr(one.resource, "ending", None) or "")
            fields = {**where(one), "value": value}
            Console(self.world).create(one.address.platform, one.address.kind, name_of(one), one.account, fields)
            self.typed.append(value)
        return len(wanted)

    def note_values(self) -> None:
        """Keeps what runs with a secret at this moment in mind. The id of an issued credential is none: by it the
        issuer and the ledger name the credential."""
        from ...model.rotated import Issue

        consumers = [
            one
            for secret in self.tree.secrets.values()
            for one in secret.consumers
            if not (isinstance(secret.source, Issue) and one.part == "id")
        ]
        fields = {(one.account, place.leaf) for one in consumers for place in (one.address, one.previous) if place}
        for (_, account), units in self.world.running().items():
            values = (pair for unit in units for pair in unit.values.items())
            self.seen |= {value for name, value in values if (account, name) in fields and value}

    def got(self, secret: "Secret") -> str:
        """What somebody types of a secret that only a person can get, a line each part: made at its platform, where the
        world has one that can tell whether it is taken."""
        from ...model.rotated import ByHand

        assert isinstance(secret.source, ByHand)
        check = secret.source.check
        value = {part: f"{part}-{secrets.token_hex(16)}" for part in secret.parts}
        if check is not None:
            platform, _, kind = check.kind.partition(".")
            made = Console(self.world).create(platform, kind, f"{secret.name} by hand", check.account, {})
            value = dict.fromkeys(secret.parts, str(made.get("secret") or made["key"]))
        self.typed += value.values()
        return "".join(f"{value[part]}\n" for part in secret.parts)

    def move_domain(self, one: "Declared") -> dict[str, str]:
        """Railway gives a domain another target and another proof: it does so when a domain is made anew."""
        host = name_of(one)
        moved = {"target": f"{secrets.token_hex(4)}.up.railway.app", "token": secrets.token_hex(20)}
        Console(self.world).edit("railway", "domain", self.on_railway(one, host)["id"], one.account, moved)
        return moved

    def edit_variables(self, variables: Iterable["Declared"]) -> None:
        """Overwrites each of them."""
        for one in variables:
            id = self.on_railway(one, name_of(one))["id"]
            Console(self.world).edit(
                "railway", "variable", id, one.account, {"value": f"by-hand-{secrets.token_hex(4)}"}
            )

    def holds_declared(self, variables: Iterable["Declared"]) -> int:
        """How many of them hold what their stack declares."""
        return sum(
            self.on_railway(one, name_of(one)).get("value") == getattr(one.resource, "value", None) for one in variables
        )

    def on_railway(self, one: "Declared", name: str) -> Thing:
        """A part of an instance, as it lives; empty where there is none."""
        place = where(one)
        things = list(self.world.shelf("railway", one.account, one.address.kind).values())
        same = (
            dict(thing)
            for thing in things
            if thing["name"] == name and all(thing[word] == value for word, value in place.items())
        )
        return next(same, {})


def _is_asked_for(one: "Declared") -> bool:
    """Whether a person must give it its value."""
    return one.resource.only_seen and not one.resource.rotated


def made_by_hand(one: "Declared") -> bool:
    """What the old world has already: what a stack names by its id, and all that neither is to be built nor follows
    from something that is."""
    return bool(one.pinned) or not (one.resource.only_seen or one.address.platform in BUILT or one.references)


def records_of(spec: "Spec") -> list["Declared"]:
    return [one for one in spec.declared.values() if one.address.full_kind == "cloudflare.record"]


def plain_variables(spec: "Spec") -> Iterator["Declared"]:
    """The variables whose whole value stands in the stack file."""
    for one in spec.declared.values():
        value = getattr(one.resource, "value", None)
        if one.address.full_kind == "railway.variable" and isinstance(value, str) and "${" not in value:
            yield one


def name_of(one: "Declared") -> str:
    """As its platform names it."""
    names = (getattr(one.resource, word, None) for word in ("host", "name", "bucket"))
    return str(next((name for name in names if name), one.address.leaf))


def where(one: "Declared") -> dict[str, str]:
    """Project, environment and service of a thing on Railway, by name; on Vercel project and targets."""
    if one.address.platform == "vercel":
        return {
            "project": getattr(one.resource, "project", ""),
            "target": ",".join(getattr(one.resource, "targets", ())),
        }
    place = getattr(one.resource, "instance", None) or getattr(one.resource, "environment", "")
    return dict(zip(("project", "environment", "service"), str(place).split("/"), strict=False))


def typed(resource: "Resource") -> dict[str, str]:
    """The fields of a resource as a person types them; what was left out stays out."""
    return flat(resource.model_dump(mode="json", exclude_none=True, include=set(resource.comparable())))


def flat(values: Thing) -> dict[str, str]:
    """Fields as text, their parts as `data.port`, lists with commas."""
    flat: dict[str, str] = {}
    for name, value in values.items():
        parts = {f"{name}.{part}": inner for part, inner in value.items()} if isinstance(value, dict) else {name: value}
        for key, inner in parts.items():
            if isinstance(inner, list):
                flat[key] = ",".join(map(str, inner))
            else:
                flat[key] = inner if isinstance(inner, str) else json.dumps(inner)
    return flat
