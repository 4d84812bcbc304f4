"""The text of a reference: `${platform.kind.name.field}` inside a string.

| written      | is                                                              |
|--------------|-----------------------------------------------------------------|
| `${a.b.c.d}` | a reference                                                     |
| `${{…}}`     | the platform's own; passes                                      |
| `$${…}`      | the text `${…}`, for a value that has nothing to do with us     |

A field whose value is known after loading holds its final text, escapes undone, so it may well contain `${`. What is
pending is told by `Declared.references` and by nothing else. A pending field keeps the text of the file, escapes
included, until `fill` gives the values.
"""

import re
from collections.abc import Callable

from .resource import REFERENCE, Reference

_OPENING = re.compile(r"(?<!\$)\$\{(?!\{)")


def insides(text: str) -> tuple[str, ...]:
    """What stands between the braces of each reference, in order. Raises ValueError on one that is malformed."""
    found = tuple(REFERENCE.findall(text))
    if len(found) != len(_OPENING.findall(text)):
        raise ValueError("a `${` without its `}`")
    try:
        for inside in found:
            Reference.parse(inside)
    except ValueError:
        raise ValueError("`${…}` that is no reference (platform.kind.name.field)") from None
    return found


def fill(text: str, value: Callable[[Reference], str]) -> str:
    """The text with each reference replaced by its value, and the escapes undone. Values are taken as they are."""
    result = []
    end = 0
    for match in REFERENCE.finditer(text):
        result += [unescape(text[end : match.start()]), value(Reference.parse(match[1]))]
        end = match.end()
    result.append(unescape(text[end:]))
    return "".join(result)


def unescape(text: str) -> str:
    """`$${` is `${`."""
    return text.replace("$${", "${")


def escape(text: str) -> str:
    """The form in which a text stands beside a reference without being taken for one."""
    return text.replace("${", "$${")
