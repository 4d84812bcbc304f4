"""The ten questions that every platform must answer. Each is a function of a harness and raises AssertionError."""

import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import parse_qs, urlsplit

from reconcile.loop import Consent, Reconciler
from reconcile.model.change import Change
from reconcile.model.errors import PlatformError
from reconcile.model.observation import Observation
from reconcile.model.resource import Immutable, Resource, Secret
from reconcile.model.verdict import Judged
from reconcile.platforms import kinds
from reconcile.steps.plan.diff import differences
from reconcile.store import begin_ledger

from . import examples_github
from .edits import Edit, cases, edits, exempt
from .harness import ACCOUNT, READING, TOKEN, WRITING, Harness, as_text, files_of, said
from .samples import Sample, others

READ_FAULTS = ("401", "403", "429 retry-after=1", "500", "503", "reset", "truncate after", "truncate=json after")
WRITE_FAULTS = ("401", "403", "400", "422", "429 retry-after=1")
UNSURE_FAULTS = ("500", "reset", "500 after", "reset after", "truncate after", "truncate=json after")
TELL_NO_RIGHT: Mapping[str, str] = {
    "railway": "a dead token and a missing right are refused in the same words, neither by the status",
}
"""Platforms of which a refusal of everything cannot name the right that lacks."""
T = TypeVar("T")
EXIT = {"401": 14, "429": 15}


def check_empty_at_first(harness: Harness) -> None:
    """Nothing is there, and that is known: the listing was read."""
    assert harness.seen() == {}
    plan = harness.plan()
    assert {change.verb for change in plan.changes} == {"create"}
    assert len(plan.changes) == len(harness.samples)


def check_created_is_seen_equal(harness: Harness) -> None:
    outcomes = harness.settle()
    seen = harness.seen()
    assert len(seen) == len(harness.live()) == len(harness.samples)
    for outcome in outcomes:
        name = outcome.change.address.name
        assert outcome.id in harness.live(), f"{name}: no such id {outcome.id!r}"
        found = differences(harness.wanted[name], seen[outcome.id].resource, None)
        assert found == (), f"{name} was made otherwise: {found}"
        assert outcome.resource is not None and differences(harness.wanted[name], outcome.resource, None) == ()
        assert seen[outcome.id].key == seen[outcome.id].resource.keys()[0]


def check_a_second_pass_plans_nothing(harness: Harness) -> None:
    harness.settle()
    again = harness.plan()
    assert [(str(one.address), [field.name for field in one.fields]) for one in again.changes] == []
    assert again.gaps == () and again.unmanaged == () and again.adopt == ()


def check_a_hand_edit_is_seen(harness: Harness) -> None:
    harness.settle()
    harness.plan()
    name, edit = hand_edit(harness)
    change = only(harness.plan().changes)
    verb = "replace" if edit.field in harness.kind.having(Immutable) else "update"
    assert (change.address.name, change.verb, change.cause) == (name, verb, "drift")
    assert {field.name for field in change.fields} == edit.differs


def check_an_update_puts_it_back(harness: Harness) -> None:
    harness.settle()
    name, _ = hand_edit(harness)
    outcome = only(harness.settle())
    assert outcome.resource is not None and differences(harness.wanted[name], outcome.resource, None) == ()
    assert differences(harness.wanted[name], harness.seen()[harness.id_of(name)].resource, None) == ()
    assert harness.plan().changes == ()
    assert len(harness.live()) == len(harness.samples)


def check_an_immutable_change_replaces(harness: Harness) -> None:
    """Where a kind has no immutable field, no change of any field is ever planned as a replace."""
    harness.settle()
    immutable = never_edited(harness.kind)
    for sample in harness.samples:
        resource = harness.wanted[sample.name]
        for name in immutable or resource.comparable():
            changed = another(sample, name)
            if changed is None or name in harness.kind.refers():
                continue
            harness.declare({**harness.wanted, sample.name: changed})
            change = only(harness.plan().changes)
            assert change.verb == ("replace" if immutable else "update"), f"{sample}.{name}: {change.verb}"
            if immutable:
                _check_replaced(harness, change)
            harness.declare({**harness.wanted, sample.name: resource})
            harness.settle()


def never_edited(kind: type[Resource]) -> frozenset[str]:
    """Its own immutable fields: what it belongs to is another matter."""
    return kind.having(Immutable) - kind.refers().keys()


