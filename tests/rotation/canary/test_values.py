"""No value of a secret is readable in anything that a rotation says, logs or keeps; and the search would see it."""

import datetime as dt
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.canary.planted import forms, leaks
from tests.rotation.cli.fleet import BANK, JWT, MAIL, MASTER, PROJECT, SESSION, Application, answering, stack
from tests.rotation.cli.stage import Said, Stage

GIVEN = ("first-of-the-bank-4eC39HqLyjWDarjt", "second/of+the bank=&%4eC39HqLyjWDarj", "leaked-of-the-bank-T1zdp7dcPQx")
"""What a person gives: once of letters that look otherwise in a URL, in JSON and in base64."""
VARIABLES = (
    "{API_SECRET: {secret: session}, JWT_SECRET: {secret: jwt, part: access},"
    " JWT_REFRESH_SECRET: {secret: jwt, part: refresh}, BANK_SECRET: {secret: bank}, MASTER: {secret: master}}"
)
SEALED = VARIABLES.replace("{secret: master}", "{secret: master, sealed: true}")
EVERYTHING = stack(
    "\n".join((SESSION, JWT, MAIL, BANK, MASTER)),
    SEALED,
    "{API_SECRET: {secret: session}, SENDGRID_API_KEY: {secret: mail}}",
)


class Day(Stage):
    """Everything that is said and written is kept, and every value that any service ever held."""

    def __init__(self, root: Path) -> None:
        self.said: dict[str, bytes] = {}
        self.values: dict[str, str] = {f"given {number}": one for number, one in enumerate(GIVEN)}
        self.codes: list[tuple[str, int]] = []
        super().__init__(root, EVERYTHING, PROJECT)
        self.files = root / "written"
        self.files.mkdir()
        self.world.on_call = lambda number, moment: self.note()

    def run(self, *words: str, stdin: str = "", terminal: bool = False) -> Said:
        said = super().run(*words, stdin=stdin, terminal=terminal)
        name = " ".join(words).replace(str(self.files), "")
        self.said[f"{name} (stdout)"] = self.said.get(f"{name} (stdout)", b"") + said.out.encode()
        self.said[f"{name} (stderr)"] = self.said.get(f"{name} (stderr)", b"") + said.err.encode()
        self.codes.append((name, said.code))
        self.note()
        return said

    def note(self) -> None:
        """Every value that a variable holds now. Keys of vendors stand in one as soon as they are given to anybody."""
        for one in list(self.world.shelf("railway", "acme", "variable").values()):
            if len(one["value"]) >= 16:
                self.values.setdefault(one["value"], one["value"])
                self.values[one["value"]] = one["value"]

    def sinks(self) -> dict[str, bytes]:
        """All of it; the ready file, the runner's key and the world itself are what they are for."""
        found = dict(self.said)
        for path in (*self.files.iterdir(), *self.root.glob("world.ledger.db*")):
            if path.suffix != ".key":
                found[path.name] = path.read_bytes()
        return found

    def planted(self) -> dict[str, str]:
        return {f"value {number}": value for number, value in enumerate(sorted(set(self.values.values())))}

    def told(self) -> None:
        """Everything that tells, in both forms."""
        log = ["--log-file", str(self.files / "calls.log")]
        for words in (("plan", *log), ("drift", *log), ("status",), ("rotate", "status"), ("rotate", "plan")):
            self.run(*words)
            self.run(*words, "--json")

    def passes(self, count: int, hours: float = 0.0) -> None:
        self.world.advance(dt.timedelta(hours=hours))
        log = ["--log-file", str(self.files / "calls.log")]
        for number in range(count):
            self.run("apply", "--all", "--yes", *(["--json"] if number % 2 else []), *log)

    def whole(self) -> None:
        """First values, a rotation of each, one that turns back, a leak, hand edits, refusals, a wrong value, a
        backup."""
        files = self.files
        self.run("up", "--all", "--yes", "--log-file", str(files / "calls.log"))
        self.run("rotate", "accept", "bank", "--stdin", stdin=f"{GIVEN[0]}\n")
        self.run("up", "--all", "--yes", "--json")
        for name in ("session", "jwt", "mail", "master"):
            self.run("rotate", "now", name, "--yes", *(["--json"] if name == "jwt" else []))
        self.told()
        self.world.advance(dt.timedelta(hours=25))
        self.passes(count=2)
        for name in ("session", "jwt", "mail", "master"):
            self.run("rotate", "retry", name)
        self.run("rotate", "now", "session", "--yes")
        self.run("rotate", "back", "session", "--yes")
        self.run("rotate", "resume", "session", "--json")
        self.run("secret", "seal", "bank", "--stdin", "--out", str(files / "bank.age"), stdin=f"{GIVEN[1]}\n")
        self.run("rotate", "accept", "bank", "--sealed", str(files / "bank.age"))
        self.run("rotate", "accept", "bank", "--stdin", stdin=f"{GIVEN[1]}\n{GIVEN[2]}\n")
        self.run("rotate", "accept", "bank", "--stdin", "--json", stdin=f"{GIVEN[1]}\n")
        self.by_hand("worker", "API_SECRET", GIVEN[2])
        self.passes(count=2)
        for fault in ("400 POST times=2", "401 POST times=2", "reset after POST times=2"):
            self.fault(fault, "railway")
            self.run("rotate", "--compromised", "--all", "--yes")
            self.world.clear_faults()
        self.run("rotate", "--compromised", "--all", "--yes", "--json")
        self.passes(hours=25, count=3)
        self.told()
        for words in (("history", "--limit", "1000"), ("ledger", "show"), ("ledger", "verify"), ("doctor",)):
            self.run(*words)
            self.run(*words, "--json")
        self.run("ledger", "backup", str(files / "ledger.backup"))


