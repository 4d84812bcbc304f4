"""Migrations by registered name: addresses of the application, which holds both keys and moves its own data.

No value is ever sent: `run` asks the application to go on, `left` asks another address how much still needs the old
key. Both are registered in `stacks/_project.yaml`, which no pull request can change.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import httpx

from ..model.errors import Rejected, Unavailable
from ..model.issuing import Value
from ..model.secret import SecretText
from ..model.spec import Project
from .probes import HttpProber

SECONDS = 60.0


@dataclass(frozen=True)
class HttpHook:
    """`run` is posted to until `left`, a JSON number at `field`, is 0. `token` is what the application asks for."""

    name: str
    run_url: str
    left_url: str
    address: Callable[[str], str]
    """Where an address of the application's is asked; raises Rejected where it is nobody's to ask."""
    field: str = "left"
    token: SecretText | None = None
    transport: httpx.BaseTransport | None = None

    def run(self, old: Value, new: Value) -> None:
        """Goes on where it stopped. Raises Unavailable; what it did is told by `left` alone."""
        self._ask("POST", self.run_url)

    def left(self) -> int:
        """Raises Unavailable, and Rejected where the answer holds no number."""
        told = self._ask("GET", self.left_url)
        value = told.get(self.field) if isinstance(told, dict) else None
        if not isinstance(value, int) or isinstance(value, bool) or value < 0:
            raise Rejected(f"migration {self.name}: {self.left_url} tells no number at {self.field}", platform="hook")
        return value

    def _ask(self, method: str, url: str) -> object:
        headers = {"authorization": f"Bearer {self.token.reveal()}"} if self.token is not None else {}
        try:
            with httpx.Client(
                follow_redirects=False, timeout=SECONDS, trust_env=False, transport=self.transport
            ) as client:
                answer = client.request(method, self.address(url), headers=headers)
                answer.raise_for_status()
                told: object = answer.json() if answer.content else {}
                return told
        except (httpx.HTTPError, httpx.InvalidURL, OSError, ValueError) as error:
            # Without the cause: it would name whatever the application answered.
            raise Unavailable(
                f"migration {self.name}: {method} {url} failed ({type(error).__name__})", unsure=True, platform="hook"
            ) from None


def hooks_of(project: Project, prober: HttpProber, environment: Mapping[str, str]) -> dict[str, HttpHook]:
    """The registered migrations, by name."""
    return {
        name: HttpHook(
            name,
            one.run,
            one.left,
            prober.address,
            one.field,
            SecretText(environment[one.token], one.token) if environment.get(one.token) else None,
            prober.transport,
        )
        for name, one in project.migrations.items()
    }
