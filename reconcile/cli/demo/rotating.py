"""An act of the demo: a secret that several services share comes due, somebody edits one of them meanwhile, and the old
value is ended last."""

import datetime as dt
from collections import Counter
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from .hands import Console, Hands, where
from .running import Claim, Document, Runs

if TYPE_CHECKING:
    from ...model.rotated import Consumer, Secret
    from ...model.spec import Tree

SHOWN = 6
"""So many digits of a fingerprint are shown."""
_A_LITTLE = dt.timedelta(minutes=1)
_AN_HOUR = dt.timedelta(hours=1)
_MOST_ENTRIES = "100"
Moments = list[dict[str, tuple[str, str]]]
"""By unit, the digests of what it used and of what it accepted besides, each time that one of them was started."""


def rotate_a_secret(tree: "Tree", runs: Runs, hands: Hands) -> tuple[Document, list[Claim]]:
    """What happened to the secret, and what that shows: nothing where no secret of the tree is shared by services that
    can accept two values."""
    for one in tree.secrets.values():
        shared = len(one.units) > 1 and len(one.parts) == 1 and {each.stack for each in one.consumers} <= {*tree.stacks}
        fields = {each.address.full_kind for each in one.consumers if each.previous is not None}
        if one.strategy == "overlap" and one.schedule.every and shared and fields == {"railway.variable"}:
            return _Act(tree, runs, hands, one).tell()
    return {}, []


