"""Drift of a Pulumi program that we did not write: what it registers beside what lives. No engine, no state, no ledger.

in line         lives as the program says, as far as that is known
drifted         lives otherwise
missing         its listing was read and does not hold it
not seen        nobody can say: a listing that was not read, an account or a zone that is not told
not observed    of a type that we do not know, or of one that is no thing on a platform
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from ..model import exits
from ..model.bridge import wire_name
from ..model.change import FieldChange
from ..model.memory import Memory
from ..model.observation import Container, Gap, Observation, Scope, Seen
from ..model.resource import Resource
from ..model.spec import Declared, Spec, Tree
from ..steps.plan.diff import differences
from ..steps.plan.match import Facts, match
from ..steps.reach import scopes
from .provider.asked import plain, pulumi_id
from .provider.told import as_output, told_by
from .recorder import Registration
from .spoken import Known, Pair, Spoken, is_ignored, waits_for
from .tokens import PACKAGE

Status = Literal["in line", "drifted", "missing", "not seen", "not observed"]


@dataclass(frozen=True)
class Finding:
    """What became of one registered resource. Values of hidden fields are nowhere in it."""

    registration: Registration
    status: Status
    kind: type[Resource] | None = None
    declared: Declared | None = None
    seen: Seen | None = None
    fields: tuple[FieldChange, ...] = ()
    accepted: tuple[FieldChange, ...] = ()
    """Differences that the program's `ignoreChanges` accepts."""
    waits: tuple[str, ...] = ()
    """Fields that were not compared: what the program says there is not known before it has run."""
    unreadable: tuple[str, ...] = ()
    """Secrets that were not compared: the platform does not show them."""
    why: str = ""
    exit_code: int = exits.NOTHING
    secretive: bool = False
    """What tells which one it is may be secret: the platform's id of it, and the place that it stands in."""

    @property
    def id(self) -> str:
        """The platform's own, where it may be told."""
        return self.seen.id if self.seen is not None and not self.secretive else ""

    @property
    def address(self) -> str:
        return str(self.declared.address) if self.declared is not None else ""


def asked_scopes(heard: Iterable[Spoken], known: Known, kinds: Mapping[str, type[Resource]]) -> dict[Pair, Scope]:
    """The listings that hold what was registered. `kinds` by our names."""
    declared = {one.declared.address: one.declared for one in heard if one.declared is not None}
    if not declared:
        return {}
    stack = next(iter(declared.values())).stack
    tree = Tree(known.project, {stack: Spec(stack, "", "pulumi", (), declared)}, "")
    found = scopes(tree, (stack,), Memory(), kinds)
    # What stands there unasked is told in its plain state too where it is named.
    named: dict[Pair, set[tuple[str, str, str]]] = {}
    for spoken in heard:
        one, bridge = spoken.declared, spoken.kind.bridge
        if one is not None and spoken.kind.standing and bridge is not None:
            id = bridge.remote_id("", plain(spoken.registration.inputs))
            named.setdefault(_pair(one), set()).add((spoken.kind.kind, one.resource.referred_as(), id))
    return {pair: replace(scope, known=frozenset(named.get(pair, ()))) for pair, scope in found.items()}


def findings(
    registered: Sequence[Registration], heard: Sequence[Spoken], observations: Sequence[Observation], known: Known
) -> list[Finding]:
    """One for each registered resource, in order."""
    by_urn = {one.registration.urn: one for one in heard}
    live = [(one.account, seen) for one in observations for seen in one.seen]
    pinned = {one.registration.urn: _pinned(one, live, known) for one in heard if one.declared is not None}
    facts = Facts(known.project.name, {}, {}, {}, {})
    pairs = match(list(pinned.values()), observations, facts).pairs
    found = []
    for one in registered:
        spoken = by_urn.get(one.urn)
        if spoken is None:
            found.append(Finding(one, "not observed", why=_unobserved(one)))
        elif spoken.declared is None:
            why, code = spoken.why, spoken.exit_code
            found.append(Finding(one, "not seen", spoken.kind, why=why, exit_code=code))
        else:
            spoken = replace(spoken, declared=pinned[one.urn])
            found.append(_finding(spoken, pairs.get(pinned[one.urn].place), observations))
    return found


def exit_code(found: Iterable[Finding], *, detailed: bool) -> int:
    """What the command leaves with."""
    codes = [one.exit_code for one in found]
    if detailed:
        codes.extend(exits.CHANGES for one in found if one.status in ("drifted", "missing"))
    return exits.strictest(codes)


def living(found: Iterable[Finding], known: Known) -> dict[str, tuple[str, dict[str, Any]]]:
    """By URN, the Pulumi id of what lives, and the outputs beside its inputs: what a program may refer to."""
    return {
        one.registration.urn: (_id(one, one.seen), _outputs(one.seen, type(one.seen.resource)))
        for one in found
        if one.seen is not None and one.declared is not None
    }


