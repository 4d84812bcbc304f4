"""doctor: what is missing before the product can work. Reads only."""

import json
import os
import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from . import options as opt
from .leaving import Leave
from .screen import console, waiting

if TYPE_CHECKING:
    from ..assemble import Workshop
    from ..model.memory import Memory
    from ..model.observation import Observation
    from ..model.spec import Access, Declared, Tree

Here = Path()
SCHEMA = "trueup.doctor/1"


@dataclass(frozen=True)
class Check:
    """One thing looked at. `exit` 0: well; 14: a credential or a secret; 16: a person must act; 17: the rest."""

    subject: str
    exit: int
    message: str
    advice: str = ""


def doctor(
    install_pulumi: Annotated[
        bool, typer.Option("--install-pulumi", help="First ask the vendor's installer for Pulumi's command line.")
    ] = False,
    as_json: opt.Json = False,
    no_color: opt.NoColor = False,
    directory: opt.Directory = Here,
) -> None:
    """Check stack files, ledger, credentials and their rights, and Pulumi. Reads only, but for --install-pulumi."""
    from ..model.exits import strictest

    if install_pulumi:
        from .pulumi.checks import install

        install(lambda text: print(text, file=sys.stderr))
    with opt.workshop(directory) as shop, waiting(quiet=as_json) as progress:
        checks: list[Check] = []
        for one in _examined(shop):
            progress(one.subject)
            checks.append(one)
        made = shop.calls.count()
    code = strictest(one.exit for one in checks)
    if as_json:
        document = {"schema": SCHEMA, "checks": [asdict(one) for one in checks], "calls": {"made": made}, "exit": code}
        print(json.dumps(document, indent=2, ensure_ascii=False))
    else:
        _show(checks, code, no_color)
    raise Leave(code)


def _show(checks: list[Check], code: int, no_color: bool) -> None:
    screen = console(no_color=no_color)
    for one in checks:
        sign, colour = ("✓", "green") if one.exit == 0 else ("✗", "red")
        screen.print(f"[{colour}]{sign}[/] {_plain(one.subject)}: {_plain(one.message)}")
        if one.advice:
            screen.print(f"    {_plain(one.advice)}")
    bad = sum(one.exit != 0 for one in checks)
    screen.print("all is well" if code == 0 else f"{bad} of {len(checks)} checks failed")


def _plain(text: str) -> str:
    from rich.markup import escape

    return escape(text)


def _examined(shop: "Workshop") -> Iterator[Check]:
    from ..model.errors import ReconcileError, SpecError
    from ..model.memory import Memory
    from .plan_view import counted

    tree: Tree | None = None
    try:
        tree = shop.tree
        count = sum(len(spec.said) for spec in tree.stacks.values())
        yield Check("stack files", 0, f"{counted(len(tree.stacks), 'stack')}, {counted(count, 'resource')}")
    except SpecError as error:
        for problem in error.problems:
            yield Check("stack files", 17, str(problem), error.advice)
    try:
        project = shop.project
    except SpecError:
        return
    memory = Memory()
    try:
        memory, told = _ledger(shop)
        yield Check("ledger", 0, told)
    except ReconcileError as error:
        yield Check("ledger", 17, str(error), error.advice)
    yield _runner_key(shop, tree)
    yield from _unset(shop, tree)
    try:
        yield Check("rules", 0, f"{len(shop.rules)} rules load")
    except SpecError as error:
        yield Check("rules", 17, str(error), error.advice)
    yield from _pulumi(shop, tree)
    if not any(project.accounts.values()):
        yield Check("accounts", 0, "no account names a platform yet", "add one in stacks/_project.yaml")
    yield from _accounts(shop, tree, memory)


def _pulumi(shop: "Workshop", tree: "Tree | None") -> Iterator[Check]:
    from .pulumi.checks import engine_checks

    stacks = [name for name, spec in tree.stacks.items() if spec.writer == "pulumi"] if tree is not None else []
    for told in engine_checks(shop, stacks):
        yield Check(*told)


def _ledger(shop: "Workshop") -> "tuple[Memory, str]":
    from ..model.memory import Memory

    world = shop.world
    if world is not None and world.ledger is not None and not Path(world.ledger).exists():
        return Memory(), "the sandbox's ledger is begun by the first command that writes"
    ledger = shop.ledger(readonly=world is None)
    entries = sum(ledger.verify().values())
    return ledger.memory(), f"{ledger.id} at {ledger.location}: the chain of {entries} entries holds"


def _runner_key(shop: "Workshop", tree: "Tree | None") -> Check:
    """Whether the key is there that opens what the ledger holds sealed. No key is well where no stack needs one."""
    from ..model.errors import KeyRefused, LedgerError
    from ..steps.reveal import wanted_of
    from ..store.vault import KEY_FILE, KEY_VARIABLE, open_vault
    from .plan_view import counted

    if shop.world is not None:
        return Check("runner key", 0, "a sandbox makes its own")
    try:
        key = shop.runner_key()
        if key is not None and open_vault(shop.ledger(readonly=True), key) is not None:
            return Check("runner key", 0, f"opens what is sealed ({key.recipient})")
    except KeyRefused as error:
        return Check("runner key", error.exit_code, str(error), error.advice)
    except LedgerError:
        return Check("runner key", 0, "not tried: the ledger cannot be used")
    count = sum(1 for _ in wanted_of(tree)) if tree is not None else 0
    missing = f"not in {KEY_VARIABLE} or {KEY_FILE}" if key is None else "the ledger holds nothing sealed"
    advice = "`trueup init` makes what was never made; without it sealed values are not compared"
    if count:
        return Check("runner key", 14, f"{missing}; the stacks name {counted(count, 'secret')}", advice)
    return Check("runner key", 0, f"{missing}; no stack needs it")


