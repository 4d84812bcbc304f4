"""What no stack file may say."""

from collections.abc import Iterator

from ..model.resource import Resource, is_pending
from ..model.secrecy import is_secret
from ..model.variable import EnvironmentVariable
from ..model.verdict import Decision, resource_rule


@resource_rule
def no_literal_secret(resource: Resource) -> Iterator[tuple[Decision, str]]:
    """A secret in a repository is everybody's who reads it, for good. What an output gives is no literal."""
    if not isinstance(resource, EnvironmentVariable) or resource.because:
        return
    value = resource.value
    if isinstance(value, str) and not is_pending(value) and is_secret(resource.name, value):
        told = "{exists: true}, {from_env: NAME} or, if it is none, {literal: …, because: …}"
        yield "deny", f"{resource.name} holds a secret in plain; write {told}"
