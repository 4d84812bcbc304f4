"""What is sealed: a pepper that makes fingerprints, encrypted with age to the runner's key and to a recovery key.

The ledger holds ciphertext and public recipients, never a key. Either key opens the vault; the recovery key is told
once, when it is made, and kept by a person. Files are as the `age` tool writes them: it opens them too.
"""

import base64
import hashlib
import hmac
import os
import secrets
import stat
from collections.abc import Mapping
from pathlib import Path

from pyrage import DecryptError, IdentityError, RecipientError, decrypt, encrypt, x25519

from ..model.errors import KeyRefused, LedgerError
from ..model.secret import SecretText
from .ledger import Ledger

KEY_VARIABLE = "TRUEUP_KEY"
"""The environment variable that holds the runner's key; before any file."""
KEY_FILE = ".trueup/key"
"""Where it is else, from the repository's root; `.gitignore` names the folder."""
PEPPER = "pepper"
RUNNER = "recipient.runner"
RECOVERY = "recipient.recovery"
_PEPPER_BYTES = 32
_LONGEST_FILE = 1 << 14


class Key:
    """A private age key (x25519). `recipient` is its public half; the key itself has no repr."""

    __slots__ = ("_identity", "recipient")

    def __init__(self, text: SecretText, source: str) -> None:
        """Raises KeyRefused on a text that is no key. `source` says where it came from, for people."""
        try:
            self._identity = x25519.Identity.from_str(text.reveal().strip())
        except IdentityError:
            # Without the cause: nobody promises that it does not repeat the text.
            raise KeyRefused(f"{source} holds no age key (AGE-SECRET-KEY-1…)") from None
        self.recipient = str(self._identity.to_public())

    @classmethod
    def fresh(cls) -> "tuple[Key, SecretText]":
        """A new key, and its text to be kept."""
        text = SecretText(str(x25519.Identity.generate()), "age key")
        return cls(text, "a new key"), text

    def __repr__(self) -> str:
        return f"<key of {self.recipient}>"

    def open(self, sealed: str) -> bytes:
        """What was sealed to this key. Raises KeyRefused where it was sealed to others."""
        try:
            opened: bytes = decrypt(base64.b64decode(sealed), [self._identity])
            return opened
        except (DecryptError, ValueError):
            raise KeyRefused(
                f"the runner key ({self.recipient}) does not open what the ledger holds sealed",
                advice=f"give the key that `trueup init` made, or the recovery key, in {KEY_VARIABLE}",
            ) from None


class Vault:
    """An opened vault. It tells fingerprints and never the pepper."""

    __slots__ = ("_pepper",)

    def __init__(self, pepper: bytes) -> None:
        self._pepper = pepper

    def __repr__(self) -> str:
        return "<vault>"

    def fingerprint(self, value: str) -> str:
        """HMAC-SHA256 of a value under the pepper, in hex: equal values have equal ones, and nobody else can guess."""
        return hmac.new(self._pepper, value.encode(), hashlib.sha256).hexdigest()


def seal(content: bytes, recipients: tuple[str, ...]) -> str:
    """Content that only the recipients' keys open: an age file in base64."""
    to = [x25519.Recipient.from_str(one) for one in recipients]
    return base64.b64encode(encrypt(content, to)).decode()


def runner_key(environment: Mapping[str, str], file: Path) -> Key | None:
    """The runner's key: the environment's, else the file's; None where neither is there.

    Raises KeyRefused on a text that is no key, and on a file that others may read.
    """
    text = environment.get(KEY_VARIABLE, "").strip()
    if text:
        return Key(SecretText(text, KEY_VARIABLE), f"the environment variable {KEY_VARIABLE}")
    try:
        descriptor = os.open(file, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0))
    except FileNotFoundError:
        return None
    except OSError as error:
        raise KeyRefused(f"the runner key at {file} cannot be read: {error.strerror}") from None
    with os.fdopen(descriptor, "rb") as opened:
        if os.name == "posix" and stat.S_IMODE(os.fstat(descriptor).st_mode) & 0o077:
            raise KeyRefused(f"others may read the runner key at {file}", advice=f"chmod 600 {file}")
        content = opened.read(_LONGEST_FILE).decode(errors="replace")
    lines = [line for line in content.splitlines() if line.strip() and not line.startswith("#")]
    return Key(SecretText(lines[0] if lines else "", "runner key"), str(file))


