"""Everything one command needs, made when first asked for."""

import gc
import os
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Any

from ..loop import Reconciler
from ..model.errors import LedgerError
from ..model.issuing import IssueOptions
from ..model.platform import Platform
from ..model.resource import Resource
from ..model.rotated import Issue, Secret
from ..model.secret import SecretText
from ..model.spec import Access, Project, Tree
from ..model.verdict import Rule
from ..platforms import issues as known_issues
from ..platforms import kinds as known_kinds
from ..platforms import platforms as known_platforms
from ..rotation.estate import LiveEstate
from ..rotation.hooks import hooks_of
from ..rotation.issuers import issuer_of
from ..rotation.probes import HttpProber, hosts_of
from ..rotation.turning import Rotations, owner_of
from ..rules import of_repository, shipped
from ..sandbox.ready import Ready
from ..settings import Settings
from ..steps.load import Source, at_revision, load, load_project, working_tree
from ..steps.observe import Pair
from ..steps.plan.seen import Fingerprint, is_watched
from ..steps.reveal import Note, pretend_value, reveal, wanted_of
from ..store import Ledger, begin_ledger, open_ledger
from ..store.rotations import Rotations as Books
from ..store.vault import KEY_FILE, KEY_VARIABLE, Key, Vault, begin_vault, make_runner_key, open_vault, runner_key
from ..wire import Budget, CallLimit, CallLog, Client, Pool, Redactor
from .ledgers import SANDBOX_LEDGER_ID, begin_ledger_of
from .who import whoami

SERVICES = "services"
"""What `Workshop.transports` calls the applications that a world pretends to run."""
_COLLECT_EVERY = (200_000, 20, 20)
"""A command lives for seconds and holds what it reads: collecting every 700 objects is a third of a large plan."""


