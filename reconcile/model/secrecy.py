"""Which values may stand in a file. In doubt none: a value is written only where its name and its form are harmless."""

import re

_REFERENCE = re.compile(r"\$\{\{[^{}]*\}\}")
_TELLING = re.compile(r"KEY|SECRET|TOKEN|PASS|CREDENTIAL|PRIVATE|SIGNATURE|ENCRYPT|COOKIE|WEBHOOK|MNEMONIC|CERT", re.I)
"""What gives a secret away wherever it stands in a name."""
_TELLING_WORDS = frozenset(
    ("AUTH", "BEARER", "DSN", "HASH", "HMAC", "JWT", "LICENSE", "NONCE", "OTP", "PAT", "PEM", "PEPPER", "PIN")
) | {"PW", "PWD", "SALT", "SEED"}
"""What does where it is a word of the name."""
_LEADING = frozenset(("CONNECTION", "ENDPOINT", "URI", "URL"))
"""Words of names whose values lead somewhere, often with a password on the way."""
_ABOUT = frozenset(
    ("AGE", "ALGORITHM", "AUDIENCE", "DOMAIN", "ENABLED", "EXPIRES", "EXPIRY", "HEADER", "IN", "ISSUER", "LENGTH")
) | {"NAME", "PATH", "REQUIRED", "ROUNDS", "SAMESITE", "SECURE", "TTL", "TYPE", "URL"}
"""Last words of names that say something about a secret and hold none: JWT_EXPIRES_IN, PASSWORD_MIN_LENGTH."""
_MEASURE = re.compile(r"(?:true|false|yes|no|on|off|\d{1,9} ?[a-z]{0,2})\Z", re.I)
"""A switch, a number, a duration."""
_HARMLESS = re.compile(r"[A-Za-z0-9 _./:,@%+=?&*~-]*\Z")
_URL = re.compile(r"[a-z][a-z0-9+.-]*://([^/\s?#]*)[^\s]*\Z", re.I)
_GIVEN = re.compile(r"([A-Za-z0-9_-]+)=[^&\s]")
"""A parameter and its value, as in a query or a connection string."""
_KNOWN = re.compile(
    r"(?:^|[^A-Za-z0-9])(?:sk|pk|rk|re|gh[a-z]|xox[a-z]|npm|glpat|whsec|github_pat|AKIA|ASIA|AIza|eyJ|SG\.)"
    r"[-_A-Za-z0-9]{6}"
)
"""How well-known keys begin."""
_NATURAL = re.compile(r"(?:[a-z]+|[A-Z]+|(?:[A-Z]?[a-z]{2,})+)\Z")
"""Letters as words and names of programs have them."""
_LONGEST = 200
_LONGEST_WORD, _LONGEST_MIX, _LONGEST_NUMBER = 19, 7, 12


def may_stand(name: str, value: str) -> bool:
    """Whether a variable's value may stand in a file. The platform's own references (`${{…}}`) always may."""
    own = _REFERENCE.sub("", value)
    if own != value and not re.search(r"[A-Za-z0-9]", own):
        return True
    # A reference stands for a text: what is around it is judged as if it were none.
    if secret_name(name) or len(own) > _LONGEST or not _HARMLESS.match(own) or _logs_in(own) or _KNOWN.search(own):
        return False
    if any(secret_name(given) for given in _GIVEN.findall(own)):
        return False
    if _words(name) & _LEADING and own and not _leads(own, referring=own != value):
        return False
    return is_plain(own)


def is_secret(name: str, value: str) -> bool:
    """Whether a value is surely a secret: by how its variable is called, by how well-known keys begin, or by a login
    in an address. Of less than that nobody is accused."""
    own = _REFERENCE.sub("", value)
    if not re.search(r"[A-Za-z0-9]", own):
        return False
    if _KNOWN.search(own) or _logs_in(own) or "PRIVATE KEY-----" in own:
        return True
    last = re.split(r"[^A-Z0-9]+", name.upper())[-1]
    return secret_name(name) and last not in _ABOUT and not _MEASURE.match(own)


def secret_name(name: str) -> bool:
    """Whether a variable is called as secrets are."""
    return bool(_TELLING.search(name)) or bool(_words(name) & _TELLING_WORDS)


def is_plain(text: str) -> bool:
    """Whether it is made of words and numbers as people write them, and holds no key."""
    return all(_is_word(part) for part in re.split(r"[^A-Za-z0-9]+", text))


def _logs_in(value: str) -> bool:
    """Whether a password stands before an `@`, or a name that may be one; `redis://default:@…` has none."""
    scheme, found, rest = value.partition("://")
    login, at, _ = (rest if found else scheme).rpartition("@")
    name, colon, password = login.partition(":")
    told = password if colon else name if found else ""
    return bool(at) and bool(re.search(r"[A-Za-z0-9]", told))


def _words(name: str) -> frozenset[str]:
    parted = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name)
    return frozenset(re.split(r"[^A-Z0-9]+", parted.upper()))


def _leads(value: str, *, referring: bool) -> bool:
    """Whether it is an address that anybody may read: a URL, a path, a host with a dot."""
    host = _URL.match(value)
    if host:
        return "@" not in host[1] or referring
    return value.startswith("/") or bool(re.fullmatch(r"[a-z0-9-]+(\.[a-z0-9-]+)+(:[0-9]+)?", value, re.I))


def _is_word(part: str) -> bool:
    """Whether a run of letters and digits is a word or a number, and no key."""
    if part.isdigit():
        return len(part) <= _LONGEST_NUMBER
    if part.isalpha():
        return len(part) <= _LONGEST_MIX or (len(part) <= _LONGEST_WORD and bool(_NATURAL.match(part)))
    return len(part) <= _LONGEST_MIX
