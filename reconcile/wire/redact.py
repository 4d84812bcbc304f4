"""Takes what must not be read out of a text.

Two nets: the values we know, in every form they travel in, and the shapes that credentials have.
"""

import base64
import html
import json
import re
from collections.abc import Iterable, Iterator
from urllib.parse import quote, quote_plus

from reconcile.model.secret import SecretText

MASK = "***"
# A text this long is cut before it is searched: vendors answer with whole pages.
LONGEST_TEXT = 1 << 16
# A value shorter than this is masked as a whole word only, or half of every text would be stars.
SHORTEST_VALUE = 4
# Shorter values give base64 pieces that match by chance.
SHORTEST_BASE64 = 8

_SCHEME = re.compile(r"[A-Za-z][A-Za-z-]{2,19} +(\S+)\s*")
_PEM = re.compile(r"-----BEGIN [A-Z0-9 ]+-----.*?(?:-----END [A-Z0-9 ]+-----|\Z)", re.DOTALL)
_HEADER = re.compile(r"\b((?:proxy-)?authorization[\"']?\s{0,8}[:=]\s{0,8}[\"']?)[^\r\n\"']+", re.IGNORECASE)
_BEARER = re.compile(r"\b(bearer +)[^\s\"',;]+", re.IGNORECASE)
_BASIC = re.compile(r"\b(basic +)[A-Za-z0-9+/_-]{12,}=*", re.IGNORECASE)
_USERINFO = re.compile(r"(://)(?:[^\s/?#\"'<>:@]*:[^\s\"'<>]*|[^\s/?#\"'<>]*)@")
_NAMED = re.compile(
    r"(?<![\w.-])(?P<quote>\\?[\"']?)(?P<name>[\w.-]{1,80})(?P=quote)(?P<sign>\s{0,4}[=:]\s{0,4})"
    r"(?P<value>\\?\"[^\"]*\"?|'[^']*'?|[^\s&,;\"'}#]+)"
)
_SECRET_NAME = re.compile(
    r"token|secret|passw|pwd|passphrase|credential|signature|(?:^|[._-])(?:sig|auth|dsn)$|(?:^|[._-]|api|access|private)key$",
    re.IGNORECASE,
)
_KEY_SHAPES = re.compile(
    r"""\b(?:
        (?:sk|rk|pk|whsec)_(?:live_|test_)?[A-Za-z0-9]{8,}      # Stripe, Clerk
      | sk-[A-Za-z0-9_-]{16,}                                   # OpenAI, Anthropic
      | xox[a-z]-[\w-]{6,} | xapp-[\w-]{6,}                     # Slack
      | gh[a-z]_[A-Za-z0-9]{12,} | github_pat_\w{12,}           # GitHub
      | glpat-[\w-]{12,} | npm_[A-Za-z0-9]{20,}                 # GitLab, npm
      | (?:AKIA|ASIA)[0-9A-Z]{16}                               # AWS
      | SG\.[\w-]{8,}\.[\w-]{8,}                                # SendGrid
      | sntry[a-z]_[\w+/=-]{12,}                                # Sentry
      | sb[a-z]_[A-Za-z0-9]{20,} | sb_secret_[\w-]{12,}         # Supabase
      | napi_[A-Za-z0-9]{16,} | pul-[0-9a-f]{20,}               # Neon, Pulumi
      | AIza[\w-]{30,}                                          # Google
      | AGE-SECRET-KEY-1[A-Z0-9]{20,}                           # age
      | eyJ[\w-]{6,}\.[\w-]{4,}(?:\.[\w-]*)?                    # JSON web tokens
    )""",
    re.VERBOSE,
)


