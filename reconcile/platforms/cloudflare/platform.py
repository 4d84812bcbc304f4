"""One Cloudflare account: what its zones hold, and changes to their records."""

import datetime as dt
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, ClassVar

from pydantic import ValidationError

from ...model.change import Change, Outcome
from ...model.errors import Denied, PlatformError, RateLimited
from ...model.issuing import IssueOptions, Issuer
from ...model.observation import Container, Gap, Mark, Observation, Scope, Seen
from ...model.platform import Credential, Rate
from ...model.resource import Resource
from ...model.secret import SecretText
from ...model.spec import Access
from ...wire import Client
from ...wire.rest import PARTIAL, bearer
from .batch import Batches, Place
from .listing import RECORDS_PER_PAGE, ZONES_PER_PAGE, Listing, read_whole
from .record import Record, Zone
from .tokens import TokenOptions, Tokens

_BAD_TOKEN = "401/"
ZONE_READ, DNS_READ = "Zone:Read", "DNS:Read"
_MANAGERS = {
    "email_routing": "Email Routing",
    "origin_worker_id": "Workers",
    "r2_bucket": "R2",
    "managed_by_argo_tunnel": "Tunnel",
    "managed_by_apps": "Apps",
    "read_only": "Cloudflare",
}
"""Keys of a record's `meta` that tell who made it. Undocumented but for captured answers; `read_only`, which comes
last because it does not say whose, is what peers go by."""

_R2_HOST = "public.r2.dev"
"""Where the CNAME of a bucket's custom domain leads; it may be that its `meta` does not tell who made it."""