def _check_replaced(harness: Harness, change: Change) -> None:
    outcome = only(harness.apply([change]))
    assert outcome.status == "done", said([outcome])
    assert outcome.id != change.id and change.id not in harness.live()
    assert len(harness.live()) == len(harness.samples)
    assert change.after is not None
    assert differences(change.after, harness.seen()[outcome.id].resource, None) == ()


def check_a_delete_is_harmless_twice(harness: Harness) -> None:
    harness.settle()
    kept = harness.samples[0].name
    harness.declare({kept: harness.wanted[kept]} if len(harness.samples) > 1 else {})
    changes = harness.plan().changes
    assert changes and {change.verb for change in changes} == {"delete"}
    for _ in range(2):
        outcomes = harness.apply(changes)
        assert all(outcome.status == "done" for outcome in outcomes), said(outcomes)
        assert len(harness.live()) == len(harness.wanted)
    assert len(harness.seen()) == len(harness.wanted)
    assert harness.plan().changes == ()


def check_the_second_page_is_read(harness: Harness) -> None:
    """As many things as a page takes, times two and one."""
    harness.settle()
    total = crowd(harness)
    assert len(harness.live()) == total
    missing = total - len(harness.seen())
    assert not missing, f"{missing} of {total} things are missing without a word"


def check_moving_pages_hide_nothing(harness: Harness) -> None:
    """The second page again, while somebody else deletes and makes things: what is read is whole, or a gap."""
    harness.settle()
    total = crowd(harness)
    for fault in ("shift", "shift=repeat"):
        harness.world.fault(harness.name, fault)
        observation = harness.observe()
        harness.world.clear_faults()
        ids = {one.id for one in observation.seen if one.kind == harness.kind.kind}
        hidden = hidden_in(observation, harness)
        assert hidden or set(harness.live()) <= ids, f"{fault}: {total - len(ids)} things are missing without a word"


def check_failures_are_told(harness: Harness) -> None:
    """A failed read is a gap and never an empty listing; a failed write is an outcome; neither raises."""
    for fault in READ_FAULTS:
        _check_failed_read(harness, fault)
    for fault in WRITE_FAULTS:
        _check_failed_write(harness, fault)
    for fault in UNSURE_FAULTS:
        _check_unsure_write(harness, fault)


def _check_failed_read(harness: Harness, fault: str) -> None:
    harness.fault(fault, READING)
    try:
        observation = harness.observe()
    except PlatformError as error:
        raise AssertionError(f"{fault}: observe raised {error!r}") from error
    finally:
        harness.world.clear_faults()
    assert hidden_in(observation, harness), f"{fault}: an unread listing looks like an empty one"
    assert not any(one.kind == harness.kind.kind for one in observation.read), f"{fault}: it counts as read"
    for gap in observation.gaps:
        assert gap.account == ACCOUNT and gap.reason, fault
        assert gap.exit_code == EXIT.get(fault[:3], gap.exit_code), f"{fault}: exit code {gap.exit_code}"
        assert gap.exit_code in (14, 15, 17), f"{fault}: exit code {gap.exit_code}"
        nameless = fault.startswith("403") and harness.name in TELL_NO_RIGHT
        assert gap.right or nameless or not fault.startswith("403"), "a 403 names the right that lacks"


def _check_failed_write(harness: Harness, fault: str) -> None:
    changes = harness.plan().changes
    assert len(changes) == len(harness.samples) and not harness.live()
    harness.fault(fault, WRITING)
    outcomes = harness.apply(changes)
    harness.world.clear_faults()
    assert all(outcome.status == "failed" for outcome in outcomes), f"{fault}: {said(outcomes)}"
    assert all(outcome.error for outcome in outcomes), fault
    codes = {outcome.exit_code for outcome in outcomes}
    assert codes == {EXIT.get(fault[:3], 14 if fault == "403" else 13)}, f"{fault}: exit codes {codes}"
    assert not harness.live()