class Redactor:
    """Masks known values and credential-looking text. Immutable, thread-safe; holds values, so it has no repr."""

    def __init__(self, secrets: Iterable[SecretText]) -> None:
        self._secrets = tuple(secrets)
        self._known = _compile(self._secrets)

    def knowing(self, secrets: Iterable[SecretText]) -> "Redactor":
        """A redactor that masks these as well."""
        more = tuple(secrets)
        return Redactor((*self._secrets, *more)) if more else self

    def text(self, text: str) -> str:
        """The text with every secret replaced by `***`. A very long text is cut, never inside a word."""
        text = _shorten(text)
        if self._known is not None:
            text = self._known.sub(MASK, text)
        if "-----BEGIN " in text:
            text = _PEM.sub(MASK, text)
        text = _HEADER.sub(rf"\1{MASK}", text)
        text = _BEARER.sub(rf"\1{MASK}", text)
        text = _BASIC.sub(rf"\1{MASK}", text)
        if "@" in text:
            text = _USERINFO.sub(rf"\1{MASK}@", text)
        return _KEY_SHAPES.sub(MASK, _NAMED.sub(_mask_named, text))

    def __repr__(self) -> str:
        return f"<Redactor of {len(self._secrets)} secrets>"


def _shorten(text: str) -> str:
    if len(text) <= LONGEST_TEXT:
        return text
    # The word at the cut may be the first half of a secret, which no net would know.
    head = text[:LONGEST_TEXT].rstrip()
    return head[: max(head.rfind(" "), head.rfind("\n"), 0)] + "…"


def _mask_named(match: re.Match[str]) -> str:
    name, quoted, sign, value = match["name"], match["quote"], match["sign"], match["value"]
    if MASK in value or not _SECRET_NAME.search(name):
        return match[0]
    if not quoted and ":" in sign and name.lower() == "key":
        return match[0]  # "unknown key: proxyed" is a sentence
    lead = re.match(r"\\?[\"']?", value)
    opened = lead[0] if lead else ""
    closed = opened if opened and value.endswith(opened) and len(value) > len(opened) else ""
    return f"{quoted}{name}{quoted}{sign}{opened}{MASK}{closed}"


def _compile(secrets: Iterable[SecretText]) -> re.Pattern[str] | None:
    forms: set[str] = set()
    for secret in secrets:
        value = secret.reveal()
        forms.update(_forms(value))
        # A whole header value ("Bearer x") is told to us; the x alone must not be read either.
        if scheme := _SCHEME.fullmatch(value):
            forms.update(_forms(scheme[1]))
            forms.update(_basic_parts(value, scheme[1]))
    long = sorted((re.escape(form) for form in forms if len(form) >= SHORTEST_VALUE), key=len, reverse=True)
    short = [rf"(?<!\w){re.escape(form)}(?!\w)" for form in sorted(forms) if 0 < len(form) < SHORTEST_VALUE]
    return re.compile("|".join([*long, *short])) if long or short else None


def _basic_parts(header: str, encoded: str) -> Iterator[str]:
    if not header.lower().startswith("basic "):
        return
    try:
        plain = base64.b64decode(encoded, validate=True).decode()
    except ValueError:
        return
    yield from _forms(plain)
    yield from _forms(plain.partition(":")[2])


def _forms(value: str) -> Iterator[str]:
    """The value as it travels: plain, stripped, in JSON, in a URL, in HTML, in base64."""
    for plain in {value, value.strip()} - {""}:
        yield plain
        yield json.dumps(plain)[1:-1]
        yield json.dumps(plain, ensure_ascii=False)[1:-1]
        yield quote(plain, safe="")
        yield quote(plain)
        yield quote_plus(plain)
        yield html.escape(plain)
        if len(plain) >= SHORTEST_BASE64:
            yield from _base64_forms(plain.encode())


def _base64_forms(value: bytes) -> Iterator[str]:
    """What base64 makes of the value at the three places it may begin at inside a longer text."""
    for offset in range(3):
        encoded = base64.b64encode(b"\0" * offset + value).decode().rstrip("=")
        whole = encoded[-(-offset * 8 // 6) :]
        # The last letter also holds bits of what follows, unless the value ends on a letter's edge.
        certain = whole if (offset + len(value)) % 3 == 0 else whole[:-1]
        for form in {whole, certain} if offset == 0 else {certain}:
            yield form
            yield form.translate(str.maketrans("+/", "-_"))
