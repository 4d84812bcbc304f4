"""An act of the demo: every secret gets its first value, from us, from its issuer or from a person."""

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from .hands import Hands
from .running import Claim, Runs, Typed

if TYPE_CHECKING:
    from ...model.rotated import Secret
    from ...model.spec import Tree

Given = Counter[str]
"""How many secrets of a stack a person gave."""


def give_first_values(tree: "Tree", runs: Runs, hands: Hands) -> tuple[Given, list[Claim]]:
    """What people got is given to `rotate accept`; what waited for it follows. Nothing where no stack declares a secret
    that changes on schedule."""
    return _Act(tree, runs, hands).tell() if tree.secrets else (Counter(), [])


@dataclass
class _Act:
    tree: "Tree"
    runs: Runs
    hands: Hands
    given: list["Secret"] = field(default_factory=list)

    def tell(self) -> tuple[Given, list[Claim]]:
        with self.runs.hurried():
            ended = self._give()
            self._issue_rest()
        status = self.runs.run("rotate", "status")
        valued = [one for one in status["secrets"] if one["version"] is not None and not one["phase"]]
        running = self._running_with_all()
        claims = [
            Claim(
                "secrets that rotate have their first values, and nobody typed what can be made",
                f"{len(valued)} of {len(self.tree.secrets)} ({ended} given by people), "
                f"{running} of {len(self._fields())} fields run with theirs",
                len(valued) == len(self.tree.secrets)
                and ended == len(self.given)
                and running == len(self._fields())
                and status["exit"] == 0,
            )
        ]
        return Counter(one.stack for one in self.given), claims

    def _give(self) -> int:
        """Each stack's person gives its secrets one after the other, all of them at once. Returns how many were taken
        and distributed."""
        from ...model.rotated import ByHand

        by_stack: dict[str, list[Secret]] = {}
        for name in sorted(self.tree.secrets):
            one = self.tree.secrets[name]
            if isinstance(one.source, ByHand):
                by_stack.setdefault(one.stack, []).append(one)
        ended = 0
        while any(by_stack.values()):
            now = [waiting.pop(0) for waiting in by_stack.values() if waiting]
            typed = [Typed(("rotate", "accept", one.name, "--stdin"), self.hands.got(one)) for one in now]
            command = f"trueup rotate accept {now[0].name} --stdin" + (f" … ({len(now)})" if now[1:] else "")
            told = self.runs.run_beside(command, typed)
            ended += sum(one["what"] == "ended" for each in told for one in each["secrets"])
            self.given += now
        return ended

    def _issue_rest(self) -> None:
        """Those that had to wait: a unit is started by one rotation at a time."""
        from ...assemble import Workshop
        from ...settings import Settings

        with Workshop(Settings(self.runs.root, sandbox=self.runs.ready)) as shop:
            valued = {name for name, state in shop.books().states().items() if state.versions}
        rest = sorted({*self.tree.secrets} - valued)
        if rest:
            self.runs.run("rotate", "now", *rest, "--yes")

    def _fields(self) -> list[tuple[str, str]]:
        """Account and variable of everything that something must run with; a secret of a repository reaches nothing."""
        return [
            (consumer.account, consumer.address.leaf)
            for one in self.tree.secrets.values()
            for consumer in one.consumers
            if consumer.address.full_kind != "github.secret"
        ]

    def _running_with_all(self) -> int:
        """Of those, how many the sandbox sees something run with."""
        runs = Counter(
            (account, name)
            for (_, account), units in self.runs.world.running().items()
            for unit in units
            if unit.id
            for name in unit.values
        )
        return (Counter(self._fields()) & runs).total()