def _check_unsure_write(harness: Harness, fault: str) -> None:
    """A write whose answer is lost is looked for: it happens once, and is told as done."""
    sample = harness.samples[0]
    harness.declare({sample.name: sample.declared()})
    change = only(harness.plan().changes)
    harness.fault(fault, WRITING, "times=1")
    outcome = only(harness.apply([change]))
    harness.world.clear_faults()
    assert len(harness.live()) == 1, f"{fault}: {len(harness.live())} things of one create"
    assert outcome.status == "done", f"{fault}: {said([outcome])}"
    assert outcome.id in harness.live(), fault
    edited, _ = hand_edit(harness)
    change = only(harness.plan().changes)
    harness.fault(fault, WRITING, "times=1")
    outcome = only(harness.apply([change]))
    assert outcome.status == "done", f"{fault}: update of {edited}: {said([outcome])}"
    harness.world.clear_faults()
    assert harness.plan().changes == ()
    harness.declare({})
    change = only(harness.plan().changes)
    harness.fault(fault, WRITING, "times=1")
    outcome = only(harness.apply([change]))
    harness.world.clear_faults()
    assert outcome.status == "done" and not harness.live(), f"{fault}: delete: {said([outcome])}"
    harness.declare({sample.name: sample.declared() for sample in harness.samples})


def check_no_secret_appears(harness: Harness, folder: Path) -> None:
    """In no repr, log, gap, outcome, error and no byte of the ledger. Give it a harness whose vendor echoes."""
    told: list[Any] = [harness.platform, vars(harness.platform), harness.client]
    with begin_ledger(str(folder / "ledger.db"), folder, ledger_id="0a1b2c3d", clock=harness.world.now) as ledger:
        loop = Reconciler(
            tree=harness.tree,
            kinds=kinds(),
            platforms={(ACCOUNT, harness.name): harness.platform},
            blind={},
            rules=(),
            ledger=ledger,
            clock=harness.world.now,
            who="contract",
            settle=False,
            sleep=lambda seconds: None,
        )
        harness.hand_over(ledger.own)
        for methods in ((), WRITING, READING):
            for fault in ("401", "403", "429", "500", "reset") if methods else ("",):
                if methods == READING:
                    harness.fault(fault, methods)

                def ask(judged: Judged, fault: str = fault, methods: Sequence[str] = methods) -> Consent:
                    if methods == WRITING:  # not before the plan: some read and write by one method
                        harness.fault(fault, methods)
                    return Consent(approve=True)

                told.append(loop.apply([*harness.tree.stacks], command="contract", ask=ask))
                harness.world.clear_faults()
            harness.empty()
        told.append(ledger.memory())
    told.extend(harness.log.records())
    secrets = [TOKEN, *kept_secrets(harness)]
    assert len(harness.world.calls()) > 4
    for secret in secrets:
        for one in told:
            assert secret not in as_text(one), f"{type(one).__name__} shows a secret"
        for path, content in files_of(folder):
            assert secret.encode() not in content, f"{path.name} holds a secret"


def check_the_number_of_calls_is_foretold(harness: Harness) -> None:
    """Not one of the ten: `predict` says how many calls `apply` makes."""
    for change_world in (lambda: None, lambda: hand_edit(harness), lambda: harness.declare({})):
        change_world()
        changes = harness.plan().changes
        foretold, before = harness.platform.predict(changes), len(harness.world.calls())
        assert changes and foretold
        harness.apply(changes)
        assert len(harness.world.calls()) - before == foretold


QUESTIONS: Mapping[str, Callable[[Harness], None]] = {
    "empty at first": check_empty_at_first,
    "created is seen, equal": check_created_is_seen_equal,
    "a second pass plans nothing": check_a_second_pass_plans_nothing,
    "a hand edit is seen": check_a_hand_edit_is_seen,
    "an update puts it back": check_an_update_puts_it_back,
    "an immutable change replaces": check_an_immutable_change_replaces,
    "a delete is harmless twice": check_a_delete_is_harmless_twice,
    "the second page is read": check_the_second_page_is_read,
    "moving pages hide nothing": check_moving_pages_hide_nothing,
    "failures are told": check_failures_are_told,
    "the calls are foretold": check_the_number_of_calls_is_foretold,
}
"""All but the secrets, which also need a folder to keep a ledger in."""
_WHOLE = "Railway lists the workspace in one answer; an answer that goes on is a gap, never a shorter listing"
_SNAPSHOT = "Railway tells an environment in one answer; its further pages are asked in tests/railway"
NOT_ASKED: Mapping[tuple[str, str], str] = {
    (f"railway.{word}", question): _WHOLE if word in ("project", "environment", "service", "ssh-key") else _SNAPSHOT
    for word in (
        *("project", "environment", "service", "instance", "variable", "shared-variable"),
        *("domain", "service-domain", "tcp-proxy", "volume", "ssh-key"),
    )
    for question in ("the second page is read", "moving pages hide nothing")
} | {
    ("vercel.domain", "moving pages hide nothing"): "a domain has no id to be followed by; asked in tests/vercel",
    **{
        (f"r2.{word}", question): "a bucket has one"
        for word in ("cors", "lifecycle", "lock", "public-access")
        for question in ("the second page is read", "moving pages hide nothing")
    },
    ("r2.domain", "the second page is read"): "the domains of a bucket come in one answer",
    **{
        ("vercel.webhook", question): "a webhook is never changed, by anybody; its failures are asked in tests/vercel"
        for question in ("a hand edit is seen", "an update puts it back", "failures are told", "the calls are foretold")
    },
    **examples_github.NOT_ASKED,
}
"""Kind and question that it is not asked, with the reason; asked all the same it must fail."""
MODEL_TELLS_TOO_LITTLE: Mapping[str, str] = {
    "railway.variable": "the most is sealed, and then nobody reads its value",
    "railway.shared-variable": "the most is sealed, and then nobody reads its value",
    "railway.service-domain": "both get one host, which only one may have",
    "railway.domain": "the first text that comes to mind is no domain",
    **examples_github.MODEL_TELLS_TOO_LITTLE,
}
"""Kinds of which a model alone does not make samples that Railway takes."""


