"""Better Stack Uptime: heartbeats, the dead man's switch of a job. API: REST v2; no schema is published, so the
facts are those of its documentation pages and of its Terraform provider (July 2026)."""

from collections.abc import Callable, Mapping, Sequence
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import Field, PlainSerializer, PlainValidator, ValidationInfo, WithJsonSchema, field_validator

from ..model.platform import Credential, Rate
from ..model.pretend import Asked, Caller, Route, Thing, Told, World
from ..model.resource import Immutable, ReadOnly, Resource, Secret, is_pending
from ..model.secret import SecretText
from ..model.spec import Declared
from ..wire.rest import Endpoint, RestPlatform, RestResource, bearer

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
HOUR = 3_600
Day = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]


def _hidden(value: Any) -> SecretText | None:
    return value if value is None or isinstance(value, SecretText) else SecretText(str(value), "heartbeat url")


HiddenText = Annotated[
    SecretText | None,
    PlainValidator(_hidden),
    PlainSerializer(lambda value: None if value is None else str(value)),
    WithJsonSchema({"type": "string", "readOnly": True}),
]
"""A text that prints, dumps and serialises as `<secret …>`."""


class Heartbeat(RestResource):
    """A job must call its address every `period` seconds, or somebody is told.

    What is left out is left as it lives. Names are not unique at Better Stack: two heartbeats of one name hide the
    kind until one of them is renamed.
    """

    kind = "betterstack.heartbeat"
    in_pulumi = False
    endpoint = Endpoint("/api/v2/heartbeats", many="data", one="data", page="page")

    name: str = Field(min_length=1)
    period: int = Field(ge=30, description="seconds between two calls")
    grace: int = Field(0, ge=0, description="seconds a call may be late; about a fifth of the period is advised")
    call: bool | None = Field(None, description="call whoever is on call")
    sms: bool | None = None
    email: bool | None = None
    push: bool | None = None
    critical_alert: bool | None = Field(None, description="a push that sounds through a muted phone")
    team_wait: int | None = Field(None, ge=0, description="seconds until the whole team is told")
    paused: bool = Field(False, description="a paused heartbeat warns of nothing")
    policy_id: str | None = Field(None, description="escalation policy")
    heartbeat_group_id: int | None = None
    sort_index: int | None = None
    maintenance_from: str | None = Field(None, description="daily, HH:MM:SS")
    maintenance_to: str | None = Field(None, description="daily, HH:MM:SS")
    maintenance_timezone: str | None = Field(None, description="a Rails zone name: UTC, Berlin")
    maintenance_days: tuple[Day, ...] | None = None
    server_timezone: str | None = Field(None, description="IANA zone of the period; for periods from one hour")
    team_name: Annotated[str | None, Immutable] = Field(None, description="needed with a global token")
    url: Annotated[HiddenText, ReadOnly, Secret] = None
    status: Annotated[str | None, ReadOnly] = Field(None, description="paused, pending, up or down")
    created_at: Annotated[str | None, ReadOnly] = None
    updated_at: Annotated[str | None, ReadOnly] = None

    @field_validator("policy_id", mode="before")
    @classmethod
    def _policy(cls, value: Any) -> Any:
        # A number on the documentation page, a text elsewhere.
        return str(value) if isinstance(value, int) and not isinstance(value, bool) else value

    @field_validator("maintenance_from", "maintenance_to")
    @classmethod
    def _time(cls, value: str | None) -> str | None:
        if not value or is_pending(value):
            return value
        parts = value.split(":")
        if len(parts) not in (2, 3) or not all(part.isdecimal() for part in parts):
            raise ValueError(f"{value!r} is no time of day (HH:MM or HH:MM:SS)")
        hours, minutes, seconds = (int(part) for part in (*parts, "0")[:3])
        if hours > 23 or minutes > 59 or seconds > 59:
            raise ValueError(f"{value!r} is no time of day (HH:MM or HH:MM:SS)")
        return f"{hours:02}:{minutes:02}:{seconds:02}"

    @field_validator("server_timezone")
    @classmethod
    def _zone(cls, value: str | None, info: ValidationInfo) -> str | None:
        if value and info.data.get("period", HOUR) < HOUR:
            raise ValueError(
                "a server_timezone is for periods of 3600 seconds or more; Better Stack drops it from others"
            )
        return value

    @field_validator("maintenance_days")
    @classmethod
    def _days(cls, value: tuple[Day, ...] | None) -> tuple[Day, ...] | None:
        return value if value is None else tuple(sorted(set(value), key=DAYS.index))

    @classmethod
    def answered(cls, values: Mapping[str, Any]) -> Self:
        """From the vendor's answer, which tells `paused_at` where it is told `paused`."""
        paused = values.get("paused")
        if paused is None:
            paused = values.get("paused_at") is not None
        return super().answered({**values, "paused": paused, "grace": values.get("grace") or 0})


