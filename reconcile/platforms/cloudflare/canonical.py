"""Canonical forms of what DNS lets people write in several ways: names, character strings, numbers, record data.

Every form is its own canonical form: reading it again changes nothing.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import idna

from ...model.resource import is_pending

CHUNK_BYTES = 255
"""The longest DNS character string (RFC 1035, 3.3)."""
_PLAIN_HOST = re.compile(r"[a-z0-9_*-]{1,63}(?:\.[a-z0-9_*-]{1,63})*")
"""What is its own canonical form, as nearly every name is."""
_STRINGS = re.compile(r'(?:\s*"(?:[^"\\]|\\.)*")+\s*\Z', re.DOTALL)
_STRING = re.compile(r'"((?:[^"\\]|\\.)*)"', re.DOTALL)
_ESCAPE = re.compile(rb"\\([0-9]{3}|.)", re.DOTALL)
_PARAMETER = re.compile(r'([a-zA-Z0-9-]+)(?:=(?:"((?:[^"\\]|\\.)*)"|(\S*)))?(?:\s+|\Z)', re.DOTALL)


@lru_cache(maxsize=65_536)
def host(text: str) -> str:
    """A host name in lower case and punycode without its trailing dot; "." is the root. Raises ValueError."""
    if text == "." or (len(text) <= 253 and _PLAIN_HOST.fullmatch(text)):
        return text
    labels = [_label(label, text) for label in text.removesuffix(".").split(".")]
    name = ".".join(labels)
    if len(name) > 253:
        raise ValueError(f"{text!r} is longer than the 253 characters of a host name")
    return name


def _label(label: str, whole: str) -> str:
    if not label:
        raise ValueError(f"{whole!r} is no host name: a part of it is empty")
    if any(character.isspace() or character in '"/' for character in label):
        raise ValueError(f"{whole!r} is no host name")
    try:
        label = label.lower() if label.isascii() else idna.encode(label, uts46=True).decode("ascii")
    except idna.IDNAError as error:
        raise ValueError(f"{whole!r} is no host name: {error}") from error
    if len(label) > 63:
        raise ValueError(f"{whole!r} is no host name: a part of it is longer than 63 characters")
    return label


def name_in_zone(name: str, zone: str) -> str:
    """A record's full name: "@" is the apex, a name that does not end in the zone's is relative to it."""
    if name in ("@", "@."):
        return zone
    full = host(name)
    if full == zone or full.endswith(f".{zone}"):
        return full
    if name.endswith("."):
        raise ValueError(f"{name!r} is not in the zone {zone}")
    return host(f"{full}.{zone}")


def text(content: str) -> str:
    """A TXT value as plain text: `"v=spf1 " "-all"` is `v=spf1 -all`.

    What would read as quoted strings again, or holds bytes that are no UTF-8, stays quoted.
    """
    if not _is_strings(content):
        return content or quoted("")
    plain = _joined(content)
    if plain is None:
        return content.strip()
    return quoted(plain) if not plain or _is_strings(plain) else plain


def quoted(plain: str) -> str:
    """Plain text as quoted strings of at most 255 bytes each, as Cloudflare asks for it."""
    chunks = (chunk.replace("\\", "\\\\").replace('"', '\\"') for chunk in _chunks(plain))
    return " ".join(f'"{chunk}"' for chunk in chunks)


def wire_text(canonical: str) -> str:
    """What goes on the wire for a value in the form of `text`."""
    if not _is_strings(canonical):
        return quoted(canonical)
    plain = _joined(canonical)
    return canonical if plain is None else quoted(plain)


def _is_strings(content: str) -> bool:
    """Whether a text reads as quoted strings. Hardly any does, and its first letter tells."""
    return content.lstrip().startswith('"') and _STRINGS.match(content) is not None


def _joined(content: str) -> str | None:
    """The text of quoted strings; None where its bytes are no UTF-8."""
    raw = b"".join(_ESCAPE.sub(_unescaped, chunk.encode()) for chunk in _STRING.findall(content))
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return None


def _unescaped(found: re.Match[bytes]) -> bytes:
    escaped = found.group(1)
    if len(escaped) == 3:
        return bytes([int(escaped)]) if int(escaped) < 256 else escaped
    return escaped


def _chunks(plain: str) -> Iterator[str]:
    start = size = 0
    for index, character in enumerate(plain):
        width = len(character.encode())
        if size + width > CHUNK_BYTES:
            yield plain[start:index]
            start, size = index, 0
        size += width
    yield plain[start:]


Form = Callable[[Any], Any]


@dataclass(frozen=True)
class Part:
    """One field of a record's data: how its value becomes canonical, and what it is where it is left out."""

    form: Form
    default: Any = None
    required: bool = True


def canonical_data(kind: str, values: Mapping[str, Any]) -> dict[str, Any]:
    """A record's data with every part in canonical form, in the order of `DATA`. Raises ValueError."""
    parts = DATA[kind]
    unknown = [name for name in values if name not in parts]
    if unknown:
        raise ValueError(f"{kind} data has no {', '.join(map(repr, unknown))}; it has {', '.join(parts)}")
    missing = [name for name, part in parts.items() if part.required and values.get(name) is None]
    if missing:
        raise ValueError(f"{kind} data needs {', '.join(missing)}")
    found = {}
    for name, part in parts.items():
        value = values.get(name)
        if value is None:
            found[name] = part.default
        elif is_pending(value):
            found[name] = value
        else:
            try:
                found[name] = part.form(value)
            except ValueError as error:
                raise ValueError(f"{kind} data {name}: {error}") from error
    return found