class Cloudflare:
    """DNS of one account: zones are looked up, records written in one transaction a zone.

    Of a token that sees several accounts, `access.id` says which is meant; without it nothing is seen, for a guess
    might write into the wrong one.
    """

    name: ClassVar[str] = "cloudflare"
    kinds: ClassVar[tuple[type[Resource], ...]] = (Zone, Record)
    releases: ClassVar[tuple[type[Resource], ...]] = ()
    credentials: ClassVar[tuple[Credential, ...]] = (
        Credential("token", "Zone:Read, DNS:Edit", "https://dash.cloudflare.com/profile/api-tokens"),
    )
    rate: ClassVar[Rate] = Rate(1_200, 300)
    """A user over all tokens and the dashboard; beyond it every call is refused for 5 minutes (API docs, limits)."""
    issues: ClassVar[Mapping[str, type[IssueOptions]]] = {"token": TokenOptions}
    base_url: ClassVar[str] = "https://api.cloudflare.com/client/v4"
    rates: ClassVar[Mapping[str, Rate]] = {}
    waits_itself: ClassVar[bool] = False
    settle_seconds: ClassVar[float] = 5.0
    """The API reads what it wrote; this is for a request still under way when its connection broke."""

    def __init__(self, client: Client, account: str, access: Access, clock: Callable[[], dt.datetime]) -> None:
        self._client = client
        self._account = account
        self._access = access
        self._clock = clock
        self._places: Mapping[str, Place] = {}
        self._account_id: str | None = None

    @staticmethod
    def authorization(credentials: Mapping[str, SecretText]) -> SecretText:
        """The value of the Authorization header."""
        return bearer(credentials["token"])

    @staticmethod
    def read_error(status: int, body: Any) -> tuple[str, str]:
        """The first error of the envelope, with its chain. A refused token is told by a code `401/…`, since the
        vendor's 10000 also means a missing right."""
        errors = body.get("errors") if isinstance(body, dict) else None
        if not errors:
            return (_BAD_TOKEN if status == 401 else ""), ""
        first = errors[0]
        chain = [str(one.get("message", "")) for one in first.get("error_chain") or ()]
        code = f"{_BAD_TOKEN if status == 401 else ''}{first.get('code', '')}"
        return code, ": ".join([str(first.get("message", "")), *chain])

    def observe(self, scope: Scope) -> Observation:
        """Zones and the records of those in scope: the zones' pages, then every zone's records at once."""
        at = self._clock()
        if scope.containers is not None and not scope.containers:
            return Observation(self.name, self._account, at)
        seen: list[Seen] = []
        read: set[Container] = set()
        if not self._is_known(scope):
            zones = self._zones()
            if isinstance(zones, PlatformError):
                return Observation(self.name, self._account, at, gaps=self._blind(zones))
            accounts = {str((zone.get("account") or {}).get("id", "")): None for zone in zones}
            if len(accounts) > 1 and self._access.id is None:
                return Observation(self.name, self._account, at, gaps=self._ambiguous(sorted(accounts)))
            self._account_id = next(iter(accounts), None) or self._other_account()
            self._places = _places(zones)
            if scope.containers is None or Container(Zone.kind) in scope.containers:
                read.add(Container(Zone.kind))
                seen += [self._seen_zone(zone) for zone in zones]
        known = self._places
        wanted = _wanted(scope, known)
        gaps = [
            Gap(self._account, Record.kind, name, f"zone {name} is not in this account")
            for name in wanted
            if name not in known
        ]
        found, hidden = self._records([name for name in wanted if name in known])
        for name, records in found.items():
            read.add(Container(Record.kind, name))
            seen += records
        return Observation(
            self.name, self._account, at, tuple(seen), (*gaps, *hidden), frozenset(read), account_id=self._account_id
        )

    def apply(self, wave: Sequence[Change]) -> Iterator[Outcome]:
        """One batch a zone and round, zones at once. A batch that is refused is halved until the bad record stands
        alone; one of unknown effect is looked for, and only what is missing is sent again."""
        places = self._places
        if not all(change.container in places for change in wave if not change.kind.lookup):
            zones = self._zones()
            if isinstance(zones, PlatformError):
                why, code = str(zones), max(zones.exit_code, PARTIAL)
                yield from (Outcome(change, "failed", error=why, exit_code=code) for change in wave)
                return
            places = self._places = _places(zones)
        yield from Batches(self._client, places).apply(wave)

    def predict(self, wave: Sequence[Change]) -> int:
        """Batches, and one listing of zones where none was read yet."""
        written = [change for change in wave if not change.kind.lookup]
        unknown = any(change.container not in self._places for change in written)
        return int(unknown) + Batches(self._client, self._places).count(written)

    def issuer(self, word: str, options: IssueOptions) -> Issuer:
        """As `Issues`: API tokens."""
        assert word == "token" and isinstance(options, TokenOptions)
        return Tokens(self._client, self._own_id, options)

    def _own_id(self) -> str:
        """The account's id. Raises Denied where nobody pinned it: of several, a guess might be the wrong one."""
        id = self._access.id or self._account_id
        if id is None:
            why = "pin the account with `id:` in stacks/_project.yaml"
            raise Denied(why, platform=self.name, account=self._account)
        return id

    def _is_known(self, scope: Scope) -> bool:
        """Whether a scope asks for records alone, of zones that this run has listed already: the proof after a write.
        A zone that went away since is told by its own listing."""
        asked = scope.containers
        known = self._account_id is not None and asked is not None and Container(Zone.kind) not in asked
        return known and all(name in self._places for name in _wanted(scope, self._places))

    def _zones(self) -> list[dict[str, Any]] | PlatformError:
        filters = {"account.id": self._access.id} if self._access.id else {}
        (zones,) = read_whole(self._client, [Listing("/zones", ZONES_PER_PAGE, filters)])
        return zones

    def _other_account(self) -> str | None:
        """The account that the token opens instead, where the pinned one showed no zone: a wrong credential must be
        told from an empty account. None where it opens none."""
        if self._access.id is None:
            return None
        (zones,) = read_whole(self._client, [Listing("/zones", ZONES_PER_PAGE)])
        if isinstance(zones, PlatformError):
            return None
        return next((str(zone["account"]["id"]) for zone in zones if zone.get("account")), None)

    def _records(self, names: Sequence[str]) -> tuple[dict[str, list[Seen]], list[Gap]]:
        """Records by zone, and a gap for each zone that cannot be told whole."""
        listings = [Listing(f"/zones/{self._places[name].id}/dns_records", RECORDS_PER_PAGE) for name in names]
        found: dict[str, list[Seen]] = {}
        gaps = []
        for name, answer in zip(names, read_whole(self._client, listings) if listings else (), strict=True):
            if isinstance(answer, PlatformError):
                gaps.append(self._gap(Record, name, answer, DNS_READ))
                continue
            try:
                found[name] = [seen for raw in answer if (seen := _seen_record(raw, name)) is not None]
            except ValidationError as error:
                why = "; ".join(f"{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in error.errors()[:3])
                gaps.append(Gap(self._account, Record.kind, name, f"a record of {name} cannot be read: {why}"))
        return found, gaps

    def _seen_zone(self, raw: Mapping[str, Any]) -> Seen:
        zone = Zone.answered(raw)
        return Seen(Zone.kind, str(raw["id"]), zone.keys()[0], zone)

    def _blind(self, error: PlatformError) -> tuple[Gap, ...]:
        return tuple(self._gap(kind, "*", error, ZONE_READ) for kind in self.kinds)

    def _ambiguous(self, accounts: Sequence[str]) -> tuple[Gap, ...]:
        why = f"the token opens the accounts {', '.join(accounts)}: pin one with `id:` in stacks/_project.yaml"
        return tuple(Gap(self._account, kind.kind, "*", why, exit_code=14) for kind in self.kinds)

    def _gap(self, kind: type[Resource], container: str, error: PlatformError, right: str) -> Gap:
        """A refused token and a spent budget keep their exit codes; whatever else hides a thing is "incomplete"."""
        if isinstance(error, Denied):
            refused = error.code.startswith(_BAD_TOKEN)
            return Gap(self._account, kind.kind, container, str(error), "" if refused else right, 14 if refused else 17)
        exit_code = RateLimited.exit_code if isinstance(error, RateLimited) else 17
        return Gap(self._account, kind.kind, container, str(error), exit_code=exit_code)


def _places(zones: Sequence[Mapping[str, Any]]) -> dict[str, Place]:
    return {place.name: place for place in map(Place.of, zones)}


def _wanted(scope: Scope, known: Mapping[str, Any]) -> list[str]:
    if scope.containers is None:
        return list(known)
    return sorted(one.name for one in scope.containers if one.kind == Record.kind)


def _seen_record(raw: Mapping[str, Any], zone: str) -> Seen | None:
    """None for a type that no stack can declare, so that it hides nothing. Raises ValidationError."""
    if raw.get("type") not in Record.TYPES:
        return None
    record = Record.answered({**raw, "zone": zone})
    managed = ""
    if meta := raw.get("meta"):
        managed = next((product for key, product in _MANAGERS.items() if meta.get(key)), "")
    if record.proxied and (record.type, record.content) == ("CNAME", _R2_HOST):
        managed = managed or "R2"
    return Seen(Record.kind, str(raw["id"]), record.keys()[0], record, Mark.parse(raw.get("comment")), managed)
