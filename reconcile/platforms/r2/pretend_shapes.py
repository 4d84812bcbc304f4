"""What R2 takes, and its words where it does not. Codes are the documented ones; where none was found the comment says
"guessed"."""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ...model.pretend import Thing, Told, World

HEADER = "cf-r2-jurisdiction"
DEFAULT = "default"
JURISDICTIONS = (DEFAULT, "eu", "us", "fedramp", "fedramp-high")
LOCATIONS = ("apac", "eeur", "enam", "weur", "wnam", "oc")
METHODS = ("GET", "PUT", "POST", "DELETE", "HEAD")
TLS = ("1.0", "1.1", "1.2", "1.3")
CLASSES = ("Standard", "InfrequentAccess")
BUCKET = re.compile(r"[a-z0-9][a-z0-9-]{1,61}[a-z0-9]\Z")


def path_of(jurisdiction: str, name: str) -> str:
    """The id of a bucket on its shelf."""
    return name if jurisdiction == DEFAULT else f"{jurisdiction}/{name}"


class Refused(Exception):
    """The vendor's refusal of one request."""

    def __init__(self, status: int, code: int, message: str) -> None:
        super().__init__(message)
        self.status, self.code = status, code

    def told(self) -> Told:
        error = {"code": self.code, "message": str(self)}
        return Told(self.status, {"result": None, "success": False, "errors": [error], "messages": []})


Shape = Mapping[str, Callable[[Any], bool]]


def is_a(*kinds: type) -> Callable[[Any], bool]:
    return lambda value: isinstance(value, kinds) and (bool in kinds or not isinstance(value, bool))


def one_of(*words: str) -> Callable[[Any], bool]:
    return lambda value: value in words


def many(check: Callable[[Any], bool]) -> Callable[[Any], bool]:
    return lambda value: isinstance(value, list) and all(map(check, value))


def exactly(shape: Shape, *needed: str) -> Callable[[Any], bool]:
    """Exactly these fields, of which some are needed."""

    def check(value: Any) -> bool:
        known = isinstance(value, dict) and value.keys() <= shape.keys() and value.keys() >= set(needed)
        return known and all(shape[name](one) for name, one in value.items())

    return check


_AGE = exactly({"type": one_of("Age"), "maxAge": is_a(int)}, "type", "maxAge")
_DATE = exactly({"type": one_of("Date"), "date": is_a(str)}, "type", "date")
_STEP: Shape = {"condition": lambda value: _AGE(value) or _DATE(value), "storageClass": one_of("InfrequentAccess")}
_LOCKS = (
    exactly({"type": one_of("Age"), "maxAgeSeconds": is_a(int)}, "type", "maxAgeSeconds"),
    _DATE,
    exactly({"type": one_of("Indefinite")}, "type"),
)
RULES: Mapping[str, Callable[[Any], bool]] = {
    "cors": exactly(
        {
            "id": is_a(str),
            "allowed": exactly(
                {"origins": many(is_a(str)), "methods": many(one_of(*METHODS)), "headers": many(is_a(str))},
                *("origins", "methods"),
            ),
            "exposeHeaders": many(is_a(str)),
            "maxAgeSeconds": is_a(int),
        },
        "allowed",
    ),
    "lifecycle": exactly(
        {
            "id": is_a(str),
            "enabled": is_a(bool),
            "conditions": exactly({"prefix": is_a(str)}),
            "abortMultipartUploadsTransition": exactly({"condition": _AGE}, "condition"),
            "deleteObjectsTransition": exactly({"condition": _STEP["condition"]}, "condition"),
            "storageClassTransitions": many(exactly(_STEP, "condition", "storageClass")),
        },
        *("id", "enabled", "conditions"),
    ),
    "lock": exactly(
        {
            "id": is_a(str),
            "enabled": is_a(bool),
            "prefix": is_a(str),
            "condition": lambda value: any(check(value) for check in _LOCKS),
        },
        *("id", "enabled", "condition"),
    ),
}
FRESH: Sequence[Thing] = (
    {
        "id": "Default Multipart Abort Rule",
        "enabled": True,
        "conditions": {},
        "abortMultipartUploadsTransition": {"condition": {"type": "Age", "maxAge": 604800}},
    },
)
DOMAIN: Shape = {
    "domain": is_a(str),
    "zoneId": is_a(str),
    "enabled": is_a(bool),
    "minTLS": one_of(*TLS),
    "ciphers": many(is_a(str)),
}


def ok(result: Any, **more: Any) -> Told:
    return Told(200, {"result": result, "success": True, "errors": [], "messages": [], **more})


def malformed(why: str = "") -> Refused:
    return Refused(400, 10040, f"The JSON you provided was not well formed. {why}".strip())


def checked(body: Any, shape: Shape, *needed: str) -> Thing:
    if not exactly(shape, *needed)(body):
        raise malformed()
    return dict(body)


def stamp(world: World) -> str:
    return world.now().strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"


def shown_of(thing: Thing, *aside: str) -> Thing:
    return {name: one for name, one in thing.items() if name not in ("id", "objects", "bucket", "record", *aside)}


def setting_of(bucket: Thing) -> Thing:
    """What stands on a shelf of settings for a bucket, without the setting."""
    return {"id": bucket["id"], "bucket": bucket["id"], "name": bucket["name"]}
