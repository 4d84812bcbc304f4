"""`.env` files: names and values as the dotenv libraries read them; values are never told.

`NAME=value`, also after `export`; a text in '…' or `…` stands as it is, in "…" with \\n, \\t, \\", \\\\ and \\$ meaning
what they do elsewhere; both may go over several lines. Of an unquoted value a ` #` begins a comment.
"""

import re
from dataclasses import dataclass

from ..model.errors import Problem, SpecError
from ..model.secrecy import is_plain
from ..model.secret import SecretText

_NAME = re.compile(r"[ \t]*(?:export[ \t]+)?([A-Za-z_][A-Za-z0-9_]*)[ \t]*(=?)[ \t]*")
_BLANK = re.compile(r"[ \t]*(?:#[^\n]*)?(?:\n|\Z)")
_QUOTED = {
    "'": re.compile(r"'((?:[^'\\]|\\.)*)'", re.DOTALL),
    '"': re.compile(r'"((?:[^"\\]|\\.)*)"', re.DOTALL),
    "`": re.compile(r"`([^`]*)`"),
}
_ESCAPES = {"n": "\n", "r": "\r", "t": "\t"}
_EXPANDS = re.compile(r"(?<!\\)\$(?:\{(?!\{)|[A-Za-z_])")


@dataclass(frozen=True)
class Setting:
    """One name and its value. `expands`: some libraries would put another variable's value into it."""

    name: str
    value: SecretText
    line: int
    expands: bool = False


def read_dotenv(file: str, data: bytes) -> list[Setting]:
    """In order; of a name given twice the last, as the libraries do. Raises SpecError with every line that is none."""
    try:
        text = data.decode("utf-8-sig").replace("\r\n", "\n").replace("\r", "\n")
    except UnicodeDecodeError:
        raise SpecError([Problem(file, 0, "", "no text in UTF-8")]) from None
    found: dict[str, Setting] = {}
    problems = []
    at, line = 0, 1
    while at < len(text):
        blank = _BLANK.match(text, at)
        if blank is not None and blank.end() > at:
            end = blank.end()
        else:
            setting, end, why = _setting(text, at, line)
            if setting is None:
                problems.append(Problem(file, line, "", why, "NAME=value, with quotes where it is no single word"))
            else:
                found.pop(setting.name, None)
                found[setting.name] = setting
        line += text.count("\n", at, end)
        at = end
    if problems:
        raise SpecError(problems)
    return list(found.values())


def _setting(text: str, at: int, line: int) -> tuple[Setting | None, int, str]:
    """What begins here, and where the next line does; None and why where it is none. Nothing of it is repeated."""
    end = text.find("\n", at) + 1 or len(text)
    name = _NAME.match(text, at)
    if name is None:
        return None, end, "a line that sets nothing"
    if not name[2]:
        return None, end, "a line that sets nothing"
    begin = name.end()
    quote = text[begin : begin + 1]
    if quote not in _QUOTED:
        raw = text[begin:end].rstrip("\n")
        value = "" if raw.startswith("#") else re.split(r"[ \t]+#", raw, maxsplit=1)[0].rstrip()
        if value.strip("=") == "" and not is_plain(name[1]):
            return None, end, "a line that may be a piece of a longer value"
        return Setting(name[1], SecretText(value, name[1]), line, bool(_EXPANDS.search(value))), end, ""
    quoted = _QUOTED[quote].match(text, begin)
    if quoted is None:
        return None, end, f"{name[1]} begins with a quote that never ends"
    rest = _BLANK.match(text, quoted.end())
    if rest is None:
        return None, text.find("\n", quoted.end()) + 1 or len(text), f"{name[1]} goes on after its closing quote"
    value = _unquoted(quoted[1], quote)
    expands = quote == '"' and bool(_EXPANDS.search(quoted[1]))
    return Setting(name[1], SecretText(value, name[1]), line, expands), rest.end(), ""


def _unquoted(inner: str, quote: str) -> str:
    if quote == '"':
        return re.sub(r"\\(.)", lambda found: _ESCAPES.get(found[1], _kept(found[1], '"\\$`')), inner, flags=re.DOTALL)
    if quote == "'":
        return re.sub(r"\\(.)", lambda found: _kept(found[1], "'\\"), inner, flags=re.DOTALL)
    return inner


def _kept(letter: str, escapable: str) -> str:
    return letter if letter in escapable else f"\\{letter}"
