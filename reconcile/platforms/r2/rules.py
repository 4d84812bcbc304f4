"""The rules of a bucket: CORS, lifecycle, locks; each as a person writes it, and as the vendor tells it."""

import datetime as dt
from collections.abc import Mapping
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, field_validator, model_validator

from ...model.resource import is_pending

Method = Literal["GET", "PUT", "POST", "DELETE", "HEAD"]


def _day(value: Any) -> Any:
    """A moment as it is written shortest: a date where it is midnight UTC. Raises ValueError."""
    if value is None or is_pending(value):
        return value
    moment = value if isinstance(value, dt.date) else dt.datetime.fromisoformat(str(value))
    if not isinstance(moment, dt.datetime):
        return moment.isoformat()
    moment = moment.astimezone(dt.UTC) if moment.tzinfo else moment.replace(tzinfo=dt.UTC)
    if moment.time() == dt.time():
        return moment.date().isoformat()
    return moment.isoformat().replace("+00:00", "Z")


Day = Annotated[str, BeforeValidator(_day)]


def _moment(day: str) -> str:
    return day if "T" in day or is_pending(day) else f"{day}T00:00:00Z"


class Rule(BaseModel):
    """One rule of a set. `told` reads the vendor's, `wire` writes it."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class CorsRule(Rule):
    """Who may call a bucket from a page in a browser. Their order counts; within a rule none does."""

    id: str = ""
    origins: tuple[str, ...] = Field(min_length=1)
    methods: tuple[Method, ...] = Field(min_length=1)
    headers: tuple[str, ...] = ()
    expose_headers: tuple[str, ...] = ()
    max_age: int | None = Field(None, ge=0, description="seconds a browser may remember the answer")

    @field_validator("origins", "methods", "headers", "expose_headers")
    @classmethod
    def _sorted(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(sorted(set(value)))

    @staticmethod
    def told(raw: Mapping[str, Any]) -> dict[str, Any]:
        allowed = raw["allowed"]
        return {
            "id": raw.get("id") or "",
            "origins": allowed["origins"],
            "methods": allowed["methods"],
            "headers": allowed.get("headers") or (),
            "expose_headers": raw.get("exposeHeaders") or (),
            "max_age": raw.get("maxAgeSeconds"),
        }

    def wire(self) -> dict[str, Any]:
        allowed: dict[str, Any] = {"origins": list(self.origins), "methods": list(self.methods)}
        if self.headers:
            allowed["headers"] = list(self.headers)
        more = {"exposeHeaders": list(self.expose_headers) or None, "maxAgeSeconds": self.max_age}
        return {"id": self.id, "allowed": allowed, **{name: one for name, one in more.items() if one is not None}}


class LifecycleRule(Rule):
    """What becomes of objects, and of uploads nobody ended; `…_after` in seconds, `…_on` a day (UTC)."""

    id: str = Field(min_length=1)
    enabled: bool = True
    prefix: str = Field("", description="of the keys it is for; all where empty")
    abort_uploads_after: int | None = Field(None, ge=0)
    delete_after: int | None = Field(None, ge=0)
    delete_on: Day | None = None
    infrequent_after: int | None = Field(None, ge=0, description="moved to InfrequentAccess")
    infrequent_on: Day | None = None

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        for one, other in (("delete_after", "delete_on"), ("infrequent_after", "infrequent_on")):
            if getattr(self, one) is not None and getattr(self, other) is not None:
                raise ValueError(f"{one} or {other}, not both")
        if not self.wire().keys() - {"id", "enabled", "conditions"}:
            raise ValueError(f"rule {self.id!r} does nothing: say abort_uploads_after, delete_… or infrequent_…")
        return self

    @staticmethod
    def told(raw: Mapping[str, Any]) -> dict[str, Any]:
        """Raises ValueError where a rule has more steps than can be declared."""
        moves = raw.get("storageClassTransitions") or []
        if len(moves) > 1:
            raise ValueError(f"lifecycle rule {raw['id']!r} moves objects {len(moves)} times; one move can be declared")
        aborts = (raw.get("abortMultipartUploadsTransition") or {}).get("condition") or {}
        found = {
            "id": raw["id"],
            "enabled": raw["enabled"],
            "prefix": (raw.get("conditions") or {}).get("prefix") or "",
            "abort_uploads_after": aborts.get("maxAge"),
        }
        for word, step in (("delete", raw.get("deleteObjectsTransition")), ("infrequent", moves[0] if moves else None)):
            condition = (step or {}).get("condition") or {}
            found |= {f"{word}_after": condition.get("maxAge"), f"{word}_on": condition.get("date")}
        return found

    def wire(self) -> dict[str, Any]:
        body: dict[str, Any] = {"id": self.id, "enabled": self.enabled, "conditions": {"prefix": self.prefix}}
        if self.abort_uploads_after is not None:
            body["abortMultipartUploadsTransition"] = {"condition": _when(self.abort_uploads_after, None)}
        if deletes := _when(self.delete_after, self.delete_on):
            body["deleteObjectsTransition"] = {"condition": deletes}
        if moves := _when(self.infrequent_after, self.infrequent_on):
            body["storageClassTransitions"] = [{"condition": moves, "storageClass": "InfrequentAccess"}]
        return body


def _when(after: int | None, on: str | None) -> dict[str, Any]:
    if after is not None:
        return {"type": "Age", "maxAge": after}
    return {"type": "Date", "date": _moment(on)} if on is not None else {}


class LockRule(Rule):
    """How long objects can be neither deleted nor overwritten: `seconds` of age, `until` a day (UTC), or `forever`."""

    id: str = Field(min_length=1)
    enabled: bool = True
    prefix: str = Field("", description="of the keys it is for; all where empty")
    seconds: int | None = Field(None, ge=1)
    until: Day | None = None
    forever: bool = False

    @model_validator(mode="after")
    def _one_of_three(self) -> Self:
        if [self.seconds is not None, self.until is not None, self.forever].count(True) != 1:
            raise ValueError(f"rule {self.id!r} says one of seconds, until, forever: true")
        return self

    @staticmethod
    def told(raw: Mapping[str, Any]) -> dict[str, Any]:
        condition = raw["condition"]
        return {
            "id": raw["id"],
            "enabled": raw["enabled"],
            "prefix": raw.get("prefix") or "",
            "seconds": condition.get("maxAgeSeconds"),
            "until": condition.get("date"),
            "forever": condition["type"] == "Indefinite",
        }

    def wire(self) -> dict[str, Any]:
        condition: dict[str, Any] = {"type": "Indefinite"}
        if self.seconds is not None:
            condition = {"type": "Age", "maxAgeSeconds": self.seconds}
        elif self.until is not None:
            condition = {"type": "Date", "date": _moment(self.until)}
        prefix = {"prefix": self.prefix} if self.prefix else {}
        return {"id": self.id, "enabled": self.enabled, **prefix, "condition": condition}

    def holds(self, other: "LockRule") -> bool:
        """Whether whatever another rule keeps, this one keeps at least as long."""
        if not (self.enabled and other.prefix.startswith(self.prefix)):
            return False
        if self.seconds is not None and other.seconds is not None:
            return self.seconds >= other.seconds
        if self.until is not None and other.until is not None:
            return _moment(self.until) >= _moment(other.until)
        return self.forever


DEFAULT_RULES = (LifecycleRule.model_validate({"id": "Default Multipart Abort Rule", "abort_uploads_after": 604_800}),)
"""The lifecycle of a fresh bucket, which nobody declared."""
