"""The demo from its beginning to its end: who does what, and what it shows."""

import datetime as dt
import secrets
import shutil
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .consoles import edit_consoles
from .first_values import give_first_values
from .foreign import Foreign
from .hands import BUILT, Hands, made_by_hand, records_of
from .moving import move_domains
from .pulumi import ByPulumi, Writers
from .rotating import rotate_a_secret
from .running import Claim, Runs, by_stack, verified
from .variables import overwrite_variables

if TYPE_CHECKING:
    from ...model.spec import Tree
    from ...sandbox.world import World

Document = dict[str, Any]


@dataclass
class Story:
    """The acts in their order. Each adds its figures to `told` and what they show to `claims`."""

    tree: "Tree"
    runs: Runs
    hands: Hands
    foreign: Foreign
    folder: Path
    writers: Writers
    told: Document = field(
        default_factory=lambda: {
            "built_on": {},
            "edits": [],
            "drift": [],
            "moved": [],
            "variables": [],
            "rotated": {},
            "unmanaged": [],
        }
    )
    claims: list[Claim] = field(default_factory=list)
    counts: dict[str, Counter[str]] = field(default_factory=dict)
    """By figure, how many of a stack."""
    built: Document = field(default_factory=dict)
    """What those commands told that built the rest."""
    by_pulumi: ByPulumi | None = None
    """Once it builds something."""

    @classmethod
    def begin(cls, root: Path, ready: Path, world: "World", tree: "Tree", writers: Writers) -> "Story":
        """Every variable of the environment that a stack reads gets a random value."""
        from ...steps.reveal import wanted_of

        planted = {one.variable: f"demo-{secrets.token_hex(16)}" for one in wanted_of(tree)}
        runs = Runs(root, ready, world, planted)
        return cls(tree, runs, Hands(world, tree), Foreign(world, tree), ready.parent, writers)

    def tell(self) -> Document:
        """Ends after the first act that does not show what it should: the next ones stand on it."""
        for act in (
            self._take_over,
            self._build,
            self._ask_people,
            self._give_first_values,
            self._ask_again,
            self._edit_consoles,
            self._move_domains,
            self._overwrite_variables,
            self._rotate,
            self._end,
        ):
            act()
            if not all(one.held for one in self.claims):
                break
        rows = {name: {title: count[name] for title, count in self.counts.items()} for name in self.tree.stacks}
        return {
            "schema": "trueup.demo/2",
            "stacks": {name: {"account": self.tree.stacks[name].account, **row} for name, row in rows.items()},
            "writers": self.writers.document(self.tree),
            **self.told,
            "acts": self.runs.acts,
            "claims": [one.document() for one in self.claims],
            "ended_well": all(one.held for one in self.claims),
        }

    def _move_domains(self) -> None:
        self.told["moved"], claims = move_domains(self._ours(), self.runs, self.hands)
        self.claims += claims

    def _overwrite_variables(self) -> None:
        self.told["variables"], claims = overwrite_variables(self._ours(), self.runs, self.hands)
        self.claims += claims

    def _rotate(self) -> None:
        self.told["rotated"], claims = rotate_a_secret(self._ours(), self.runs, self.hands)
        self.claims += claims

    def _ours(self) -> "Tree":
        """The stacks that trueup writes."""
        stacks = {name: spec for name, spec in self.tree.stacks.items() if name != self.writers.stack}
        return replace(self.tree, stacks=stacks)

    def _take_over(self) -> None:
        specs = self.tree.stacks.items()
        made = Counter({name: self.hands.make(spec) for name, spec in specs})
        self.counts["made_by_hand"] = made
        self.counts["foreign"] = Counter({name: self.foreign.make_records(spec) for name, spec in specs})
        before = self._old_world()
        planned = self.runs.run("plan", "--all")
        adopted = self.runs.run("adopt", "--all", "--yes")
        self.counts["planned"] = by_stack(planned["changes"])
        self.counts["taken_over"] = taken = by_stack(adopted["adopted"])
        self.claims.append(
            Claim(
                "what was made by hand is taken over, and nothing of it changes",
                f"{taken.total()} of {made.total()}",
                taken == made and self._old_world() == before,
            )
        )

    def _old_world(self) -> Document:
        """What is there outside of what is built; a shelf is there once somebody looked for what could be on it."""
        return {
            name: {
                account: {kind: things for kind, things in kinds.items() if things} for account, kinds in held.items()
            }
            for name, held in self.runs.world.things().items()
            if name not in BUILT and any(any(kinds.values()) for kinds in held.values())
        }

    def _build(self) -> None:
        with self.runs.hurried():
            applied, claims = self._built()
        self.built = applied
        self.counts["built"] = built = by_stack(verified(applied))
        self.told["built_on"] = self._by_platform(verified(applied))
        planned = self.counts["planned"]
        # 16: only a person's part is missing. Anything else, and something was not seen or not done.
        well = applied["exit"] in (0, 16)
        if planned or not well:
            ordered, pairs = self._in_order(applied)
            self.claims.append(
                Claim(
                    "the rest is built, what others need first",
                    f"{built.total()} of {planned.total()} built, {ordered} of {pairs} pairs in order"
                    + ("" if well else f", exit {applied['exit']}"),
                    well and built == planned and ordered == pairs,
                )
            )
        self.claims += claims

    def _built(self) -> tuple[Document, list[Claim]]:
        """What was built and by whose commands; what Pulumi's part of it shows."""
        stack = self.writers.stack
        if not stack:
            return self.runs.run("up", "--all", "--yes"), []
        others = [word for name in self._ours().stacks for word in ("-s", name)]
        applied = self.runs.run("up", *others, "--writer", "trueup", "--yes")
        self.by_pulumi = ByPulumi(stack, self.counts["planned"][stack], self.runs)
        told, claims = self.by_pulumi.build()
        code = max(applied["exit"], told["exit"]) if {applied["exit"], told["exit"]} <= {0, 16} else 1
        whole = {word: [*applied[word], *told[word]] for word in ("changes", "gaps")}
        return {**applied, **whole, "exit": code}, claims

    def _ask_people(self) -> None:
        specs = self.tree.stacks.items()
        asked = {(one["account"], one["container"]) for one in self.built["gaps"]}
        self.counts["by_person"] = done = Counter({name: self.hands.set_secrets(spec) for name, spec in specs})
        if done.total():
            self.claims.append(
                Claim(
                    "secrets that are not ours to know are asked for by name, exit 16",
                    f"{len(asked)} asked for, {done.total()} set by a person (the demo)",
                    len(asked) == done.total() and self.built["exit"] == 16,
                )
            )

    def _give_first_values(self) -> None:
        given, claims = give_first_values(self.tree, self.runs, self.hands)
        self.counts["by_person"] += given
        self.claims += claims
        self.hands.note_values()

    def _ask_again(self) -> None:
        specs = self.tree.stacks.items()
        self.counts["foreign"] += Counter({name: self.foreign.make_rest(spec) for name, spec in specs})
        second = self.runs.run("plan", "--all", "--detailed-exitcode")
        open_ends = [*second["changes"], *second["gaps"], *second["adopt"], *second["astray"]]
        self.claims.append(
            Claim("the second plan is empty", f"{len(open_ends)} to do", not open_ends and second["exit"] == 0)
        )
        self.claims += self.by_pulumi.ask_again() if self.by_pulumi is not None else []

    def _by_platform(self, changes: Iterable[Document]) -> dict[str, dict[str, int]]:
        """How many of a system on each platform."""
        on: dict[str, Counter[str]] = {}
        for one in changes:
            on.setdefault(self.tree.stacks[one["stack"]].account, Counter())[one["address"].partition(".")[0]] += 1
        return {account: dict(counts) for account, counts in on.items()}

    def _in_order(self, applied: Document) -> tuple[int, int]:
        """Of the pairs of things where one needs the other and the sandbox knows when both were made: how many were
        made in that order, and how many there are."""
        born = {(one["stack"], one["address"]): self._born(one) for one in verified(applied)}
        ordered = pairs = 0
        for one in self.tree.declared():
            own = born.get((one.stack, str(one.address)))
            for need in one.needs:
                needed = born.get((need.stack, str(need.address)))
                if own and needed:
                    pairs += 1
                    ordered += needed <= own
        return ordered, pairs

    def _born(self, change: Document) -> str:
        """When a thing was made, UTC to the millisecond; empty where the platform does not say."""
        words = ("createdAt", "created_on", "creation_date")
        platform, kind, _ = change["address"].split(".", 2)
        account = self.tree.stacks[change["stack"]].account
        thing = self.runs.world.shelf(platform, account, kind).get(change["outcome"]["id"], {})
        told = next((thing[word] for word in words if word in thing), "")
        if isinstance(told, int):  # Vercel counts milliseconds since 1970
            told = dt.datetime.fromtimestamp(told / 1000, dt.UTC).isoformat(timespec="milliseconds")
        return str(told)[:23]

    def _edit_consoles(self) -> None:
        told, counts, claims = edit_consoles(self.tree, self.runs, self.hands, self.by_pulumi)
        self.told |= told
        self.counts |= counts
        self.claims += claims

    def _end(self) -> None:
        drift = self.runs.run("drift", "--detailed-exitcode")
        plan = self.runs.run("plan", "--all", "--detailed-exitcode")
        foreign = self.foreign.things()
        self.told["unmanaged"] = plan["unmanaged"]
        self.claims += [
            Claim(
                "what no stack declares: shown, and left byte for byte",
                f"{len(plan['unmanaged'])} of {len(foreign)} shown",
                Counter((one["account"], one["kind"]) for one in plan["unmanaged"])
                == Counter((account, kind) for account, kind, _ in foreign)
                and self.foreign.is_as_left(),
            ),
            *self._kept_secret(),
            Claim(
                "in the end all is as declared",
                f"{len(drift['changes'])} drifted, {len(plan['changes'])} to do",
                drift["exit"] == plan["exit"] == 0,
            ),
        ]

    def _kept_secret(self) -> Iterable[Claim]:
        """Values of the environment reach their platform; neither they nor what people typed is told anywhere."""
        planted = list(self.runs.environment.values())
        held = self.runs.world.things()
        live = {
            one.get("value")
            for platform in BUILT
            for account, kinds in held.get(platform, {}).items()
            for kind in kinds
            if kind in ("variable", "shared-variable")
            for one in self.runs.world.shelf(platform, account, kind).values()
        }
        known = {*planted, *self.hands.typed, *self.hands.seen}
        if not known:
            return
        files = [path for path in (*self.folder.glob("ledger.db*"), self.runs.log) if path.is_file()]
        files += self.by_pulumi.kept() if self.by_pulumi is not None else []
        written = [*self.runs.said, *(path.read_bytes().decode("latin-1") for path in files)]
        told = sum(one in text for one in known for text in written)
        of_whom = ["people", *(["rotations"] if self.hands.seen else [])]
        arrived = sum(one in live for one in planted)
        yield Claim(
            f"secrets of {', '.join([*of_whom, *self.runs.environment])}: in no output, ledger or log"
            + (" or state of Pulumi's" if self.by_pulumi is not None else ""),
            f"{told} of {len(known)} told, {arrived} of {len(planted)} arrived",
            arrived == len(planted) and told == 0,
        )


def copied(root: Path, to: Path) -> Path:
    """A copy of a repository's stacks and policies: the demo edits a stack file. Returns where it is."""
    from ...settings import Settings

    stacks = root / (Settings.from_environment().stacks_dir or "stacks")
    for folder, name in ((stacks, "stacks"), (root / "policies", "policies")):
        if folder.is_dir():
            shutil.copytree(folder, to / name)
    return to


def refuse_without_records(tree: "Tree") -> None:
    """Raises ReconcileError."""
    from ...model.errors import ReconcileError

    if not any(made_by_hand(one) for spec in tree.stacks.values() for one in records_of(spec)):
        raise ReconcileError(
            "no stack here declares a DNS record, so there is no story to tell",
            advice="run it where stacks/ declares some: a clone of the product, or after `trueup import`",
        )
