"""The rules on a resource as a policy pack: `pulumi preview --policy-pack policies`."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..model.resource import Resource
from ..model.secret import SecretText
from ..model.spec import Declared, Place
from ..model.verdict import Decision, ResourceRule, is_resource_rule, name_of
from ..platforms import issues, kinds
from ..rules import of_repository, shipped
from ..settings import Settings
from ..steps.load import Source, load, working_tree
from ..steps.load.project import FILE
from ..wire import Redactor
from .registered import registered
from .tokens import Urn, address_of, by_token

NAME = "trueup"


@dataclass(frozen=True)
class Finding:
    """What a rule says of one registered resource."""

    rule: str
    decision: Decision
    reason: str


@dataclass(frozen=True)
class Pack:
    """Every rule on a resource, shipped and the repository's, and what they are asked of.

    `declared` is what the stack files say, empty where there are none: a program may be somebody's own.
    """

    rules: tuple[ResourceRule, ...]
    types: Mapping[str, type[Resource]]
    declared: Mapping[Place, Declared]

    @classmethod
    def of(cls, folder: Path) -> "Pack":
        """The pack of a repository's `policies/`. Raises SpecError where a rule or a stack file does not load."""
        settings = Settings.from_environment(root=folder.resolve().parent)
        said = said_in(working_tree(settings.root, settings.stacks_dir))
        found = (*shipped(), *of_repository(folder))
        return cls(tuple(one for one in found if is_resource_rule(one)), by_token(kinds()), said)

    def findings(self, type: str, urn: str, inputs: Mapping[str, Any]) -> Iterator[Finding]:
        """What every rule says of one; nothing of a type that is none of ours. `inputs`: decoded."""
        kind = self.types.get(type)
        if kind is None:
            return
        parts = Urn.parse(urn)
        one = registered(kind, inputs, self.declared.get(Place(parts.stack, address_of(kind, parts.name))))
        redactor = Redactor(_secrets(inputs))
        for rule in self.rules:
            name = name_of(rule)
            said: list[tuple[Decision, str]]
            try:
                said = [(decision, reason) for decision, reason in rule(one.resource) if decision != "allow"]
            except Exception as error:
                # A rule that fails on what it can see guards nothing: that must not pass for consent.
                fails = f"this rule fails: {error.__class__.__name__}"
                waits = f"not judged before all its values are known: {error.__class__.__name__}"
                said = [("deny", fails) if one.whole else ("warn", waits)]
            yield from (Finding(name, decision, redactor.text(reason)) for decision, reason in said)


def said_in(source: Source) -> dict[Place, Declared]:
    """Everything that stack files declare; nothing where there are none. Raises SpecError."""
    if f"{source.folder}/{FILE}" not in source.files():
        return {}
    return {one.place: one for one in load(source, kinds(), issues()).declared()}


def _secrets(value: Any) -> Iterator[SecretText]:
    if isinstance(value, SecretText):
        yield value
    elif isinstance(value, Mapping):
        for each in value.values():
            yield from _secrets(each)
    elif isinstance(value, list):
        for each in value:
            yield from _secrets(each)
