"""Where a secret's values come from: `generate:`, `issue:` or `by_hand:`."""

from collections.abc import Mapping
from dataclasses import dataclass

from pydantic import ValidationError

from ...model.issuing import IssueOptions
from ...model.resource import LOGICAL_NAME
from ...model.rotated import PAIR, VALUE, ByHand, Generate, Issue, Source
from ...model.spec import Project
from .problems import Problems, echo, named
from .project import fields, text, texts
from .tree import Node, line_of, plain

Issues = Mapping[str, type[IssueOptions]]
"""Kinds of credentials by their full word: `sendgrid.api-key`."""
KEYS = ("generate", "issue", "by_hand")
FORMS = ("base64", "base64url", "hex")
PAIRS = ("ed25519", "rsa")
BYTES = (16, 1024)
CHARACTERS = (12, 256)
RSA_BITS = (2048, 3072, 4096)
RSA_USUAL = 3072
_KINDS: Mapping[str, tuple[str, ...]] = {
    "bytes": ("bytes", "as"),
    "password": ("password", "of"),
    "pair": ("pair", "bits"),
}
_ACCOUNT = "account"
_GENERATE_HINT = "`{bytes: 32, as: base64}`, `{password: 32}` or `{pair: ed25519}`"


@dataclass(frozen=True, slots=True)
class Found:
    """A source, the parts that come of it, and the kind of credential where a platform makes or checks it."""

    source: Source
    parts: tuple[str, ...]
    options: type[IssueOptions] | None = None


