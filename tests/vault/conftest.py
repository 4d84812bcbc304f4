"""A made-up platform that takes secrets and never shows one, and a repository that names some."""

import datetime as dt
import textwrap
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Annotated, ClassVar

import pytest

from reconcile.assemble import Workshop
from reconcile.cli import main
from reconcile.loop import Choice, Consent, Reconciler, Run
from reconcile.model.change import Change, Outcome, Plan
from reconcile.model.memory import Memory
from reconcile.model.observation import Container, Observation, Scope, Seen
from reconcile.model.platform import Credential, Platform, Rate
from reconcile.model.resource import Declaration, FromEnv, ReadOnly, Resource
from reconcile.model.secret import SecretText
from reconcile.settings import Settings
from reconcile.steps.plan import Mode
from reconcile.store import Entry
from reconcile.store.vault import KEY_VARIABLE, begin_vault, make_runner_key

ACCOUNT = "acme"
PROJECT = """
project: library
ledger: {id: l1, home: .trueup/ledger.db}
from_env: [API_KEY, OTHER_KEY]
accounts: {acme: {toy: {}}}
"""
WEB = """
account: acme
toy:
  setting:
    api: {from_env: API_KEY}
    plain: {value: hello}
"""

Command = Callable[..., tuple[int, str]]


class Setting(Resource):
    kind: ClassVar[str] = "toy.setting"
    name: str
    value: str | SecretText | None = None
    size: int | None = None
    from_env: Annotated[str | None, Declaration, FromEnv("value")] = None
    exists: Annotated[bool, Declaration] = False
    updated_at: Annotated[str | None, ReadOnly] = None

    @property
    def only_seen(self) -> bool:
        return self.exists

    def by_hand(self) -> str:
        return "a person sets it" if self.exists else ""


KINDS: Mapping[str, type[Resource]] = {Setting.kind: Setting}


class Toy:
    """Settings by name. A secret is written and never answered; each write moves `updated_at`."""

    name: ClassVar[str] = "toy"
    kinds: ClassVar[tuple[type[Resource], ...]] = (Setting,)
    credentials: ClassVar[tuple[Credential, ...]] = ()
    rate: ClassVar[Rate] = Rate(100, 1)
    rates: ClassVar[Mapping[str, Rate]] = {}
    waits_itself: ClassVar[bool] = False
    settle_seconds: ClassVar[float] = 0.0

    def __init__(self) -> None:
        self.held: dict[str, Setting] = {}
        self.sent: list[str] = []
        self.writes = 0
        self.tells_time = True

    def write(
        self, name: str, value: str, *, secret: bool = True, size: int | None = None, shown: bool = False
    ) -> Setting:
        """`shown`: a secret that the platform answers, as long as nobody sealed it."""
        self.writes += 1
        self.sent.append(value)
        at = f"2026-01-01T00:00:{self.writes:02}Z" if self.tells_time else None
        answer = SecretText(value, name) if shown else None if secret else value
        self.held[name] = Setting(name=name, value=answer, size=size, updated_at=at)
        return self.held[name]

    def observe(self, scope: Scope) -> Observation:
        seen = [Seen(Setting.kind, name, one.keys()[0], one) for name, one in self.held.items()]
        return Observation("toy", scope.account, now(), tuple(seen), (), frozenset([Container(Setting.kind)]))

    def apply(self, wave: Sequence[Change]) -> Iterator[Outcome]:
        for change in wave:
            after = change.after
            assert isinstance(after, Setting) and after.value is not None
            secret = isinstance(after.value, SecretText)
            value = after.value.reveal() if isinstance(after.value, SecretText) else after.value
            made = self.write(after.name, value, secret=secret, size=after.size)
            yield Outcome(change, "done", after.name, made)

    def predict(self, wave: Sequence[Change]) -> int:
        return len(wave)


def now() -> dt.datetime:
    return dt.datetime(2026, 1, 1, 12, 0, tzinfo=dt.UTC)


class Shop(Workshop):
    """A workshop that knows the made-up kind alone."""

    @property
    def kinds(self) -> Mapping[str, type[Resource]]:
        return KINDS


class Library:
    """The repository, its ledger, and the platform that its one account is on."""

    def __init__(self, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.root = root
        self.toy = Toy()
        self.environment = monkeypatch
        for name in ("API_KEY", "OTHER_KEY", KEY_VARIABLE):
            monkeypatch.delenv(name, raising=False)
        self.write("_project", PROJECT)
        self.write("web", WEB)

    def write(self, name: str, text: str) -> None:
        file = self.root / "stacks" / f"{name}.yaml"
        file.parent.mkdir(exist_ok=True)
        file.write_text(textwrap.dedent(text))

    @property
    def shop(self) -> Shop:
        return Shop(Settings(self.root), clock=now)

    def _reconciler(self, shop: Workshop) -> Reconciler:
        tree, notes = shop.revealed()
        toys: dict[tuple[str, str], Platform] = {(ACCOUNT, "toy"): self.toy}
        fingerprint, _ = shop.fingerprint()
        return Reconciler(
            tree, KINDS, toys, {}, (), shop.ledger(), now, "me", False, notes=notes, fingerprint=fingerprint
        )

    def plan(self, *stacks: str, mode: Mode = "spec", choice: Choice | None = None) -> Plan:
        with self.shop as shop:
            return self._reconciler(shop).plan(stacks or ("web",), mode=mode, choice=choice).plan

    def apply(self, *stacks: str, mode: Mode = "spec", choice: Choice | None = None) -> Run:
        with self.shop as shop:
            run = self._reconciler(shop).apply(
                stacks or ("web",), command="apply", mode=mode, choice=choice, ask=lambda judged: Consent()
            )
        assert run is not None
        return run

    def memory(self) -> Memory:
        with self.shop as shop:
            return shop.ledger().memory()

    def entries(self, stack: str = "web") -> list[Entry]:
        """The history, oldest first; its chains hold."""
        with self.shop as shop:
            shop.ledger().verify()
            return shop.ledger().history(stack)[::-1]

    def bytes_kept(self) -> bytes:
        """Every byte of the ledger, its journal included."""
        return b"".join(path.read_bytes() for path in (self.root / ".trueup").glob("ledger.db*"))


def begin(library: Library) -> None:
    """Makes its runner key and its pepper."""
    with library.shop as shop:
        key = make_runner_key(shop.key_file)
        assert key is not None and begin_vault(shop.ledger(), key) is not None


@pytest.fixture
def library(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Library:
    """A repository whose ledger is begun; its vault is not."""
    library = Library(tmp_path, monkeypatch)
    with library.shop as shop:
        shop.ledger(begin=True)
    return library


@pytest.fixture
def keyed(library: Library) -> Library:
    """The same with a runner key and a pepper."""
    begin(library)
    return library


@pytest.fixture
def trueup(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Command:
    """The console script in an empty folder: exit code, and all that it said."""
    for name in ("TRUEUP_SANDBOX", "TRUEUP_STACKS", KEY_VARIABLE):
        monkeypatch.delenv(name, raising=False)
    (tmp_path / "new").mkdir()
    monkeypatch.chdir(tmp_path / "new")

    def run(*words: str) -> tuple[int, str]:
        capsys.readouterr()
        monkeypatch.setattr("sys.argv", ["trueup", *words])
        with pytest.raises(SystemExit) as left:
            main()
        told = capsys.readouterr()
        return (left.value.code if isinstance(left.value.code, int) else 0), told.out + told.err

    return run


def recovery_in(said: str) -> str:
    return next(word for word in said.split() if word.startswith("AGE-SECRET-KEY-"))
