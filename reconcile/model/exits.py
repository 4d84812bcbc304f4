"""What the process says to the shell (DESIGN D13)."""

from collections.abc import Iterable

NOTHING = 0
FAILED = 1
CHANGES = 2
"""Only with `--detailed-exitcode`."""
DENIED = 10
APPROVAL = 11
FROZEN = 12
PARTIAL = 13
AUTH = 14
RATE = 15
PERSON = 16
INCOMPLETE = 17
INTERRUPTED = 130

ORDER = (INTERRUPTED, AUTH, RATE, FROZEN, DENIED, APPROVAL, PARTIAL, INCOMPLETE, PERSON, FAILED, CHANGES)

MEANING = {
    NOTHING: "nothing to do, or all of it done; everything declared was seen",
    FAILED: "an error; the message says which",
    CHANGES: "there are changes (only with --detailed-exitcode)",
    DENIED: "a rule denies a change",
    APPROVAL: "a change needs approval, or the approved plan is stale",
    FROZEN: "another run holds the stack, or a window forbids changes",
    PARTIAL: "some changes were made, others were not; run it again",
    AUTH: "a credential is missing or refused, or opens another account",
    RATE: "a call budget is spent",
    PERSON: "something only a person can do is due",
    INCOMPLETE: "something declared could not be seen",
    INTERRUPTED: "interrupted; the next run resumes",
}


def strictest(codes: Iterable[int]) -> int:
    """Of several codes the one to leave with."""
    present = set(codes)
    return next((code for code in ORDER if code in present), NOTHING)
