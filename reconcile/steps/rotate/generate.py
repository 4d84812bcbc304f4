"""Values that we make ourselves: random bytes, passwords by rule, key pairs.

Nothing outlives a call whose value was not kept, so there is nothing to find, nothing to end, and no vendor to ask.
"""

import base64
import string
from collections.abc import Callable, Mapping, Sequence

from ...model.issuing import Found, Minted, Value
from ...model.rotated import VALUE, Generate
from ...model.secret import SecretText

Random = Callable[[int], bytes]
"""So many random bytes: `secrets.token_bytes` outside of tests."""
PRIVATE, PUBLIC = "private", "public"
LETTERS = string.ascii_letters + string.digits


class Generated:
    """`Issuer` of generated values, by part. A pair makes the parts `private` and `public`, whatever its own name."""

    makes = True
    in_place = False
    ceiling: int | None = None

    def __init__(self, parts: Mapping[str, Generate], random: Random) -> None:
        self.parts = parts
        self.random = random

    def mint(self, name: str) -> Minted:
        """All parts anew. The id is empty: there is nothing that could be ended by one."""
        made: dict[str, SecretText] = {}
        for part, how in self.parts.items():
            if how.kind == "pair":
                made |= _pair(how, self.random)
            else:
                text = _bytes(how, self.random) if how.kind == "bytes" else _password(how, self.random)
                made[part] = SecretText(text, f"{name} {part}" if part != VALUE else name)
        return Minted("", made)

    def find(self, prefix: str) -> Sequence[Found]:
        """None, ever."""
        return ()

    def revoke(self, id: str, value: Value | None) -> None:
        """Ends nothing: consumers stop to accept it, and that was all that it was good for."""

    def takes(self, value: Value) -> bool | None:
        """Nobody can tell."""
        return None


def _bytes(how: Generate, random: Random) -> str:
    raw = random(how.size)
    match how.form:
        case "hex":
            return raw.hex()
        case "base64url":
            return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
        case "base64":
            return base64.b64encode(raw).decode()
    raise ValueError(f"bytes are written as base64, base64url or hex, not {how.form}")


def _password(how: Generate, random: Random) -> str:
    """Each character equally likely: bytes that would favour the first ones are thrown away."""
    alphabet = how.alphabet or LETTERS
    if not 2 <= len(set(alphabet)) == len(alphabet) <= 256:
        raise ValueError("an alphabet has 2 to 256 characters, each once")
    fair = 256 - 256 % len(alphabet)
    text = ""
    while len(text) < how.size:
        text += "".join(alphabet[one % len(alphabet)] for one in random(how.size) if one < fair)
    return text[: how.size]


def _pair(how: Generate, random: Random) -> dict[str, SecretText]:
    """PEM, PKCS #8 and SubjectPublicKeyInfo. Primes of an RSA key come from the library's own randomness."""
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import ed25519, rsa

    key: ed25519.Ed25519PrivateKey | rsa.RSAPrivateKey
    if how.form == "ed25519":
        key = ed25519.Ed25519PrivateKey.from_private_bytes(random(32))
    elif how.form == "rsa":
        key = rsa.generate_private_key(public_exponent=65537, key_size=how.size)
    else:
        raise ValueError(f"a pair is ed25519 or rsa, not {how.form}")
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    public = key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    return {PRIVATE: SecretText(private.decode(), PRIVATE), PUBLIC: SecretText(public.decode(), PUBLIC)}
