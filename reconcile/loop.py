"""One pass, told in order: observe, plan, judge, apply, verify, record."""

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial

from .model import exits
from .model.change import Change, Outcome, Plan
from .model.errors import StalePlan
from .model.memory import Applied, Memory, Owned
from .model.observation import Container, Observation, Scope
from .model.platform import Platform
from .model.resource import Address, Resource
from .model.rotated import Secret
from .model.rotation import State, Step
from .model.spec import Declared, Place, Tree
from .model.verdict import Judged, Rule
from .rotation.turning import Rotations, secrets_of, stacks_of
from .steps.accounts import accounts_seen
from .steps.apply import Executor
from .steps.judge import judge
from .steps.observe import Pair, observe
from .steps.plan import Mode, make_plan
from .steps.plan.digest import digest_of
from .steps.plan.seen import Fingerprint
from .steps.reach import as_notes, beside, scopes, unread
from .steps.reveal import Note, said
from .steps.rotate.quiet import quietly, ran, unstarted
from .steps.rotate.reading import astray
from .store import Ledger, kept_fields, prints_of


@dataclass(frozen=True)
class Choice:
    """Which part of a plan to keep: addresses, or all but some. Empty means everything."""

    targets: frozenset[Address] = frozenset()
    excluded: frozenset[Address] = frozenset()

    def keeps(self, address: Address) -> bool:
        return address not in self.excluded and (not self.targets or address in self.targets)


@dataclass(frozen=True)
class Consent:
    """What a person agreed to. `digest` "": whatever this pass finds; else only exactly that plan."""

    digest: str = ""
    approve: bool = False
    confirm_destructive: bool = False


@dataclass(frozen=True)
class Run:
    """What one apply did. `unproven` are the addresses that the proving pass still finds different or cannot see."""

    judged: Judged
    outcomes: tuple[Outcome, ...]
    unproven: tuple[Address, ...] = ()
    turns: tuple[Step, ...] = ()
    """What became of each secret."""

    def exit_code(self) -> int:
        """What `apply` and `destroy` leave with."""
        codes = [outcome.exit_code or exits.PARTIAL for outcome in self.outcomes if outcome.status != "done"]
        failed = [outcome for outcome in self.outcomes if outcome.status in ("failed", "unsure", "skipped")]
        if failed:
            codes.append(exits.PARTIAL)
        codes.extend(gap.exit_code for gap in self.judged.plan.gaps)
        codes.extend(exits.PERSON for _ in self.judged.plan.touched)
        codes.extend([exits.PARTIAL] if self.unproven else [])
        return exits.strictest([*codes, *turn_codes(self.turns)])


def turn_codes(turns: Iterable[Step]) -> list[int]:
    """What steps of rotations leave with: a person is needed, or something did not work and will be tried again."""
    codes = {"held": exits.PERSON, "lost": exits.FROZEN}
    return [exits.PARTIAL if one.trouble else codes.get(one.what, exits.NOTHING) for one in turns]


def plan_exit_code(judged: Judged, *, detailed: bool) -> int:
    """What `plan` and `drift` leave with."""
    codes = [gap.exit_code for gap in judged.plan.gaps] + [exits.PERSON for _ in judged.plan.touched]
    for change in judged.plan.changes:
        decision = judged.decision(change)
        codes.append({"deny": exits.DENIED, "hold": exits.APPROVAL}.get(decision, exits.NOTHING))
        if detailed:
            codes.append(exits.CHANGES)
    codes.extend(exits.CHANGES for _ in judged.plan.astray if detailed)
    return exits.strictest(codes)


