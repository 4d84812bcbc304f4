"""A value that a person hands over: an age file, in base64, that says of which secret it is."""

import json
from collections.abc import Mapping

from ..model.errors import ReconcileError
from ..model.secret import SecretText
from .values import canonical
from .vault import Key, seal


def handed_over(secret: str, value: Mapping[str, str], recipients: tuple[str, ...]) -> str:
    """A value by part, sealed."""
    return seal(canonical({"secret": secret, "value": dict(value)}).encode(), recipients)


def taken(key: Key, secret: str, text: str) -> Mapping[str, SecretText]:
    """The value in a sealed text. Raises KeyRefused where it was sealed to others, ReconcileError where it is another
    secret's or holds none."""
    try:
        told = json.loads(key.open(text))
        name, value = told["secret"], told["value"]
        parts = {str(part): SecretText(str(one), f"{secret} {part}") for part, one in value.items()}
    except (ValueError, KeyError, TypeError, AttributeError):
        # Without the cause: it would quote what was opened.
        raise ReconcileError("the file holds no sealed value", advice="`trueup secret seal` writes one") from None
    if name != secret:
        raise ReconcileError(f"the file holds a value of {name}, not of {secret}", advice="give the file of this one")
    return parts
