"""Listings of one account, page by page, and what each answer means."""

import base64
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from ...model.errors import Denied, Missing, PlatformError, RateLimited, Unavailable
from ...wire.calls import Call
from ...wire.client import Client
from .kinds import Raw

HEADERS: Mapping[str, str] = {"accept": "application/vnd.github+json", "x-github-api-version": "2022-11-28"}
PER_PAGE = 100
"""GitHub's maximum."""
RATE = "rate limit"
"""How the code of a refusal ends that is about the pace: GitHub says so with a 403 as well as with a 429."""
_ALL = re.compile(r"\bsecrets\s*:\s*inherit\b|\btojson\s*\(\s*secrets\s*\)", re.IGNORECASE)
_NAMED = re.compile(r"\bsecrets(?:\.([A-Za-z_]\w*)|\[\s*['\"]([A-Za-z_]\w*)['\"]\s*\])")


_ENVIRONMENT = re.compile(r"^\s*environment:\s*(?:['\"]?([\w.-]+)|\n\s*name:\s*['\"]?([\w.-]+))", re.MULTILINE)


@dataclass(frozen=True)
class WorkflowFile:
    """A version by Git's own hash, the secrets that are read, in upper case, and the environments that are named."""

    version: str
    secrets: frozenset[str]
    environments: frozenset[str]


@dataclass(frozen=True)
class Reader:
    """Asks one account. Every method raises PlatformError."""

    client: Client

    def get(self, path: str, params: Mapping[str, str | int] | None = None) -> Any:
        try:
            return self.client.send(Call("GET", path, params or {}, headers=HEADERS))
        except Denied as refused:
            raise paced(refused) from None

    def items(self, path: str, many: str = "", params: Mapping[str, str | int] | None = None) -> tuple[list[Raw], int]:
        """A whole listing, and how many pages it took. Where a total is told it must be what came."""
        found: list[Raw] = []
        number = 1
        while True:
            answer = self.get(path, {**(params or {}), "per_page": PER_PAGE, "page": number})
            page = answer.get(many) if many and isinstance(answer, dict) else answer
            if not isinstance(page, list):
                raise Unavailable(f"{path}: the answer is no listing", platform="github")
            found += page
            total = answer.get("total_count") if isinstance(answer, dict) else None
            if len(page) < PER_PAGE or len(found) == total:
                if total is not None and total != len(found):
                    raise Unavailable(f"{path}: page shifted: {len(found)} of {total} came", platform="github")
                return found, number
            number += 1

    def first(self, path: str, many: str, params: Mapping[str, str | int]) -> list[Raw]:
        """The first page, of what is listed newest first."""
        answer = self.get(path, {**params, "per_page": PER_PAGE})
        page = answer.get(many) if isinstance(answer, dict) else None
        if not isinstance(page, list):
            raise Unavailable(f"{path}: the answer is no listing", platform="github")
        return page

    def file_of(self, repository: str, file: str, ref: str) -> "WorkflowFile":
        """What a workflow's file says. Raises Unavailable where it hands on all secrets, so that nobody can tell
        which."""
        path = f"{repo(repository)}/contents/.github/workflows/{quote(file, safe='')}"
        answer = self.get(path, {"ref": ref})
        try:
            text = base64.b64decode(answer["content"]).decode()
            version = str(answer["sha"])
        except (LookupError, TypeError, ValueError):
            raise Unavailable(f"{path}: the answer is no file", platform="github") from None
        text = "\n".join(line for line in text.splitlines() if not line.lstrip().startswith("#"))
        if _ALL.search(text):
            told = f"{file} on {ref} hands on every secret: which of them it writes cannot be told"
            raise Unavailable(told, platform="github")
        names = frozenset((one or other).upper() for one, other in _NAMED.findall(text))
        return WorkflowFile(version, names, frozenset(one or other for one, other in _ENVIRONMENT.findall(text)))


def repo(name: str) -> str:
    """The path of a repository."""
    return f"/repos/{quote(name, safe='/')}"


def paced(refused: Denied) -> PlatformError:
    """What a 403 is: a matter of pace, or of rights."""
    if not refused.code.endswith(RATE):
        return refused
    return RateLimited(
        refused.args[0],
        platform=refused.platform,
        account=refused.account,
        code=refused.code,
        request_id=refused.request_id,
    )


def read_error(status: int, body: Any) -> tuple[str, str]:
    """`message`, and in `errors` what is wrong with which field. Of codes there is only the status."""
    body = body if isinstance(body, dict) else {}
    message = str(body.get("message") or "")
    errors = body.get("errors") if isinstance(body.get("errors"), list) else []
    told = [str(one.get("message") or one.get("code") or "") if isinstance(one, dict) else str(one) for one in errors]
    said = ": ".join(filter(None, (message, "; ".join(filter(None, told)))))
    return f"{status} {RATE}" if status == 403 and RATE in message.lower() else str(status), said


def hidden(error: PlatformError, right: str) -> tuple[str, str]:
    """Why a listing could not be read, and the right that lacks. GitHub says 404 of what a token may not see, too."""
    if isinstance(error, Missing):
        return f"{error}: it is not there, or the token may not see it", right
    return str(error), right if isinstance(error, Denied) else ""
