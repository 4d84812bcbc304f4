"""One owner for each object of the whole repository (DESIGN D14)."""

from collections.abc import Iterable

from ...model.resource import Key, is_pending
from .problems import Problems
from .stack import Draft


def refuse_two_owners(drafts: Iterable[Draft], problems: Problems) -> None:
    """Two declarations of one (account, kind, strongest natural key). A key that waits for an output says nothing."""
    owners: dict[tuple[str, str, Key], Draft] = {}
    for draft in drafts:
        declared = draft.declared
        if declared is None:
            continue
        key = declared.resource.keys()[0]
        if declared.references and any(is_pending(part) for part in key):
            continue
        first = owners.setdefault((declared.account, draft.cls.kind, key), draft)
        if first is not draft:
            told = declared.resource.title()[:80]
            other = f"{first.address} of stack `{first.stack}`, {first.node.file}:{first.node.key_line}"
            problems.add(
                draft.node.at_key(draft.path),
                f"second owner of {draft.cls.kind} {told!r} (the first is {other})",
                "one of them must go, or differ",
            )
