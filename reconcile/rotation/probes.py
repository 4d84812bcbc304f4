"""Asking what runs: whether it is well, and which key id it shows. No secret is ever sent to it.

A probe's host must be one that the repository declares, its address a public one, and a redirect is not followed: a
stack file that somebody changed must not make the runner call where it should not.
"""

import ipaddress
import json
import socket
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol
from urllib.parse import unquote, urlsplit

import httpx

from ..model.errors import Rejected
from ..model.rotated import Probe
from ..model.spec import Tree

LONGEST = 1 << 16
"""Bytes of an answer that are read."""
SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class Told:
    """`healthy` and `shows` (a key id) are None where no probe asks for them."""

    healthy: bool | None = None
    shows: str | None = None
    detail: str = ""


class Prober(Protocol):
    """Asks the probes that speak for one consumer, whose variable is called `name`."""

    def ask(self, probes: Iterable[Probe], name: str) -> Told: ...


@dataclass(frozen=True)
class HttpProber:
    """`hosts` are those that may be asked. `pretend` is where a sandbox answers for them, as `…/services/HOST/PATH`; ""
    asks the hosts themselves, over TLS."""

    hosts: Collection[str]
    pretend: str = ""
    transport: httpx.BaseTransport | None = None
    """For a world served inside this process."""

    def ask(self, probes: Iterable[Probe], name: str) -> Told:
        """Never raises for what an address answers: that it does not is an answer."""
        healthy: bool | None = None
        shows: str | None = None
        detail = ""
        for probe in probes:
            told, why = self._often(probe)
            if probe.level == "P2":
                healthy = (healthy is not False) and told is not None and _holds(told, probe.shows)
            elif probe.level == "P3":
                shows = _key_id(told, probe, name)
            detail = detail or why
        return Told(healthy, shows, detail)

    def _often(self, probe: Probe) -> tuple[Any, str]:
        """What it answers, as many times in a row as it must; None where one of them is not well."""
        told: Any = None
        for _ in range(max(1, probe.times)):
            told, why = self._once(probe.url)
            if told is None:
                return None, why
        return told, ""

    def _once(self, url: str) -> tuple[Any, str]:
        try:
            with (
                httpx.Client(
                    follow_redirects=False, timeout=SECONDS, trust_env=False, transport=self.transport
                ) as client,
                client.stream("GET", self.address(url), headers={"accept": "application/json"}) as answer,
            ):
                if answer.status_code != 200:
                    return None, f"{url} answers {answer.status_code}"
                body = b""
                for chunk in answer.iter_bytes():
                    body += chunk
                    if len(body) > LONGEST:
                        return None, f"{url} answers more than is read"
        except (httpx.HTTPError, httpx.InvalidURL, OSError, UnicodeError) as error:
            return None, f"{url} does not answer ({type(error).__name__})"
        try:
            return json.loads(body), ""
        except ValueError:
            return {}, ""

    def address(self, url: str) -> str:
        """Where to ask. Raises Rejected where that is nobody's to ask."""
        try:
            parts = urlsplit(url)
            host, port = parts.hostname or "", parts.port
        except ValueError:
            raise Rejected(f"{url} is no address", platform="probe") from None
        if parts.scheme != "https" or host not in self.hosts or parts.username or port not in (None, 443):
            raise Rejected(f"{url} is no address of a host that the stacks declare", platform="probe")
        if ".." in unquote(parts.path).split("/"):
            raise Rejected(f"{url} leads out of where it begins", platform="probe")
        query = f"?{parts.query}" if parts.query else ""
        if self.pretend:
            return f"{self.pretend.rstrip('/')}/{host}{parts.path or '/'}{query}"
        refuse_private(host)
        return url


def refuse_private(host: str) -> None:
    """Raises Rejected where a host leads into a private network, to this machine, or to a cloud's metadata."""
    for *_, address in socket.getaddrinfo(host, 443, type=socket.SOCK_STREAM):
        if not ipaddress.ip_address(address[0]).is_global:
            raise Rejected(f"{host} leads to an address that is not public", platform="probe")


def hosts_of(tree: Tree) -> frozenset[str]:
    """Every host that a repository declares something to answer at."""
    found: set[str] = set()
    for one in tree.declared():
        found.update(one.resource.asks_of_dns())
        host = getattr(one.resource, "host", None)
        found.update([host] if isinstance(host, str) else ())
        name, _ = one.resource.leads()
        found.update([name] if name else ())
    return frozenset(found)


def _holds(told: Any, wanted: Mapping[str, Any]) -> bool:
    return not wanted or (isinstance(told, dict) and all(told.get(name) == value for name, value in wanted.items()))


def _key_id(told: Any, probe: Probe, name: str) -> str | None:
    """What the named field shows, or shows for this variable where it tells several; None: nothing."""
    word = next(iter(probe.shows), "kid")
    shown = told.get(word) if isinstance(told, dict) else None
    if isinstance(shown, dict):
        shown = shown.get(name)
    return str(shown) if isinstance(shown, str) else ""
