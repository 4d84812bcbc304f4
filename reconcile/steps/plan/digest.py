"""The digest that approvals bind to."""

import hashlib
import json

from ...model.change import Change, Plan
from ...model.secret import HIDDEN


def digest_of(plan: Plan) -> str:
    """SHA-256 over the changes (stack, address, id, verb, cause, fields), in order; not over the revision.

    A pending field counts by its reference's text. A hidden one counts by the fingerprint of what is wanted and by when
    the platform says the thing was last written: whoever writes it meanwhile makes the approval stale.
    """
    lines = [
        [
            change.stack,
            str(change.address),
            change.id,
            change.verb,
            change.cause,
            [[one.name, one.before, one.after, one.pending, one.hidden, one.print] for one in change.fields],
            *_touched(change),
        ]
        for change in plan.changes
    ]
    text = json.dumps(lines, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


def _touched(change: Change) -> list[str]:
    """When a thing was last written whose value cannot stand in the digest."""
    hidden = any(one.hidden or one.before == HIDDEN for one in change.fields)
    return [change.before.touched_at()] if hidden and change.before is not None else []
