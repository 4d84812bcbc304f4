"""One Vercel account: what it holds, and changes to it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from types import MappingProxyType
from typing import Any, ClassVar, Literal
from urllib.parse import quote

from pydantic import ValidationError

from ...model.change import Change, Outcome
from ...model.errors import Denied, Missing, PlatformError, Rejected, Unavailable
from ...model.observation import Observation, Scope, Seen
from ...model.platform import Credential, Rate, Running
from ...model.resource import Key, Resource
from ...model.secret import SecretText
from ...wire import Call
from ...wire.rest import PARTIAL, RestPlatform, RestResource, bearer
from .attached import Check, Domain, Webhook
from .kinds import Project, Raw, Variable
from .project import Step, steps_of
from .starting import Productions
from .variable import Writes, as_sent, by_project, is_value_alone, item_of


class Vercel(RestPlatform):
    """One team, where the pinned id is a team's, or else the token's own account."""

    name: ClassVar[str] = "vercel"
    kinds: ClassVar[tuple[type[Resource], ...]] = (Project, Variable, Domain, Check, Webhook)
    credentials: ClassVar[tuple[Credential, ...]] = (
        Credential("token", "a token of the team, of a member who may change it", "https://vercel.com/account/tokens"),
    )
    rate: ClassVar[Rate] = Rate(300, 60)
    """Limits are per endpoint, a minute (docs page limits): 500 readings of variables, 100 to 120 writes, 60 deletes.
    This is courtesy; a 429 is honoured."""
    base_url: ClassVar[str] = "https://api.vercel.com"
    settle_seconds: ClassVar[float] = 5.0
    read_right: ClassVar[str] = "a role in the team that sees its projects, production variables among them"

    starts: ClassVar[frozenset[str]] = frozenset({Project.kind})

    _owner: str | None = None
    """The account's own id, as its answers tell it."""
    _renamed: Mapping[str, str] = MappingProxyType({})
    """The stacks' names of projects that are ours, by id: somebody may have given them others."""

    @staticmethod
    def authorization(credentials: Mapping[str, SecretText]) -> SecretText:
        """The value of the Authorization header."""
        return bearer(credentials["token"])

    @staticmethod
    def read_error(status: int, body: Any) -> tuple[str, str]:
        """A refused token is a 403 like a missing right, told apart by `invalidToken` (recorded answers)."""
        error = body["error"]
        refused = status == 401 or error.get("invalidToken") or error.get("missingToken")
        return f"{'401/' if refused else ''}{error.get('code', '')}", str(error.get("message", ""))

    def filters(self, kind: type[RestResource]) -> Mapping[str, str | int]:
        """Every call of a team names it; variables are asked for as they are before encryption."""
        return {**self._team, **({"decrypt": "true"} if kind is Variable else {})}

    def page(self, kind: type[RestResource], number: int, answer: Any) -> Mapping[str, str | int]:
        """A page goes on at `next`: projects `from` there, the others `until` then. Checks and webhooks are one."""
        after = "from" if kind is Project else "until"
        size: dict[str, str | int] = {"limit": self.per_page} if kind in (Project, Domain) else {}
        return size if answer is None else {**size, after: answer["pagination"]["next"]}

    def is_last(self, kind: type[RestResource], answer: Any, items: Sequence[Any]) -> bool:
        """Whether it names no next page."""
        return not isinstance(answer, dict) or (answer.get("pagination") or {}).get("next") is None

    def check_whole(self, kind: type[RestResource], answer: Any) -> None:
        """Raises Denied where Vercel holds back variables of production (the SDK's `hiddenProductionEnvCount`)."""
        hidden = answer.get("hiddenProductionEnvCount") if isinstance(answer, dict) else 0
        if hidden:
            raise Denied(f"{hidden} variables of production are not shown to this token", platform=self.name)

    def path(self, kind: type[RestResource], container: str) -> str:
        """By the project's id, which a new name does not change."""
        return kind.endpoint.path.replace("{}", quote(self._ids.get(container, container), safe=""))

    def call(self, change: Change, *, making: bool) -> Call:
        """The one call of a change; versions differ from verb to verb."""
        if change.kind is Variable:
            return self._variable_call(change, making=making)
        call = super().call(change, making=making)
        path, body = call.path, call.json
        if change.kind is Project:
            path = path.replace("/v10/", "/v9/")
        elif change.kind is Domain and call.method == "POST":
            path = path.replace("/v9/", "/v10/")
        elif isinstance(change.after, Webhook) and call.method == "POST":
            body = {"url": change.after.url, "events": list(change.after.events)}
            body |= {"projectIds": [self._id(name) for name in change.after.projects]} if change.after.projects else {}
        return replace(call, path=path, params=self._team, json=body)

    def _variable_call(self, change: Change, *, making: bool) -> Call:
        path, after = self.path(Variable, change.container), change.after
        one = f"{path}/{change.id}".replace("/v10/", "/v9/")
        if not isinstance(after, Variable) or (change.verb == "replace" and not making):
            return Call("DELETE", one, self._team)
        if change.verb != "update":
            return Call("POST", path, {**self._team, "upsert": "true"}, [after.body(change.marker)])
        assert isinstance(change.before, Variable)
        body = after.body(before=change.before)
        if is_value_alone(change):
            return Call("POST", path, {**self._team, "upsert": "true"}, [body])
        return Call("PATCH", one, self._team, body)

    def observe(self, scope: Scope) -> Observation:
        """Projects, then side by side what stands in each that is in scope. Whose they are is told by `accountId`."""
        self._renamed = {id: name for kind, name, id in scope.known if kind == Project.kind}
        told = super().observe(scope)
        if self._owner is None and told.read:
            self._owner = self._who()
        waiting = [one.resource for one in told.seen if isinstance(one.resource, Domain) and not one.resource.verified]
        notes = tuple(
            f"{one.host} is not verified: Vercel waits for a TXT at {one.verify_name}"
            for one in waiting
            if one.verify_value
        )
        return replace(told, account_id=self._owner, notes=notes)

    def apply(self, wave: Sequence[Change]) -> Iterator[Outcome]:
        """Projects side by side, each by as many calls as it takes; the variables of each project by one upsert; the
        rest by a call each."""
        made = [change for change in wave if change.kind is Project and change.after is not None]
        variables = [change for change in wave if change.kind is Variable]
        ours = {id(change) for change in (*made, *variables)}
        if made:
            yield from self._client.side_by_side([partial(self._write_project, change) for change in made])
        yield from self._write_variables(variables)
        yield from super().apply([change for change in wave if id(change) not in ours])

    def predict(self, wave: Sequence[Change]) -> int:
        """As many calls as a project takes, one for the variables of a project, two for a domain: its records too."""
        other = [change for change in wave if change.kind is not Variable]
        calls = sum(writes.calls() for writes in by_project(wave).values())
        for change in other:
            if change.kind is Project and change.after is not None:
                calls += len(steps_of(change))
            else:
                calls += (
                    1 + (change.verb == "replace") + (change.kind is Domain and change.verb in ("create", "replace"))
                )
        return calls

    def running(self, units: Sequence[Resource]) -> Mapping[Key, Running]:
        """As `Starts`: the newest production deployment, and the one that has the domains. Raises PlatformError."""
        return self._productions().running(units)

    def start(self, units: Sequence[Resource]) -> None:
        """As `Starts`: a redeployment with the variables of now. Raises PlatformError."""
        self._productions().start(units)

    def _productions(self) -> Productions:
        return Productions(self._client, self._team, self._id, self._sleep, self._settle)

    @property
    def _team(self) -> Mapping[str, str | int]:
        id = self._access.id or ""
        return {"teamId": id} if id.startswith("team_") else {}

    @property
    def _ids(self) -> dict[str, str]:
        """Of the projects, by the name that the stacks have for each."""
        return self._groups.setdefault(Project.kind, {})

    def _who(self) -> str | None:
        """The account's id where it has no project to tell it; None where nobody tells."""
        try:
            if self._team:
                return str(self._client.get(f"/v2/teams/{self._access.id}")["id"])
            return str(self._client.get("/v2/user")["user"]["id"])
        except (PlatformError, LookupError, TypeError):
            return None

    def _id(self, name: str) -> str:
        """A project's id, by its name. Raises PlatformError."""
        if name not in self._ids:
            told = self._client.get(f"/v9/projects/{quote(name, safe='')}", self._team)
            self._ids[name] = str(told["id"])
        return self._ids[name]

    def _list(self, kind: type[RestResource], container: str) -> list[Seen]:
        """A domain with its records; an encrypted variable that the listing left encrypted once more by its id."""
        found = super()._list(kind, container)
        if kind is Domain:
            return [self._configured(one, container) for one in found]
        return [self._decrypted(one, container) for one in found] if kind is Variable else found

    def _configured(self, one: Seen, container: str) -> Seen:
        if not isinstance(one.resource, Domain) or one.managed:
            return one
        asked = {**self._team, "projectIdOrName": self._ids.get(container, container)}
        config = self._client.get(f"/v6/domains/{quote(one.id, safe='')}/config", asked)
        return replace(one, resource=one.resource.with_config(config))

    def _decrypted(self, one: Seen, container: str) -> Seen:
        if not isinstance(one.resource, Variable) or one.resource.type != "encrypted" or one.resource.value is not None:
            return one
        path = self.path(Variable, container).replace("/v10/", "/v1/")
        told = self._client.get(f"{path}/{one.id}", self._team)
        return replace(one, resource=Variable.answered({**told, "project": container}))

    def _seen(self, kind: type[RestResource], item: Raw, container: str) -> Seen:
        if kind is Project and item.get("accountId"):
            self._owner = str(item["accountId"])
        if kind is Webhook:
            told = {one["id"]: one["name"] for one in item.get("projectsMetadata") or ()}
            named = {**{id: name for name, id in self._ids.items()}, **told, **self._renamed}
            item = {**item, "projects": [named.get(id, id) for id in item.get("projectIds") or ()]}
        seen = super()._seen(kind, item, container)
        return replace(seen, managed=_managed(kind, item))

    def _outcome(self, change: Change, answer: Any, *, looked: bool = False) -> Outcome:
        """A variable's item is one of many; a new domain is asked for its records."""
        if change.kind is Variable and not isinstance(answer, PlatformError) and change.after is not None:
            try:
                answer = item_of(change.after, answer)
            except (ValidationError, LookupError, TypeError, AttributeError):
                answer = Unavailable("the answer is no upsert's", unsure=True, platform=self.name)
            if isinstance(answer, Unavailable):
                return self._unsure(change, answer) if looked else self._look(change, answer)
        outcome = super()._outcome(change, answer, looked=looked)
        after, live = change.after, outcome.resource
        if isinstance(live, Variable) and isinstance(after, Variable) and live.type != "sensitive":
            # What was sent may come back encrypted.
            live = live.model_copy(update={"value": live.value if live.value is not None else after.value})
        if isinstance(live, Domain) and live.target is None:
            live = self._with_records(live, change)
        return replace(outcome, resource=live)

    def _with_records(self, live: Domain, change: Change) -> Domain:
        if isinstance(change.before, Domain) and change.verb == "update":
            told = ("target", "ipv4", "misconfigured")
            return live.model_copy(update={name: getattr(change.before, name) for name in told})
        try:
            seen = self._configured(Seen(Domain.kind, live.host, live.keys()[0], live), change.container)
        except PlatformError:
            return live  # It is made; whoever needs its records waits for the next pass.
        assert isinstance(seen.resource, Domain)
        return seen.resource

    def _write_project(self, change: Change) -> Outcome:
        """Every call in turn; what follows is not tried where one fails."""
        id, live = change.id, change.before
        for step in steps_of(change):
            answer = self._take(step, id or change.key[0])
            if isinstance(answer, PlatformError):
                # Half made is neither done nor failed: the next pass finds it by its name, as ours, and goes on.
                status: Literal["unsure", "failed"] = "unsure" if id and not change.id else "failed"
                status = "unsure" if isinstance(answer, Unavailable) and answer.unsure else status
                return Outcome(change, status, error=str(answer), exit_code=max(answer.exit_code, PARTIAL))
            id, live = answer.id, answer.resource
        assert isinstance(live, Project)
        self._ids[live.name] = id
        return Outcome(change, "done", id, live)

    def _take(self, step: Step, id: str) -> Seen | PlatformError:
        """The project after one call. One of unknown effect is looked for twice, and only then sent again."""
        call = Call(step.method, step.path.replace("{}", quote(id, safe="")), self._team, step.body)
        error: PlatformError = Unavailable("not sent", platform=self.name)
        for _ in range(2):
            try:
                return self._seen(Project, self._client.send(call), "")
            except Unavailable as unknown:
                if not unknown.unsure:
                    return unknown
                error = unknown
            except PlatformError as refused:
                return refused
            except (LookupError, TypeError, AttributeError, ValueError):
                error = Unavailable(f"{call.path}: the answer is no project", unsure=True, platform=self.name)
            for wait in (0.0, self._settle):
                if wait:
                    self._sleep(wait)
                found = self._one(id)
                if isinstance(found, PlatformError):
                    return error
                if found is not None and isinstance(found.resource, Project) and step.done(found.resource):
                    return found
        return error

    def _one(self, id: str) -> Seen | PlatformError | None:
        """A project by id or name; None where there is none."""
        try:
            return self._seen(Project, self._client.get(f"/v9/projects/{quote(id, safe='')}", self._team), "")
        except Missing:
            return None
        except PlatformError as error:
            return error
        except (LookupError, TypeError, AttributeError, ValueError):
            return Unavailable("the answer is no project", platform=self.name)

    def _write_variables(self, changes: Sequence[Change]) -> Iterator[Outcome]:
        """Deletes, then changes of name, target and type, then one upsert a project: what was freed can be taken."""
        sent = [(as_sent(change), change) for change in changes]
        asked = {id(one): change for one, change in sent}
        places, lost = by_project([one for one, _ in sent]), set[int]()
        for change, outcome in self._delete_variables(places):
            if outcome.status != "done":
                lost.add(id(change))
            if change.after is None or id(change) in lost:
                yield replace(outcome, change=asked[id(change)])
        for change, answer in self._send([change for writes in places.values() for change in writes.patches]):
            yield replace(self._told(change, answer), change=asked[id(change)])
        for outcome in self._upsert(places, lost):
            yield replace(outcome, change=asked[id(outcome.change)])

    def _delete_variables(self, places: Mapping[str, Writes]) -> Iterator[tuple[Change, Outcome]]:
        """One call a project. What its answer does not name is looked for."""
        named = [(place, writes.deletes) for place, writes in places.items() if writes.deletes]
        calls = [
            Call(
                "DELETE",
                self.path(Variable, place).replace("/v10/", "/v1/"),
                self._team,
                {"ids": [one.id for one in deletes]},
            )
            for place, deletes in named
        ]
        for (place, deletes), answer in zip(named, self._client.together(calls) if calls else (), strict=True):
            for change in deletes:
                gone = replace(change, verb="delete", after=None, container=place)
                if isinstance(answer, dict) and change.id in answer.get("ids", ()):
                    yield change, Outcome(gone, "done", change.id)
                elif isinstance(answer, PlatformError):
                    yield change, self._told(gone, answer)
                else:
                    unsaid = Unavailable("the answer does not say that it is deleted", unsure=True, platform=self.name)
                    yield change, self._look(gone, unsaid)

    def _upsert(self, places: Mapping[str, Writes], lost: set[int]) -> Iterator[Outcome]:
        """One call a project. Where it is refused as a whole, one by one."""
        left = {place: [one for one in writes.posts if id(one) not in lost] for place, writes in places.items()}
        named = [posts for posts in left.values() if posts]
        calls = []
        for posts in named:
            singles = [self.call(one, making=True) for one in posts]
            calls.append(replace(singles[0], json=[body for call in singles for body in call.json]))
        for posts, answer in zip(named, self._client.together(calls) if calls else (), strict=True):
            if isinstance(answer, Rejected) and not isinstance(answer, Missing) and len(posts) > 1:
                for change, single in self._send(posts, making=True):
                    yield self._told(change, single)
            else:
                yield from (self._told(change, answer) for change in posts)

    def _told(self, change: Change, answer: Any) -> Outcome:
        unsure = isinstance(answer, Unavailable) and answer.unsure
        return self._look(change, answer) if unsure else self._outcome(change, answer)


def _managed(kind: type[Resource], item: Raw) -> str:
    """Whose a thing is that nobody but its maker should change."""
    if kind is Variable and (item.get("configurationId") or item.get("contentHint")):
        return "an integration"
    by_vercel = (
        (kind is Variable and item.get("type") == "system")
        or (kind is Domain and str(item["name"]).endswith(".vercel.app"))
        or (kind is Check and item.get("sourceKind") == "vercel")
    )
    return "Vercel" if by_vercel else ""
