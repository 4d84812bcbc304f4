"""The section `secrets:` of stack files, for editors and for the reference page."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, get_args

from ..model.issuing import IssueOptions
from ..model.rotated import Strategy

_NAME = "^[a-z0-9][a-z0-9-]*$"
_DURATION = {"type": "string", "pattern": "^[0-9]{1,5}[dhm]$"}
_TEXT = {"type": "string", "minLength": 1}
_TEXTS = {"type": "array", "items": _TEXT}
_FIELDS: tuple[tuple[str, Mapping[str, Any], str, str], ...] = (
    ("strategy", {"enum": list(get_args(Strategy))}, "one of the strategies below", "how it moves; required"),
    ("every", _DURATION, "duration", "how long after the last rotation the next is due"),
    ("cron", _TEXT, "text", "when it is due, in `zone`, in place of `every`: `0 3 1 * *`"),
    ("max_age", _DURATION, "duration", "the age at which a value is overdue; 1.25 times `every` where it is left out"),
    (
        "window",
        {"type": "string", "pattern": "^([A-Za-z]{3}([,-][A-Za-z]{3})* )?[0-9]{2}:[0-9]{2}-[0-9]{2}:[0-9]{2}$"},
        "text",
        "when one may start: `Sun 02:00-04:00`, `Mon-Fri 01:00-05:00`, `Sat,Sun 22:00-02:00` (into the next day)",
    ),
    ("zone", _TEXT, "text", "the time zone of `cron` and `window`; `UTC` where it is left out"),
    ("jitter", _DURATION, "duration", "the most that a due time is put off, so that not all fall on one day"),
    (
        "soak",
        _DURATION,
        "duration",
        "how long both values live once all run on the new one; `24h` where it is left out",
    ),
    ("prove", {}, "list", "what must be seen before the old value ends; `[P0, P1]` where it is left out"),
    (
        "class",
        {"enum": ["replaceable", "irreplaceable"]},
        "`replaceable`, `irreplaceable`",
        "irreplaceable: its loss destroys data, so its values are kept",
    ),
    ("accept", {"type": "boolean"}, "true or false", "false: `overlap` switches at once, and peers disagree meanwhile"),
    ("hook", _TEXT, "text", "the registered name of what re-encrypts; `migrate` only, and required there"),
    ("says", _TEXT, "text", "what users are told when it changes"),
    ("route", _TEXT, "text", "who is told"),
    ("covers", _TEXTS, "list of text", "the obligations that it holds"),
)
_STRATEGIES: Mapping[str, tuple[str, str]] = {
    "overlap": ("`generate`", "the old and the new value are both accepted while consumers move: no outage"),
    "replace": ("`generate`", "all consumers at once; what runs is refused until it started anew"),
    "migrate": ("`generate`, with `hook`", "like overlap, and data is re-encrypted before the old key goes"),
    "two-key": ("`issue`", "a second credential beside the first, which ends once nobody needs it: no outage"),
    "alternate": ("`issue`", "two credentials in turn, of which the idle one is changed: no outage"),
    "roll": ("`issue` of what changes in place", "the old one ends with the new one: refused until the start"),
    "manual": ("`by_hand`", "a person is reminded and gets the value; we write and prove it"),
}
_LEVELS: Mapping[str, str] = {
    "P0": "read back and equal; always asked",
    "P1": "what runs was started after the write",
    "P2": "its address answers: `{P2: https://…, shows: {ok: true}, times: 2}`",
    "P3": "its address shows the key id of the value: `{P3: https://…, shows: kid}`",
    "P4": "who issued it takes the new value",
    "P5": "who issued it refuses the old one",
    "P6": "who issued it saw nobody use the old one",
}
_BARE = tuple(level for level in _LEVELS if level not in ("P2", "P3"))
"""Levels that ask no address."""
_EXAMPLE = """\
```yaml
secrets:
  app-jwt: {strategy: overlap, generate: {bytes: 48, as: base64url}, every: 90d, window: "Sun 02:00-04:00"}
railway:
  instance:
    api:
      service: api
      environment: production
      variables:
        JWT_SECRET: {secret: app-jwt}
```
"""


def secrets_schema(
    issues: Mapping[str, type[IssueOptions]], definitions: dict[str, Any], *, partial: bool
) -> dict[str, Any]:
    """The section as JSON schema; what it refers to goes to the definitions.

    `partial`: an entry may have its rest from a base, and `null` removes.
    """
    made: dict[str, Any] = {
        "type": "object",
        "description": "What changes on schedule; a variable holds it by {secret: name}.",
        "properties": {name: {**shape, "description": says} for name, shape, _, says in _FIELDS},
        "additionalProperties": False,
    }
    made["properties"]["prove"] |= {"type": "array", "items": {"anyOf": [{"enum": list(_BARE)}, *_probes()]}}
    made["properties"] |= {
        "generate": {"anyOf": [*_generators(), _by_part()], "description": "A value that is made here."},
        "issue": _credential(issues, definitions, made_there=True) | {"description": "A value that a platform makes."},
        "by_hand": _by_hand(issues, definitions),
    }
    if partial:
        made["properties"] = {name: {"anyOf": [one, {"type": "null"}]} for name, one in made["properties"].items()}
    else:
        made["required"] = ["strategy"]
        made["oneOf"] = [{"required": [name]} for name in ("generate", "issue", "by_hand")]
    entry = {"anyOf": [made, {"type": "null"}]} if partial else made
    return {
        "type": ["object", "null"] if partial else "object",
        "description": "Secrets that change on schedule, by name; a name is unique over all stacks.",
        "propertyNames": {"pattern": _NAME},
        "additionalProperties": entry,
    }


def _map(properties: Mapping[str, Any], required: Iterable[str] = ()) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": dict(properties),
        "additionalProperties": False,
        "required": list(required),
    }


def _generators() -> list[dict[str, Any]]:
    form = {"enum": ["base64", "base64url", "hex"]}
    length = {"type": "integer", "minimum": 12, "maximum": 256}
    return [
        _map({"bytes": {"type": "integer", "minimum": 16, "maximum": 1024}, "as": form}, ["bytes"]),
        _map({"password": length, "of": {"type": "string", "minLength": 10}}, ["password"]),
        _map({"pair": {"enum": ["ed25519", "rsa"]}, "bits": {"enum": [2048, 3072, 4096]}}, ["pair"]),
    ]


def _by_part() -> dict[str, Any]:
    return {
        "type": "object",
        "minProperties": 1,
        "propertyNames": {"pattern": _NAME},
        "additionalProperties": {"anyOf": _generators()[:2]},
    }


def _probes() -> Iterator[dict[str, Any]]:
    url = {"type": "string", "pattern": "^https://"}
    rest = {"times": {"type": "integer", "minimum": 1, "maximum": 100}, "unit": _TEXT}
    yield _map({"P2": url, "shows": {"type": "object"}, **rest}, ["P2"])
    yield _map({"P3": url, "shows": _TEXT, **rest}, ["P3"])


def _credential(
    issues: Mapping[str, type[IssueOptions]], definitions: dict[str, Any], *, made_there: bool
) -> dict[str, Any]:
    kinds = {
        name: _options(name, cls, definitions) for name, cls in sorted(issues.items()) if cls.makes or not made_there
    }
    return {**_map(kinds), "minProperties": 1, "maxProperties": 1}


def _options(name: str, cls: type[IssueOptions], definitions: dict[str, Any]) -> dict[str, Any]:
    account = _TEXT | {"description": "Whose it is; the stack's own account where it is left out."}
    made = cls.model_json_schema(ref_template=f"#/$defs/{name}:{{model}}")
    definitions.update((f"{name}:{inner}", one) for inner, one in made.pop("$defs", {}).items())
    return made | {"properties": {**made.get("properties", {}), "account": account}}


def _by_hand(issues: Mapping[str, type[IssueOptions]], definitions: dict[str, Any]) -> dict[str, Any]:
    check = _credential(issues, definitions, made_there=False) | {
        "description": "Who can tell whether a value is taken."
    }
    steps = _TEXTS | {"description": "What the person does, step by step."}
    made = _map({"where": _TEXT, "steps": steps, "check": check, "parts": _TEXTS}, ["steps"])
    return made | {"description": "A value that a person gets."}


def secrets_page(issues: Mapping[str, type[IssueOptions]]) -> str:
    """The section as Markdown."""
    lines = [
        "## secrets",
        "",
        "What changes on schedule, by a name that is unique over all stacks. A variable of any platform, in any stack, "
        "holds it by `{secret: name}`, and a part of it by `{secret: name, part: access}`; it is given no value.",
        "",
        "Under `overlap` and `migrate` the second accepted value stands in `NAME_PREVIOUS` beside each variable: the "
        "application uses `NAME` and accepts both. `{secret: name, previous: OTHER}` names another place, "
        "`previous: none` says that there is none. No stack declares it.",
        "",
        _EXAMPLE,
        "| Field | Type | What it is |",
        "| --- | --- | --- |",
        "| `generate`, `issue` or `by_hand` | map | where values come from; one of them is required |",
        *(f"| `{name}` | {words} | {says} |" for name, _, words, says in _FIELDS),
        "",
        "A duration is `365d`, `24h` or `90m`.",
        "",
        "| Strategy | Source | What happens |",
        "| --- | --- | --- |",
        *(f"| `{name}` | {source} | {says} |" for name, (source, says) in _STRATEGIES.items()),
        "",
        "| Proof | What is seen |",
        "| --- | --- |",
        *(f"| `{name}` | {says} |" for name, says in _LEVELS.items()),
        "",
        *_generated(),
        *_kinds(issues),
    ]
    return "\n".join(lines)


def _generated() -> Iterator[str]:
    yield "| Generated | Is |"
    yield "| --- | --- |"
    yield "| `{bytes: 32, as: base64}` | 16 to 1,024 random bytes, as `base64`, `base64url` or `hex` |"
    yield '| `{password: 32, of: "…"}` | 12 to 256 characters, letters and digits or of these |'
    yield "| `{pair: ed25519}`, `{pair: rsa, bits: 3072}` | a key pair: parts `private` and `public`, in PEM |"
    yield "| `{access: {bytes: 32}, refresh: {bytes: 32}}` | parts by name, which change together |"
    yield ""


def _kinds(issues: Mapping[str, type[IssueOptions]]) -> Iterator[str]:
    if not issues:
        return
    yield "| Credential | Parts | Made by | Options |"
    yield "| --- | --- | --- | --- |"
    for name, cls in sorted(issues.items()):
        by = "the platform, in place of the one before" if cls.in_place else "the platform" if cls.makes else "a person"
        required = {field for field, info in cls.model_fields.items() if info.is_required()}
        options = ", ".join(f"`{field}`" + (" (required)" if field in required else "") for field in cls.model_fields)
        yield f"| `{name}` | {', '.join(f'`{part}`' for part in cls.parts)} | {by} | {options or 'none'} |"
    yield ""
    yield "Each also takes `account`: another account of `_project.yaml` than the stack's own."
    yield ""
