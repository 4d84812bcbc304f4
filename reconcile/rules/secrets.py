"""What no stack file may say."""

from collections.abc import Iterator

from ..model.change import Change, Plan
from ..model.secrecy import is_secret
from ..model.variable import EnvironmentVariable
from ..model.verdict import Decision, rule


@rule
def no_literal_secret(plan: Plan) -> Iterator[tuple[Decision, Change | None, str]]:
    """A secret in a repository is everybody's who reads it, for good. What an output gives is no literal; what drifted
    was let pass when it was applied, and the ledger keeps no reasons."""
    for change in plan.changes:
        wanted = change.after
        if not isinstance(wanted, EnvironmentVariable) or wanted.because:
            continue
        if change.cause == "drift" or "value" in change.references:
            continue
        if isinstance(wanted.value, str) and is_secret(wanted.name, wanted.value):
            told = "{exists: true}, {from_env: NAME} or, if it is none, {literal: …, because: …}"
            yield "deny", change, f"{wanted.name} holds a secret in plain; write {told}"