@dataclass
class Workshop(AbstractContextManager["Workshop"]):
    """Everything one command needs, made when first asked for and closed together."""

    settings: Settings
    rev: str | None = None
    """A commit to read stack files from; None: the working tree."""
    world: Ready | None = None
    """The sandbox to talk to; None: the one that the settings name, or the live platforms."""
    transports: Mapping[str, Any] = field(default_factory=dict)
    """Platform, or SERVICES, to an httpx transport, for a world served inside this process."""
    clock: Callable[[], datetime] = field(default=lambda: datetime.now(UTC))
    """UTC. A sandbox in another process brings its own."""
    sleep: Callable[[float], None] = time.sleep
    """Every wait between calls, in seconds."""
    _closing: ExitStack = field(default_factory=ExitStack)

    def __post_init__(self) -> None:
        self.calls = CallLog(self.settings.log_file)
        if self.world is None and self.settings.sandbox is not None:
            from ..sandbox.client import now

            self.world = Ready.read(self.settings.sandbox)
            offset = now(self.world.clock) - datetime.now(UTC)
            self.clock = lambda: datetime.now(UTC) + offset
        self._tree: Tree | None = None
        self._ledger: Ledger | None = None
        self._books: Books | None = None
        self._closing.callback(gc.set_threshold, *gc.get_threshold())
        gc.set_threshold(*_COLLECT_EVERY)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._closing.close()

    @property
    def kinds(self) -> Mapping[str, type[Resource]]:
        return known_kinds()

    @property
    def issues(self) -> Mapping[str, type[IssueOptions]]:
        """Kinds of credentials that platforms make or check."""
        return known_issues()

    @property
    def releases(self) -> tuple[type[Resource], ...]:
        """What only a Pulumi program has: kinds that start anew what was written quietly."""
        return tuple(kind for platform in known_platforms().values() for kind in platform.releases)

    @property
    def source(self) -> Source:
        if self.rev is not None:
            return at_revision(self.settings.root, self.rev)
        return working_tree(self.settings.root, self.settings.stacks_dir)

    @property
    def tree(self) -> Tree:
        """Every stack of the repository. Raises SpecError."""
        if self._tree is None:
            self._tree = load(self.source, self.kinds, self.issues)
            # It stays until the end: no collection need walk it again.
            self._closing.callback(gc.unfreeze)
            gc.freeze()
        return self._tree

    @property
    def project(self) -> Project:
        return self._tree.project if self._tree is not None else load_project(self.source)

    @property
    def rules(self) -> tuple[Rule, ...]:
        return (*shipped(), *of_repository(self.settings.root / "policies"))

    def ledger(self, *, begin: bool = False, readonly: bool = False) -> Ledger:
        """The ledger that the project names; a sandbox world's own is begun when absent. Raises LedgerError."""
        if self._ledger is None:
            root = self.settings.root
            world = self.world
            if world is not None:
                if world.ledger is None:
                    raise LedgerError("this sandbox names no ledger of its own, and a live one is never used for it")
                begin_ledger_of(root / world.ledger, self.clock)
                opened = open_ledger(world.ledger, root, expected_id=SANDBOX_LEDGER_ID, clock=self.clock)
            elif begin:
                opened = begin_ledger(
                    self.project.ledger_home, root, ledger_id=self.project.ledger_id, clock=self.clock
                )
            else:
                opened = open_ledger(
                    self.project.ledger_home,
                    root,
                    expected_id=self.project.ledger_id,
                    clock=self.clock,
                    readonly=readonly,
                )
            self._ledger = opened
            self._closing.callback(opened.close)
        return self._ledger

    @property
    def key_file(self) -> Path:
        """Where the runner's key is kept, if not in the environment; a sandbox's own is beside its ledger."""
        world = self.world
        if world is None or world.ledger is None:
            return self.settings.root / KEY_FILE
        ledger = self.settings.root / world.ledger
        return ledger.with_name(f"{ledger.name}.key")

    def runner_key(self) -> Key | None:
        """None where there is none. A sandbox has its own, never a live one's. Raises KeyRefused."""
        return runner_key(os.environ if self.world is None else {}, self.key_file)

    def vault(self) -> tuple[Vault | None, str]:
        """What makes fingerprints, or why it cannot be opened. A sandbox's is begun when absent. Raises KeyRefused."""
        ledger, key = self.ledger(), self.runner_key()
        if self.world is not None and not ledger.sealed():
            key = key or make_runner_key(self.key_file) or self.runner_key()
            if key is not None:
                begin_vault(ledger, key)
        if key is None:
            return None, f"there is no runner key in {KEY_VARIABLE} or {KEY_FILE}"
        vault = open_vault(ledger, key)
        return vault, "" if vault else "the ledger holds no pepper: `trueup init` makes one"

    def fingerprint(self) -> tuple[Fingerprint | None, str]:
        """What makes fingerprints, or why there is none; None and "" where no stack has a secret. Raises KeyRefused."""
        named = self.tree.secrets or any(True for _ in wanted_of(self.tree))
        if named or any(is_watched(one.resource) for one in self.tree.declared()):
            vault, why = self.vault()
            return (vault.fingerprint if vault else None), why
        return None, ""

    def revealed(self) -> tuple[Tree, list[Note]]:
        """The tree with the secrets that its stacks name, and what could not be filled in. Raises KeyRefused."""
        fingerprint, why = self.fingerprint()
        pretend = pretend_value if self.world is not None else None
        return reveal(self.tree, os.environ, fingerprint, why=why, pretend=pretend)

    def platforms(self, known: Iterable[SecretText] = ()) -> tuple[dict[Pair, Platform], dict[Pair, str]]:
        """One platform per account that the project names, and the pairs that cannot be asked, with the reason.

        `known` are secrets, besides the credentials, that no message may repeat.
        """
        pool = Pool(self.settings.parallelism)
        limit = CallLimit(self.settings.max_calls)
        found: dict[Pair, Platform] = {}
        blind: dict[Pair, str] = {}
        credentials: dict[Pair, dict[str, SecretText]] = {}
        for account, by_platform in self.project.accounts.items():
            for platform, access in by_platform.items():
                got, missing = self._credentials(account, access)
                if missing:
                    blind[account, platform] = missing
                else:
                    credentials[account, platform] = got
        redactor = Redactor((*known, *(one for got in credentials.values() for one in got.values())))
        for (account, platform), got in credentials.items():
            access = self.project.accounts[account][platform]
            found[account, platform] = self._platform(account, access, got, pool, limit, redactor)
        return found, blind

    def _platform(
        self,
        account: str,
        access: Access,
        credentials: Mapping[str, SecretText],
        pool: Pool,
        limit: CallLimit,
        redactor: Redactor,
    ) -> Platform:
        kind: Any = known_platforms()[access.platform]
        world = self.world
        rate = kind.rates.get(access.tier, kind.rate)
        client = Client(
            platform=access.platform,
            account=account,
            base_url=world.platforms[access.platform] if world else _base_url(kind, access.tier),
            authorization=kind.authorization(credentials),
            budget=Budget(rate.calls, rate.seconds, sleep=self.sleep),
            log=self.calls,
            pool=pool,
            redactor=redactor,
            read_error=kind.read_error,
            transport=self.transports.get(access.platform),
            limit=limit,
            sleep=self.sleep,
        )
        self._closing.callback(client.close)
        # A sandbox has nothing to settle, so a platform that waits for itself waits for nothing there.
        settle = 0.0 if world else None
        waits = {"settle_seconds": settle, "sleep": self.sleep} if kind.waits_itself else {}
        platform: Platform = kind(client, account, access, self.clock, **waits)
        return platform

    def _credentials(self, account: str, access: Access) -> tuple[dict[str, SecretText], str]:
        """The credentials of one account on one platform, or why they are not there."""
        wanted = [one.name for one in known_platforms()[access.platform].credentials]
        unnamed = [name for name in wanted if name not in access.credentials]
        if unnamed:
            form = ", ".join(f"{name}: NAME_OF_A_VARIABLE" for name in unnamed)
            return {}, f"_project.yaml names no credential: write `{access.platform}: {{credentials: {{{form}}}}}`"
        world = self.world
        if world is not None:
            key = world.accounts.get(account, {}).get(access.platform)
            if key is None:
                return {}, f"the sandbox has no {access.platform} account for {account}"
            return {name: SecretText(key.token, f"{account}.{access.platform}") for name in access.credentials}, ""
        missing = [variable for variable in access.credentials.values() if not os.environ.get(variable)]
        if missing:
            return {}, f"environment variable {', '.join(missing)} is not set"
        return {name: SecretText(os.environ[variable], variable) for name, variable in access.credentials.items()}, ""

    def reconciler(self, *, progress: Callable[[str], None] = lambda text: None) -> Reconciler:
        """Raises SpecError, LedgerError, KeyRefused."""
        tree, notes = self.revealed()
        filled = (getattr(one.declared.resource, one.field) for one in wanted_of(tree))
        platforms, blind = self.platforms(one for one in filled if one is not None)
        return Reconciler(
            tree=tree,
            kinds=self.kinds,
            platforms=platforms,
            blind=blind,
            rules=self.rules,
            ledger=self.ledger(),
            clock=self.clock,
            who=whoami(),
            settle=self.world is None,
            sleep=self.sleep,
            progress=progress,
            notes=notes,
            fingerprint=self.fingerprint()[0],
            states=lambda: self.books().states(),
            rotations=self._rotations,
            minted=self._minted,
        )

    def _minted(self) -> frozenset[tuple[str, str, str]]:
        """The credentials that platforms made for our secrets and that live, by account, kind and id."""
        states = self.books().states() if self.tree.secrets else {}
        return frozenset(
            (secret.source.account, kind, version.id)
            for secret in self.tree.secrets.values()
            if isinstance(secret.source, Issue)
            and secret.name in states
            and (kind := self.issues[secret.source.kind].seen_as)
            for version in states[secret.name].versions
            if version.id and version.ended_at is None
        )

    def books(self) -> Books:
        """The books of every secret. Without a runner key states are told and no value is opened. Raises KeyRefused."""
        if self._books is None:
            stacks = {one.name: one.stack for one in self.tree.secrets.values()}
            self._books = Books(self.ledger(), stacks, key=self.runner_key(), vault=self.vault()[0])
        return self._books

    def _rotations(
        self, reconciler: Reconciler, chosen: Sequence[Secret], run: int, guard: Callable[[], None]
    ) -> Rotations:
        tree, books = reconciler.tree, self.books()
        services = self.world.services if self.world is not None else ""
        # A pretend world that plays no services has none to ask: the real hosts are never asked for it.
        hosts = hosts_of(tree) if self.world is None or services else frozenset()
        prober = HttpProber(hosts, services, self.transports.get(SERVICES))
        estate = LiveEstate(
            tree=tree,
            platforms=reconciler.platforms,
            blind=reconciler.blind,
            ledger=self.ledger(),
            run=run,
            fingerprint=books.fingerprint,
            clock=self.clock,
            guard=guard,
            prober=prober,
            secrets={consumer: one for one in chosen for consumer in one.consumers},
        )
        issuer = partial(issuer_of, platforms=reconciler.platforms, blind=reconciler.blind)
        return Rotations(
            chosen,
            books,
            estate,
            issuer,
            hooks_of(tree.project, prober, os.environ),
            self.clock,
            owner_of(tree.project),
        )


def _base_url(kind: Any, tier: str) -> str:
    """A platform's own address for a tier, where it has several."""
    several: Mapping[str, str] = getattr(kind, "base_urls", {})
    return str(several.get(tier, kind.base_url))