class BetterStack(RestPlatform):
    """The heartbeats of one team: a team token sees its team only."""

    name: ClassVar[str] = "betterstack"
    kinds: ClassVar[tuple[type[Resource], ...]] = (Heartbeat,)
    credentials: ClassVar[tuple[Credential, ...]] = (
        Credential("token", "Uptime API token of the team", "https://betterstack.com/settings/global-api-tokens"),
    )
    rate: ClassVar[Rate] = Rate(300, 60)
    """No limit is published; this is courtesy. A 429 is honoured."""
    base_url: ClassVar[str] = "https://uptime.betterstack.com"
    settle_seconds: ClassVar[float] = 5.0
    per_page: ClassVar[int] = 250
    """The vendor's maximum."""
    read_right: ClassVar[str] = "Uptime API token"

    @staticmethod
    def authorization(credentials: Mapping[str, SecretText]) -> SecretText:
        """The value of the Authorization header."""
        return bearer(credentials["token"])

    @staticmethod
    def read_error(status: int, body: Any) -> tuple[str, str]:
        """`errors` is a text, or a map of fields to lists of texts; of codes there is only the status."""
        errors = body.get("errors", "") if isinstance(body, dict) else ""
        if isinstance(errors, dict):
            return str(status), "; ".join(f"{name}: {', '.join(map(str, why))}" for name, why in errors.items())
        return str(status), str(errors or "")

    def unwrapped(self, kind: type[RestResource], item: Mapping[str, Any]) -> Mapping[str, Any]:
        """JSON:API: the fields stand under `attributes`."""
        attributes: Mapping[str, Any] = item["attributes"]
        return attributes

    def is_last(self, kind: type[RestResource], answer: Any, items: Sequence[Any]) -> bool:
        """The answer links its next page."""
        return not (answer.get("pagination") or {}).get("next")


_FIELDS: Mapping[str, Callable[[Any], bool]] = {
    "name": lambda value: isinstance(value, str),
    "period": lambda value: _is_whole(value),
    "grace": lambda value: _is_whole(value),
    **dict.fromkeys(
        ("call", "sms", "email", "push", "critical_alert", "paused"), lambda value: isinstance(value, bool)
    ),
    "team_wait": lambda value: value is None or _is_whole(value),
    "heartbeat_group_id": lambda value: value is None or _is_whole(value),
    "sort_index": lambda value: value is None or _is_whole(value),
    "policy_id": lambda value: value is None or isinstance(value, str) or _is_whole(value),
    **dict.fromkeys(
        ("maintenance_from", "maintenance_to", "maintenance_timezone", "server_timezone", "team_name"),
        lambda value: value is None or isinstance(value, str),
    ),
    "maintenance_days": lambda value: isinstance(value, list) and all(day in DAYS for day in value),
}
_NEW: Mapping[str, Any] = {
    "grace": 0,
    "call": False,
    "sms": False,
    "email": True,
    "push": True,
    "critical_alert": False,
    "team_wait": 180,
    "heartbeat_group_id": None,
    "sort_index": None,
    "policy_id": None,
    "maintenance_from": None,
    "maintenance_to": None,
    "maintenance_timezone": "UTC",
    "maintenance_days": list(DAYS),
    "server_timezone": None,
}
"""What a heartbeat made with a name and a period has, by the example of the documentation."""


