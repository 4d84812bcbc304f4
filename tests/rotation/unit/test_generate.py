"""What is generated: its form, its length, and that it comes of the randomness that was given."""

import base64
import hashlib
import string
from collections import Counter

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ed25519, rsa

from reconcile.model.rotated import Generate
from reconcile.steps.rotate.generate import Generated


class Stream:
    """Bytes that look random and are the same in each run."""

    def __init__(self, seed: str = "one") -> None:
        self.seed, self.count = seed, 0

    def __call__(self, size: int) -> bytes:
        self.count += 1
        return hashlib.shake_256(f"{self.seed} {self.count}".encode()).digest(size)


def texts(parts: dict[str, Generate], seed: str = "one") -> dict[str, str]:
    return {part: text.reveal() for part, text in Generated(parts, Stream(seed)).mint("o/key/1/1").value.items()}


@pytest.mark.parametrize("form", ["base64", "base64url", "hex"])
def test_bytes_are_written_as_declared_and_hold_as_many_as_declared(form: str) -> None:
    (text,) = texts({"value": Generate("bytes", form, 50)}).values()
    match form:
        case "base64":
            assert len(base64.b64decode(text, validate=True)) == 50
        case "base64url":
            assert "=" not in text and set(text) <= set(string.ascii_letters + string.digits + "-_")
            assert len(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))) == 50
        case _:
            assert len(bytes.fromhex(text)) == 50


def test_each_part_has_a_value_of_its_own() -> None:
    made = texts({"access": Generate("bytes"), "refresh": Generate("bytes")})
    assert list(made) == ["access", "refresh"] and made["access"] != made["refresh"]


def test_a_value_comes_of_the_randomness_that_was_given() -> None:
    parts = {"value": Generate("password", size=20)}
    assert texts(parts) == texts(parts) != texts(parts, "two")


def test_a_password_has_only_characters_of_its_alphabet_and_each_as_often() -> None:
    (text,) = texts({"value": Generate("password", size=20_000, alphabet="abcdefghij-")}).values()
    counts = Counter(text)
    assert len(text) == 20_000 and set(counts) == set("abcdefghij-")
    assert max(counts.values()) < 1.2 * min(counts.values())


def test_a_password_is_of_letters_and_digits_where_nothing_is_said() -> None:
    (text,) = texts({"value": Generate("password", size=4000)}).values()
    assert set(text) == set(string.ascii_letters + string.digits)


@pytest.mark.parametrize("alphabet", ["a", "abca"])
def test_an_alphabet_that_would_not_be_fair_is_refused(alphabet: str) -> None:
    with pytest.raises(ValueError, match="each once"):
        texts({"value": Generate("password", size=8, alphabet=alphabet)})


def test_an_ed25519_pair_signs_with_one_half_and_verifies_with_the_other() -> None:
    made = texts({"value": Generate("pair", "ed25519")})
    private = serialization.load_pem_private_key(made["private"].encode(), None)
    public = serialization.load_pem_public_key(made["public"].encode())
    assert isinstance(private, ed25519.Ed25519PrivateKey) and isinstance(public, ed25519.Ed25519PublicKey)
    public.verify(private.sign(b"text"), b"text")


def test_an_rsa_pair_has_as_many_bits_as_declared() -> None:
    made = texts({"value": Generate("pair", "rsa", 2048)})
    private = serialization.load_pem_private_key(made["private"].encode(), None)
    public = serialization.load_pem_public_key(made["public"].encode())
    assert isinstance(private, rsa.RSAPrivateKey) and isinstance(public, rsa.RSAPublicKey)
    assert private.key_size == 2048 and private.public_key().public_numbers() == public.public_numbers()


def test_a_generated_value_is_in_nobodys_listing_and_nothing_is_called_to_end_it() -> None:
    issuer = Generated({"value": Generate("bytes")}, Stream())
    minted = issuer.mint("o/key/1/1")
    assert minted.id == "" and not issuer.find("o/") and issuer.takes(minted.value) is None


def test_a_generated_value_is_not_printed() -> None:
    minted = Generated({"value": Generate("bytes")}, Stream()).mint("o/key/1/1")
    assert minted.value["value"].reveal() not in repr(minted)
