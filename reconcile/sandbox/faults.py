"""Faults on demand: what goes wrong, where, and how often."""

import re
import threading
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Literal

FaultKind = Literal["status", "reset", "slow", "truncate", "shift", "stale"]

GRAMMAR = """KIND [before|after] [METHOD] [PATH] [times=N|always] [retry-after=SECONDS] [account=NAME]
  KIND    a status (429, 500, 502, 503, 401, 403 …): the platform's own error body
          reset            the connection is cut, no answer
          slow=3s          the answer takes that long (ms, s, m)
          truncate         half of the answer arrives, then the connection ends; truncate=json: a whole answer, cut JSON
          shift            later pages of a listing moved up by one since the first; shift=repeat: moved down by one
          stale=2          that many listings answer as before the last write
  before|after  the effect of the call; before unless told
  METHOD  GET, POST …, * for any (the default; GET for shift and stale)
  PATH    /zones/*/dns_records, * within a segment, ** across; any path unless told; ?name=value: with that query"""

_METHODS = frozenset(("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "*"))
_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "": 1.0}
_LISTING: frozenset[FaultKind] = frozenset(("shift", "stale"))


@dataclass(frozen=True)
class Fault:
    """One rule. `times` is None for always; `seconds` is how slow, `detail` the variant after the `=`."""

    text: str
    kind: FaultKind
    status: int = 0
    seconds: float = 0
    detail: str = ""
    after: bool = False
    method: str = "*"
    path: str = "**"
    times: int | None = 1
    retry_after: float | None = None
    account: str | None = None

    def meets(self, account: str, method: str, path: str) -> bool:
        """Whether the rule speaks of this call. `path` has no prefix; its query counts if the rule names one."""
        path = path if "?" in self.path else path.partition("?")[0]
        return (
            self.method in ("*", method)
            and self.account in (None, account)
            and _glob(self.path).fullmatch(path) is not None
        )


@lru_cache(maxsize=256)
def _glob(pattern: str) -> re.Pattern[str]:
    parts = (".*" if part == "**" else "[^/]*" if part == "*" else re.escape(part) for part in _pieces(pattern))
    return re.compile("".join(parts), re.DOTALL)


def _pieces(pattern: str) -> list[str]:
    return re.split(r"(\*\*|\*)", pattern)


def can_meet(path: str, routes: Iterable[str]) -> bool:
    """Whether any call to one of the routes (`/zones/{zone}`) could have a path that this glob takes in."""
    return any(_overlap(path.partition("?")[0].split("/"), route.split("/")) for route in routes)


def _overlap(glob: Sequence[str], route: Sequence[str]) -> bool:
    if not glob or not route:
        return not route and all(piece == "**" for piece in glob)
    if "**" in glob[0]:
        # Within a segment it may end anywhere later, so only what follows the segment is looked at.
        return any(_overlap(glob[1:], route[start:]) for start in range(len(route) + 1))
    takes = route[0].startswith("{") or _glob(glob[0]).fullmatch(route[0]) is not None
    return takes and _overlap(glob[1:], route[1:])


def parse_fault(text: str, prefix: str = "") -> Fault:
    """A fault from its text. The path may be written with the platform's prefix or without.

    Raises ValueError with the grammar.
    """
    words = text.split()
    try:
        if not words:
            raise ValueError("no fault is named")
        told = _kind(words[0])
        for word in words[1:]:
            told.update(_word(word, prefix))
        if told["kind"] in _LISTING and told.get("method") in (None, "*"):
            told["method"] = "GET"
        return Fault(text=text, **told)  # type: ignore[arg-type]
    except ValueError as error:
        raise ValueError(f"cannot read the fault {text!r}: {error}\n{GRAMMAR}") from None


def _kind(word: str) -> dict[str, object]:
    name, _, detail = word.partition("=")
    if re.fullmatch(r"[45]\d\d", word):
        return {"kind": "status", "status": int(word)}
    if name == "slow":
        return {"kind": "slow", "seconds": _seconds(detail)}
    if name == "stale":
        return {"kind": "stale", "times": _count(detail or "1")}
    variants = {"reset": ("",), "truncate": ("", "json"), "shift": ("", "repeat")}
    if detail in variants.get(name, ()):
        return {"kind": name, "detail": detail}
    raise ValueError(f"unknown kind {word!r}")


def _word(word: str, prefix: str) -> dict[str, object]:
    if word in ("before", "after"):
        return {"after": word == "after"}
    if word in _METHODS:
        return {"method": word}
    if word.startswith(("/", "**")):
        return {"path": word.removeprefix(prefix)}
    name, equals, value = word.partition("=")
    if equals and name == "times":
        return {"times": None if value == "always" else _count(value)}
    if equals and name == "retry-after":
        return {"retry_after": _seconds(value)}
    if equals and name == "account" and value:
        return {"account": value}
    raise ValueError(f"unknown word {word!r}")


def _seconds(text: str) -> float:
    found = re.fullmatch(r"(\d+(?:\.\d+)?)(ms|s|m|)", text)
    if found is None:
        raise ValueError(f"{text!r} is no time")
    return float(found[1]) * _SECONDS[found[2]]


def _count(text: str) -> int:
    if not re.fullmatch(r"[1-9]\d{0,8}", text):
        raise ValueError(f"{text!r} is no count from 1 up")
    return int(text)


@dataclass
class _Armed:
    fault: Fault
    left: int | None


@dataclass
class Faults:
    """The rules in force on one platform, oldest first. A call meets at most one."""

    armed: list[_Armed] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def add(self, fault: Fault) -> None:
        with self.lock:
            self.armed.append(_Armed(fault, fault.times))

    def clear(self) -> None:
        with self.lock:
            self.armed.clear()

    def take(self, account: str, method: str, path: str, ripe: Callable[[Fault], bool]) -> Fault | None:
        """The rule that this call meets, used up by one. `ripe` says whether the call can show the fault at all."""
        if not self.armed:
            return None
        with self.lock:
            for rule in self.armed:
                if rule.fault.meets(account, method, path) and ripe(rule.fault):
                    if rule.left is not None:
                        rule.left -= 1
                        if rule.left == 0:
                            self.armed.remove(rule)
                    return rule.fault
        return None

    def awaits(self, kind: FaultKind) -> bool:
        """Whether a rule of that kind is in force."""
        return any(rule.fault.kind == kind for rule in tuple(self.armed))

    def told(self) -> list[tuple[str, int | None]]:
        """Each rule's text, and how often it will still act (None: always)."""
        with self.lock:
            return [(rule.fault.text, rule.left) for rule in self.armed]