def waiting(found: Iterable[Finding], told: Mapping[str, Any], before: Mapping[str, Any]) -> bool:
    """Whether the program, told of what lives, would say more than it did."""
    fresh = {urn for urn, answer in told.items() if before.get(urn) != answer}
    unsettled = (one for one in found if one.waits or (one.status == "not seen" and one.kind is not None))
    return any(fresh & set(one.registration.needs) for one in unsettled)


def _finding(one: Spoken, seen: Seen | None, observations: Sequence[Observation]) -> Finding:
    declared = one.declared
    assert declared is not None
    secretive = one.kind.bridge is not None and bool(one.hidden)
    waits = tuple(sorted(one.waits))
    base = Finding(one.registration, "in line", one.kind, declared, seen, waits=waits, secretive=secretive)
    if seen is None:
        return _absent(base, declared, observations)
    wanted = declared.resource.model_copy(update=dict.fromkeys(one.waits))
    told = differences(wanted, seen.resource, None)
    paths = one.registration.ignored
    accepted = [item for item in told if is_ignored(item.name, item.before, item.after, paths, one.kind)]
    fields = tuple(_hide(item, one.hidden) for item in told if item not in accepted)
    unreadable = tuple(name for name in wanted.secrets() if getattr(seen.resource, name) is None)
    return replace(
        base,
        status="drifted" if fields else "in line",
        fields=fields,
        accepted=tuple(_hide(item, one.hidden) for item in accepted),
        unreadable=unreadable,
    )


def _absent(base: Finding, declared: Declared, observations: Sequence[Observation]) -> Finding:
    container = Container(declared.address.full_kind, declared.resource.container())
    there = [one for one in observations if (one.account, one.platform) == _pair(declared)]
    if not any(container in one.read for one in there):
        gap = next((gap for one in there for gap in one.gaps if _hides(gap, container)), None)
        why, code = (gap.reason, gap.exit_code) if gap is not None else ("its listing was not read", exits.INCOMPLETE)
        why = "its listing could not be read" if base.secretive else why
        return replace(base, status="not seen", why=why, exit_code=code)
    if declared.pinned:
        return replace(base, status="missing", why=f"{declared.pinned}, which it imports, is not there")
    if any(map(waits_for, declared.resource.keys()[0])):
        why = "what tells it from others is not known before the program has run"
        return replace(base, status="not seen", why=why, exit_code=exits.INCOMPLETE)
    return replace(base, status="missing")


def _hides(gap: Gap, container: Container) -> bool:
    return gap.kind in (container.kind, "*") and gap.container in (container.name, "*")


def _hide(item: FieldChange, hidden: frozenset[str]) -> FieldChange:
    return FieldChange(item.name, hidden=True) if item.hidden or item.name in hidden else item


def _pinned(one: Spoken, live: Iterable[tuple[str, Seen]], known: Known) -> Declared:
    """With the platform's id of the one thing that it imports. One that is not there stays as it was named."""
    declared, import_id = one.declared, one.registration.import_id
    assert declared is not None
    if not import_id:
        return declared
    named = _import_ids(one, declared, known)
    there = (seen for account, seen in live if account == declared.account and seen.kind == one.kind.kind)
    id = next((seen.id for seen in there if named(seen) == import_id), import_id)
    return replace(declared, pinned=id)


def _import_ids(one: Spoken, declared: Declared, known: Known) -> Callable[[Seen], str]:
    bridge = one.kind.bridge
    if bridge is None:
        return lambda seen: pulumi_id(declared.account, seen.id)
    make = bridge.import_id
    if make is None:
        return lambda seen: seen.id
    account_id = known.account_ids.get(_pair(declared), "")
    by_domain = {domain: id for id, (account, domain) in known.zones.items() if account == declared.account}
    return lambda seen: make(seen.resource, seen.id, account_id, lambda domain: by_domain.get(domain, ""))


def _id(one: Finding, seen: Seen) -> str:
    """The vendor's id is ours for some kinds; where it is made of other things it stays unknown."""
    assert one.declared is not None and one.kind is not None
    if one.kind.bridge is None:
        return pulumi_id(one.declared.account, seen.id)
    return seen.id if one.kind.bridge.remote_id("\0", plain(one.registration.inputs)) == "\0" else ""


def _outputs(seen: Seen, kind: type[Resource]) -> dict[str, Any]:
    """By their wire names, without secrets: those of what lives leave this process for nobody."""
    if kind.bridge is None:
        names = {name: name for name in told_by(kind)}
    else:
        names = {name: wire_name(wire) for name, wire in kind.bridge.outputs.items()}
    told = {wire: as_output(seen.resource, name) for name, wire in names.items()}
    return {name: value for name, value in told.items() if isinstance(value, str | int | float | bool | list)}


def _unobserved(one: Registration) -> str:
    if one.type.startswith(f"{PACKAGE}:"):
        return "it is no thing on a platform: it starts a deploy, or keeps the ledger's books"
    return "Trueup does not know this type"


def _pair(one: Declared) -> Pair:
    return one.account, one.address.platform
