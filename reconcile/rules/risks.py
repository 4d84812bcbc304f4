"""What is allowed, and will hurt one day."""

from collections.abc import Iterator

from ..model.resource import Resource
from ..model.verdict import Decision, resource_rule


@resource_rule
def known_risks(resource: Resource) -> Iterator[tuple[Decision, str]]:
    """Each kind knows its own: what it says is told and hinders nothing."""
    for risk in resource.risks():
        yield "warn", risk
