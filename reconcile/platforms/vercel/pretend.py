"""Vercel as the sandbox has it: its routes, errors and a person at its dashboard.

Written from Vercel's API description (2025-10), the SDK's types for checks, the Terraform provider for git links, and
recorded answers for errors. Where none of them tells, it does the least: an upsert changes the value and nothing else.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, ClassVar

from ...model.pretend import Asked, Caller, Handler, Route, RunningUnit, Thing, Told, World
from ...model.spec import Declared
from .pretend_deploys import by_hand as done_to
from .pretend_deploys import deploy, give, listed, running, targets, wanted, whole
from .pretend_parts import (
    CHECK,
    DOMAIN,
    GITHUB_APP,
    SETTINGS,
    VARIABLE,
    Refused,
    by_hand,
    check_fields,
    new_project,
    settings,
    stamp,
    variable_fields,
)
from .pretend_shapes import (
    blank,
    new_hook,
    no_conflict,
    slot,
    told_check,
    told_domain,
    told_project,
    told_variable,
    told_webhook,
)

_TEAM = frozenset({"teamId", "slug"})
_DOMAINS: Mapping[str, Callable[[Thing, str], bool]] = {
    "gitBranch": lambda one, word: bool(one["gitBranch"] == word),
    "production": lambda one, word: word != "true" or not one["gitBranch"],
    "redirect": lambda one, word: bool(one["redirect"] == word),
    "redirects": lambda one, word: word != "false" or not one["redirect"],
    "verified": lambda one, word: bool(one["verified"] == (word == "true")),
}
"""What a listing of domains can be asked for."""
_DEPLOYMENTS = frozenset({"projectId", "projectIds", "target", "state", "limit", "until", "since"})


class Pretend:
    """Vercel, as far as we use it. Shelves: `project`, `variable`, `domain` (by host), `check`, `webhook`,
    `deployment` (to production)."""

    name: ClassVar[str] = "vercel"
    prefix: ClassVar[str] = ""
    rate: ClassVar[tuple[int, float]] = (300, 60.0)
    """Limits are per endpoint (docs page limits); this stands between those of reading and of writing variables."""
    request_id: ClassVar[str] = "x-vercel-id"

    def __init__(self) -> None:
        self.pace = 0.0
        """How many seconds of the world's clock a deployment stays in each of its states; 0: it is ready at once."""

    def routes(self) -> Sequence[Route]:
        one, checks = "/v9/projects/{project}", "/v2/projects/{project}/checks"
        pages = frozenset({"limit", "from", "until", "since", "search"})
        found: list[tuple[str, str, Handler, frozenset[str]]] = [
            ("GET", "/v10/projects", self._projects, pages),
            ("POST", "/v11/projects", self._new_project, frozenset()),
            *(("GET", one, self._project, frozenset()), ("PATCH", one, self._change_project, frozenset())),
            ("DELETE", one, self._delete_project, frozenset()),
            ("POST", f"{one}/link", self._link, frozenset()),
            ("DELETE", f"{one}/link", self._unlink, frozenset()),
            ("PATCH", f"{one}/branch", self._branch, frozenset()),
            ("GET", "/v10/projects/{project}/env", self._variables, frozenset({"decrypt", "gitBranch", "source"})),
            ("POST", "/v10/projects/{project}/env", self._write_variables, frozenset({"upsert"})),
            ("DELETE", "/v1/projects/{project}/env", self._delete_variables, frozenset()),
            ("GET", "/v1/projects/{project}/env/{id}", self._variable, frozenset()),
            ("PATCH", f"{one}/env/{{id}}", self._change_variable, frozenset()),
            ("DELETE", f"{one}/env/{{id}}", self._delete_variable, frozenset()),
            ("GET", f"{one}/domains", self._domains, pages | _DOMAINS.keys() | {"order"}),
            ("POST", "/v10/projects/{project}/domains", self._new_domain, frozenset()),
            ("GET", f"{one}/domains/{{id}}", self._domain, frozenset()),
            ("PATCH", f"{one}/domains/{{id}}", self._change_domain, frozenset()),
            ("DELETE", f"{one}/domains/{{id}}", self._delete_domain, frozenset()),
            ("GET", "/v6/domains/{id}/config", self._config, frozenset({"projectIdOrName", "strict"})),
            ("GET", checks, self._checks, frozenset({"blocks"})),
            ("POST", checks, self._new_check, frozenset()),
            ("GET", f"{checks}/{{id}}", self._check, frozenset()),
            ("PATCH", f"{checks}/{{id}}", self._change_check, frozenset()),
            ("DELETE", f"{checks}/{{id}}", self._delete_check, frozenset()),
            ("GET", "/v1/webhooks", self._webhooks, frozenset({"projectId"})),
            ("POST", "/v1/webhooks", self._new_webhook, frozenset()),
            ("GET", "/v1/webhooks/{id}", self._webhook, frozenset()),
            ("DELETE", "/v1/webhooks/{id}", self._delete_webhook, frozenset()),
            ("GET", "/v7/deployments", self._deployments, _DEPLOYMENTS),
            ("POST", "/v13/deployments", self._deploy, frozenset({"forceNew", "skipAutoDetectionConfirmation"})),
            ("GET", "/v13/deployments/{id}", self._deployment, frozenset({"withGitRepoInfo"})),
            ("POST", "/v1/projects/{project}/rollback/{id}", self._give("rollback"), frozenset({"description"})),
            ("POST", "/v10/projects/{project}/promote/{id}", self._give("promote"), frozenset()),
            ("GET", "/v2/teams/{team}", self._whole_team, frozenset({"slug"})),
        ]
        scoped = (Route(verb, path, _scoped(handler), query | _TEAM) for verb, path, handler, query in found)
        return [*scoped, Route("GET", "/v2/user", self._user)]

    def refusal(self, status: int, reason: str, retry_after: float | None = None) -> Told:
        """A dead token is a 403 that says so; a missing right is one that does not (recorded answers)."""
        if status == 401:
            missing = reason == "missing credentials"
            said = "The request is missing an authentication token" if missing else "Not authorized"
            return _error(403, "forbidden", said, **{"missingToken" if missing else "invalidToken": True})
        headers = {} if retry_after is None else {"Retry-After": str(max(1, -int(-retry_after // 1)))}
        words = {403: ("forbidden", "Not authorized"), 404: ("not_found", "The requested resource was not found.")}
        words |= {405: ("method_unknown", "This endpoint does not respond to that method")}
        words |= {429: ("rate_limited", "Rate limit exceeded"), 400: ("bad_request", f"Invalid request: {reason}")}
        usual = ("internal_server_error", "Internal server error") if status >= 500 else ("bad_request", reason)
        code, message = words.get(status, usual)
        return Told(status, {"error": {"code": code, "message": message}}, headers)

    def seed(self, world: World, caller: Caller, wanted: Sequence[Declared]) -> None:
        """Nothing here is only looked up."""

    def edit(self, world: World, account: str, kind: str, id: str, fields: Mapping[str, str]) -> Thing:
        shelf = world.shelf(account, kind)
        thing = shelf[id]
        try:
            if kind == "webhook":
                raise Refused(400, "bad_request", "a webhook is not edited: delete it and add another")
            taken: Sequence[str] = ()
            if kind == "project":
                thing, taken = done_to(world, account, thing, fields)
            new = by_hand(kind, thing, {name: text for name, text in fields.items() if name not in taken})
            if kind == "variable":
                no_conflict(shelf, new)
            if kind == "project":
                _no_namesake(shelf, new)
        except Refused as refused:
            raise ValueError(str(refused)) from None
        shelf[id] = stamp(world, new)
        return shelf[id]

    def create(self, world: World, account: str, kind: str, fields: Mapping[str, str]) -> Thing:
        caller = Caller(account, world.account_id(account))
        try:
            if kind == "project":
                thing = by_hand(kind, new_project(world, caller.id, {"name": fields["name"]}), fields)
                _no_namesake(world.shelf(account, kind), thing)
            elif kind == "webhook":
                thing = new_hook(world, caller, {"url": fields["name"], "events": fields["events"].split(",")})
            else:
                project = _find(world, account, fields["project"])
                told = {name: value for name, value in fields.items() if name != "project"}
                thing = by_hand(kind, blank(world, account, kind, project, told["name"]), told)
                if kind == "variable":
                    no_conflict(world.shelf(account, kind), thing)
        except Refused as refused:
            raise ValueError(str(refused)) from None
        except KeyError as missing:
            raise ValueError(f"a {kind} made by hand needs {missing}=…") from None
        world.shelf(account, kind)[thing["id"]] = thing
        return thing

    def delete(self, world: World, account: str, kind: str, id: str) -> None:
        if kind == "project":
            _end(world, account, id)
        else:
            del world.shelf(account, kind)[id]

    def title(self, kind: str, thing: Thing) -> str:
        return str(thing["name"])

    def kinds(self) -> Sequence[str]:
        return ("project", "variable", "domain", "check", "webhook")

    def shown(self, kind: str, thing: Thing) -> Thing:
        """The dashboard shows no value of a sensitive variable, and no secret of a webhook."""
        hidden = {"value"} if thing.get("type") == "sensitive" else {"secret"}
        hidden |= {"values"} if kind == "deployment" else set()
        return {name: value for name, value in thing.items() if name not in hidden}

    def running(self, world: World, account: str) -> Iterable[RunningUnit]:
        return running(world, account, self.pace)

    def _deployments(self, world: World, asked: Asked) -> Told:
        return listed(world, asked, self.pace, world.shelf(asked.caller.account, "project").values())

    def _deploy(self, world: World, asked: Asked) -> Told:
        project, source = wanted(asked.body, asked.caller.account, world, _find)
        return Told(200, whole(world, self.pace, deploy(world, asked.caller.account, project, source)))

    def _deployment(self, world: World, asked: Asked) -> Told:
        return Told(200, whole(world, self.pace, _account_thing(world, asked, "deployment")))

    def _give(self, word: str) -> Handler:
        def act(world: World, asked: Asked) -> Told:
            project = give(world, asked.caller.account, _of(world, asked), asked.path["id"], word)
            self._keep(world, asked, project)
            return Told(201)

        return act

    def _told(self, world: World, account: str, thing: Thing) -> Thing:
        """A project as an answer tells it."""
        return {**told_project(thing), "targets": targets(world, account, self.pace, thing)}

    def _user(self, world: World, asked: Asked) -> Told:
        id = asked.caller.id
        person: Thing = {"id": f"user{id[-20:]}" if id.startswith("team_") else id, "email": "person@example.com"}
        person |= {"name": None, "username": "person", "avatar": None, "defaultTeamId": None, "limited": True}
        return Told(200, {"user": person})

    def _whole_team(self, world: World, asked: Asked) -> Told:
        id = asked.path["team"]
        if id != asked.caller.id:
            raise Refused(403, "forbidden", "Not authorized to access the team.")
        now = _now(world)
        member = {"confirmed": True, "role": "OWNER", "createdAt": now, "created": now, "teamId": id, "uid": "person"}
        team = {"id": id, "slug": "team", "name": "team", "creatorId": "person", "createdAt": now, "updatedAt": now}
        team |= {"stagingPrefix": "", "description": None, "avatar": None, "membership": member}
        return Told(200, {**team, "sensitiveEnvironmentVariablePolicy": None})

    def _projects(self, world: World, asked: Asked) -> Told:
        things = list(world.shelf(asked.caller.account, "project").values())
        page, after = _page(things, asked.query, "from")
        # A continuation token: text, and no `prev` beside it (API description).
        pagination = {"count": len(page), "next": None if after is None else str(after)}
        return Told(
            200, {"projects": [self._told(world, asked.caller.account, one) for one in page], "pagination": pagination}
        )

    def _new_project(self, world: World, asked: Asked) -> Told:
        body = _strict(asked.body, {name for name, one in SETTINGS.items() if one.at_birth} | {"name", "gitRepository"})
        if "name" not in body:
            raise Refused(400, "bad_request", "Invalid request: missing required property `name`.")
        shelf = world.shelf(asked.caller.account, "project")
        thing = settings(new_project(world, asked.caller.id, body), body)
        _no_namesake(shelf, thing)
        if body.get("gitRepository"):
            thing = _linked(thing, body["gitRepository"], _now(world))
        shelf[thing["id"]] = thing
        return Told(200, self._told(world, asked.caller.account, thing))

    def _project(self, world: World, asked: Asked) -> Told:
        return Told(200, self._told(world, asked.caller.account, _of(world, asked)))

    def _change_project(self, world: World, asked: Asked) -> Told:
        body = _strict(asked.body, set(SETTINGS) | {"name"})
        thing = settings(_of(world, asked), body)
        _no_namesake(world.shelf(asked.caller.account, "project"), thing)
        return self._keep(world, asked, thing)

    def _keep(self, world: World, asked: Asked, thing: Thing) -> Told:
        world.shelf(asked.caller.account, "project")[thing["id"]] = stamp(world, thing)
        return Told(
            200, self._told(world, asked.caller.account, world.shelf(asked.caller.account, "project")[thing["id"]])
        )

    def _delete_project(self, world: World, asked: Asked) -> Told:
        _end(world, asked.caller.account, _of(world, asked)["id"])
        return Told(204)

    def _link(self, world: World, asked: Asked) -> Told:
        body = _strict(asked.body, {"type", "repo"})
        return self._keep(world, asked, _linked(_of(world, asked), body, _now(world)))

    def _unlink(self, world: World, asked: Asked) -> Told:
        thing = _of(world, asked)
        return self._keep(world, asked, {name: value for name, value in thing.items() if name != "link"})

    def _branch(self, world: World, asked: Asked) -> Told:
        thing, body = _of(world, asked), _strict(asked.body, {"branch"})
        if "link" not in thing:
            raise Refused(400, "bad_request", "The project is not linked to a Git repository.")
        return self._keep(world, asked, {**thing, "link": {**thing["link"], "productionBranch": body["branch"]}})

    def _variables(self, world: World, asked: Asked) -> Told:
        project, shelf = _of(world, asked), world.shelf(asked.caller.account, "variable")
        things = [one for one in shelf.values() if one["projectId"] == project["id"]]
        secret = [one["id"] for one in things if "production" in one["target"]][: project.get("hidden", 0)]
        decrypt = asked.query.get("decrypt") == "true" and not project.get("undecrypted")
        shown = [told_variable(one, decrypt=decrypt) for one in things if one["id"] not in secret]
        return Told(200, {"envs": shown, "hiddenProductionEnvCount": len(secret)})

    def _variable(self, world: World, asked: Asked) -> Told:
        return Told(200, told_variable(_inside(world, asked, "variable"), decrypt=True))

    def _write_variables(self, world: World, asked: Asked) -> Told:
        project, shelf = _of(world, asked), world.shelf(asked.caller.account, "variable")
        many = isinstance(asked.body, list)
        created: list[Thing] = []
        failed: list[Thing] = []
        for body in [_strict(one, VARIABLE, loose=True) for one in (asked.body if many else [asked.body])]:
            try:
                thing = variable_fields(blank(world, asked.caller.account, "variable", project, ""), body, whole=True)
                same = next((one for one in shelf.values() if slot(one) == slot(thing)), None)
                if same is not None and asked.query.get("upsert") == "true":
                    thing = {**same, "value": thing["value"]}
                else:
                    no_conflict(shelf, thing)
            except Refused as refused:
                if not many or not refused.more:
                    raise  # a body of the wrong shape is refused whole
                failed.append({"error": {"code": refused.code, "message": str(refused), **refused.more}})
                continue
            shelf[thing["id"]] = stamp(world, thing)
            created.append(told_variable(shelf[thing["id"]]))
        return Told(201, {"created": created if many else created[0], "failed": failed})

    def _change_variable(self, world: World, asked: Asked) -> Told:
        shelf, old = world.shelf(asked.caller.account, "variable"), _inside(world, asked, "variable")
        new = variable_fields(old, _strict(asked.body, VARIABLE))
        if old["type"] == "sensitive" != new["type"]:
            raise Refused(400, "bad_request", "The type of a sensitive variable cannot be changed.")
        no_conflict(shelf, new)
        shelf[new["id"]] = stamp(world, new)
        return Told(200, told_variable(shelf[new["id"]]))

    def _delete_variable(self, world: World, asked: Asked) -> Told:
        thing = _inside(world, asked, "variable")
        del world.shelf(asked.caller.account, "variable")[thing["id"]]
        return Told(200, told_variable(thing))

    def _delete_variables(self, world: World, asked: Asked) -> Told:
        project, shelf = _of(world, asked), world.shelf(asked.caller.account, "variable")
        ids = _strict(asked.body, {"ids"}).get("ids")
        if not isinstance(ids, list) or not 1 <= len(ids) <= 1000:
            raise Refused(400, "bad_request", "Invalid request: `ids` should hold 1 to 1000 items.")
        gone = [id for id in ids if id in shelf and shelf[id]["projectId"] == project["id"]]
        for id in gone:
            del shelf[id]
        return Told(200, {"deleted": len(gone), "ids": gone})

    def _domains(self, world: World, asked: Asked) -> Told:
        project = _of(world, asked)
        shelf = world.shelf(asked.caller.account, "domain")
        things = [one for one in shelf.values() if one["projectId"] == project["id"]]
        for name in asked.query.keys() & _DOMAINS.keys():
            things = [one for one in things if _DOMAINS[name](one, asked.query[name])]
        things = things[::-1] if asked.query.get("order") == "DESC" else things
        page, after = _page(things, asked.query, "until")
        pagination = {"count": len(page), "next": after, "prev": None}
        return Told(200, {"domains": [told_domain(one) for one in page], "pagination": pagination})

    def _new_domain(self, world: World, asked: Asked) -> Told:
        project, account = _of(world, asked), asked.caller.account
        body = _strict(asked.body, {*DOMAIN, "name"})
        host, shelf = str(body.get("name", "")), world.shelf(account, "domain")
        thing = check_fields(blank(world, account, "domain", project, host), body, DOMAIN)
        if host in shelf:
            here = shelf[host]["projectId"] == project["id"]
            code = "domain_already_in_use_by_project" if here else "domain_already_in_use"
            said = (
                f"Cannot add {host} since it's already {'in use by your' if here else 'assigned to another'} project."
            )
            raise Refused(400 if here else 409, code, said)
        shelf[host] = thing
        return Told(200, told_domain(thing))

    def _domain(self, world: World, asked: Asked) -> Told:
        return Told(200, told_domain(_inside(world, asked, "domain")))

    def _change_domain(self, world: World, asked: Asked) -> Told:
        shelf, old = world.shelf(asked.caller.account, "domain"), _inside(world, asked, "domain")
        shelf[old["id"]] = stamp(world, check_fields(old, _strict(asked.body, set(DOMAIN)), DOMAIN))
        return Told(200, told_domain(shelf[old["id"]]))

    def _delete_domain(self, world: World, asked: Asked) -> Told:
        del world.shelf(asked.caller.account, "domain")[_inside(world, asked, "domain")["id"]]
        return Told(200, {})

    def _config(self, world: World, asked: Asked) -> Told:
        account, host = asked.caller.account, asked.path["id"]
        thing = world.shelf(account, "domain").get(host)
        name = asked.query.get("projectIdOrName") or (thing or {}).get("projectId")
        # One name a project, with a dot at its end; all domains of a project share it (recorded answers).
        own = f"{_find(world, account, name)['id'][4:20]}.vercel-dns-017.com." if name else "cname.vercel-dns.com."
        numbers = [{"rank": 1, "value": ["216.198.79.1"]}, {"rank": 2, "value": ["76.76.21.21"]}]
        names = [{"rank": 1, "value": own}, {"rank": 2, "value": "cname.vercel-dns.com."}]
        wrong = bool((thing or {}).get("misconfigured", True))
        told: Thing = {"configuredBy": None if wrong else "CNAME", "acceptedChallenges": [] if wrong else ["http-01"]}
        told |= {"recommendedIPv4": numbers, "recommendedCNAME": names, "misconfigured": wrong}
        return Told(200, told)

    def _checks(self, world: World, asked: Asked) -> Told:
        project = _of(world, asked)
        shelf = world.shelf(asked.caller.account, "check")
        return Told(200, {"checks": [told_check(one) for one in shelf.values() if one["projectId"] == project["id"]]})

    def _new_check(self, world: World, asked: Asked) -> Told:
        body = _strict(asked.body, {*CHECK, "source"})
        if not body.get("name") or not body.get("requires"):
            raise Refused(400, "bad_request", "Invalid request: missing required property `name` or `requires`.")
        account = asked.caller.account
        thing = blank(world, account, "check", _of(world, asked), body["name"])
        source = body.get("source") or {"kind": "webhook"}
        if source.get("kind") == "git-provider" and not source.get("externalCheckName"):
            raise Refused(400, "bad_request", "Invalid request: `source` needs `externalCheckName`.")
        thing |= {"source": source, "sourceKind": source["kind"]}
        world.shelf(account, "check")[thing["id"]] = check_fields(thing, body, CHECK)
        return Told(200, told_check(world.shelf(account, "check")[thing["id"]]))

    def _check(self, world: World, asked: Asked) -> Told:
        return Told(200, told_check(_inside(world, asked, "check")))

    def _change_check(self, world: World, asked: Asked) -> Told:
        shelf, old = world.shelf(asked.caller.account, "check"), _inside(world, asked, "check")
        shelf[old["id"]] = stamp(world, check_fields(old, _strict(asked.body, set(CHECK)), CHECK))
        return Told(200, told_check(shelf[old["id"]]))

    def _delete_check(self, world: World, asked: Asked) -> Told:
        del world.shelf(asked.caller.account, "check")[_inside(world, asked, "check")["id"]]
        return Told(200, {"success": True})

    def _webhooks(self, world: World, asked: Asked) -> Told:
        names = {one["id"]: one["name"] for one in world.shelf(asked.caller.account, "project").values()}
        shown = []
        for hook in world.shelf(asked.caller.account, "webhook").values():
            named = [{"id": id, "name": names.get(id, id)} for id in hook.get("projectIds", ())]
            shown.append({**told_webhook(hook), "projectsMetadata": named or None})
        return Told(200, shown)

    def _new_webhook(self, world: World, asked: Asked) -> Told:
        thing = new_hook(world, asked.caller, _strict(asked.body, {"url", "events", "projectIds"}))
        known = world.shelf(asked.caller.account, "project")
        if any(id not in known for id in thing.get("projectIds", ())):
            raise Refused(400, "bad_request", "Invalid request: `projectIds` names an unknown project.")
        world.shelf(asked.caller.account, "webhook")[thing["id"]] = thing
        return Told(200, {**told_webhook(thing), "secret": world.new_id(24)})

    def _webhook(self, world: World, asked: Asked) -> Told:
        return Told(200, told_webhook(_account_thing(world, asked, "webhook")))

    def _delete_webhook(self, world: World, asked: Asked) -> Told:
        del world.shelf(asked.caller.account, "webhook")[_account_thing(world, asked, "webhook")["id"]]
        return Told(204)


def _scoped(handler: Handler) -> Handler:
    """A team's token works with the team's id in the query and with no other. What is refused is told Vercel's way."""

    def ask(world: World, asked: Asked) -> Told:
        id, team = asked.caller.id, asked.query.get("teamId", asked.path.get("team"))
        try:
            if team != (id if id.startswith("team_") else None):
                said = f'Not authorized: Trying to access resource under scope "{team or "personal"}".'
                raise Refused(403, "forbidden", f"{said} You must re-authenticate to this scope.", teamId=team)
            return handler(world, asked)
        except Refused as refused:
            return _error(refused.status, refused.code, str(refused), **refused.more)

    return ask


def _error(status: int, code: str, message: str, **more: Any) -> Told:
    return Told(status, {"error": {"code": code, "message": message, **more}})


def _now(world: World) -> int:
    return int(world.now().timestamp() * 1000)


def _strict(body: Any, known: Any, *, loose: bool = False) -> dict[str, Any]:
    """The body, if it holds nothing unknown."""
    if not isinstance(body, Mapping):
        raise Refused(400, "bad_request", "Invalid request: should be object.")
    odd = [name for name in body if name not in known]
    if odd:
        said = f"Invalid request: should NOT have additional property `{odd[0]}`. Please remove it."
        raise Refused(400, "bad_request", said)
    return dict(body)


def _page(things: list[Thing], query: Mapping[str, str], cursor: str) -> tuple[list[Thing], int | None]:
    """One page, and where the next begins. The cursor counts things, so that one that is deleted shifts the rest."""
    limit, start = query.get("limit", "20"), query.get(cursor, "0")
    if not limit.isdecimal() or not 1 <= int(limit) <= 100 or not start.isdecimal():
        raise Refused(400, "bad_request", f"Invalid request: `limit` should be <= 100, `{cursor}` what `next` told.")
    end = int(start) + int(limit)
    return things[int(start) : end], end if end < len(things) else None


def _find(world: World, account: str, id: str) -> Thing:
    found = (one for one in world.shelf(account, "project").values() if id in (one["id"], one["name"]))
    thing = next(found, None)
    if thing is None:
        raise Refused(404, "not_found", "Project not found.")
    return thing


def _of(world: World, asked: Asked) -> Thing:
    """The project that a path names, by id or name."""
    return _find(world, asked.caller.account, asked.path["project"])


def _account_thing(world: World, asked: Asked, kind: str) -> Thing:
    thing = world.shelf(asked.caller.account, kind).get(asked.path["id"])
    if thing is None:
        raise Refused(404, "not_found", f"Could not find the {kind}: {asked.path['id']}")
    return thing


def _inside(world: World, asked: Asked, kind: str) -> Thing:
    """What a path names in a project."""
    project, thing = _of(world, asked), _account_thing(world, asked, kind)
    if thing["projectId"] != project["id"]:
        raise Refused(404, "not_found", f"Could not find the {kind}: {asked.path['id']}")
    return thing


def _end(world: World, account: str, id: str) -> None:
    """A project takes all that stands in it along."""
    del world.shelf(account, "project")[id]
    for kind in ("variable", "domain", "check", "deployment"):
        shelf = world.shelf(account, kind)
        for inner in [key for key, one in shelf.items() if one["projectId"] == id]:
            del shelf[inner]


def _no_namesake(shelf: Mapping[str, Thing], thing: Thing) -> None:
    if any(one["name"] == thing["name"] and one["id"] != thing["id"] for one in shelf.values()):
        raise Refused(409, "conflict", "A project with the provided name already exists.")


def _linked(thing: Thing, body: Any, now: int) -> Thing:
    """A project linked to a repository. Nobody but `uninstalled` lacks Vercel's app at its host."""
    told = _strict(body, {"type", "repo"})
    owner, _, repo = str(told.get("repo", "")).partition("/")
    if told.get("type") not in ("github", "gitlab", "bitbucket") or not owner or not repo:
        raise Refused(400, "bad_request", "Invalid request: `repo` should be `owner/name`.")
    if owner == "uninstalled":
        raise Refused(400, "repo_not_found", GITHUB_APP, action="Install GitHub App")
    words = {"gitlab": ("projectNamespace", "projectName"), "bitbucket": ("owner", "slug")}
    one, other = words.get(told["type"], ("org", "repo"))
    more: Thing = {"repoId": 1, "repoOwnerId": 1} if told["type"] == "github" else {}
    if told["type"] == "gitlab":
        more = {"projectId": "1", "projectNameWithNamespace": f"{owner} / {repo}", "projectUrl": ""}
        more |= {"projectOwnerId": 1}
    if told["type"] == "bitbucket":
        more = {"name": repo, "uuid": "{1}", "workspaceUuid": "{1}"}
    link = {"type": told["type"], one: owner, other: repo, **more, "deployHooks": [], "gitCredentialId": "cred_1"}
    return {
        **thing,
        "link": {**link, "productionBranch": "main", "createdAt": now, "updatedAt": now, "sourceless": True},
    }
