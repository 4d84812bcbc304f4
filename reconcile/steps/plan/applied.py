"""What was last applied, as desired state: what drift is measured against."""

from collections.abc import Collection, Iterable, Mapping

from pydantic import ValidationError

from ...model.memory import Applied, Memory
from ...model.observation import Gap
from ...model.resource import Resource, Secret
from ...model.secret import SecretText
from ...model.spec import Declared, Location, Place, Tree
from .diff import as_json

Kinds = Mapping[str, type[Resource]]


def resource_of(row: Applied, kinds: Kinds, declared: Declared | None = None) -> Resource | None:
    """The resource as it was applied; None where this version can no longer read it.

    The ledger holds no secret, so a secret comes from what is declared, where the fingerprint is still the same.
    """
    kind = kinds.get(row.address.full_kind)
    if kind is None:
        return None
    secrets = {}
    if row.prints and declared is not None:
        prints = declared.resource.prints()
        secrets = {name: getattr(declared.resource, name) for name in prints if row.prints.get(name) == prints[name]}
    try:
        return kind.remembered({**row.fields, **secrets})
    except ValidationError:
        return None


def remembers(row: Applied, declared: Declared) -> bool:
    """Whether the history holds exactly what is declared, secrets aside."""
    resource = declared.resource
    secret = resource.having(Secret)
    told = {name: getattr(resource, name) for name in resource.comparable() if name not in secret}
    names = [name for name, value in told.items() if value is not None and not isinstance(value, SecretText)]
    return (
        row.fields.keys() == set(names)
        and all(
            row.fields[name] == getattr(resource, name) or row.fields[name] == as_json(resource, name) for name in names
        )
        and row.references == declared.references
        and row.prints.items() >= resource.prints().items()
    )


def last_applied(
    tree: Tree, memory: Memory, kinds: Kinds, stacks: Iterable[str], targets: Mapping[Place, Collection[Place]]
) -> tuple[dict[tuple[str, object], Declared], list[Gap]]:
    """Every owned thing of some stacks as it was last applied, by (stack, address), and what cannot be said.

    What it referred to stays a reference, to what is declared or, by `targets`, was meant. A stack that declares
    something and has no history at all is a gap: nothing was applied yet.
    """
    wanted = set(stacks)
    owned = {row.place: row for row in memory.owned}
    found: dict[tuple[str, object], Declared] = {}
    gaps: list[Gap] = []
    for key, row in memory.applied.items():
        if row.stack not in wanted or key not in owned:
            continue
        spec = tree.stacks.get(row.stack)
        declared = spec.declared.get(row.address) if spec else None
        resource = resource_of(row, kinds, declared)
        if resource is None:
            gaps.append(Gap(owned[key].account, row.address.full_kind, "*", f"{row.address}: history is unreadable"))
            continue
        found[key] = Declared(
            stack=row.stack,
            account=owned[key].account,
            address=row.address,
            resource=resource,
            at=declared.at if declared else Location("(no longer declared)", 0),
            references=row.references,
            needs=(*(declared.needs if declared else ()), *sorted(targets.get(row.place, ()))),
            pinned=declared.pinned if declared else "",
        )
    for name in sorted(wanted):
        spec = tree.stacks.get(name)
        declares = spec is not None and any(not one.resource.only_seen for one in spec.declared.values())
        if spec is not None and declares and not any(stack == name for stack, _ in found):
            gaps.append(Gap(spec.account, "*", "*", f"stack {name} was never applied or adopted: no drift to tell"))
    return found, gaps
