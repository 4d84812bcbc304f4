"""Railway as the sandbox plays it: GraphQL v2 on one route, with the vendor's own errors.

From the published schema of August 2026, Railway's docs, its command line and npm package, and what providers found in
use; never from our own client. What no source tells is marked as guessed.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import ClassVar

from ...model.pretend import Asked, Caller, Route, RunningUnit, Thing, Told, World
from ...model.spec import Declared
from .pretend_estate import FILES_UNTIL, Estate, Refused
from .pretend_graphql import answer, is_read, refused
from .pretend_hand import KINDS, create, delete, edit
from .pretend_mutations import add_bare_project
from .pretend_running import running
from .pretend_tokens import HEADER, NOT_FOUND, UNKNOWN, speaker, takes
from .pretend_views import RATES

_HIDDEN = "«hidden»"
_STATUS_TEXT = {404: "Not Found", 405: "Method Not Allowed", 413: "Payload Too Large"}


class Pretend:
    """Railway, as far as we use it. A workspace is an account; the shelves are `pretend_estate.SHELVES`."""

    name: ClassVar[str] = "railway"
    prefix: ClassVar[str] = ""
    rate: ClassVar[tuple[int, float]] = RATES["pro"]
    rates: ClassVar[Mapping[str, tuple[int, float]]] = RATES
    request_id: ClassVar[str] = "x-railway-request-id"

    def __init__(self) -> None:
        self.pace = 10.0
        """How many seconds of the world's clock a deployment stays in each of its stages; 0: it succeeds at once."""
        self.everywhere = True
        """Whether what is said of a service without an environment holds in all that are not forks (the schema's
        words), or in one alone, as some have found."""
        self.create_pause = 0.0
        """How many seconds must lie between two projects, or two environments, that one account makes: on Railway 30,
        as providers found it. 0, so that a sandbox is not waited for."""
        self.files_until = FILES_UNTIL
        """The day from which a repository's own railway.json is no longer read."""

    def caller(self, world: World, headers: Mapping[str, str]) -> Caller | None:
        """Who speaks with a project token, which has a header of its own; None where none came. One that nobody made
        is told by the answer."""
        given = headers.get(HEADER)
        return None if given is None else speaker(world, given)

    def routes(self) -> Sequence[Route]:
        return [Route("POST", "/graphql/v2", self._answer, reads=is_read, any_query=True)]

    def _answer(self, world: World, asked: Asked) -> Told:
        if asked.caller.token == UNKNOWN:
            return refused(NOT_FOUND, "INTERNAL_SERVER_ERROR")
        told = answer(self._estate(world, asked.caller), asked.body)
        most, seconds = RATES.get(asked.caller.tier, self.rate)
        resets = int(world.now().timestamp() + seconds)
        return Told(told.status, told.body, {**self.budget(most, most - 1, resets), **told.headers})

    def budget(self, limit: int, left: int, reset: float) -> Mapping[str, str]:
        """The headers that tell a budget; `reset` in seconds since 1970."""
        names = ("X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Reset")
        return dict(zip(names, (str(limit), str(left), str(int(reset))), strict=True))

    def refusal(self, status: int, reason: str, retry_after: float | None = None) -> Told:
        if status in (401, 403):
            # A dead token is told like a foreign thing, and neither by the status.
            return refused("Not Authorized", "INTERNAL_SERVER_ERROR")
        if status == 429:
            wait = {} if retry_after is None else {"Retry-After": str(max(1, -int(-retry_after // 1)))}
            return Told(429, {"data": None}, wait)
        if status >= 500:
            return Told(status, f"upstream error {status}")  # the edge answers, and promises no JSON
        if status in _STATUS_TEXT:
            return Told(status, _STATUS_TEXT[status])
        return refused(reason, "BAD_REQUEST", 400)

    def environment(self, url: str, token: str) -> Mapping[str, str]:
        return {"RAILWAY_API_TOKEN": token, "RAILWAY_API_URL": f"{url}/graphql/v2"}

    def seed(self, world: World, caller: Caller, wanted: Sequence[Declared]) -> None:
        """Projects and services that a stack names by their id; Railway has no kind that is only looked up.

        A project so begun is empty: it lacks even the environment that comes with one that is created.
        """
        estate = self._at(world, caller.account)
        pinned = [one for one in wanted if one.pinned]
        for one in sorted(pinned, key=lambda one: one.address.kind != "project"):
            name = str(getattr(one.resource, "name", ""))
            if one.address.kind == "project":
                add_bare_project(estate, {"id": one.pinned, "name": name})
            elif one.address.kind == "service":
                home = next(estate.where("project", name=getattr(one.resource, "project", "")), None)
                if home is not None:
                    estate.add("service", {"id": one.pinned, "name": name, "projectId": home["id"]})

    def edit(self, world: World, account: str, kind: str, id: str, fields: Mapping[str, str]) -> Thing:
        estate = self._at(world, account)
        try:
            return self.shown(kind, estate.whole(lambda: edit(estate, kind, id, fields)))
        except Refused as error:
            raise ValueError(str(error)) from None

    def create(self, world: World, account: str, kind: str, fields: Mapping[str, str]) -> Thing:
        estate = self._at(world, account)
        try:
            return self.shown(kind, estate.whole(lambda: create(estate, kind, fields)))
        except Refused as error:
            raise ValueError(str(error)) from None

    def delete(self, world: World, account: str, kind: str, id: str) -> None:
        delete(self._at(world, account), kind, id)

    def title(self, kind: str, thing: Thing) -> str:
        if kind in ("project", "environment", "service", "domain", "service-domain", "disk"):
            return str(thing["name"])
        owners = [thing.get("project"), thing.get("environment"), None if kind == "instance" else thing.get("service")]
        return "/".join([str(one) for one in owners if one] + [str(thing.get("name", ""))])

    def shown(self, kind: str, thing: Thing) -> Thing:
        """The thing without the values of variables, which are for the console's eyes only."""
        if kind in ("variable", "shared-variable"):
            return {**thing, "value": _HIDDEN}
        if kind == "project-token":
            return {**thing, "token": _HIDDEN}
        if kind in ("deployment", "gone-token"):
            hidden = "values" if kind == "deployment" else "print"
            return {name: value for name, value in thing.items() if name != hidden}
        if kind == "patch":
            return {name: value for name, value in thing.items() if name != "patch"}
        if kind == "instance":
            deploy = thing["config"].get("deploy", {})
            if "registryCredentials" in deploy:
                return {**thing, "config": {**thing["config"], "deploy": {**deploy, "registryCredentials": _HIDDEN}}}
        return dict(thing)

    def kinds(self) -> Sequence[str]:
        return KINDS

    def running(self, world: World, account: str) -> Iterable[RunningUnit]:
        return running(self._at(world, account))

    def takes(self, world: World, account: str, value: str) -> bool | None:
        return takes(world, account, value)

    def _at(self, world: World, account: str) -> Estate:
        return self._estate(world, Caller(account, world.account_id(account)))

    def _estate(self, world: World, caller: Caller) -> Estate:
        token = world.shelf(caller.account, "project-token").get(caller.token) if caller.token else None
        return Estate(
            *(world, caller.account, caller.id, caller.tier, self.pace, self.everywhere, self.files_until),
            create_pause=self.create_pause,
            token=token,
        )
