"""An act of the demo: domains get another target, on Railway and on Vercel, and their records follow."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from .foreign import shared_project
from .hands import Console, Hands, name_of
from .running import Claim, Document, Runs, verified

if TYPE_CHECKING:
    from ...model.spec import Declared, Tree

HELD = 11
"""A policy holds something."""


def move_domains(tree: "Tree", runs: Runs, hands: Hands) -> tuple[list[Document], list[Claim]]:
    """Moves every domain on Railway that a record refers to, and takes one project on Vercel away: made again, its
    domains have another target. Returns what moved with what followed, and what that shows: nothing where there is no
    such domain."""
    domains = [one for one in tree.declared() if one.address.full_kind == "railway.domain" and _followers(tree, one)]
    lost = _lost(tree)
    return _Act(tree, runs, domains, lost).tell(hands) if domains or lost else ([], [])


@dataclass
class _Act:
    tree: "Tree"
    runs: Runs
    domains: list["Declared"]
    """On Railway, those that move."""
    lost: list["Declared"]
    """A project on Vercel and all that is in it; empty: none is taken away."""
    planned: list[Document] = field(default_factory=list)
    """All changes of the pass that follows."""
    done: dict[tuple[str, str], Document] = field(default_factory=dict)
    """The changes that were made and seen, by stack and address."""

    def tell(self, hands: Hands) -> tuple[list[Document], list[Claim]]:
        before = {_place(one): self._content(one) for one in self.tree.declared() if one.address.kind == "record"}
        moved = [hands.move_domain(one) for one in self.domains]
        for project in self.lost[:1]:
            Console(hands.world).delete("vercel", "project", name_of(project), project.account)
        applied = self.runs.run("apply", "--all", "--yes")
        self.planned = applied["changes"]
        deploys = self.runs.deploys()
        self.done = {(one["stack"], one["address"]): one for one in verified(applied)}
        on_railway = [self._told(one, asked) for one, asked in zip(self.domains, moved, strict=True)]
        on_vercel = [self._told(one, {}) for one in self.lost if _followers(self.tree, one, "target")]
        # An apex is an address, the same for every project: its policy may hold it, and nothing is lost.
        kept = [one for domain in self.lost for one in _followers(self.tree, domain, "ipv4")]
        well = applied["exit"] in (0, HELD if kept else 0) and all(
            self._content(one) == before[_place(one)] for one in kept
        )
        records = [one for domain in self.lost for one in _followers(self.tree, domain)]
        ours = {_place(one) for one in (*self.lost, *records)}
        claims = [self._railway(on_railway, ours, deploys, well)] if on_railway else []
        claims += [self._vercel(on_vercel, before, well)] if self.lost else []
        return [*on_railway, *on_vercel], claims

    def _railway(self, told: list[Document], aside: set[tuple[str, str]], deploys: int, well: bool) -> Claim:
        """`aside`: what changes for another reason."""
        from ..plan_view import counted

        wanted = {_place(one) for domain in self.domains for one in _followers(self.tree, domain)}
        changes = [one for one in self.planned if (one["stack"], one["address"]) not in aside]
        followed = sum(len(one["followed"]) for one in told)
        return Claim(
            "a domain's target moves on Railway: its DNS follows, cause reference",
            f"{len(told)} moved, {followed} of {len(wanted)} records followed, {counted(deploys, 'deploy')}",
            {(one["stack"], one["address"]) for one in changes} == wanted
            and {one["cause"] for one in changes} == {"reference"}
            and (followed, deploys, well) == (len(wanted), 0, True),
        )

    def _vercel(self, told: list[Document], before: dict[tuple[str, str], str], well: bool) -> Claim:
        wanted = {_place(one) for domain in self.lost for one in _followers(self.tree, domain, "target")}
        made = [self.done[place] for one in self.lost if (place := _place(one)) in self.done]
        followed = [one for domain in told for one in domain["followed"]]
        moved = [one for one in followed if one["content"] != before[(one["stack"], one["address"])]]
        return Claim(
            "a project is deleted on Vercel: made again, cause drift, and its DNS follows",
            f"{len(made)} of {len(self.lost)} things made, {len(moved)} of {len(wanted)} records followed",
            len(made) == len(self.lost)
            and {one["cause"] for one in made} == {"drift"}
            and {one["cause"] for one in moved} == {"reference"}
            and len(moved) == len(wanted)
            and well,
        )

    def _told(self, domain: "Declared", asked: dict[str, str]) -> Document:
        """A domain that moved, and those of its records, of all that changed, which hold what it asks for now; on
        Vercel it asks for what its records then hold."""
        followed = [
            {
                "stack": one.stack,
                "address": str(one.address),
                "type": getattr(one.resource, "type", ""),
                "content": self._content(one),
                "cause": self.done[_place(one)]["cause"],
            }
            for one in _followers(self.tree, domain, *(() if asked else ("target",)))
            if _place(one) in self.done and (not asked or any(text in self._content(one) for text in asked.values()))
        ]
        return {
            "stack": domain.stack,
            "address": str(domain.address),
            "host": name_of(domain),
            "target": asked.get("target") or next((one["content"] for one in followed), ""),
            "followed": followed,
        }

    def _content(self, one: "Declared") -> str:
        """What a record holds as it lives; empty where it is not there."""
        name, type = getattr(one.resource, "name", ""), getattr(one.resource, "type", "")
        things = self.runs.world.shelf("cloudflare", one.account, "record").values()
        return next(
            (str(thing.get("content", "")) for thing in things if (thing["name"], thing["type"]) == (name, type)), ""
        )


def _place(one: "Declared") -> tuple[str, str]:
    return one.stack, str(one.address)


def _lost(tree: "Tree") -> list["Declared"]:
    """The first project on Vercel whose domains' targets a record follows, with what is in it; not the one that holds
    what is not ours."""
    shared = shared_project(tree)
    for project in tree.declared():
        if project.address.full_kind == "vercel.project" and project != shared:
            inside = [one for one in tree.declared() if one.address.platform == "vercel" and project.place in one.needs]
            if any(_followers(tree, one, "target") for one in inside):
                return [project, *inside]
    return []


def _followers(tree: "Tree", domain: "Declared", *outputs: str) -> list["Declared"]:
    """The records that hold what a domain tells: its target, its address, the proof that it asks for; or one of
    those."""
    texts = tuple(f"{{{domain.address}.{output}}}" for output in outputs or ("target", "ipv4", "verify_value"))
    return [
        one
        for one in tree.declared()
        if one.address.full_kind == "cloudflare.record"
        and domain.place in one.needs
        and any(text in value for value in one.references.values() for text in texts)
    ]
