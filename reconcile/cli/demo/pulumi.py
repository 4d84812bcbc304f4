"""Where Pulumi's command line is found: one stack of the demo is built by it, and put back through it."""

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...program.engine.find import VARIABLE, Found, find, version_of
from .hands import made_by_hand, plain_variables
from .running import Claim, Runs

if TYPE_CHECKING:
    from ...model.spec import Spec, Tree
    from ...program.engine.command import Done, Engine
    from ...program.engine.preview import Preview
    from ...sandbox.ready import Ready
    from ...sandbox.serve import Beside

Document = dict[str, Any]
STAND_IN = "the sandbox's stand-in for pulumi-resource-cloudflare, not the vendor's plugin"
NOT_FOUND = "the Pulumi CLI is not found; `trueup doctor --install-pulumi` gets it, and then Pulumi builds a stack here"
NOTHING_FITS = "no stack that says `writer: pulumi` has a variable on Railway and only what is yet to be built"


@dataclass(frozen=True)
class Writers:
    """Who writes: of the stack `stack` Pulumi, of all others trueup; "": trueup writes all, for the reason `why`."""

    stack: str = ""
    found: Found | None = None
    version: str = ""
    why: str = ""

    @classmethod
    def of(cls, tree: "Tree") -> "Writers":
        """Raises ReconcileError where `$TRUEUP_PULUMI` names what is no command line of Pulumi's."""
        found = find()
        if found is None:
            return cls(why=NOT_FOUND)
        spec = _fitting(tree)
        return cls(why=NOTHING_FITS) if spec is None else cls(spec.name, found, version_of(found))

    def document(self, tree: "Tree") -> Document:
        others = [name for name in tree.stacks if name != self.stack]
        told: Document = {"trueup": others, "pulumi": [self.stack] if self.stack else [], "why": self.why}
        if self.found is not None:
            told |= {"version": self.version, "found_by": self.found.how, "stand_in": STAND_IN}
        return told


def _fitting(tree: "Tree") -> "Spec | None":
    """Of the stacks that are Pulumi's by their files the one on most platforms. Nothing of it was there before, for
    that would be imported and not built; and it has a variable that a person can edit."""
    fitting = (
        spec
        for spec in tree.stacks.values()
        if spec.writer == "pulumi"
        and any(True for _ in plain_variables(spec))
        and not any(made_by_hand(one) for one in spec.declared.values())
    )
    return max(fitting, key=lambda spec: len({one.address.platform for one in spec.declared.values()}), default=None)


def begin_project(root: Path, name: str) -> None:
    """Makes a demo's repository a Pulumi project with the program that `trueup init` writes.

    The user's own may register more than the stacks hold, with the user's credentials, on live accounts.
    """
    from ...steps import begin

    (root / begin.PULUMI).write_text(begin.pulumi_file(name))
    (root / begin.PROGRAM).write_text(begin.program_file())


def stand_in(ready: "Ready") -> "Beside | None":
    """What plays the vendor's provider beside the world; imported only where it is wanted, for it takes a while."""
    from ...program.standin import beside

    return beside(ready)


