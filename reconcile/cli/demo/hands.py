"""What people do at the platforms' consoles, before us and behind our back."""

import json
import secrets
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ...model.resource import Resource
    from ...model.spec import Declared, Spec, Tree
    from ...sandbox.world import World

Thing = dict[str, Any]
FOREIGN_SERVICE = "nobodys-service"
FOREIGN_VARIABLE = "ADDED_BY_A_COLLEAGUE"


@dataclass
class Hands:
    """One person with the keys to every console of a world."""

    world: "World"
    tree: "Tree"
    typed: list[str] = field(default_factory=list)
    """The secrets that were typed in; nobody else may know them."""
    foreign: list[tuple[str, str, str, str]] = field(default_factory=list)
    """Platform, account, kind and id of what no stack declares; a service stands for all that is in it."""
    left: str = ""
    """What the foreign things were when they were made."""

    def make(self, spec: "Spec") -> int:
        """Everything a stack declares outside Railway and in full, typed in without a mark of ours."""
        wanted = [one for one in spec.declared.values() if made_by_hand(one)]
        for one in wanted:
            platform, kind = one.address.platform, one.address.kind
            self.world.create(platform, kind, name_of(one), one.account, typed(one.resource))
        return len(wanted)

    def set_secrets(self, spec: "Spec") -> int:
        """Gives each variable that must exist, and whose value is not ours, a value that nobody else knows."""
        wanted = [one for one in spec.declared.values() if one.address.platform == "railway" and one.resource.only_seen]
        for one in wanted:
            value = secrets.token_hex(16) + (getattr(one.resource, "ending", None) or "")
            fields = {**where(one), "value": value}
            self.world.create("railway", one.address.kind, name_of(one), one.account, fields)
            self.typed.append(value)
        return len(wanted)

    def make_foreign_records(self, spec: "Spec") -> int:
        """A record that no stack declares in each zone. Returns how many things that is."""
        before = len(self.foreign)
        for one in spec.declared.values():
            if one.address.full_kind == "cloudflare.zone":
                zone = name_of(one)
                fields = {"type": "TXT", "content": "nobody remembers", "zone": zone}
                self._foreign("cloudflare", "record", f"old-campaign.{zone}", one.account, fields)
        self.left = self._foreign_text()
        return len(self.foreign) - before

    def make_foreign_services(self, spec: "Spec") -> int:
        """A service with a variable in each project, and a variable in the midst of ours, that no stack declares."""
        before = len(self.foreign_things())
        for one in spec.declared.values():
            if one.address.full_kind == "railway.project":
                self._foreign_service(name_of(one), one.account)
        first = next(plain_variables(spec), None)
        if first is not None:
            fields = {**where(first), "value": secrets.token_hex(16)}
            self._foreign("railway", "variable", FOREIGN_VARIABLE, first.account, fields)
        self.left = self._foreign_text()
        return len(self.foreign_things()) - before

    def _foreign_service(self, project: str, account: str) -> None:
        self._foreign("railway", "service", FOREIGN_SERVICE, account, {"project": project})
        environments = self.world.shelf("railway", account, "environment").values()
        place = next(one["name"] for one in environments if one["project"] == project)
        fields = {"project": project, "environment": place, "service": FOREIGN_SERVICE, "value": "ours"}
        self.world.create("railway", "variable", "THEIRS", account, fields)
        # In every environment: an instance of which nothing is set is none.
        for one in self.world.things("railway", "instance")["railway"][account]["instance"]:
            if (one["project"], one["service"]) == (project, FOREIGN_SERVICE):
                self.world.edit("railway", "instance", one["id"], account, {"image": "example/nobodys:1"})

    def _foreign(self, platform: str, kind: str, name: str, account: str, fields: dict[str, str]) -> None:
        made = self.world.create(platform, kind, name, account, fields)
        self.foreign.append((platform, account, kind, str(made["id"])))

    def foreign_things(self) -> list[tuple[str, str, Thing]]:
        """Account, kind and thing of all that is foreign, as it is, values of variables among it."""
        found = []
        for platform, account, kind, id in self.foreign:
            thing = self.world.shelf(platform, account, kind).get(id)
            found += [(account, f"{platform}.{kind}", dict(thing))] if thing is not None else []
            if kind == "service":
                for inner in sorted(self.world.things(platform)[platform][account]):
                    inside = self.world.shelf(platform, account, inner).values()
                    found += [
                        (account, f"{platform}.{inner}", dict(one)) for one in inside if one.get("serviceId") == id
                    ]
        return found

    def foreign_is_as_left(self) -> bool:
        """Byte for byte."""
        return self._foreign_text() == self.left

    def _foreign_text(self) -> str:
        return json.dumps(self.foreign_things(), sort_keys=True)

    def edit_records(self, spec: "Spec") -> list[dict[str, str]]:
        """What somebody does to a zone one evening: a new address, a shorter TTL, a deletion."""
        records = [one for one in records_of(spec) if made_by_hand(one)]
        address = next((one for one in records if getattr(one.resource, "type", "") in ("A", "CNAME")), None)
        ttl = next((one for one in reversed(records) if not getattr(one.resource, "proxied", True)), None)
        gone = next((one for one in records if one not in (address, ttl)), None)
        edits = []
        if address is not None:
            kind = getattr(address.resource, "type", "")
            value = "203.0.113.99" if kind == "A" else "parked.example.org"
            edits.append(self._edit_record("edit", address, content=value))
        if ttl is not None and ttl is not address:
            edits.append(self._edit_record("edit", ttl, ttl="86400"))
        if gone is not None:
            edits.append(self._edit_record("delete", gone))
        return edits

    def _edit_record(self, verb: str, one: "Declared", **fields: str) -> dict[str, str]:
        platform, kind = one.address.platform, one.address.kind
        id = self._id_of(one)
        (self.world.edit if verb == "edit" else self.world.delete)(platform, kind, id, one.account, fields)
        what = ", ".join(f"{name} → {value}" for name, value in fields.items()) or "deleted"
        return {"stack": one.stack, "address": str(one.address), "thing": one.resource.title(), "edit": what}

    def _id_of(self, one: "Declared") -> str:
        """The live record's id, by everything that its declaration says."""
        said = typed(one.resource)

        def likeness(thing: Thing) -> int:
            shown = _flat(thing)
            return sum(shown.get(name, "").strip('"') == value.strip('"') for name, value in said.items())

        things = self.world.shelf("cloudflare", one.account, "record").values()
        same = [thing for thing in things if (thing["name"], thing.get("type")) == (said["name"], said.get("type"))]
        return str(max(same, key=likeness)["id"])

    def move_domain(self, one: "Declared") -> dict[str, str]:
        """Railway gives a domain another target and another proof: it does so when a domain is made anew."""
        host = name_of(one)
        moved = {"target": f"{secrets.token_hex(4)}.up.railway.app", "token": secrets.token_hex(20)}
        self.world.edit("railway", "domain", self._on_railway(one, host)["id"], one.account, moved)
        return moved

    def edit_variables(self, variables: Iterable["Declared"]) -> None:
        """Overwrites each of them."""
        for one in variables:
            id = self._on_railway(one, name_of(one))["id"]
            self.world.edit("railway", "variable", id, one.account, {"value": f"by-hand-{secrets.token_hex(4)}"})

    def holds_declared(self, variables: Iterable["Declared"]) -> int:
        """How many of them hold what their stack declares."""
        return sum(
            self._on_railway(one, name_of(one)).get("value") == getattr(one.resource, "value", None)
            for one in variables
        )

    def _on_railway(self, one: "Declared", name: str) -> Thing:
        """Empty where there is none."""
        place = where(one)
        things = list(self.world.shelf("railway", one.account, one.address.kind).values())
        same = (
            dict(thing)
            for thing in things
            if thing["name"] == name and all(thing[word] == value for word, value in place.items())
        )
        return next(same, {})


def made_by_hand(one: "Declared") -> bool:
    """What the old world has already: all that is neither on Railway nor follows from something there."""
    return not (one.resource.only_seen or one.address.platform == "railway" or one.references)


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
    return str(getattr(one.resource, "host", None) or getattr(one.resource, "name", one.address.leaf))


def where(one: "Declared") -> dict[str, str]:
    """Project, environment and service of a thing on Railway, by name."""
    place = getattr(one.resource, "instance", None) or getattr(one.resource, "environment", "")
    return dict(zip(("project", "environment", "service"), str(place).split("/"), strict=False))


def typed(resource: "Resource") -> dict[str, str]:
    """The fields of a resource as a person types them; what was left out stays out."""
    return _flat(resource.model_dump(mode="json", exclude_none=True, include=set(resource.comparable())))


def _flat(values: Thing) -> dict[str, str]:
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