@pytest.fixture(scope="module")
def day(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Day]:
    day = Day(tmp_path_factory.mktemp("values"))
    with answering(Application(rows=9)) as url:
        day.served.ready.model_copy(update={"services": url}).write(day.ready_file)
        day.whole()
    yield day
    day.close()


def test_no_value_is_readable_anywhere(day: Day) -> None:
    assert leaks(day.sinks(), day.planted()) == []


def test_values_of_every_secret_were_in_play(day: Day) -> None:
    with day.workshop() as shop:
        states = shop.books().states()
        live = {
            text.reveal()
            for state in states.values()
            for version in state.versions
            if version.kept
            for text in (shop.books().value(state.secret, version.number) or {}).values()
        }
    assert states.keys() == {"session", "jwt", "mail", "bank", "master"}
    assert all(len(state.versions) >= 3 for name, state in states.items() if name != "bank"), states
    assert live <= set(day.planted().values()), "what is kept sealed was seen by the one who searches"
    assert len(day.planted()) > 15
    assert any(value.startswith("SG.") for value in day.planted().values())


def test_the_day_went_as_told(day: Day) -> None:
    codes = {code for _, code in day.codes}
    assert {0, 1, 13, 16} <= codes <= {0, 1, 13, 14, 16, 17}, day.codes
    assert b"Traceback" not in b"".join(day.sinks().values())


@pytest.mark.parametrize(
    "sink",
    [
        "rotate status (stdout)",
        "rotate status --json (stdout)",
        "rotate plan --json (stdout)",
        "rotate now jwt --yes --json (stdout)",
        "rotate --compromised --all --yes --json (stdout)",
        "history --limit 1000 --json (stdout)",
        "calls.log",
        "bank.age",
        "ledger.backup",
        "world.ledger.db",
    ],
)
def test_every_sink_says_something(day: Day, sink: str) -> None:
    assert len(day.sinks()[sink]) > 100


@pytest.mark.parametrize("form", sorted(forms(GIVEN[1])))
def test_a_value_in_another_form_is_seen(day: Day, form: bytes) -> None:
    assert leaks({"somewhere": b"told: " + form}, {"it": GIVEN[1]}) == [("somewhere", "it")]


def test_a_leak_into_what_became_of_a_secret_is_seen(day: Day, monkeypatch: pytest.MonkeyPatch) -> None:
    from reconcile.cli import documents

    told: Any = documents.turn_document
    value = next(iter(day.planted().values()))
    monkeypatch.setattr(documents, "turn_document", lambda step: {**told(step), "text": value})
    said = day.run("rotate", "retry", "session", "--json")
    assert leaks({"stdout": said.out.encode()}, day.planted())
    del day.said["rotate retry session --json (stdout)"]
