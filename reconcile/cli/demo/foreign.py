"""What somebody made that no stack declares."""

import json
import secrets
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from .hands import Console, Thing, name_of, plain_variables, where

if TYPE_CHECKING:
    from ...model.spec import Declared, Spec, Tree
    from ...sandbox.world import World

SERVICE = "nobodys-service"
VARIABLE = "ADDED_BY_A_COLLEAGUE"


@dataclass
class Foreign:
    """What is foreign in a world, as it was made and as it is."""

    world: "World"
    tree: "Tree"
    made: list[tuple[str, str, str, str]] = field(default_factory=list)
    """Platform, account, kind and id; a service or a project stands for all that is in it."""
    left: str = ""
    """What the foreign things were when they were made."""

    def make_records(self, spec: "Spec") -> int:
        """A record in each zone. Returns how many things that is."""
        before = len(self.things())
        for one in spec.declared.values():
            if one.address.full_kind == "cloudflare.zone":
                zone = name_of(one)
                fields = {"type": "TXT", "content": "nobody remembers", "zone": zone}
                self._make("cloudflare", "record", f"old-campaign.{zone}", one.account, fields)
        self.left = self._text()
        return len(self.things()) - before

    def make_rest(self, spec: "Spec") -> int:
        """Beside each Railway project's services one more, beside each Vercel project and each bucket another, each
        with what such a thing has; and a variable in the midst of ours. Returns how many things that is."""
        before = len(self.things())
        for one in spec.declared.values():
            name = name_of(one)
            if one.address.full_kind == "railway.project":
                self._make_service(name, one.account)
            elif one.address.full_kind == "vercel.project":
                self._make("vercel", "project", f"{name}-trial", one.account, {})
                self._make_inside(f"{name}-trial", "THEIRS", one.account)
            elif one.address.full_kind == "r2.bucket":
                self._make("r2", "bucket", f"{name}-old", one.account, {})
        first = next(plain_variables(spec), None)
        if first is not None:
            fields = {**where(first), "value": secrets.token_hex(16)}
            self._make("railway", "variable", VARIABLE, first.account, fields)
        shared = shared_project(self.tree)
        if shared is not None and shared.stack == spec.name:
            self.made.append(
                ("vercel", shared.account, "variable", self._make_inside(name_of(shared), VARIABLE, shared.account))
            )
        self.left = self._text()
        return len(self.things()) - before

    def _make_service(self, project: str, account: str) -> None:
        self._make("railway", "service", SERVICE, account, {"project": project})
        environments = self.world.shelf("railway", account, "environment").values()
        place = next(one["name"] for one in environments if one["project"] == project)
        fields = {"project": project, "environment": place, "service": SERVICE, "value": "ours"}
        Console(self.world).create("railway", "variable", "THEIRS", account, fields)
        # In every environment: an instance of which nothing is set is none.
        for one in self.world.things("railway", "instance")["railway"][account]["instance"]:
            if (one["project"], one["service"]) == (project, SERVICE):
                Console(self.world).edit("railway", "instance", one["id"], account, {"image": "example/nobodys:1"})

    def _make_inside(self, project: str, name: str, account: str) -> str:
        """A variable of a Vercel project; its id."""
        fields = {"project": project, "value": secrets.token_hex(16), "target": "production"}
        return str(Console(self.world).create("vercel", "variable", name, account, fields)["id"])

    def _make(self, platform: str, kind: str, name: str, account: str, fields: dict[str, str]) -> None:
        made = Console(self.world).create(platform, kind, name, account, fields)
        self.made.append((platform, account, kind, str(made["id"])))

    def things(self) -> list[tuple[str, str, Thing]]:
        """Account, kind and thing of all that is foreign and that a plan shows, as it is. Of a project or a bucket that
        is not ours it shows the thing itself; of a service in a project of ours all that it has."""
        found = []
        for platform, account, kind, id in self.made:
            thing = self.world.shelf(platform, account, kind).get(id)
            found += [(account, f"{platform}.{kind}", dict(thing))] if thing is not None else []
            found += self._inside(platform, account, kind, id) if kind == "service" else []
        return found

    def _inside(self, platform: str, account: str, kind: str, id: str) -> list[tuple[str, str, Thing]]:
        """What a service, a project or a bucket has, values of variables among it."""
        return [
            (account, f"{platform}.{inner}", dict(one))
            for inner in sorted(self.world.things(platform)[platform][account])
            for one in self.world.shelf(platform, account, inner).values()
            if id in (one.get(f"{kind}Id"), one.get(kind))
        ]

    def is_as_left(self) -> bool:
        """Byte for byte, with all that is inside."""
        return self._text() == self.left

    def _text(self) -> str:
        return json.dumps([self.things(), *(self._inside(*one) for one in self.made)], sort_keys=True)


def shared_project(tree: "Tree") -> "Declared | None":
    """The project on Vercel where a variable that no stack declares is in the midst of ours: the last one."""
    return next((one for one in reversed(list(tree.declared())) if one.address.full_kind == "vercel.project"), None)