def make_runner_key(file: Path) -> Key | None:
    """Makes a key and its file, mode 0600, whole or not at all; None where a file is there already."""
    key, text = Key.fresh()
    file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    # Another process may look at any moment: the name appears with its content, and never over another key.
    made = file.with_name(f".{file.name}.{secrets.token_hex(4)}")
    try:
        descriptor = os.open(made, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as opened:
            opened.write(f"# public key: {key.recipient}\n{text.reveal()}\n")
            opened.flush()
            os.fsync(descriptor)
        os.link(made, file)
    except FileExistsError:
        return None
    finally:
        made.unlink(missing_ok=True)
    return key


def begin_vault(ledger: Ledger, runner: Key) -> SecretText | None:
    """Makes a pepper and seals it to the runner and to a new recovery key, whose text is returned: nobody else has it.

    None where the ledger holds a pepper already.
    """
    if PEPPER in ledger.sealed():
        return None
    recovery, text = Key.fresh()
    recipients = {RUNNER: runner.recipient, RECOVERY: recovery.recipient}
    pepper = seal(secrets.token_bytes(_PEPPER_BYTES), tuple(recipients.values()))
    return text if ledger.seal({PEPPER: pepper, **recipients}) else None


def reseal(ledger: Ledger, key: Key, *, runner: str, recovery: str = "", who: str) -> None:
    """Seals everything anew, values of secrets too, to the public key of another runner; `recovery` "": to the same
    recovery key.

    `key` is any that opens it so far. Fingerprints stay as they are. Raises KeyRefused where the key is another's or
    nothing is sealed, LedgerError where somebody else did the same meanwhile.
    """
    kept = ledger.sealed()
    if PEPPER not in kept:
        raise KeyRefused("the ledger holds nothing sealed", advice="`trueup init` makes what was never made")
    recipients = {RUNNER: runner, RECOVERY: recovery or kept[RECOVERY]}
    sealed = {name: text for name, text in kept.items() if name not in recipients}
    anew = {name: seal(key.open(text), tuple(recipients.values())) for name, text in sealed.items()}
    values = {
        one: (text, seal(key.open(text), tuple(recipients.values()))) for one, text in ledger.sealed_values().items()
    }
    opened_by = "runner key" if key.recipient == kept[RUNNER] else "recovery key"
    if not ledger.reseal({**anew, **recipients}, instead_of=kept, of_secrets=values, who=who, opened_by=opened_by):
        raise LedgerError(
            "what the ledger holds sealed changed meanwhile", advice="look with `trueup doctor`, try again"
        )


def checked_recipient(text: str) -> str:
    """A public age key. Raises KeyRefused on another text."""
    try:
        return str(x25519.Recipient.from_str(text.strip()))
    except RecipientError:
        raise KeyRefused(
            "this is no public age key (age1…)", advice="`age-keygen -y FILE` prints a key's own"
        ) from None


def next_key_file(file: Path) -> Path:
    """Where the key that comes after is kept, until everything is sealed to it."""
    return file.with_name(f"{file.name}.new")


def next_runner_key(file: Path) -> Key:
    """Makes the key that comes after, beside the one in use; one that a run left there when it died is taken."""
    beside = next_key_file(file)
    key = make_runner_key(beside) or runner_key({}, beside)
    assert key is not None
    return key


def take_next_key(ledger: Ledger, file: Path) -> Key | None:
    """Puts the key that comes after in the place of the other one, once the ledger is sealed to it; None: it is not."""
    beside = next_key_file(file)
    key = runner_key({}, beside)
    if key is None or ledger.sealed().get(RUNNER) != key.recipient:
        return None
    beside.replace(file)
    return key


def open_vault(ledger: Ledger, key: Key) -> Vault | None:
    """The vault of a ledger; None where none was begun. Raises KeyRefused where the key is another's."""
    sealed = ledger.sealed().get(PEPPER)
    return Vault(key.open(sealed)) if sealed is not None else None