def only(found: Sequence[T]) -> T:
    """The one there is."""
    told = [str(one.address) if isinstance(one, Change) else repr(one) for one in found]
    assert len(found) == 1, f"one is expected, there are {len(told)}: {told}"
    return found[0]


def hand_edit(harness: Harness) -> tuple[str, Edit]:
    """Edits one thing in the console: the first that can be edited. Its logical name, and the edit."""
    for sample in harness.samples:
        if sample.name not in harness.wanted:
            continue
        for case in sorted(cases(sample), key=lambda case: case == "name"):
            if exempt(harness.wanted[sample.name], case.partition(".")[0]):
                continue
            edit = typed_by_hand(harness, harness.id_of(sample.name), sample, case)
            if edit is not None and len(edit.differs) == 1:
                return sample.name, edit
    raise AssertionError(f"nothing of {harness.kind.kind} can be edited")


def typed_by_hand(harness: Harness, id: str, sample: Sample, case: str) -> Edit | None:
    """The first edit of a case that the vendor takes; None where it takes none."""
    for edit in edits(sample, case):
        try:
            harness.world.edit(harness.name, harness.word, harness.on_shelf(id), ACCOUNT, edit.typed)
        except ValueError:
            continue
        return edit
    return None


def another(sample: Sample, name: str) -> Resource | None:
    """The sample with another value in one field that moves nothing else; None where there is no such value."""
    old = sample.declared()
    for edit_value in others(getattr(old, name), sample.kind.model_fields[name].annotation):
        try:
            new = sample.declared({name: edit_value})
        except ValueError:
            continue
        if {each for each in old.comparable() if getattr(old, each) != getattr(new, each)} == {name}:
            return new
    return None


def hidden_in(observation: Observation, harness: Harness) -> bool:
    """Whether a gap stands over the kind."""
    return any(gap.kind in (harness.kind.kind, "*") for gap in observation.gaps)


def crowd(harness: Harness) -> int:
    """Fills two pages and one thing, seen by the size of the pages that are asked for. How many there are then."""
    harness.observe()
    listings = [call for call in harness.world.calls() if call["method"] == "GET"]
    assert listings, f"{harness.kind.kind} has no listing that is got page by page"
    listing = listings[-1]
    asked = parse_qs(urlsplit(listing["path"]).query)
    size = max((int(value[0]) for name, value in asked.items() if re.search("per_page|limit|first", name)), default=100)
    shelf = harness.world.shelf(harness.name, ACCOUNT, harness.word)
    first = next(iter(shelf.values()))
    for number in range(2 * size + 1 - len(shelf)):
        id = f"{number:032x}"
        shelf[id] = {**first, "id": id, "name": f"n{number}.{first['name']}"}
    return len(shelf)


def kept_secrets(harness: Harness) -> list[str]:
    """The values of secret fields, of all things that are or were there."""
    fields = [harness.kind.model_fields[name].alias or name for name in harness.kind.having(Secret)]
    told = [str(call["response"]) for call in harness.world.calls()]
    values = [re.findall(rf"'{name}': '([^']+)'", text) for name in fields for text in told]
    return sorted({value for found in values for value in found})