def _is_whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


class Pretend:
    """Better Stack Uptime, as far as we use it. Shelf: `heartbeat`, flat, with its address; the envelope is put round
    it when asked."""

    name: ClassVar[str] = "betterstack"
    prefix: ClassVar[str] = ""
    rate: ClassVar[tuple[int, float]] = (300, 60.0)

    def routes(self) -> Sequence[Route]:
        many, one = "/api/v2/heartbeats", "/api/v2/heartbeats/{id}"
        return [
            Route("GET", many, self._list, frozenset({"page", "per_page", "team_name"})),
            Route("POST", many, self._create),
            Route("GET", one, self._get),
            Route("PATCH", one, self._update),
            Route("DELETE", one, self._delete),
        ]

    def refusal(self, status: int, reason: str, retry_after: float | None = None) -> Told:
        if status == 401:
            how = "https://betterstack.com/docs/uptime/api/getting-started-with-better-uptime-api"
            return Told(401, {"errors": f"Invalid Team API token. How to find your Team API token: {how}"})
        headers = {} if retry_after is None else {"Retry-After": str(max(1, -int(-retry_after // 1)))}
        if status >= 500:
            return Told(status, "We're sorry, but something went wrong.", headers)
        return Told(status, {"errors": reason}, headers)

    def seed(self, world: World, caller: Caller, wanted: Sequence[Declared]) -> None:
        """Nothing here is only looked up."""

    def edit(self, world: World, account: str, kind: str, id: str, fields: Mapping[str, str]) -> Thing:
        shelf = world.shelf(account, "heartbeat")
        thing, wrong = _changed(shelf[id], _by_hand(fields), _now(world))
        if wrong:
            raise ValueError(str(wrong))
        shelf[id] = thing
        return thing

    def create(self, world: World, account: str, kind: str, fields: Mapping[str, str]) -> Thing:
        thing, wrong = _added(world, account, {"period": 60, **_by_hand(fields)})
        if wrong:
            raise ValueError(str(wrong))
        return thing

    def delete(self, world: World, account: str, kind: str, id: str) -> None:
        del world.shelf(account, "heartbeat")[id]

    def title(self, kind: str, thing: Thing) -> str:
        return str(thing["name"])

    def kinds(self) -> Sequence[str]:
        return ("heartbeat",)

    def _list(self, world: World, asked: Asked) -> Told:
        query = asked.query
        numbers = [query.get("page", "1"), query.get("per_page", "50")]
        if not all(number.isdecimal() and int(number) > 0 for number in numbers) or int(numbers[1]) > 250:
            return Told(422, {"errors": "page and per_page are positive, per_page is at most 250"})
        page, per_page = map(int, numbers)
        things = list(world.shelf(asked.caller.account, "heartbeat").values())
        if "team_name" in query:
            things = [thing for thing in things if thing["team_name"] == query["team_name"]]
        last = max(1, -(-len(things) // per_page))

        def link(number: int) -> str:
            size = f"per_page={per_page}&" if "per_page" in query else ""
            return f"https://uptime.betterstack.com/api/v2/heartbeats?{size}page={number}"

        links = {
            "first": link(1),
            "last": link(last),
            "prev": link(page - 1) if page > 1 else None,
            "next": link(page + 1) if page < last else None,
        }
        shown = things[(page - 1) * per_page : page * per_page]
        return Told(200, {"data": [_shown(thing) for thing in shown], "pagination": links})

    def _create(self, world: World, asked: Asked) -> Told:
        thing, wrong = _added(world, asked.caller.account, asked.body)
        return Told(422, {"errors": wrong}) if wrong else Told(201, {"data": _shown(thing)})

    def _get(self, world: World, asked: Asked) -> Told:
        thing = world.shelf(asked.caller.account, "heartbeat").get(asked.path["id"])
        return Told(200, {"data": _shown(thing)}) if thing else _gone()

    def _update(self, world: World, asked: Asked) -> Told:
        shelf = world.shelf(asked.caller.account, "heartbeat")
        old = shelf.get(asked.path["id"])
        if old is None:
            return _gone()
        thing, wrong = _changed(old, asked.body, _now(world))
        if wrong:
            return Told(422, {"errors": wrong})
        shelf[thing["id"]] = thing
        return Told(200, {"data": _shown(thing)})

    def _delete(self, world: World, asked: Asked) -> Told:
        gone = world.shelf(asked.caller.account, "heartbeat").pop(asked.path["id"], None)
        return Told(204) if gone else _gone()


Wrong = dict[str, list[str]]


def _gone() -> Told:
    return Told(404, {"errors": "Resource with provided ID was not found"})


def _now(world: World) -> str:
    return world.now().strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"


def _shown(thing: Thing) -> Thing:
    attributes = {name: value for name, value in thing.items() if name != "id"}
    return {"id": thing["id"], "type": "heartbeat", "attributes": attributes}


def _wrong(body: Any) -> Wrong:
    if not isinstance(body, Mapping):
        return {"base": ["Request body is invalid"]}
    wrong: Wrong = {}
    for name, value in body.items():
        if name not in _FIELDS:
            wrong[name] = ["is unknown"]
        elif not _FIELDS[name](value):
            wrong[name] = ["is invalid"]
    if not wrong and "name" in body and not body["name"]:
        wrong["name"] = ["Can't be blank."]
    for name, least in (("period", 30), ("grace", 0)):
        if name not in wrong and name in body and body[name] < least:
            wrong[name] = [f"must be greater than or equal to {least}"]
    return wrong


def _written(thing: Thing, body: Mapping[str, Any], now: str) -> Thing:
    fields = {name: value for name, value in body.items() if name != "paused"}
    new: Thing = {**thing, **fields, "updated_at": now}
    new["policy_id"] = new["policy_id"] or None
    if new["period"] < HOUR:
        new["server_timezone"] = None
    if "paused" in body and body["paused"] != (thing["paused_at"] is not None):
        new["paused_at"] = now if body["paused"] else None
        new["status"] = "paused" if body["paused"] else "pending"
    return new


def _changed(old: Thing, body: Any, now: str) -> tuple[Thing, Wrong]:
    wrong = _wrong(body)
    if not wrong and body.get("team_name", old["team_name"]) != old["team_name"]:
        wrong = {"team_name": ["can't be changed"]}
    return (old, wrong) if wrong else (_written(old, body, now), {})


def _added(world: World, account: str, body: Any) -> tuple[Thing, Wrong]:
    wrong = _wrong(body)
    if not wrong:
        wrong = {name: ["Can't be blank."] for name in ("name", "period") if name not in body}
    if wrong:
        return {}, wrong
    now, id = _now(world), str(int(world.new_id(8), 16))
    address = f"https://uptime.betterstack.com/api/v1/heartbeat/{world.new_id(24)}"
    new = {"id": id, "url": address, "name": "", "period": 0, **_NEW, "team_name": account, "paused_at": None}
    thing = _written({**new, "status": "pending", "created_at": now}, body, now)
    world.shelf(account, "heartbeat")[id] = thing
    return thing, {}


def _by_hand(fields: Mapping[str, str]) -> dict[str, Any]:
    """A console's form. Raises ValueError on a field that a heartbeat does not have."""
    body: dict[str, Any] = {}
    for name, value in fields.items():
        if name not in _FIELDS:
            raise ValueError(f"a heartbeat has no field {name!r}; it has {', '.join(_FIELDS)}")
        if name == "maintenance_days":
            body[name] = [day for day in value.split(",") if day]
        elif value in ("true", "false"):
            body[name] = value == "true"
        elif value.isdecimal() and name not in ("name", "policy_id"):
            body[name] = int(value)
        else:
            body[name] = value
    return body