@dataclass
class ByPulumi:
    """The acts of one stack, with Pulumi's own command line at hand. State and passphrase lie beside the ledger."""

    stack: str
    planned: int
    """How many things of it a plan found missing."""
    runs: Runs
    updates: int = 0
    """How many updates Pulumi's history held when last looked at."""

    @property
    def blind(self) -> Mapping[str, str]:
        """An environment in which a command that looks for Pulumi's command line fails."""
        return {VARIABLE: str(self.runs.ready.with_name("no-pulumi"))}

    def build(self) -> tuple[Document, list[Claim]]:
        """Returns what it told of the stack, as a plan's document, and what that shows. What the ledger has an id of
        counts as built; that it lives is for the next plan to see."""
        told = self.runs.run("up", "-s", self.stack, "--yes")
        (one,) = told["stacks"]
        engine = one["pulumi"] or {"changes": [], "gaps": []}
        ids = self._ids()
        made = [
            {**each, "outcome": {**each["outcome"], "id": ids[each["address"]], "verified": True}}
            for each in engine["changes"]
            if (each["outcome"] or {}).get("status") == "done" and each["address"] in ids
        ]
        history = self._history()
        claim = Claim(
            f"{self.stack} ({self._shown(made)}) is built by `pulumi up`",
            f"{len(made)} of {self.planned} by Pulumi, {len(one['trueup']['changes'])} by trueup",
            told["exit"] in (0, 16)
            and len(made) == self.planned == len(engine["changes"])
            and not one["trueup"]["changes"]
            and history == [("update", "succeeded")],
        )
        return {"changes": made, "gaps": one["trueup"]["gaps"], "exit": told["exit"]}, [claim]

    def ask_again(self) -> list[Claim]:
        """Nothing is to be done, says each of the two."""
        told = self.runs.run("preview", "-s", self.stack, "--detailed-exitcode")
        (one,) = told["stacks"]
        ours = [*(one["pulumi"] or {"changes": ["?"]})["changes"], *one["trueup"]["changes"]]
        done, seen = self._refreshed()
        return [
            Claim(
                f"{self.stack}: the second preview is quiet, trueup's and Pulumi's own",
                f"{len(ours)} and {len(seen.changes)} to do, {_same(seen)} the same",
                not ours and told["exit"] == 0 and done.code == 0 and not seen.changes and _same(seen) >= self.planned,
            )
        ]

    def put_back(self, edits: list[Document], drift: Document, healed: list[Document]) -> list[Claim]:
        """What an evening at the consoles shows of the stack, once its edits are put back."""
        own, found, back = (
            {one["address"] for one in several if one["stack"] == self.stack}
            for several in (edits, drift["changes"], healed)
        )
        history = self._history()
        done, seen = self._refreshed()
        return [
            Claim(
                f"{self.stack}: drift found without Pulumi, put back by Pulumi",
                f"{len(own & found)} of {len(own)} found, {len(back)} put back in {len(history)} update of Pulumi's",
                own == found == back
                and any(address.startswith("railway.") for address in own)
                and history == [("update", "succeeded")],
            ),
            Claim(
                "and Pulumi agrees: its own preview with --refresh is quiet",
                f"{len(seen.changes)} to do, {_same(seen)} the same",
                done.code == 0 and not seen.changes and _same(seen) >= self.planned,
            ),
        ]

    def kept(self) -> list[Path]:
        """Every file that Pulumi keeps of it."""
        return [path for path in self.runs.ready.parent.glob("*.pulumi/**/*") if path.is_file()]

    def _refreshed(self) -> "tuple[Done, Preview]":
        """Pulumi's own look at every resource of the stack."""
        from ...program.engine.preview import read_preview

        words = ("preview", "--refresh", "--expect-no-changes", "-s", self.stack)
        done = self._pulumi(*words, beside=("--json", "--show-sames"))
        return done, read_preview(done.out)

    def _history(self) -> list[tuple[str, str]]:
        """Kind and result of what Pulumi has done to the stack since this was last asked."""
        told = json.loads(self._pulumi("stack", "history", "-s", self.stack, beside=("--json",)).out)
        count, self.updates = len(told) - self.updates, len(told)
        return [(one["kind"], one["result"]) for one in told[:count]]

    def _pulumi(self, *words: str, beside: tuple[str, ...]) -> "Done":
        from ...assemble import Workshop
        from ...settings import Settings
        from ..pulumi.writers import engine_of

        with (
            self.runs.watched(" ".join(("pulumi", *words))) as act,
            Workshop(Settings(self.runs.root, sandbox=self.runs.ready)) as shop,
        ):
            engine: Engine = engine_of(shop)
            done = engine.run(*words, *beside, environment=self.runs.environment)
            act["exit"] = done.code
        self.runs.said += [done.out, done.err]
        return done

    def _ids(self) -> dict[str, str]:
        """By address, the ids under which the ledger holds what is owned of the stack."""
        from ...assemble import Workshop
        from ...settings import Settings

        with Workshop(Settings(self.runs.root, sandbox=self.runs.ready)) as shop:
            return {str(one.address): one.id for one in shop.ledger().memory().owned if one.stack == self.stack}

    def _shown(self, made: list[Document]) -> str:
        from .hands import TITLES

        on = Counter(each["address"].partition(".")[0] for each in made)
        return ", ".join(TITLES.get(platform, platform) for platform in sorted(on))


def _same(seen: "Preview") -> int:
    """How many resources, neither components nor the engine's own providers, are as the state says."""
    return sum(one.op == "same" and one.custom and not one.is_provider for one in seen.steps)
