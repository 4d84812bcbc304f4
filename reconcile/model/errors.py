"""The error tree. Retry is decided by type, never by reading a message.

ReconcileError
├── SpecError            the repository asks for something impossible (file, line, path)
├── PlatformError        a platform said no (account, address, vendor code, request id)
│   ├── Unavailable      later may be better; `after` seconds, `unsure` when the effect may have happened
│   │   └── RateLimited  a budget is spent, theirs or ours
│   ├── Denied           the credential lacks a right; names it
│   └── Rejected         the request is wrong; retrying is useless
│       └── Missing      the thing named by the request is not there
├── StalePlan            the world moved since the plan was approved
├── WrongAccount         the credential opens another account than the one pinned
├── KeyRefused           the runner's key is no key, or does not open what is sealed
├── Incomplete           something declared could not be seen
└── LedgerError          the ledger cannot be used
    ├── LedgerBroken     its chain does not hold, or it is another ledger than the one named
    └── LedgerLocked     another run holds the stack
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar


class ReconcileError(Exception):
    """Anything this product stops for. `exit_code` is the process's, `advice` one sentence for the person awake."""

    exit_code: ClassVar[int] = 1
    advice: str = "read the message above; nothing was changed after it"

    def __init__(self, message: str, *, advice: str | None = None) -> None:
        super().__init__(message)
        if advice is not None:
            self.advice = advice


@dataclass(frozen=True)
class Problem:
    """One thing wrong with the repository's files. Lines and columns count from 1; 0: the whole file."""

    file: str
    line: int
    path: str
    message: str
    hint: str = ""

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}" if self.line else self.file
        where = f" at {self.path}" if self.path else ""
        hint = f" ({self.hint})" if self.hint else ""
        return f"{place}: {self.message}{where}{hint}"


class SpecError(ReconcileError):
    """The repository asks for something impossible. Carries every problem found, in file order."""

    advice = "correct the lines named above; nothing was read from or sent to a platform"

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__("\n".join(str(problem) for problem in problems))
        self.problems = tuple(problems)


class PlatformError(ReconcileError):
    """A platform said no, or said nothing. Messages are redacted before they get here."""

    def __init__(
        self,
        message: str,
        *,
        platform: str = "",
        account: str = "",
        address: str = "",
        code: str = "",
        request_id: str = "",
        advice: str | None = None,
    ) -> None:
        super().__init__(message, advice=advice)
        self.platform = platform
        self.account = account
        self.address = address
        self.code = code
        self.request_id = request_id

    def __str__(self) -> str:
        facts = (
            (self.platform, self.platform),
            (self.account, f"account {self.account}"),
            (self.address, self.address),
            (self.code, f"code {self.code}"),
            (self.request_id, f"request {self.request_id}"),
        )
        told = ", ".join(text for present, text in facts if present)
        return f"{super().__str__()} [{told}]" if told else super().__str__()


class Unavailable(PlatformError):
    """Later may be better.

    `after` is how many seconds the platform asks us to wait, None if it does not say. `unsure`: the request may
    have had its effect, so a write must look for the object before it is sent again.
    """

    exit_code = 13
    advice = "the platform did not answer as it should; run the same command again later"

    def __init__(
        self,
        message: str,
        *,
        after: float | None = None,
        unsure: bool = False,
        platform: str = "",
        account: str = "",
        address: str = "",
        code: str = "",
        request_id: str = "",
        advice: str | None = None,
    ) -> None:
        super().__init__(
            message,
            platform=platform,
            account=account,
            address=address,
            code=code,
            request_id=request_id,
            advice=advice,
        )
        self.after = after
        self.unsure = unsure


class RateLimited(Unavailable):
    """A budget is spent: the vendor's (429) or ours (`--max-calls`)."""

    exit_code = 15
    advice = "wait until the budget is full again, then run the same command"


class Denied(PlatformError):
    """The credential is refused or lacks a right."""

    exit_code = 14
    advice = "run `trueup doctor`: it names the right that each credential needs and where to get it"


class Rejected(PlatformError):
    """The platform understood the request and will not have it."""

    advice = "the platform refuses these values; correct the lines that declare them"


class Missing(Rejected):
    """The thing named by the request is not there."""


class StalePlan(ReconcileError):
    """The world or the repository moved since the plan was made."""

    exit_code = 11
    advice = "make a new plan, read it, and apply that one"


class WrongAccount(ReconcileError):
    """The credential opens another account than the one this repository is pinned to."""

    exit_code = 14
    advice = "give the credential of the pinned account; nothing was changed"


class KeyRefused(ReconcileError):
    """The key that opens what is sealed is none, is another one, or lies open to others."""

    exit_code = 14
    advice = "`trueup doctor` says which key is needed; nothing was changed"


class Incomplete(ReconcileError):
    """Something declared could not be seen, so nothing can be said about it."""

    exit_code = 17
    advice = "mend what hides it (see the gaps), then run the same command"


class LedgerError(ReconcileError):
    """The ledger cannot be used."""

    advice = "check `ledger:` in stacks/_project.yaml; `trueup ledger restore` brings a backup back"


class LedgerBroken(LedgerError):
    """The chain does not hold, or this is another ledger than the one the project names."""


class LedgerLocked(LedgerError):
    """Another run holds the lease of a stack."""

    exit_code = 12
    advice = "wait for the other run, or `trueup unlock STACK --reason …` if it is dead"