def _unset(shop: "Workshop", tree: "Tree | None") -> Iterator[Check]:
    """Each environment variable that a stack takes a secret from and that is not set, with all who need it."""
    from ..steps.reveal import wanted_of

    if tree is None or shop.world is not None:
        # A sandbox takes a pretended value for what is not set.
        return
    needing: dict[str, list[Declared]] = {}
    for one in wanted_of(tree):
        needing.setdefault(one.variable, []).append(one.declared)
    unset = {name: ones for name, ones in needing.items() if not os.environ.get(name)}
    for name, ones in sorted(unset.items()):
        told = "; ".join(f"{one.address} of stack {one.stack} ({one.at})" for one in ones)
        advice = "set it where trueup runs; until then what needs it is neither compared nor made"
        yield Check(f"secret {name}", 14, f"the environment variable is not set; needed by {told}", advice)
    if needing and not unset:
        yield Check("secrets", 0, f"{len(needing)} environment variables that the stacks name are set")


def _by_hand(tree: "Tree | None", observations: "Sequence[Observation]", memory: "Memory") -> Iterator[Check]:
    """What must be there, is not, and only a person can make."""
    from ..model.exits import PERSON
    from ..model.observation import Container
    from ..steps.plan.changes import missing
    from ..steps.plan.match import Facts, match

    if tree is None:
        return
    read = {(one.account, container) for one in observations for container in one.read}
    pairs = match(list(tree.declared()), observations, Facts.gather(tree, memory)).pairs
    for one in tree.declared():
        listing = (one.account, Container(one.address.full_kind, one.resource.container()))
        if one.resource.only_seen and not one.resource.rotated and one.place not in pairs and listing in read:
            gap = missing(one)
            advice = f"declared by stack {one.stack} ({one.at})"
            yield Check("by hand" if gap.exit_code == PERSON else str(one.address), gap.exit_code, gap.reason, advice)


def _accounts(shop: "Workshop", tree: "Tree | None", memory: "Memory") -> Iterator[Check]:
    """Missing credentials, then what the present ones may see."""
    from ..steps.observe import observe

    platforms, blind = shop.platforms()
    for (account, platform), why in sorted(blind.items()):
        yield Check(f"{account} on {platform}", 14, why, _where_to_get(shop, account, platform))
    scopes = {pair: _scope(tree, pair) for pair in platforms}
    observations = observe(platforms, scopes, shop.clock)
    for seen in observations:
        yield from _seen(shop, seen, memory)
    yield from _by_hand(tree, observations, memory)


def _scope(tree: "Tree | None", pair: tuple[str, str]) -> Any:
    """What the stacks declare in an account; all of it where they declare nothing."""
    from ..model.observation import Container, Scope

    account, platform = pair
    containers = {
        Container(one.resource.kind, one.resource.container())
        for one in (tree.declared() if tree else ())
        if one.account == account and one.address.platform == platform
    }
    return Scope(account, frozenset(containers) or None)


def _seen(shop: "Workshop", seen: "Observation", memory: "Memory") -> Iterator[Check]:
    from ..model.errors import WrongAccount
    from ..steps.accounts import accounts_seen

    subject = f"{seen.account} on {seen.platform}"
    for gap in seen.gaps:
        right = f"; the missing right is {gap.right}" if gap.right else ""
        advice = _where_to_get(shop, seen.account, seen.platform) if gap.right or gap.exit_code == 14 else ""
        yield Check(subject, gap.exit_code, f"{gap.kind} {gap.container}: {gap.reason}{right}", advice)
    try:
        accounts_seen([seen], shop.project, memory.pins)
    except WrongAccount as error:
        yield Check(subject, error.exit_code, str(error), error.advice)
        return
    if not seen.gaps:
        access = shop.project.accounts[seen.account][seen.platform]
        pinned = memory.pins.get((seen.account, seen.platform)) or access.id
        pin = f", pinned to account {pinned}" if pinned else ", not pinned yet: the first apply pins it"
        yield Check(subject, 0, f"{len(seen.seen)} things in {len(seen.read)} listings seen{pin}")


def _where_to_get(shop: "Workshop", account: str, platform: str) -> str:
    """What to get and where, for every credential of a platform."""
    from ..platforms import platforms as known

    access: Access = shop.project.accounts[account][platform]
    told = []
    for one in known()[platform].credentials:
        variable = access.credentials.get(one.name)
        place = f"put it into {variable}" if variable else f"name its variable in stacks/_project.yaml ({one.name})"
        told.append(f"{one.name}: needs {one.rights}; get it at {one.where}; {place}")
    return "; ".join(told)
