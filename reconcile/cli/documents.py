"""The documents of `--json`."""

from collections.abc import Sequence
from typing import Any

from ..model.change import Accepted, Change, FieldChange, Outcome, Touched, Unmanaged
from ..model.observation import Gap
from ..model.rotation import Astray, Step
from ..model.verdict import Judged

PLAN_SCHEMA = "trueup.plan/1"


def plan_document(
    judged: Judged,
    *,
    calls_made: int,
    seconds: float,
    exit_code: int,
    outcomes: Sequence[Outcome] = (),
) -> dict[str, Any]:
    """`trueup.plan/1`; with outcomes after an apply."""
    plan = judged.plan
    became = {id(outcome.change): outcome for outcome in outcomes}
    by_place = {(outcome.change.stack, outcome.change.address): outcome for outcome in outcomes}
    return {
        "schema": PLAN_SCHEMA,
        "stacks": list(plan.stacks),
        "observed_at": plan.observed_at,
        "revision": plan.revision,
        "digest": plan.digest,
        "changes": [_change(one, judged, became.get(id(one)) or by_place.get(one.place)) for one in plan.changes],
        "along": [_change(one, judged, became.get(id(one))) for one in plan.along],
        "adopt": [
            {"stack": one.stack, "address": str(one.address), "id": one.id, "account": one.account}
            for one in plan.adopt
        ],
        "moved": [
            {"stack": one.stack, "from": str(one.before), "to": str(one.address)}
            for one in plan.owning
            if one.before is not None
        ],
        "accepted": [_accepted(one) for one in plan.accepted],
        "unmanaged": [_unmanaged(one) for one in plan.unmanaged],
        "touched": [_touched(one) for one in plan.touched],
        "astray": [astray_document(one) for one in plan.astray],
        "gaps": [gap_document(gap) for gap in plan.gaps],
        "warnings": list(plan.warnings),
        "calls": {"predicted": plan.predicted_calls, "made": calls_made},
        "seconds": round(seconds, 3),
        "exit": exit_code,
    }


def _accepted(one: Accepted) -> dict[str, Any]:
    return {
        "stack": one.stack,
        "address": str(one.address),
        "field": one.field.name,
        "before": one.field.before,
        "after": one.field.after,
        "owner": one.rule.owner,
        "reason": one.rule.reason,
        "expires": one.rule.expires.isoformat(),
    }


def _touched(one: Touched) -> dict[str, Any]:
    """Somebody wrote what is only seen. `before`, `after`: times of writing, null where the platform tells none."""
    return {
        "stack": one.now.stack,
        "address": str(one.now.address),
        "account": one.now.account,
        "verdict": one.verdict,
        "before": one.before.touched or None,
        "after": one.now.touched or None,
        "at": str(one.at) if one.at else None,
    }


def _unmanaged(one: Unmanaged) -> dict[str, Any]:
    return {
        "account": one.account,
        "kind": one.seen.kind,
        "id": one.seen.id,
        "title": one.seen.resource.title(),
        "orphan": one.orphan or None,
    }


def gap_document(gap: Gap) -> dict[str, Any]:
    return {
        "account": gap.account,
        "kind": gap.kind,
        "container": gap.container,
        "reason": gap.reason,
        "right": gap.right or None,
    }


def _change(one: Change, judged: Judged, outcome: Outcome | None) -> dict[str, Any]:
    verdict = judged.of(one)
    return {
        "stack": one.stack,
        "address": str(one.address),
        "id": one.id,
        "verb": one.verb,
        "cause": one.cause,
        "also_drifted": one.also_drifted,
        "fields": {item.name: field_document(item) for item in one.fields},
        "destructive": one.destructive,
        "verdict": judged.decision(one),
        "rule": verdict.rule if verdict else None,
        "reason": verdict.reason if verdict else None,
        "at": str(one.at) if one.at else None,
        "outcome": _outcome(outcome) if outcome else None,
    }


def field_document(one: FieldChange) -> dict[str, Any]:
    """Secrets as hidden, values not known yet as pending."""
    if one.hidden:
        return {"hidden": True, "changed": None if one.unknown else True}
    if one.pending:
        return {"before": one.before, "after": {"pending": one.pending.strip("${}")}}
    return {"before": one.before, "after": one.after}


def _outcome(one: Outcome) -> dict[str, Any]:
    return {"status": one.status, "id": one.id or None, "error": one.error or None, "verified": one.verified}


def turn_document(one: Step) -> dict[str, Any]:
    """What became of a secret in one pass."""
    at = one.at.isoformat() if one.at is not None else None
    return {"secret": one.secret, "what": one.what, "text": one.text, "at": at}


def astray_document(one: Astray) -> dict[str, Any]:
    return {"secret": one.secret, "stack": one.place.stack, "address": str(one.place.address), "verdict": one.verdict}