@dataclass
class _Act:
    tree: "Tree"
    runs: Runs
    hands: Hands
    secret: "Secret"

    def tell(self) -> tuple[Document, list[Claim]]:
        first, since = self._running(), len(self.runs.world.watched()["timeline"])
        due = self._come_due()
        began = self.runs.world.now()
        soaking = self._pass()
        edited = self._edit_by_hand(first[str(self._last)])
        self.runs.world.advance(_AN_HOUR)
        mended = self._pass()
        put_back, deploys = self._live(self._last), self.runs.deploys()
        self._wait_until(mended["at"])
        ended = self._pass()
        after, history = self._status(), self._history()
        second, moments = self._running(), self._moments(since)
        consumers = [
            {
                "variable": "/".join([self._unit(one), one.address.leaf]),
                "before": self._print(first[str(one)]),
                "after": self._print(second[str(one)]),
                "starts": self._starts(since)[self._unit(one)],
            }
            for one in self.secret.consumers
        ]
        told = {
            **{"secret": self.secret.name, "stack": self.secret.stack, "strategy": self.secret.strategy},
            **{"due": due.isoformat(), "began": began.isoformat(), "entries": history, "consumers": consumers},
        }
        return told, [
            self._began(soaking, history, due, began),
            self._put_back(edited and put_back == second[str(self._last)], deploys, soaking, mended),
            self._same(consumers, after, second),
            self._ended_last(history, ended, set(first.values())),
            peers(moments),
            self._issuers(),
        ]

    # What happens

    def _come_due(self) -> dt.datetime:
        """Moves the world's clock on until it is due and its window is open; returns when it was due."""
        from ...steps.rotate.schedule import opens_at, room_for

        due = dt.datetime.fromisoformat(self._status()["due"])
        opens = opens_at(self.secret.schedule, due, room_for(self.secret))
        self.runs.world.advance(opens + _A_LITTLE - self.runs.world.now())
        return due

    def _wait_until(self, soaked: str) -> None:
        """Until both values have lived as long as is declared, and the window is open again."""
        from ...steps.rotate.schedule import opens_at

        opens = opens_at(self.secret.schedule, dt.datetime.fromisoformat(soaked))
        self.runs.world.advance(opens + _A_LITTLE - self.runs.world.now())

    def _status(self) -> Document:
        told = self.runs.run("rotate", "status", "-s", self.secret.stack)
        return self._mine(told["secrets"])

    def _pass(self) -> Document:
        """A pass over the stack, which goes on until nothing moves now; what became of the secret."""
        told = self.runs.run("up", "-s", self.secret.stack, "--yes")
        self.hands.note_values()
        return self._mine(told["rotations"])

    def _mine(self, several: list[Document]) -> Document:
        return next(one for one in several if one["secret"] == self.secret.name)

    def _edit_by_hand(self, old: str) -> bool:
        """Somebody types the old value into the last service's variable; whether that is what it holds then."""
        one = self.tree.stacks[self._last.stack].declared[self._last.address]
        thing = self.hands.on_railway(one, one.address.leaf)
        Console(self.runs.world).edit("railway", "variable", thing["id"], one.account, {"value": old})
        return self._live(self._last) == old

    def _history(self) -> list[Document]:
        """The audit of this rotation, the oldest line first."""
        told = self.runs.run("history", "-s", self.secret.stack, "-n", _MOST_ENTRIES)
        mine = [one for one in reversed(told["entries"]) if one["address"] == f"secret.{self.secret.name}"]
        began = max((number for number, one in enumerate(mine) if one["what"] == "began"), default=0)
        return mine[began:]

    # What is seen

    @cached_property
    def _last(self) -> "Consumer":
        return self.secret.consumers[-1]

    def _unit(self, one: "Consumer") -> str:
        return "/".join(where(self.tree.stacks[one.stack].declared[one.address]).values())

    def _live(self, consumer: "Consumer") -> str:
        """What its variable holds."""
        one = self.tree.stacks[consumer.stack].declared[consumer.address]
        return str(self.hands.on_railway(one, one.address.leaf).get("value", ""))

    def _running(self) -> dict[str, str]:
        """By consumer, the value that runs."""
        units = {unit.name: unit for several in self.runs.world.running().values() for unit in several if unit.id}
        return {str(one): units[self._unit(one)].values.get(one.address.leaf, "") for one in self.secret.consumers}

    def _print(self, value: str) -> str:
        """The beginning of the ledger's fingerprint of it."""
        from ...assemble import Workshop
        from ...settings import Settings

        with Workshop(Settings(self.runs.root, sandbox=self.runs.ready)) as shop:
            return shop.books().fingerprint(value)[:SHOWN]

    def _mine_started(self, since: int) -> list[dict[str, Any]]:
        units = {self._unit(one) for one in self.secret.consumers}
        timeline = self.runs.world.watched()["timeline"]
        return [one for one in timeline[since:] if one["unit"] in units and one["start"]]

    def _starts(self, since: int) -> Counter[str]:
        return Counter(one["unit"] for one in self._mine_started(since))

    def _moments(self, since: int) -> Moments:
        """What each of them ran with, from the beginning on."""
        fields = {self._unit(one): (one.address.leaf, one.previous) for one in self.secret.consumers}
        now: dict[str, tuple[str, str]] = {}
        moments: Moments = []
        timeline = self.runs.world.watched()["timeline"]
        for number, one in enumerate(timeline):
            if one["unit"] in fields:
                name, previous = fields[one["unit"]]
                values = one["values"]
                now[one["unit"]] = (values.get(name, ""), values.get(previous.leaf, "") if previous else "")
                if number >= since:
                    moments.append(dict(now))
        return moments

    # What it shows

    def _began(self, soaking: Document, history: list[Document], due: dt.datetime, began: dt.datetime) -> Claim:
        every = self.secret.schedule.every
        assert every is not None
        reasons = ", ".join({str(one["detail"].get("reason")) for one in history})
        return Claim(
            f"{self.secret.name}, every {every.days} days: a pass begins it when it is due, in its window",
            f"due {due:%m-%d %H:%M}, begun {began:%m-%d %H:%M}, reason: {reasons}",
            reasons == "schedule" and due <= began and (soaking["what"], soaking["text"]) == ("waits", "soaks"),
        )

    def _put_back(self, put_back: bool, deploys: int, soaking: Document, mended: Document) -> Claim:
        from ..plan_view import counted

        later = mended["at"] > soaking["at"]
        return Claim(
            f"the old value typed by hand at {self._unit(self._last)} meanwhile: put right",
            f"{int(put_back)} of 1 put back, {counted(deploys, 'deploy')}, the soak began {'anew' if later else 'not'}",
            put_back and deploys == 1 and later,
        )

    def _same(self, consumers: list[Document], after: Document, running: dict[str, str]) -> Claim:
        (current,) = [one for one in after["versions"] if one["status"] == "current"]
        prints = set(current["prints"].values())
        new = [one for one in consumers if {one["after"]} == prints and one["before"] != one["after"]]
        starts = ", ".join(f"{one['variable'].split('/')[-2]} {one['starts']}" for one in consumers)
        return Claim(
            "every service runs on the same new value",
            f"{len(new)} of {len(consumers)} on {', '.join(prints)}; starts: {starts}",
            len(new) == len(consumers) and len(set(running.values())) == 1,
        )

    def _ended_last(self, history: list[Document], ended: Document, old: set[str]) -> Claim:
        """By the audit, and by what lives and runs."""
        words = [one["what"] for one in history]
        proof: dict[str, str] = next((one["detail"]["proof"] for one in history if one["what"] == "committed"), {})
        proven = [one for one in proof.values() if one.startswith("proven")]
        acted = [number for number, word in enumerate(words) if word in ("written", "started", "committed")]
        held = sum(
            thing.get("value") in old
            for account in {one.account for one in self.secret.consumers}
            for thing in self.runs.world.shelf("railway", account, "variable").values()
        )
        running = sum(
            value in old
            for units in self.runs.world.running().values()
            for unit in units
            for value in unit.values.values()
        )
        last = words[-2:] == ["revoked", "ended"] and bool(acted) and max(acted) < len(words) - 2
        return Claim(
            "the old value ends last, after each was proven without it",
            f"line {len(words) - 1} of {len(words)} of the audit, "
            f"{len(proven)} of {len(self.secret.consumers)} proven, {held} hold it, {running} run it",
            ended["what"] == "ended"
            and last
            and len(proven) == len(self.secret.consumers)
            and (held, running) == (0, 0),
        )

    def _issuers(self) -> Claim:
        """Of the whole world, and of the whole demo."""
        told = self.runs.world.watched()
        return Claim(
            "nothing ever ran on a value that its issuer refuses: the sandbox's watch",
            f"{len(told['refused'])} times, {len(told['running'])} units run, {len(told['timeline'])} starts seen",
            not told["refused"] and bool(told["running"]),
        )


def peers(moments: Moments) -> Claim:
    """What one signs with, each of the others takes: at every moment in which something was started."""
    refused = sum(
        bool(used) and used not in accepted
        for moment in moments
        for unit, (used, _) in moment.items()
        for other, accepted in moment.items()
        if unit != other
    )
    return Claim(
        "at no moment did one of them refuse what another signs",
        f"{len(moments)} starts seen, {refused} with a value that another refuses",
        bool(moments) and refused == 0,
    )
