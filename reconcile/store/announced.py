"""Announced changes and what became of them, as rows and as lines of the history."""

from collections.abc import Iterator
from typing import Any

from ..model.change import Change, Outcome
from .chain import Draft
from .tables import CAME
from .values import canonical, kept_fields, strong_key, told_fields


def intent_row(run: int, wave: int, change: Change, at: str) -> dict[str, Any]:
    """What is kept of a change before its first call."""
    return {
        "run": run,
        "wave": wave,
        "stack": change.stack,
        "account": change.account,
        "address": str(change.address),
        "kind": change.kind.kind,
        "key": canonical(strong_key(change)),
        "verb": change.verb,
        "fields": canonical(kept_fields(change.after) if change.after is not None else {}),
        "at": at,
    }


def came_rows(run: int, outcome: Outcome, at: str) -> Iterator[dict[str, Any]]:
    """Under the stack that made the thing which they came along with; at no address of it."""
    change = outcome.change
    for one in outcome.also:
        yield {
            "run": run,
            "wave": change.wave,
            "stack": change.stack,
            "account": change.account,
            "address": f"{one.kind}.{one.id}",
            "kind": one.kind,
            "key": canonical(one.key),
            "verb": CAME,
            "fields": canonical({"id": one.id}),
            "at": at,
        }


def outcome_draft(id: int, outcome: Outcome, *, run: int, revision: str, project: str) -> Draft:
    """The line of the history that tells what a change did."""
    change = outcome.change
    detail: dict[str, Any] = {
        "run": run,
        "intent": id,
        "verb": change.verb,
        "cause": change.cause,
        "status": outcome.status,
        "id": outcome.id or change.id,
        "project": project,
        "revision": revision,
        "fields": told_fields(change),
        "error": outcome.error,
    }
    if outcome.also:
        detail["also"] = [list(one) for one in outcome.also]
    return Draft(change.stack, f"{change.verb} {outcome.status}", str(change.address), detail)
