"""One R2 account: its buckets, read one by one, and changes to what they have."""

import datetime as dt
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any, ClassVar
from urllib.parse import quote

from pydantic import ValidationError

from ...model.change import Change, Outcome
from ...model.errors import Denied, Missing, PlatformError, Rejected, Unavailable
from ...model.issuing import IssueOptions, Issuer
from ...model.observation import Container, Gap, Observation, Scope, Seen
from ...model.platform import Credential, Rate
from ...model.resource import Resource
from ...model.secret import SecretText
from ...model.spec import Access
from ...wire.calls import Call
from ...wire.client import Client
from ...wire.rest import PARTIAL, REFUSED_TOKEN, Listing, RestPlatform, RestResource, bearer
from .credentials import CredentialOptions, Credentials
from .kinds import JURISDICTIONS, Bucket, Cors, Domain, InBucket, Lifecycle, Lock, PublicAccess
from .paths import DEFAULT, path_of, split

HEADER = "cf-r2-jurisdiction"
NO_METHOD, NO_CORS = "7001", "10059"
"""Codes: no such method on this path; the bucket has no CORS rules (where 10006 says that there is no bucket)."""


class R2(RestPlatform):
    """The buckets of one account. Reading costs one list a jurisdiction, one call a bucket that is there, and one more
    for each rule set, public access and list of domains that is declared."""

    name: ClassVar[str] = "r2"
    kinds: ClassVar[tuple[type[Resource], ...]] = (Bucket, Cors, Lifecycle, Lock, Domain, PublicAccess)
    credentials: ClassVar[tuple[Credential, ...]] = (
        Credential(
            "token",
            "Workers R2 Storage:Edit; for custom domains Zone:Read too",
            "https://dash.cloudflare.com/profile/api-tokens",
        ),
    )
    rate: ClassVar[Rate] = Rate(1_200, 300)
    """A user over all of Cloudflare's API, DNS included (API docs, limits); R2 itself takes 50 a second a bucket."""
    issues: ClassVar[Mapping[str, type[IssueOptions]]] = {"credentials": CredentialOptions}
    base_url: ClassVar[str] = "https://api.cloudflare.com/client/v4"
    read_right: ClassVar[str] = "Workers R2 Storage Read"

    def __init__(
        self,
        client: Client,
        account: str,
        access: Access,
        clock: Callable[[], dt.datetime],
        *,
        settle_seconds: float | None = None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        super().__init__(client, account, access, clock, settle_seconds=settle_seconds, sleep=sleep)
        self._id = access.id or ""
        self._zones: dict[str, str] = {}
        """Ids of zones, by domain."""
        self._refused: Mapping[str, Gap] = {}
        """Jurisdictions that the last sight of everything was refused."""
        self._ours: set[tuple[str, str]] = set()
        """Kind and id of what is ours: what every bucket has is told in its plain state too, then."""

    @staticmethod
    def authorization(credentials: Mapping[str, SecretText]) -> SecretText:
        """The value of the Authorization header."""
        return bearer(credentials["token"])

    @staticmethod
    def read_error(status: int, body: Any) -> tuple[str, str]:
        """The first error of the envelope; a refused token is told by a code `401/…`."""
        errors = body.get("errors") if isinstance(body, dict) else None
        first = errors[0] if errors else {}
        refused = f"{REFUSED_TOKEN}/" if status == 401 else ""
        return f"{refused}{first.get('code', '')}", str(first.get("message", ""))

    def path(self, kind: type[RestResource], container: str) -> str:
        buckets = f"/accounts/{self._id}/r2/buckets"
        if kind is Bucket:
            return buckets
        return f"{buckets}/{quote(split(container)[1], safe='')}{kind.endpoint.path}"

    def call(self, change: Change, *, making: bool) -> Call:
        """What a change is sent as; rule sets and switches are written whole, where they were none too."""
        removing = change.after is None or (change.verb == "replace" and not making)
        one = change.before if removing else change.after
        assert isinstance(one, RestResource)
        kind, container = type(one), one.container()
        path, headers = self.path(kind, container), _header(container if kind is Bucket else split(container)[0])
        if isinstance(one, Bucket):
            if removing or change.verb == "update":
                path = f"{path}/{one.name}"
            if removing:
                return Call("DELETE", path, headers=headers)
            if change.verb == "update":
                return Call("PATCH", path, headers={**headers, "cf-r2-storage-class": one.storage_class or "Standard"})
            return Call("POST", path, json=one.body(), headers=headers)
        if isinstance(one, Domain) and (removing or change.verb == "update"):
            path = f"{path}/{quote(one.host, safe='')}"
        if removing and (kind in (Cors, Domain)):
            return Call("DELETE", path, headers=headers)
        if removing:
            return Call("PUT", path, json=_removed(kind), headers=headers)
        if isinstance(one, Domain) and change.verb != "update":
            return Call("POST", path, json={**one.body(), "zoneId": self._zones[one.zone]}, headers=headers)
        return Call("PUT", path, json=_kept(one, change.before).body(making=False), headers=headers)

    def observe(self, scope: Scope) -> Observation:
        """As every REST platform, in the one account that is meant. With buckets of any jurisdiction those of the
        default one are looked at, too."""
        self._ours |= {(kind, id) for kind, _, id in scope.known}
        if scope.containers is not None:
            if not scope.containers:
                return Observation(self.name, self._account, self._clock())
            scope = replace(scope, containers=_widened(scope.containers))
        lost = self._find_account()
        if lost is not None:
            gaps = lost if isinstance(lost, tuple) else tuple(self._gap(kind, "*", lost) for kind in self.kinds)
            return Observation(self.name, self._account, self._clock(), gaps=gaps)
        self._refused = {}
        found = super().observe(scope)
        notes = tuple(
            f"{self._account}: R2 refuses the jurisdiction {name}, so whatever is there is not shown ({gap.reason})"
            for name, gap in sorted(self._refused.items())
        )
        return replace(found, account_id=self._id if found.read else None, notes=notes)

    def apply(self, wave: Sequence[Change]) -> Iterator[Outcome]:
        """One call a change; first the ids of zones that domains are to stand in."""
        lost = self._find_account()
        if lost is not None:
            why, code = (lost[0].reason, lost[0].exit_code) if isinstance(lost, tuple) else (str(lost), lost.exit_code)
            yield from (Outcome(change, "failed", error=why, exit_code=max(code, PARTIAL)) for change in wave)
            return
        wrong = self._find_zones(wave)
        for change in wave:
            if isinstance(change.after, InBucket):
                self._ours.add((change.after.kind, change.after.id()))
            else:
                self._ours.discard((change.kind.kind, change.id))
            zone = _new_zone(change)
            if zone in wrong:
                why, code = wrong[zone]
                yield Outcome(change, "failed", error=why, exit_code=code)
        yield from super().apply([change for change in wave if _new_zone(change) not in wrong])

    def predict(self, wave: Sequence[Change]) -> int:
        """One call a change, two a replace, one for each zone whose id is not known yet."""
        zones = {_new_zone(change) for change in wave} - {""} - self._zones.keys()
        return super().predict(wave) + len(zones) + (not self._id)

    def issuer(self, word: str, options: IssueOptions) -> Issuer:
        """As `Issues`: pairs of access key and secret for the S3 side."""
        assert word == "credentials" and isinstance(options, CredentialOptions)
        return Credentials(self._client, self._own_id, options)

    def _own_id(self) -> str:
        """Raises PlatformError."""
        lost = self._find_account()
        if isinstance(lost, PlatformError):
            raise lost
        if lost is not None:
            raise Denied(lost[0].reason, platform=self.name, account=self._account)
        return self._id

    def _find_account(self) -> PlatformError | tuple[Gap, ...] | None:
        """Learns the account's id, which every path holds; what hides it, or None."""
        if self._id:
            return None
        try:
            accounts = self._client.get("/accounts")["result"]
        except PlatformError as error:
            return error
        if len(accounts) == 1:
            self._id = str(accounts[0]["id"])
            return None
        ids = ", ".join(sorted(str(one["id"]) for one in accounts)) or "none"
        why = f"the token opens the accounts {ids}: pin one with `id:` in stacks/_project.yaml"
        return tuple(Gap(self._account, kind.kind, "*", why, exit_code=14) for kind in self.kinds)

    def _find_zones(self, wave: Sequence[Change]) -> dict[str, tuple[str, int]]:
        """Learns the ids of zones; what is wrong with those that could not be learnt, with its exit code."""
        names = sorted({_new_zone(change) for change in wave} - {""} - self._zones.keys())
        calls = [Call("GET", "/zones", {"name": name, "account.id": self._id}) for name in names]
        wrong = {}
        for name, answer in zip(names, self._client.together(calls) if calls else (), strict=True):
            if isinstance(answer, PlatformError):
                wrong[name] = str(answer), max(answer.exit_code, PARTIAL)
            elif answer["result"]:
                self._zones[name] = str(answer["result"][0]["id"])
            else:
                wrong[name] = f"zone {name} is not in this account", PARTIAL
        return wrong

    def _read(self, scope: Scope) -> dict[Listing, list[Seen] | Gap]:
        """Names by jurisdiction, all at once; then every bucket, and what is asked for of each, all at once."""
        asked = {kind: _asked(kind, scope) for kind in self._rest_kinds()}
        whole = any(names is None for names in asked.values())
        named = {name if kind is Bucket else split(name)[0] for kind, names in asked.items() for name in names or ()}
        jurisdictions = list(JURISDICTIONS) if whole else sorted(named)
        jobs = [partial(self._names, jurisdiction) for jurisdiction in jurisdictions]
        lists = dict(zip(jurisdictions, self._client.side_by_side(jobs), strict=True))
        if scope.containers is None and not isinstance(lists[DEFAULT], Gap):
            # Most accounts may not use them all, and 403 does not tell that from a right that the token lacks.
            self._refused = {name: one for name, one in lists.items() if isinstance(one, Gap) and one.right}
            lists = {name: one for name, one in lists.items() if name not in self._refused}
        found: dict[Listing, list[Seen] | Gap] = {}
        if asked[Bucket] != []:
            found |= self._buckets(lists)
        below: list[Listing] = []
        for kind in self._rest_kinds()[1:]:
            names = asked[kind]
            for path in _paths(lists) if names is None else names:
                jurisdiction, name = split(path)
                there = lists[jurisdiction]
                if isinstance(there, Gap):
                    found[kind, path] = replace(there, kind=kind.kind, container=path)
                elif name in there:
                    below.append((kind, path))
                else:
                    found[kind, path] = []
        return found | self._side_by_side(below)

    def _names(self, jurisdiction: str) -> list[str] | Gap:
        try:
            return self._list_names(jurisdiction)
        except PlatformError as error:
            return self._gap(Bucket, jurisdiction, error)

    def _list_names(self, jurisdiction: str) -> list[str]:
        """The names of the buckets in a jurisdiction. The vendor goes on after the last name, so nothing shifts."""
        path, names, cursor = self.path(Bucket, jurisdiction), list[str](), ""
        while True:
            params: dict[str, str | int] = {"per_page": self.per_page, **({"cursor": cursor} if cursor else {})}
            answer = self._client.send(Call("GET", path, params, headers=_header(jurisdiction)))
            result = answer.get("result") if isinstance(answer, dict) else None
            if not isinstance(result, dict) or not isinstance(result.get("buckets"), list | None):
                raise Unavailable(f"{path}: the answer is no listing", platform=self.name)
            found = [str(one["name"]) for one in result.get("buckets") or ()]
            if set(found) & set(names):
                raise Unavailable(f"{path}: page shifted: a bucket came twice", platform=self.name)
            names += found
            cursor = (answer.get("result_info") or {}).get("cursor") or ""
            if not cursor:
                return names

    def _buckets(self, lists: Mapping[str, list[str] | Gap]) -> dict[Listing, list[Seen] | Gap]:
        """Every bucket by itself: a listing tells no more than its name. One that went in between is not there."""
        places = [(where, name) for where, names in lists.items() if not isinstance(names, Gap) for name in names]
        calls = [
            Call("GET", f"{self.path(Bucket, where)}/{quote(name, safe='')}", headers=_header(where))
            for where, name in places
        ]
        found: dict[str, list[Seen] | Gap] = {
            where: names if isinstance(names, Gap) else [] for where, names in lists.items()
        }
        for (where, _), answer in zip(places, self._client.together(calls) if calls else (), strict=True):
            listed = found[where]
            if isinstance(listed, Gap) or isinstance(answer, Missing):
                continue
            try:
                listed.append(self._seen(Bucket, _result(answer), where))
            except PlatformError as error:
                found[where] = self._gap(Bucket, where, error)
            except ValidationError as error:
                found[where] = Gap(self._account, Bucket.kind, where, f"a bucket cannot be read: {error}")
        return {(Bucket, where): one for where, one in found.items()}

    def _list(self, kind: type[RestResource], container: str) -> list[Seen]:
        if kind is Bucket:
            found = self._buckets({container: self._list_names(container)})[Bucket, container]
            if isinstance(found, Gap):
                raise Unavailable(found.reason, platform=self.name)
            return found
        path = self.path(kind, container)
        try:
            told = _result(self._client.send(Call("GET", path, headers=_header(split(container)[0]))))
        except Missing as missing:
            if kind is Cors and missing.code == NO_CORS:
                return []
            raise
        if kind is Domain:
            return [self._seen(kind, item, container) for item in told.get("domains") or ()]
        if kind in (Cors, Lock) and not told.get("rules"):
            return []
        one = self._seen(kind, told, container)
        plain = isinstance(one.resource, InBucket) and one.resource.is_plain()
        return [] if plain and (kind.kind, one.id) not in self._ours else [one]

    def _seen(self, kind: type[RestResource], item: Mapping[str, Any], container: str) -> Seen:
        try:
            resource = kind.answered({**item, "jurisdiction" if kind is Bucket else "bucket": container})
        except (LookupError, TypeError, ValueError) as error:
            if isinstance(error, ValidationError):
                raise
            raise Unavailable(f"{container}: an answer cannot be read: {error}", platform=self.name) from None
        id = resource.id() if isinstance(resource, InBucket) else resource.referred_as()
        return Seen(kind.kind, id, resource.keys()[0], resource)

    def _outcome(self, change: Change, answer: Any, *, looked: bool = False) -> Outcome:
        if isinstance(answer, Rejected) and answer.code == NO_METHOD and change.verb == "update":
            why = "Cloudflare takes no change of a bucket's storage class here (405, 7001): make it at the console"
            return Outcome(change, "failed", error=why, exit_code=PARTIAL)
        after = change.after
        if isinstance(answer, PlatformError) or after is None:
            return super()._outcome(change, answer, looked=looked)
        assert isinstance(after, RestResource)
        if isinstance(after, Cors | Lifecycle | Lock):
            # The vendor answers nothing: whether it took all of it shows when it is looked at again.
            return Outcome(change, "done", after.id(), after)
        try:
            told = {name: value for name, value in _result(answer).items() if value is not None}
            if isinstance(after, Domain):
                told = {**_kept(after, change.before).body(), "zoneName": after.zone, **told}
            seen = self._seen(type(after), told, after.container())
        except (ValidationError, PlatformError):
            odd = Unavailable(f"{after.title()}: the answer cannot be read", unsure=True, platform=self.name)
            return self._unsure(change, odd) if looked else self._look(change, odd)
        return Outcome(change, "done", seen.id, seen.resource)


def _header(jurisdiction: str) -> dict[str, str]:
    return {} if jurisdiction == DEFAULT else {HEADER: jurisdiction}


def _result(answer: Any) -> Mapping[str, Any]:
    """Raises PlatformError."""
    if isinstance(answer, PlatformError):
        raise answer
    result = answer.get("result") if isinstance(answer, dict) else None
    if not isinstance(result, dict):
        raise Unavailable("the answer holds no result", platform=R2.name)
    return result


def _removed(kind: type[RestResource]) -> Mapping[str, Any] | None:
    return kind.removed if issubclass(kind, InBucket) else None


def _kept(after: RestResource, before: Resource | None) -> RestResource:
    """What a domain is to be, with what is undeclared as it lives."""
    if not (isinstance(after, Domain) and isinstance(before, Domain)):
        return after
    lives = {name: getattr(before, name) for name in ("min_tls", "ciphers") if getattr(after, name) is None}
    return after.model_copy(update={name: value for name, value in lives.items() if value})


def _new_zone(change: Change) -> str:
    """The zone in which a change attaches a domain; "" where it attaches none."""
    after = change.after
    return after.zone if isinstance(after, Domain) and change.verb in ("create", "replace") else ""


def _asked(kind: type[RestResource], scope: Scope) -> list[str] | None:
    """The listings of a kind that are asked for; None: all there are, of buckets in every jurisdiction."""
    if scope.containers is None:
        return None
    names = sorted(one.name for one in scope.containers if one.kind == kind.kind)
    return None if "" in names else names


def _widened(containers: frozenset[Container]) -> frozenset[Container]:
    if any(one.kind == Bucket.kind and one.name == "" for one in containers):
        return containers | {Container(Bucket.kind, one) for one in JURISDICTIONS}
    buckets = any(one.kind == Bucket.kind for one in containers)
    return containers | ({Container(Bucket.kind, DEFAULT)} if buckets else set())


def _paths(lists: Mapping[str, list[str] | Gap]) -> list[str]:
    """Every bucket that is there, and "*" of a jurisdiction that could not be listed."""
    told = {where: ["*"] if isinstance(names, Gap) else names for where, names in lists.items()}
    return [path_of(where, name) for where, names in told.items() for name in names]
