"""What the runbooks do with secrets, on their own stacks and by the command line."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import cast

import pytest

from reconcile.sandbox.serve import serve
from tests.railway.estate import Runbooks
from tests.railway.estate import bare as bare
from tests.rotation.cli.stage import Said, Stage

from .hands import SOON, Passes, first_values

ENVIRONMENTS = ("development", "testing", "production")


class Desk(Runbooks):
    """The repository's world on loopback, and our command line as somebody types it there."""

    _as_typed = Stage._as_typed

    def run(self, *words: str) -> Said:
        return Stage.run(cast(Stage, self), *words)

    def __init__(self, root: Path) -> None:
        super().__init__(root)
        self.ready_file = root / "ready.json"
        self.served = serve(self.world, ready_file=self.ready_file, ledger=self.ledger_file)

    def first(self, *names: str) -> None:
        """First values of some secrets."""
        first_values(self, names)

    def runs_with(self, account: str, unit: str) -> dict[str, str]:
        """What runs at a unit of Railway's, by the end of its name."""
        (found,) = [one for one in self.world.running()["railway", account] if one.name.endswith(unit)]
        return dict(found.values)

    def until_revoke(self, secret: str) -> None:
        """What lies between the beginning and the last passes."""
        with Passes(self) as passes:
            while (rotation := passes.state(secret).rotation) is None or rotation.phase != "revoke":
                passes.turn(secret)
                self.world.advance(SOON)

    def pass_until(self, stack: str, said: str, most: int = 20) -> str:
        """Passes over one stack, the world's clock going on, until one says so. What it said."""
        for _ in range(most):
            told = self.run("apply", "--stack", stack, "--yes")
            if said in told.flat:
                return told.flat
            self.world.advance(SOON)
        raise AssertionError(told.flat)


@pytest.fixture
def desk(bare: Path, tmp_path: Path) -> Iterator[Desk]:
    shutil.copytree(bare, tmp_path / "runbooks")
    desk = Desk(tmp_path / "runbooks")
    yield desk
    desk.served.stop()


def test_both_parts_of_a_compromised_secret_are_replaced_at_once_with_one_restart(desk: Desk) -> None:
    desk.first("bilko-jwt")
    before, starts = desk.runs_with("bilko", "production/api"), desk.deploys()
    said = desk.run("rotate", "--compromised", "bilko-jwt", "--yes")
    assert said.code == 0, said.flat
    after = desk.runs_with("bilko", "production/api")
    names = ("JWT_SECRET", "JWT_REFRESH_SECRET")
    assert all(len(after[name]) == 44 and after[name] != before[name] for name in names)
    assert desk.deploys() - starts == 1
    assert "All sessions have ended: log in again." in said.flat


def test_a_compromised_credential_is_replaced_at_once_and_refused_from_then_on(desk: Desk) -> None:
    desk.first("bilko-sendgrid", "bilko-r2")
    before = desk.runs_with("bilko", "production/api")
    said = desk.run("rotate", "--compromised", "bilko-sendgrid", "bilko-r2", "--yes")
    assert said.code == 0, said.flat
    after = desk.runs_with("bilko", "production/api")
    assert all(before[name] != after[name] for name in ("SENDGRID_API_KEY", "AWS_SECRET_ACCESS_KEY"))
    takes = desk.world.mount("sendgrid").pretend.takes  # type: ignore[attr-defined]
    place = desk.world.mount("sendgrid").place
    told = [takes(place, "bilko", one["SENDGRID_API_KEY"]) for one in (before, after)]
    assert told == [False, True]
    assert desk.world.watched()["refused"] == []


def test_the_sessions_of_every_environment_end_at_once_after_a_breach(desk: Desk) -> None:
    secrets = [f"capliquify-{environment}-{word}" for environment in ENVIRONMENTS for word in ("jwt", "session")]
    desk.first(*secrets)
    units = [f"{one}/sentia-manufacturing-{one}" for one in ENVIRONMENTS]
    before = [desk.runs_with("capliquify", unit) for unit in units]
    said = desk.run("rotate", "--compromised", *secrets, "--yes")
    assert said.code == 0, said.flat
    for was, unit in zip(before, units, strict=True):
        runs = desk.runs_with("capliquify", unit)
        assert not {was["JWT_SECRET"], was["SESSION_SECRET"]} & set(runs.values()), "a token of before opens nothing"
        assert {"JWT_SECRET_PREVIOUS", "SESSION_SECRET_PREVIOUS"}.isdisjoint(runs)


def test_what_users_are_to_be_told_is_said_by_the_pass_that_ended_their_sessions(desk: Desk) -> None:
    said = {"bilko-production": "All sessions have ended: log in again.", "bunty": "Sessions have ended: log in again."}
    desk.first("bilko-jwt", "bunty-jwt")
    for stack, words in said.items():
        secret = {"bilko-production": "bilko-jwt", "bunty": "bunty-jwt"}[stack]
        desk.run("rotate", "now", secret, "--yes", "--once")
        desk.until_revoke(secret)
        told = desk.pass_until(stack, f"{secret} ended")
        assert words in told
        entries = desk.run("history", "--json", "--limit", "200").json["entries"]
        (kept,) = [
            one
            for one in entries
            if (one["what"], one["address"]) == ("ended", f"secret.{secret}") and one["detail"]["reason"] == "manual"
        ]
        assert kept["detail"]["says"] == words
