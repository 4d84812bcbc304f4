"""One secret in several places: told by where it stands, never by what it is."""

import hashlib
import hmac
import secrets
from collections.abc import Iterable

from ..model.observation import Observation
from ..model.resource import Resource
from ..model.secrecy import may_stand
from ..model.secret import SecretText

_SHORTEST = 8
"""Characters; what is shorter is alike by chance."""
_NUMBERS = {2: "two", 3: "three", 4: "four", 5: "five", 6: "six"}


def shared_secrets(observations: Iterable[Observation]) -> list[str]:
    """Each secret that more than one thing holds, with everything that holds it.

    Compared by fingerprints under a key that lives as long as this call: values and fingerprints go nowhere.
    """
    key = secrets.token_bytes(32)
    places: dict[bytes, list[str]] = {}
    for observation in observations:
        for seen in observation.seen:
            for value in _secrets_of(seen.resource):
                print_ = hmac.digest(key, value.reveal().encode(), hashlib.sha256)
                places.setdefault(print_, []).append(f"{seen.kind} {seen.resource.title()}")
    told = (sorted(set(names)) for names in places.values())
    return sorted(
        f"one secret with {_NUMBERS.get(len(names), len(names))} consumers: {', '.join(names)}"
        for names in told
        if len(names) > 1
    )


def _secrets_of(resource: Resource) -> Iterable[SecretText]:
    """Values that may not stand in a file and are long enough to be one another's copy."""
    for name in type(resource).comparable():
        value = getattr(resource, name)
        if not isinstance(value, SecretText) or len(value.reveal()) < _SHORTEST:
            continue
        if not may_stand(str(getattr(resource, "name", "")), value.reveal()):
            yield value
