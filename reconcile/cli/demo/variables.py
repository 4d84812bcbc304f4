"""An act of the demo: variables are overwritten by hand and put back, with one deploy however many they are."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .hands import Hands, plain_variables, where
from .running import Claim, Runs, verified

if TYPE_CHECKING:
    from ...model.spec import Declared, Tree

MANY = 20
"""So many are added to a service's stack file."""


def overwrite_variables(tree: "Tree", runs: Runs, hands: Hands) -> tuple[list[dict[str, Any]], list[Claim]]:
    """The rounds of the act, and what they show: nothing where no stack says the value of a running service's
    variable."""
    running = {
        one.place
        for one in tree.declared()
        if one.address.full_kind == "railway.instance" and getattr(one.resource, "source", None) is not None
    }
    variables = (one for spec in tree.stacks.values() for one in plain_variables(spec))
    first = next((one for one in variables if running.intersection(one.needs)), None)
    return _Act(first, runs, hands).tell() if first is not None else ([], [])


@dataclass
class _Act:
    """All of it happens to the variables of one service in one environment: that of `first`."""

    first: "Declared"
    runs: Runs
    hands: Hands
    rounds: list[dict[str, Any]] = field(default_factory=list)
    claims: list[Claim] = field(default_factory=list)

    @property
    def place(self) -> str:
        return "/".join(where(self.first).values())

    def tell(self) -> tuple[list[dict[str, Any]], list[Claim]]:
        heal = ("apply", "--stack", self.first.stack, "--drift-only", "--yes")
        self._overwritten([self.first], heal)
        many = self._added(("apply", "--stack", self.first.stack, "--yes"))
        self._overwritten(many, heal)
        self._killed(many, heal)
        return self.rounds, self.claims

    def _overwritten(self, variables: list["Declared"], heal: tuple[str, ...]) -> None:
        self.hands.edit_variables(variables)
        text = f"{_number(len(variables))} of {self.place} edited by hand: put back, one deploy"
        self._shows("edited by hand", variables, text, self.runs.run(*heal), self.runs.deploys())

    def _added(self, apply: tuple[str, ...]) -> list["Declared"]:
        """Writes variables into the stack file and applies it. Returns them as they are declared then."""
        names = add_variables(self.runs.root, self.first, MANY)
        variables = [one for one in _declared(self.runs.root, self.first.stack) if one.address.leaf in names]
        applied = self.runs.run(*apply)
        text = f"{_number(len(variables))} more in its stack file: cause git, one deploy"
        self._shows("written in the stack file", variables, text, applied, self.runs.deploys(), cause="git")
        return variables

    def _killed(self, variables: list["Declared"], heal: tuple[str, ...]) -> None:
        """The process dies when Railway has taken its change and before it can hear of it; then it is run again."""
        self.hands.edit_variables(variables)
        killed = self.runs.run_killed(*heal, once=lambda: self.hands.holds_declared(variables) == len(variables))
        deploys = self.runs.deploys()
        again = self.runs.run(*heal)
        deploys += self.runs.deploys()
        put_back = self.hands.holds_declared(variables)
        self._note("edited by hand, the apply killed, run again", len(variables), put_back, deploys)
        self.claims.append(
            Claim(
                "the same, the apply killed (SIGKILL) half way and run again: one deploy",
                f"{put_back} of {len(variables)} put back, {_counted(deploys)}",
                killed and put_back == len(variables) and deploys == 1 and again["exit"] == 0,
            )
        )

    def _shows(
        self,
        what: str,
        variables: list["Declared"],
        text: str,
        applied: dict[str, Any],
        deploys: int,
        *,
        cause: str = "drift",
    ) -> None:
        done = {one["address"] for one in verified(applied) if one["cause"] == cause}
        right = self.hands.holds_declared(variables)
        self._note(what, len(variables), right, deploys)
        self.claims.append(
            Claim(
                text,
                f"{right} of {len(variables)}, {_counted(deploys)}",
                deploys == 1
                and right == len(variables)
                and len(applied["changes"]) == len(variables)
                and done == {str(one.address) for one in variables},
            )
        )

    def _note(self, what: str, count: int, right: int, deploys: int) -> None:
        self.rounds.append(
            {"where": self.place, "what": what, "count": count, "as_declared": right, "deploys": deploys}
        )


def add_variables(root: Path, like: "Declared", count: int) -> set[str]:
    """Writes so many more variables into the stack file beside another one. Returns their names."""
    import yaml

    names = {f"DEMO_{number:02}" for number in range(1, count + 1)}
    path = next((root / "stacks").glob(f"{like.stack}.y*ml"))
    held = yaml.safe_load(path.read_text())
    at = held["railway"]
    for word in ("instance", like.address.name.rpartition("/")[0], "variables"):
        at = at.setdefault(word, {})
    at.update(dict.fromkeys(sorted(names), "as declared"))
    path.write_text(yaml.safe_dump(held, sort_keys=False))
    return names


def _declared(root: Path, stack: str) -> list["Declared"]:
    from ...assemble import Workshop
    from ...settings import Settings

    with Workshop(Settings(root)) as shop:
        return list(plain_variables(shop.tree.stacks[stack]))


def _number(variables: int) -> str:
    from ..plan_view import counted

    return counted(variables, "variable")


def _counted(deploys: int) -> str:
    from ..plan_view import counted

    return counted(deploys, "deploy")
