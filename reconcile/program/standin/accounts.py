"""The accounts of a pretend world, as somebody with all their tokens sees them."""

import datetime as dt
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ...model.observation import Container, Scope, Seen
from ...model.platform import Platform
from ...model.secret import SecretText
from ...model.spec import Access
from ...platforms import platforms
from ...sandbox.ready import Key, Ready
from ...wire import Budget, CallLog, Client, Pool, Redactor

PLAYED = ("cloudflare", "r2")
ZONE = "cloudflare.zone"
_AT_ONCE = 8
_NO_LIMIT = (1_000_000, 1.0)
"""The pretend world has limits of its own where it is asked to."""


class Refused(Exception):
    """What cannot be done, in one line that holds no secret."""


@dataclass
class _Listing:
    """What one listing held, and who was told of it already."""

    things: Mapping[str, Seen]
    told: set[str] = field(default_factory=set)


@dataclass
class Door:
    """One account on one platform. One call at a time: a platform is made for one thread."""

    account: str
    key: Key
    platform: Platform
    client: Client
    lock: threading.RLock = field(default_factory=threading.RLock)
    _listings: dict[Container, _Listing] = field(default_factory=dict)

    def live(self, where: Container, id: str) -> Seen | None:
        """A live thing; None where a listing that was read whole lacks it. Raises Refused where none can be read.

        A listing answers for each thing once: who asks for the same thing again wants to know anew. Thus a refresh of
        a thousand records reads them with one call.
        """
        with self.lock:
            known = self._listings.get(where)
            if known is None or id in known.told:
                known = self._listings[where] = _Listing(self._list(where, id))
            known.told.add(id)
            return known.things.get(id)

    def forget(self) -> None:
        """What was listed no longer holds."""
        with self.lock:
            self._listings.clear()

    def _list(self, where: Container, id: str) -> dict[str, Seen]:
        scope = Scope(self.account, frozenset({where}), frozenset({(where.kind, where.name, id)}))
        seen = self.platform.observe(scope)
        if where not in seen.read:
            raise Refused("; ".join(gap.reason for gap in seen.gaps) or f"{where.kind} {where.name} cannot be read")
        return {one.id: one for one in seen.seen if one.kind == where.kind}


class Accounts:
    """Every account of Cloudflare and R2 of a world, with what opens it. `transports`: for a world without ports."""

    def __init__(self, ready: Ready, transports: Mapping[str, Any]) -> None:
        self._pool = Pool(_AT_ONCE)
        self._log = CallLog()
        tokens = {
            (account, platform): SecretText(key.token, f"{account}.{platform}")
            for account, keys in ready.accounts.items()
            for platform, key in keys.items()
        }
        self._redactor = Redactor(tokens.values())
        self.doors = {
            (account, platform): self._door(account, platform, keys[platform], ready, transports)
            for account, keys in ready.accounts.items()
            for platform in PLAYED
            if platform in keys and platform in ready.platforms
        }
        self._zones: dict[str, tuple[Door, str]] = {}
        self._lock = threading.Lock()

    def _door(self, account: str, platform: str, key: Key, ready: Ready, transports: Mapping[str, Any]) -> Door:
        kind: Any = platforms()[platform]
        client = Client(
            platform=platform,
            account=account,
            base_url=ready.platforms[platform],
            authorization=kind.authorization({"token": SecretText(key.token, f"{account}.{platform}")}),
            budget=Budget(*_NO_LIMIT),
            log=self._log,
            pool=self._pool,
            redactor=self._redactor,
            read_error=kind.read_error,
            transport=transports.get(platform),
        )
        waits = {"settle_seconds": 0.0} if kind.waits_itself else {}
        access = Access(platform, key.id, {})
        return Door(account, key, kind(client, account, access, lambda: dt.datetime.now(dt.UTC), **waits), client)

    def r2(self, account_id: str) -> Door:
        """The R2 account of an id. Raises Refused."""
        for (_, platform), door in self.doors.items():
            if platform == "r2" and door.key.id == account_id:
                return door
        raise Refused(f"no account of this sandbox has R2 and the id {account_id}")

    def dns(self, zone_id: str) -> tuple[Door, str]:
        """Where a zone is, and its domain. Raises Refused."""
        with self._lock:
            if zone_id not in self._zones:
                self._zones = self._find_zones()
            if zone_id not in self._zones:
                raise Refused(f"no account of this sandbox has a zone {zone_id}")
            return self._zones[zone_id]

    def zone_id(self, door: Door, domain: str) -> str:
        """The id of a zone in the account of a door. Raises Refused."""
        with self._lock:
            for _ in range(2):
                for id, (other, name) in self._zones.items():
                    if (other.account, name) == (door.account, domain):
                        return id
                self._zones = self._find_zones()
        raise Refused(f"{door.account} has no zone {domain}")

    def zones(self, query: Mapping[str, str | int]) -> list[dict[str, Any]]:
        """The vendor's zones that a query finds, over all accounts."""
        found: list[dict[str, Any]] = []
        for (_, platform), door in self.doors.items():
            if platform == "cloudflare":
                found += door.client.get("/zones", query)["result"]
        return found

    def forget(self, *, zones: bool = False) -> None:
        """What was listed no longer holds; with `zones`, which zones there are neither."""
        if zones:
            with self._lock:
                self._zones = {}
        for door in self.doors.values():
            door.forget()

    def close(self) -> None:
        for door in self.doors.values():
            door.client.close()
        self._pool.close()

    def _find_zones(self) -> dict[str, tuple[Door, str]]:
        found: dict[str, tuple[Door, str]] = {}
        for (account, platform), door in self.doors.items():
            if platform == "cloudflare":
                with door.lock:
                    seen = door.platform.observe(Scope(account, frozenset({Container(ZONE)})))
                found |= {one.id: (door, one.resource.referred_as()) for one in seen.seen}
        return found
