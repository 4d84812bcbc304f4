"""The digest that approvals bind to."""

import hashlib
import json

from ...model.change import Plan


def digest_of(plan: Plan) -> str:
    """SHA-256 over the changes (stack, address, id, verb, cause, fields), in order; not over the revision.

    A pending field counts by its reference's text, a hidden one by its being changed.
    """
    lines = [
        [
            change.stack,
            str(change.address),
            change.id,
            change.verb,
            change.cause,
            [[one.name, one.before, one.after, one.pending, one.hidden, one.print] for one in change.fields],
        ]
        for change in plan.changes
    ]
    text = json.dumps(lines, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()