def wire_data(kind: str, canonical: Mapping[str, Any]) -> dict[str, Any]:
    """What goes on the wire for data in the form of `canonical_data`.

    A NAPTR's replacement is the one name that Cloudflare keeps, and gives to others, as it came: so it ends in a dot.
    """
    if kind != "NAPTR":
        return dict(canonical)
    return {**canonical, "replacement": f"{canonical['replacement'].removesuffix('.')}."}


def _number(least: float, most: float) -> Form:
    def read(value: Any) -> int | float:
        if isinstance(value, bool):
            raise ValueError(f"{value} is no number")
        try:
            number = float(value)
        except (TypeError, ValueError):
            raise ValueError(f"{value!r} is no number") from None
        if not least <= number <= most:
            raise ValueError(f"{value} is not between {least:g} and {most:g}")
        return int(number) if number.is_integer() else number

    return read


def _words(value: Any) -> str:
    if not isinstance(value, str):
        raise ValueError(f"{value!r} is no text")
    return value


def _packed(value: Any) -> str:
    """Base64: blanks mean nothing, case does."""
    return "".join(_words(value).split())


def _hex(value: Any) -> str:
    packed = _packed(value).lower()
    if not re.fullmatch(r"[0-9a-f]+", packed):
        raise ValueError(f"{value!r} is not hexadecimal")
    return packed


def _host(value: Any) -> str:
    return host(_words(value))


def _tag(value: Any) -> str:
    return _words(value).lower()


def _direction(letters: str) -> Form:
    def read(value: Any) -> str:
        if value not in tuple(letters):
            raise ValueError(f"{value!r} is not one of {', '.join(letters)}")
        return str(value)

    return read


def _parameters(value: Any) -> str:
    """SvcParams, sorted and quoted: `alpn=h3` and `alpn="h3"` are one, and their order means nothing (RFC 9460)."""
    rest = _words(value).strip()
    found = []
    while rest:
        match = _PARAMETER.match(rest)
        if match is None:
            raise ValueError(f'{value!r} is no list of parameters like alpn="h3,h2"')
        name, inside, bare = match.groups()
        given = inside if inside is not None else bare
        found.append(name.lower() if given is None else f'{name.lower()}="{given}"')
        rest = rest[match.end() :]
    return " ".join(sorted(found))


_BYTE, _SHORT = Part(_number(0, 255)), Part(_number(0, 65_535))
_WORDS, _HEX, _PACKED, _HOST = Part(_words), Part(_hex), Part(_packed), Part(_host)
_SERVICE = {"priority": _SHORT, "target": _HOST, "value": Part(_parameters, "", required=False)}
_CERTIFICATE = {"usage": _BYTE, "selector": _BYTE, "matching_type": _BYTE, "certificate": _HEX}


def _angle(name: str, most: int, letters: str) -> dict[str, Part]:
    return {
        f"{name}_degrees": Part(_number(0, most)),
        f"{name}_minutes": Part(_number(0, 59), 0, required=False),
        f"{name}_seconds": Part(_number(0, 59.999), 0, required=False),
        f"{name}_direction": Part(_direction(letters)),
    }


_METRES = Part(_number(0, 90_000_000), 0, required=False)

DATA: Mapping[str, Mapping[str, Part]] = {
    "CAA": {"flags": Part(_number(0, 255), 0, required=False), "tag": Part(_tag), "value": _WORDS},
    "CERT": {"type": _SHORT, "key_tag": _SHORT, "algorithm": _BYTE, "certificate": _PACKED},
    "DNSKEY": {"flags": _SHORT, "protocol": _BYTE, "algorithm": _BYTE, "public_key": _PACKED},
    "DS": {"key_tag": _SHORT, "algorithm": _BYTE, "digest_type": _BYTE, "digest": _HEX},
    "HTTPS": _SERVICE,
    "LOC": {
        **_angle("lat", 90, "NS"),
        **_angle("long", 180, "EW"),
        "altitude": Part(_number(-100_000, 42_849_672.95), 0, required=False),
        "size": _METRES,
        "precision_horz": _METRES,
        "precision_vert": _METRES,
    },
    "NAPTR": {
        "order": _SHORT,
        "preference": _SHORT,
        "flags": Part(_words, "", required=False),
        "service": Part(_words, "", required=False),
        "regex": Part(_words, "", required=False),
        "replacement": Part(_host, ".", required=False),
    },
    "SMIMEA": _CERTIFICATE,
    "SRV": {"priority": _SHORT, "weight": _SHORT, "port": _SHORT, "target": _HOST},
    "SSHFP": {"algorithm": _BYTE, "type": _BYTE, "fingerprint": _HEX},
    "SVCB": _SERVICE,
    "TLSA": _CERTIFICATE,
    "URI": {"weight": _SHORT, "target": _WORDS},
}
"""The parts of the types that Cloudflare writes as `data`; names and bounds from its OpenAPI of August 2024."""