@dataclass
class Reconciler:
    """The working parts of a pass, put together by `assemble`."""

    tree: Tree
    kinds: Mapping[str, type[Resource]]
    platforms: Mapping[Pair, Platform]
    blind: Mapping[Pair, str]
    """Pairs that cannot be asked, and why."""
    rules: Sequence[Rule]
    ledger: Ledger
    clock: Callable[[], datetime]
    who: str
    settle: bool = True
    """Whether to wait a platform's `settle_seconds`; a sandbox world has nothing to settle."""
    sleep: Callable[[float], None] = time.sleep
    progress: Callable[[str], None] = field(default=lambda text: None)
    account_ids: dict[Pair, str] = field(default_factory=dict)
    """The platforms' ids of the accounts that answered the last reading; pinned by whoever writes."""
    notes: Sequence[Note] = ()
    """What the plans of single stacks must say besides: secrets of the tree that could not be filled in."""
    fingerprint: Fingerprint | None = None
    """What compares values that are not ours and that the platform shows; None: there is no key."""
    states: Callable[[], Mapping[str, State]] = field(default=dict)
    """What the ledger owns of each secret."""
    minted: Callable[[], frozenset[tuple[str, str, str]]] = field(default=frozenset)
    """Credentials that platforms made for our secrets, by account, kind and id: nobody's but ours."""
    rotations: "Callable[[Reconciler, Sequence[Secret], int, Callable[[], None]], Rotations] | None" = None
    """Makes what turns secrets, in a run, under a guard that raises when its lease is lost; None: nothing does."""

    _ran: frozenset[Place] = frozenset()
    """Units of secrets that ran when they were last looked at."""

    def plan(self, stacks: Iterable[str], *, mode: Mode = "spec", choice: Choice | None = None) -> Judged:
        """Reads, compares and judges; writes nothing anywhere. Raises WrongAccount, SpecError."""
        names = self.tree.in_order(frozenset(stacks))
        memory = self.ledger.memory()
        observations = self._look(names, memory)
        plan = make_plan(self.tree, names, observations, memory, self.kinds, mode=mode, fingerprint=self.fingerprint)
        if self.fingerprint is not None and self.tree.secrets and mode != "destroy":
            stray = astray(self.tree, names, observations, memory, self.states(), self.fingerprint)
            plan = replace(plan, astray=stray)
        minted = self.minted() if plan.unmanaged else frozenset()
        if minted:
            known = [one for one in plan.unmanaged if (one.account, one.seen.kind, one.seen.id) in minted]
            plan = replace(plan, unmanaged=tuple(one for one in plan.unmanaged if one not in known))
        self._ran = ran(self.tree, observations)
        told = said(self.notes, names)
        beyond = tuple(unread(self.tree, plan, observations, memory))
        told += tuple(note for one in observations for note in one.notes)
        chosen = choice or Choice()
        plan = replace(self._chosen(plan, chosen), warnings=plan.warnings + told + beyond)
        declared = (one for name in names for one in self.tree.stacks[name].declared.values())
        return judge(
            replace(plan, predicted_calls=self._predict(plan.changes)),
            self.rules,
            [one for one in declared if mode != "destroy" and chosen.keeps(one.address)],
        )

    def apply(
        self,
        stacks: Iterable[str],
        *,
        command: str,
        mode: Mode = "spec",
        choice: Choice | None = None,
        ask: Callable[[Judged], Consent | None] = lambda judged: Consent(),
        tell: Callable[[Outcome], None] = lambda outcome: None,
        lock_timeout_seconds: float = 0.0,
    ) -> Run | None:
        """One whole pass under the stacks' lease. `ask` sees the judged plan and says what a person agrees to.

        None where nobody agreed: nothing was written. Raises StalePlan, WrongAccount, LedgerLocked.
        """
        names = self.tree.in_order(frozenset(stacks))
        with self.ledger.lease(names, holder=command, timeout_seconds=lock_timeout_seconds) as lease:
            judged = self.plan(names, mode=mode, choice=choice)
            consent = ask(judged)
            if consent is None:
                return None
            if consent.digest and consent.digest != judged.plan.digest:
                raise StalePlan("the platforms or the stack files moved since that plan was made")
            run = self.ledger.begin_run(command, names, self.tree.revision, self.who)
            try:
                result = self._act(judged, consent, run, lease.check, tell)
            except KeyboardInterrupt:
                self.ledger.end_run(run, exits.INTERRUPTED, {"interrupted": True})
                raise
            except Exception as error:
                self.ledger.end_run(run, getattr(error, "exit_code", exits.FAILED), {"error": type(error).__name__})
                raise
            counts = dict.fromkeys(("done", "failed", "unsure", "held", "denied", "skipped"), 0)
            for outcome in result.outcomes:
                counts[outcome.status] += 1
            self.ledger.end_run(run, result.exit_code(), {**counts, "digest": judged.plan.digest})
            return result

    def rotate(
        self,
        stacks: Iterable[str],
        *,
        command: str,
        only: Iterable[str] = (),
        until_quiet: bool = False,
        first: Callable[[Rotations], None] = lambda rotations: None,
        lock_timeout_seconds: float = 0.0,
    ) -> tuple[Step, ...]:
        """One transition of each secret that some stacks declare, or of those in `only`; `until_quiet` as many as there
        are. `first` asks for something before the first. Under the lease of every stack that holds one of them.

        Raises LedgerLocked, KeyRefused.
        """
        named = frozenset(only)
        chosen = [one for one in secrets_of(self.tree.secrets, stacks) if not named or one.name in named]
        if not chosen or self.rotations is None:
            return ()
        names = self.tree.in_order(stacks_of(chosen))
        with self.ledger.lease(names, holder=command, timeout_seconds=lock_timeout_seconds) as lease:
            run = self.ledger.begin_run(command, names, self.tree.revision, self.who)
            code, summary = exits.FAILED, {}
            try:
                rotations = self.rotations(self, chosen, run, lease.check)
                first(rotations)
                self.progress("rotating")
                pause = partial(self.sleep, 1.0 if self.settle else 0.0)
                turned = rotations.until_quiet(pause=pause) if until_quiet else rotations.turn()
                code, summary = exits.strictest(turn_codes(turned)), {one.secret: one.what for one in turned}
            except KeyboardInterrupt:
                code = exits.INTERRUPTED
                raise
            except Exception as error:
                code = getattr(error, "exit_code", exits.FAILED)
                raise
            finally:
                self.ledger.end_run(run, code, {"rotations": summary})
        return turned

    def _act(
        self,
        judged: Judged,
        consent: Consent,
        run: int,
        guard: Callable[[], None],
        tell: Callable[[Outcome], None],
    ) -> Run:
        plan = judged.plan
        if consent.approve:
            self.ledger.approve(plan.digest, self.who)
        self._learn(plan, run)
        executor = Executor(
            platforms=self.platforms,
            ledger=self.ledger,
            run=run,
            project=self.tree.project.name,
            approved=consent.approve or plan.digest in self.ledger.memory().approvals,
            confirm_destructive=consent.confirm_destructive,
            guard=guard,
            tell=tell,
        )
        outcomes = executor.apply(self._quietly(judged))
        proven, unproven = self._verify(plan, outcomes)
        return Run(judged, proven, unproven)

    def _quietly(self, judged: Judged) -> Judged:
        """What waits for the first value of a secret is made without being started: the rotation does that."""
        if not self.tree.secrets or self.rotations is None:
            return judged
        return quietly(judged, unstarted(self.tree, judged.plan, self.states(), self._ran))

    def _learn(self, plan: Plan, run: int) -> None:
        """Ownership that the facts showed: marks of ours, answered announcements, moved names, things that are gone."""
        changing = {change.place for change in plan.changes}
        owned, applied = [], []
        for one in plan.owning:
            seen = one.seen
            owned.append(Owned(one.account, seen.kind, seen.key, seen.id, one.address, one.stack))
            # What a rotation wrote has its history already, with the fingerprint of what it wrote.
            if one.declared is not None and not one.declared.resource.rotated and one.place not in changing:
                applied.append(history_of(one.declared, one.seen.resource, self.tree.revision, self.clock()))
        if owned:
            self.ledger.own(owned, applied, ", ".join(sorted({one.reason for one in plan.owning})), run)
        for stack, address in plan.gone:
            self.ledger.forget(stack, [address], "no longer declared, no longer there")
        for stack, address in plan.let_go:
            self.ledger.forget(stack, [address], "its value is not ours any more")
        self.ledger.sight(plan.sightings, gone=plan.unsighted, run=run)
        for pair, id in self.account_ids.items():
            self.ledger.pin(*pair, id)
        unseen = {(gap.account, gap.kind) for gap in plan.gaps}
        answered = [
            intent.id
            for intent in self.ledger.memory().intents
            if intent.stack in plan.stacks and not {(intent.account, intent.kind), (intent.account, "*")} & unseen
        ]
        if answered:
            self.ledger.close_intents(answered, "observed again")

    def _verify(self, plan: Plan, outcomes: Sequence[Outcome]) -> tuple[tuple[Outcome, ...], tuple[Address, ...]]:
        """Looks again at every listing that was written to: what was done must now be nothing to do."""
        done = [one for one in outcomes if one.status == "done"]
        if not done:
            return tuple(outcomes), ()
        self.progress("verifying")
        written: dict[Pair, set[Container]] = {}
        for one in done:
            change = one.change
            pair = (change.account, change.address.platform)
            written.setdefault(pair, set()).add(Container(change.address.full_kind, change.container))
        memory = _without_references(self.ledger.memory())
        observations = observe(
            self.platforms,
            {pair: Scope(pair[0], frozenset(found)) for pair, found in written.items()},
            self.clock,
        )
        proof = make_plan(self.tree, plan.stacks, observations, memory, self.kinds, mode="drift")
        differing = {change.place for change in proof.changes}
        read = {(one.account, container) for one in observations for container in one.read}
        live = {(one.account, seen.kind, seen.id) for one in observations for seen in one.seen}

        def holds(change: Change) -> bool:
            kind = change.address.full_kind
            if (change.account, Container(kind, change.container)) not in read:
                return False
            if change.verb == "delete":
                return (change.account, kind, change.id) not in live
            return change.place not in differing

        proven = tuple(replace(one, verified=holds(one.change)) if one.status == "done" else one for one in outcomes)
        return proven, tuple(one.change.address for one in proven if one.verified is False)

    def _look(self, names: Sequence[str], memory: Memory) -> list[Observation]:
        asked = scopes(self.tree, names, memory, self.kinds)
        self.progress("reading " + ", ".join(sorted({platform for _, platform in asked})))
        aside = beside(self.tree, names, asked, self.kinds)
        observations = as_notes(observe(self.platforms, asked | aside, self.clock, self.blind), aside)
        self.account_ids = accounts_seen(observations, self.tree.project, memory.pins)
        again = self._unanswered(names, observations, memory)
        if again:
            # A listing may lag behind a write: a create without an answer counts as made until two listings lack it.
            if self.settle:
                self.sleep(max(self.platforms[pair].settle_seconds for pair in again))
            second = observe(self.platforms, {pair: asked[pair] for pair in again}, self.clock)
            kept = [one for one in observations if (one.account, one.platform) not in again]
            observations = kept + second
        return observations

    def _unanswered(self, names: Sequence[str], observations: Sequence[Observation], memory: Memory) -> frozenset[Pair]:
        """Pairs with an announced create that has no answer and is not in the first listing."""
        live = {(one.account, seen.kind, seen.key) for one in observations for seen in one.seen}
        return frozenset(
            (intent.account, intent.address.platform)
            for intent in memory.intents
            if intent.stack in names
            and intent.verb in ("create", "replace")
            and (intent.account, intent.kind, intent.key) not in live
            and (intent.account, intent.address.platform) in self.platforms
        )

    def _predict(self, changes: Sequence[Change]) -> int:
        """Calls that applying would make. Its proof counts too: what was written is listed once more."""
        groups: dict[tuple[int, str, str], list[Change]] = {}
        for change in changes:
            groups.setdefault((change.wave, change.account, change.address.platform), []).append(change)
        made = sum(
            self.platforms[account, platform].predict(group)
            for (_, account, platform), group in groups.items()
            if (account, platform) in self.platforms
        )
        listings = {(change.account, change.address.platform, change.container) for change in changes}
        return made + len(listings)

    def _chosen(self, plan: Plan, choice: Choice) -> Plan:
        if not choice.targets and not choice.excluded:
            return plan
        kept = replace(
            plan,
            changes=tuple(change for change in plan.changes if choice.keeps(change.address)),
            adopt=tuple(change for change in plan.adopt if choice.keeps(change.address)),
            touched=tuple(one for one in plan.touched if choice.keeps(one.place.address)),
            astray=tuple(one for one in plan.astray if choice.keeps(one.place.address)),
            sightings=tuple(one for one in plan.sightings if choice.keeps(one.address)),
        )
        return replace(kept, digest=digest_of(kept))


def _without_references(memory: Memory) -> Memory:
    """What was sent is proved by its values: an output may have moved on since, and that is the next plan's matter."""
    applied = {place: replace(row, references={}) if row.references else row for place, row in memory.applied.items()}
    return replace(memory, applied=applied)


def history_of(declared: Declared, live: Resource, revision: str, at: datetime) -> Applied:
    """What the ledger remembers of a resource that lives as declared."""
    resource = declared.resource
    return Applied(
        declared.stack,
        declared.address,
        revision,
        kept_fields(resource),
        dict(declared.references),
        prints_of(resource, live),
        at.isoformat().replace("+00:00", "Z"),
    )