@dataclass(frozen=True)
class SourceReader:
    """Reads the source of one secret. `account` is its stack's; `project` None where it could not be read."""

    account: str
    project: Project | None
    issues: Issues
    problems: Problems

    def read(self, keys: Mapping[str, Node], node: Node, path: str) -> Found | None:
        """None where there is none that will do; why is told."""
        said = [key for key in KEYS if key in keys]
        if not said:
            self.problems.add(node.at_key(path), "says not where its values come from", _one_of())
            return None
        for key in said[1:]:
            place = keys[key].at_key(f"{path}.{key}")
            self.problems.add(place, f"`{key}` beside `{said[0]}` ({line_of(keys[said[0]])})", "keep one of them")
        if len(said) > 1:
            return None
        (key,) = said
        read = {"generate": self._generate, "issue": self._issue, "by_hand": self._by_hand}[key]
        return read(keys[key], f"{path}.{key}")

    def _generate(self, node: Node, path: str) -> Found | None:
        if not isinstance(node.value, dict) or not node.value:
            self.problems.add(node.at_value(path), "must be a map", _GENERATE_HINT)
            return None
        if not all(isinstance(inner.value, dict) for inner in node.value.values()):
            one = self._generator(node, path)
            parts = PAIR if one is not None and one.kind == "pair" else (VALUE,)
            return Found({VALUE: one}, parts) if one is not None else None
        found = {}
        for part, inner in node.value.items():
            own = f"{path}.{part}"
            if not LOGICAL_NAME.match(part):
                self.problems.add(inner.at_key(own), f"{named(part)} is no name for a part", "as `access`, `refresh`")
            one = self._generator(inner, own)
            if one is not None and one.kind == "pair":
                self.problems.add(inner.at_value(own), "a key pair has parts of its own", "make it a secret of its own")
            elif one is not None:
                found[part] = one
        return Found(found, tuple(node.value)) if len(found) == len(node.value) else None

    def _generator(self, node: Node, path: str) -> Generate | None:
        assert isinstance(node.value, dict)
        kind = next((word for word in _KINDS if word in node.value), "")
        known = _KINDS.get(kind, tuple(word for words in _KINDS.values() for word in words))
        keys = fields(node, path, known, self.problems)
        if kind == "bytes":
            form = self._word(keys.get("as"), f"{path}.as", FORMS)
            size = self._number(keys["bytes"], f"{path}.bytes", BYTES)
            return Generate("bytes", form, size) if form and size else None
        if kind == "password":
            size = self._number(keys["password"], f"{path}.password", CHARACTERS)
            alphabet = self._alphabet(keys.get("of"), f"{path}.of")
            return Generate("password", "", size, alphabet) if size and alphabet is not None else None
        if kind == "pair":
            return self._pair(keys, path)
        self.problems.add(node.at_key(path), "says not what to generate", _GENERATE_HINT)
        return None

    def _pair(self, keys: Mapping[str, Node], path: str) -> Generate | None:
        form = self._word(keys["pair"], f"{path}.pair", PAIRS)
        bits = keys.get("bits")
        if bits is not None and form == "ed25519":
            self.problems.add(bits.at_key(f"{path}.bits"), "`bits` is for rsa", "remove it")
            return None
        if bits is not None and (not isinstance(bits.value, int) or bits.value not in RSA_BITS):
            told = ", ".join(map(str, RSA_BITS))
            self.problems.add(bits.at_value(f"{path}.bits"), f"must be one of {told}, not {echo(bits.value)}")
            return None
        said = bits.value if bits is not None and isinstance(bits.value, int) else RSA_USUAL
        size = 0 if form == "ed25519" else said
        return Generate("pair", form, size) if form else None

    def _word(self, node: Node | None, path: str, words: tuple[str, ...]) -> str:
        """The first one where none is said."""
        if node is None:
            return words[0]
        if node.value in words:
            return str(node.value)
        said = node.value if isinstance(node.value, str) else ""
        self.problems.add(node.at_value(path), f"must be one of {', '.join(words)}", self.problems.nearest(said, words))
        return ""

    def _number(self, node: Node, path: str, between: tuple[int, int]) -> int:
        """0 where it is told to be wrong."""
        least, most = between
        if isinstance(node.value, int) and not isinstance(node.value, bool) and least <= node.value <= most:
            return node.value
        self.problems.add(node.at_value(path), f"must be a whole number from {least} to {most}")
        return 0

    def _alphabet(self, node: Node | None, path: str) -> str | None:
        """ "" for letters and digits; None where it is told to be wrong."""
        if node is None:
            return ""
        said = text(node, path, self.problems)
        if said and (len(set(said)) < 10 or not said.isascii() or not said.isprintable() or " " in said):
            self.problems.add(node.at_value(path), "must be at least ten different visible characters of ASCII")
            return None
        return said or None

    def _issue(self, node: Node, path: str) -> Found | None:
        issue, options = self._credential(node, path)
        if issue is None or options is None:
            return None
        if not options.makes:
            hint = "write `by_hand: {check: {" + issue.kind + ": {}}}`"
            self.problems.add(node.at_value(path), f"a {issue.kind} is made by a person", hint)
            return None
        return Found(issue, options.parts, options)

    def _by_hand(self, node: Node, path: str) -> Found | None:
        keys = fields(node, path, ("where", "steps", "check", "parts"), self.problems)
        if not isinstance(node.value, dict):
            return None
        where = text(keys["where"], f"{path}.where", self.problems) if "where" in keys else ""
        steps = tuple(one for one, _ in texts(keys.get("steps"), f"{path}.steps", self.problems))
        parts = tuple(one for one, _ in texts(keys.get("parts"), f"{path}.parts", self.problems)) or (VALUE,)
        if "check" not in keys:
            return Found(ByHand(where, steps, None, parts), parts)
        check, options = self._credential(keys["check"], f"{path}.check")
        if check is None or options is None:
            return None
        if "parts" in keys:
            place = keys["parts"].at_key(f"{path}.parts")
            self.problems.add(place, f"a {check.kind} has parts of its own", f"remove it: {', '.join(options.parts)}")
        return Found(ByHand(where, steps, check, options.parts), options.parts, options)

    def _credential(self, node: Node, path: str) -> tuple[Issue | None, type[IssueOptions] | None]:
        """One kind of credential with what is said of it."""
        if not isinstance(node.value, dict) or len(node.value) != 1:
            self.problems.add(node.at_value(path), "must name one kind of credential", "`{sendgrid.api-key: {}}`")
            return None, None
        ((kind, inner),) = node.value.items()
        own = f"{path}.{kind}"
        options = self.issues.get(kind)
        if options is None:
            hint = self.problems.nearest(kind, self.issues, "no platform makes or checks one")
            self.problems.add(inner.at_key(own), f"unknown kind of credential {named(kind)}", hint)
            return None, None
        if not isinstance(inner.value, dict):
            self.problems.add(inner.at_value(own), "must be a map of options", "`{}` where all are left out")
            return None, None
        said = dict(inner.value)
        account = self._account(said.pop(_ACCOUNT, None), kind, inner, own)
        values = {key: plain(one) for key, one in said.items()}
        try:
            options.model_validate(values)
        except ValidationError as error:
            self._tell(error, options, inner, own)
            return None, None
        return (
            (Issue(account, kind, {key: plain(one) for key, one in said.items()}), options) if account else (None, None)
        )

    def _account(self, node: Node | None, kind: str, inner: Node, path: str) -> str:
        """Whose the credential is, "" where the project has no such account on that platform."""
        account = text(node, f"{path}.{_ACCOUNT}", self.problems) if node is not None else self.account
        if self.project is None or not account:
            return account
        place = node.at_value(f"{path}.{_ACCOUNT}") if node is not None else inner.at_key(path)
        accounts = self.project.accounts
        if account not in accounts:
            if node is not None:  # the stack's own is told of where the stack says it
                hint = self.problems.nearest(account, accounts, "declare it in _project.yaml")
                self.problems.add(place, f"unknown account {named(account)}", hint)
            return ""
        platform = kind.partition(".")[0]
        if platform not in accounts[account]:
            hint = f"add it in _project.yaml, accounts.{account}, or say `account:` of another"
            self.problems.add(place, f"account {named(account)} has no {platform}", hint)
            return ""
        return account

    def _tell(self, error: ValidationError, options: type[IssueOptions], node: Node, path: str) -> None:
        for detail in error.errors(include_url=False, include_context=False, include_input=False):
            at, own, left = _walk(node, path, detail["loc"])
            if detail["type"] == "missing":
                self.problems.add(at.at_key(own), f"field {named(left)} is missing")
            elif detail["type"] == "extra_forbidden":
                known = (*options.model_fields, _ACCOUNT) if len(detail["loc"]) == 1 else ()
                word = str(detail["loc"][-1])
                self.problems.add(at.at_key(own), f"unknown key {named(word)}", self.problems.nearest(word, known))
            else:
                # What is written there is not repeated: somebody may have pasted the credential itself.
                message = detail["msg"].partition("Value error, ")[2] or detail["msg"]
                self.problems.add(at.at_value(own), message.replace("Input should be", "must be")[:300])


def _walk(node: Node, path: str, steps: tuple[int | str, ...]) -> tuple[Node, str, str]:
    """The deepest node on the way, its path, and the first step that could not be gone."""
    for step in steps:
        inner = _step(node, step)
        if inner is None:
            return node, path, str(step)
        node, path = inner, f"{path}.{step}"
    return node, path, ""


def _step(node: Node, step: int | str) -> Node | None:
    inner: Node | None = None
    if isinstance(node.value, dict):
        inner = node.value.get(str(step))
    elif isinstance(node.value, list) and isinstance(step, int) and step < len(node.value):
        inner = node.value[step]
    return inner


def _one_of() -> str:
    return "say one of " + ", ".join(f"`{key}`" for key in KEYS)
