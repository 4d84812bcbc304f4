"""What a provider is made of; `plugin` gives it."""

import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from ...model.platform import Platform
from ...model.resource import Resource
from ...model.secret import SecretText
from ...model.spec import Project, Tree
from ...steps.observe import Pair
from ...steps.plan.seen import Fingerprint
from ...store import Ledger
from ..tokens import by_token

HOLDER = "pulumi up"
"""Who holds the lease, and what the run is called."""


@dataclass(frozen=True)
class Parts:
    """Everything from outside, made when first asked for: most commands need little of it."""

    kinds: Mapping[str, type[Resource]]
    releases: Iterable[type[Resource]]
    project: Callable[[], Project]
    tree: Callable[[], Tree]
    platforms: Callable[[], tuple[Mapping[Pair, Platform], Mapping[Pair, str]]]
    """The platforms, and the pairs that cannot be asked, with the reason."""
    ledger: Callable[[], Ledger]
    """Raises LedgerError where there is none."""
    fingerprint: Callable[[], Fingerprint | None]
    """None: there is no key to make one with. Raises KeyRefused, LedgerError."""
    credentials: Callable[[], Iterable[SecretText]]
    """What no message may repeat, besides the secrets of the request."""
    clock: Callable[[], datetime]
    who: Callable[[], str]
    version: str
    settle: bool = True
    """Whether to wait a platform's `settle_seconds`; a sandbox world has nothing to settle."""
    sleep: Callable[[float], None] = time.sleep
    lock_timeout_seconds: float = 0.0
    gather_seconds: float = 0.03
    """How long what is to be written waits for others, to be written together."""
    ours: Mapping[str, type[Resource]] = field(init=False)
    """The kinds that this provider writes, by their type in Pulumi."""
    starts: Mapping[str, type[Resource]] = field(init=False)
    """The kinds that only start something, by their type in Pulumi."""
    vendors: Mapping[str, type[Resource]] = field(init=False)
    """The kinds that a vendor's own provider writes, by our word."""

    def __post_init__(self) -> None:
        written = {
            name: kind for name, kind in self.kinds.items() if kind.in_pulumi and not kind.lookup and not kind.bridge
        }
        object.__setattr__(self, "ours", by_token(written))
        object.__setattr__(self, "starts", by_token({kind.kind: kind for kind in self.releases}))
        object.__setattr__(self, "vendors", {name: kind for name, kind in self.kinds.items() if kind.bridge})
