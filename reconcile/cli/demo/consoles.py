"""An act of the demo: one evening somebody edits zones, front ends and buckets at their consoles; all is put back."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any

from .hands import TITLES, Console, Hands, Thing, flat, made_by_hand, name_of, plain_variables, records_of, typed
from .pulumi import ByPulumi
from .running import Claim, Runs, by_stack, verified

if TYPE_CHECKING:
    from ...model.spec import Declared, Spec, Tree
    from ...sandbox.world import World


def edit_consoles(
    tree: "Tree", runs: Runs, hands: Hands, by_pulumi: ByPulumi | None
) -> tuple[dict[str, Any], dict[str, Counter[str]], list[Claim]]:
    """The edits and what was found, the figures by stack, and what they show: of each platform by itself, and of the
    stack that Pulumi builds."""
    evening = _Evening(runs.world)
    edits = [edit for spec in tree.stacks.values() for edit in evening.edits(spec)]
    if by_pulumi is not None:
        edits += evening.on_railway(tree.stacks[by_pulumi.stack], hands)
    drift = runs.run("drift", "--detailed-exitcode", more=by_pulumi.blind if by_pulumi is not None else None)
    healed = verified(runs.run("apply", "--all", "--drift-only", "--yes"))
    told = {"edits": edits, "drift": drift["changes"]}
    counts = {"edits": by_stack(edits), "drift": by_stack(drift["changes"]), "put_back": by_stack(healed)}
    seen = Counter(_platform(one) for one in (*edits, *drift["changes"], *healed))
    claims = []
    for platform in sorted(seen, key=lambda one: list(TITLES).index(one) if one in TITLES else len(TITLES)):
        own, found, back = (_places(several, platform) for several in (edits, drift["changes"], healed))
        causes = {one["cause"] for one in drift["changes"] if _platform(one) == platform}
        claims.append(
            Claim(
                f"{TITLES.get(platform, platform)} edited by hand: found, cause drift, and put back",
                f"{len(own & found)} of {len(own)} found, {len(back)} put back",
                own == found == back and causes == {"drift"} and drift["exit"] == 2,
            )
        )
    claims += by_pulumi.put_back(edits, drift, healed) if by_pulumi is not None else []
    return told, counts, claims


def _platform(one: dict[str, Any]) -> str:
    return str(one["address"]).partition(".")[0]


def _places(several: list[dict[str, Any]], platform: str) -> set[tuple[str, str]]:
    return {(one["stack"], one["address"]) for one in several if _platform(one) == platform}


@dataclass
class _Evening:
    world: "World"

    def edits(self, spec: "Spec") -> Iterator[dict[str, str]]:
        """What happens to the things of one stack."""
        yield from self._records(spec)
        declared = list(spec.declared.values())
        projects = (one for one in declared if one.address.full_kind == "vercel.project")
        for one in projects:
            if getattr(one.resource, "git", None) is not None:
                yield self._edit(one, name_of(one), {"gitRepository.branch": "hotfix"})
        variables = (one for one in declared if one.address.full_kind == "vercel.variable")
        variable = next((one for one in variables if isinstance(getattr(one.resource, "value", None), str)), None)
        if variable is not None:
            fields = {"value": "https://elsewhere.example.org"}
            yield self._edit(variable, self._variable_id(variable), fields)
        for one in declared:
            if one.address.full_kind == "r2.public-access" and not getattr(one.resource, "enabled", True):
                yield self._edit(one, name_of(one), {"enabled": "true"})

    def on_railway(self, spec: "Spec", hands: Hands) -> Iterator[dict[str, str]]:
        """The variables have an act of their own; where Pulumi builds them this is theirs."""
        for one in islice(plain_variables(spec), 1):
            hands.edit_variables([one])
            yield _told(one, "value → by hand")

    def _records(self, spec: "Spec") -> Iterator[dict[str, str]]:
        """A new address, a longer TTL, a deletion."""
        records = [one for one in records_of(spec) if made_by_hand(one)]
        address = next((one for one in records if getattr(one.resource, "type", "") in ("A", "CNAME")), None)
        ttl = next((one for one in reversed(records) if not getattr(one.resource, "proxied", True)), None)
        gone = next((one for one in records if one not in (address, ttl)), None)
        if address is not None:
            kind = getattr(address.resource, "type", "")
            value = "203.0.113.99" if kind == "A" else "parked.example.org"
            yield self._edit(address, self._record_id(address), {"content": value})
        if ttl is not None and ttl is not address:
            yield self._edit(ttl, self._record_id(ttl), {"ttl": "86400"})
        if gone is not None:
            Console(self.world).delete("cloudflare", "record", self._record_id(gone), gone.account)
            yield _told(gone, "deleted")

    def _edit(self, one: "Declared", id: str, fields: dict[str, str]) -> dict[str, str]:
        Console(self.world).edit(one.address.platform, one.address.kind, id, one.account, fields)
        return _told(one, ", ".join(f"{name.rpartition('.')[2]} → {value}" for name, value in fields.items()))

    def _record_id(self, one: "Declared") -> str:
        """The live record's id, by everything that its declaration says."""
        said = typed(one.resource)

        def likeness(thing: Thing) -> int:
            shown = flat(thing)
            return sum(shown.get(name, "").strip('"') == value.strip('"') for name, value in said.items())

        things = self.world.shelf("cloudflare", one.account, "record").values()
        same = [thing for thing in things if (thing["name"], thing.get("type")) == (said["name"], said.get("type"))]
        return str(max(same, key=likeness)["id"])

    def _variable_id(self, one: "Declared") -> str:
        """The live variable's id, by its project, name and targets."""
        projects = self.world.shelf("vercel", one.account, "project")
        wanted = (getattr(one.resource, "project", ""), name_of(one), set(getattr(one.resource, "targets", ())))
        things = self.world.shelf("vercel", one.account, "variable").values()
        return next(
            str(thing["id"])
            for thing in things
            if (projects[thing["projectId"]]["name"], thing["name"], set(thing["target"])) == wanted
        )


def _told(one: "Declared", edit: str) -> dict[str, str]:
    return {"stack": one.stack, "address": str(one.address), "thing": one.resource.title(), "edit": edit}
