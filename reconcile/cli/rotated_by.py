"""How a secret that changes on schedule is told beside what holds it."""

from collections.abc import Iterator
from typing import Any

from ..model.rotated import VALUE, ByHand, Issue, Secret
from ..model.spec import Declared, Tree
from ..model.variable import EnvironmentVariable


def source_of(secret: Secret) -> str:
    """Where its values come from."""
    if isinstance(secret.source, Issue):
        return f"{secret.source.kind} of {secret.source.account}"
    return "by hand" if isinstance(secret.source, ByHand) else "generated"


def rotated_by(one: Declared) -> str:
    """The secret that is rotated into a declared field, with its part; "" where none is."""
    resource = one.resource
    if not isinstance(resource, EnvironmentVariable) or resource.secret is None:
        return ""
    part = resource.part or VALUE
    return resource.secret + (f", part {part}" if part != VALUE else "")


def secrets_document(tree: Tree) -> dict[str, Any]:
    """Every secret by its name: how it moves, where its values come from, what holds it."""
    return {
        name: {
            "stack": one.stack,
            "strategy": one.strategy,
            "source": source_of(one),
            "consumers": [str(each) for each in one.consumers],
        }
        for name, one in tree.secrets.items()
    }


def secret_lines(tree: Tree) -> Iterator[str]:
    """The same for a person, a line each."""
    for name, one in tree.secrets.items():
        held = ", ".join(map(str, one.consumers)) or "nothing that is declared"
        yield f"secret {name}  {one.strategy}, {source_of(one)}, held by {held}"
