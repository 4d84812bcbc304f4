"""Who holds which secret: every variable that says `{secret: name}`, over all stacks."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import cast

from ...model.resource import Address, Key
from ...model.rotated import NO_PREVIOUS, TWO_VALUES, VALUE, Consumer, Secret
from ...model.spec import Declared
from ...model.spec import Place as DeclaredPlace
from ...model.variable import EnvironmentVariable
from .problems import Problems, named
from .secrets import Entry
from .stack import SECRETS, Draft, Stack
from .tree import line_of

SECRET = "secret"
SUFFIX = "_PREVIOUS"
"""What the name of a variable ends in that holds the second accepted value, where the stack says no other."""
_VALUED = ("value", "literal", "from_env", "exists")


def refuse_values(drafts: Iterable[Draft], problems: Problems) -> None:
    """What is rotated has no value in a stack file, not even from a base."""
    for draft in _rotated(drafts):
        said = draft.fields[SECRET]
        if not isinstance(said.value, str):
            draft.silent.add("value")  # the model says what is wrong with the name, and no more
        for key in _VALUED:
            node = draft.fields.get(key)
            if node is None or node.value in (None, False):
                continue
            message = f"`{key}` beside `secret` ({line_of(said)}): a rotated variable is given no value"
            problems.add(node.at_key(f"{draft.path}.{key}"), message, "keep one of them")
            draft.silent.add("value")


def join(
    stacks: Mapping[str, Stack], entries: Mapping[str, Entry], problems: Problems
) -> tuple[dict[str, Secret], Mapping[str, Sequence[Declared]]]:
    """Every secret with its consumers, and by stack what stands beside them for the second accepted value."""
    drafts = [draft for _, stack in sorted(stacks.items()) for draft in stack.all()]
    joining = _Joining(drafts, problems)
    held: dict[str, list[Consumer]] = defaultdict(list)
    named_somewhere: set[str] = set()
    for draft in _rotated(drafts):
        node = draft.fields[SECRET]
        if not isinstance(node.value, str):
            continue  # the model says what is wrong with it
        entry = entries.get(node.value)
        if entry is None:
            hint = problems.nearest(node.value, entries) or "declare it under `secrets:` of a stack"
            problems.add(node.at_value(f"{draft.path}.{SECRET}"), f"no secret {named(node.value)}", hint)
            continue
        named_somewhere.add(entry.name)
        if draft.declared is not None and entry.secret is not None:
            held[entry.name].extend(joining.consumers(draft, draft.declared, entry, entry.secret))
    joining.refuse_taken()
    found = {}
    for name, entry in sorted(entries.items()):
        if entry.secret is None:
            continue
        if name not in named_somewhere and entry.secret.strategy != "manual":
            hint = "a variable says `{secret: " + name + "}`; or remove it"
            problems.add(entry.node.at_key(entry.path), f"nothing holds secret {named(name)}", hint)
        found[name] = replace(entry.secret, consumers=tuple(dict.fromkeys(held[name])))
        _check_units(entry, found[name], problems)
    return found, joining.beside


def _rotated(drafts: Iterable[Draft]) -> Iterator[Draft]:
    return (one for one in drafts if issubclass(one.cls, EnvironmentVariable) and SECRET in one.fields)


class _Joining:
    """Makes consumers of variables, one by one, and keeps what stands beside them."""

    def __init__(self, drafts: Sequence[Draft], problems: Problems) -> None:
        self.beside: dict[str, list[Declared]] = defaultdict(list)
        self._drafts = drafts
        self._problems = problems
        self._second: list[tuple[Draft, Declared]] = []

    def consumers(self, draft: Draft, one: Declared, entry: Entry, secret: Secret) -> Iterator[Consumer]:
        """None where something is wrong, told; several where several units read the one field."""
        resource = cast(EnvironmentVariable, one.resource)
        part = self._part(draft, resource, entry)
        well, second = self._beside(draft, one, resource, secret)
        if part is None or not well:
            return
        if second is not None:
            self.beside[one.stack].append(second)
            self._second.append((draft, second))
        previous = second.address if second is not None else None
        shared = type(resource).is_read_by is not EnvironmentVariable.is_read_by
        for unit in self._readers(draft, resource, second) if shared else self._unit(draft):
            key = "/".join(resource.keys()[0])
            yield Consumer(one.stack, one.account, one.address, part, previous, unit, shared, key)

    def _part(self, draft: Draft, resource: EnvironmentVariable, entry: Entry) -> str | None:
        part = resource.part or VALUE
        if part in entry.parts:
            return part
        told = f"secret {named(entry.name)} has parts {', '.join(entry.parts)}"
        if resource.part is None:
            self._problems.add(draft.place(SECRET), f"{told}: say which", "`{secret: name, part: …}`")
        else:
            hint = self._problems.nearest(part, entry.parts)
            self._problems.add(draft.place("part"), f"no part {named(part)}: {told}", hint)
        return None

    def _beside(
        self, draft: Draft, one: Declared, resource: EnvironmentVariable, secret: Secret
    ) -> tuple[bool, Declared | None]:
        """Whether all is well, and what takes the second value; None where there is no place for one."""
        wish = resource.previous
        if wish == NO_PREVIOUS:
            return True, None
        if secret.strategy not in TWO_VALUES:
            if wish is not None:
                message = f"`{secret.strategy}` of secret {named(secret.name)} leaves no second value here"
                self._problems.add(draft.place("previous"), message, "remove it")
            return wish is None, None
        name = wish or f"{resource.name}{SUFFIX}"
        if not draft.cls.logical_name.match(name):
            hint = "a variable's name, or `none` where there is no place for one"
            self._problems.add(draft.place("previous"), f"{named(name)} is no name for a variable", hint)
            return False, None
        leaf = name if one.address.leaf == resource.name else f"{one.address.leaf}{SUFFIX}"
        full = f"{draft.group}/{leaf}" if draft.group else leaf
        address = Address(one.address.platform, one.address.kind, full)
        said = resource.model_dump(by_alias=False, exclude_unset=True) | {"name": name, "previous": NO_PREVIOUS}
        copied = type(resource).remembered(said)  # by its model: a platform may write names its own way
        return True, replace(one, address=address, resource=copied, covers=(), pinned="", beside=one.address)

    def _unit(self, draft: Draft) -> Iterator[DeclaredPlace]:
        """What must start anew to read a field."""
        field = draft.cls.starts_by or draft.cls.group_by
        targets = [target for (name, _), target in draft.names.items() if name == field]
        if not targets:
            message = f"a rotated value reaches nothing until something starts: `{field}` is missing"
            self._problems.add(draft.node.at_key(draft.path), message, f"say it by `{field}`")
        yield from (DeclaredPlace(target.stack, target.address) for target in targets)

    def _readers(self, draft: Draft, shared: EnvironmentVariable, second: Declared | None) -> Iterator[DeclaredPlace]:
        """What runs with a variable that takes its value from a shared one, and from the second value beside it."""
        units = self._reading(draft, shared)
        if not units:
            hint = "an instance has a variable that refers to it; without one, declare it where it is read"
            self._problems.add(draft.node.at_key(draft.path), f"nothing declared reads {named(shared.name)}", hint)
        if second is not None:
            both = self._reading(draft, cast(EnvironmentVariable, second.resource))
            for unit, reader in units.items():
                if unit not in both:
                    name = named(str(getattr(second.resource, "name", "")))
                    message = f"reads {named(shared.name)} and not {name}, where the second accepted value stands"
                    hint = f"refer to {name} too, or say `previous: none` at {draft.address}"
                    self._problems.add(reader.node.at_key(reader.path), message, hint)
        yield from units

    def _reading(self, draft: Draft, shared: EnvironmentVariable) -> dict[DeclaredPlace, Draft]:
        found: dict[DeclaredPlace, Draft] = {}
        for other in self._drafts:
            if other.declared is None or other.account != draft.account:
                continue
            resource = other.declared.resource
            if isinstance(resource, EnvironmentVariable) and shared.is_read_by(resource):
                for unit in self._unit(other):
                    found.setdefault(unit, other)
        return found

    def refuse_taken(self) -> None:
        """A stack that declares what only a rotation writes, and two rotations that would write one variable."""
        taken: dict[tuple[str, str, Key], Draft] = {}
        for draft, second in self._second:
            key = _key(second)
            other = taken.setdefault(key, draft)
            if other is not draft:
                message = f"the second value of {other.address} ({line_of(other.node)}) stands in {key[2][-1]} too"
                hint = "say `previous: OTHER_NAME` at one of them"
                self._problems.add(draft.node.at_key(draft.path), message, hint)
        for draft in self._drafts if taken else ():
            rotated = taken.get(_key(draft.declared)) if draft.declared is not None else None
            if rotated is not None:
                name = draft.fields[SECRET].value if SECRET in draft.fields else rotated.fields[SECRET].value
                message = (
                    f"stands where {rotated.address} ({line_of(rotated.node)}) holds its second value while it rotates"
                )
                hint = f"remove it, or say `previous: OTHER_NAME` or `previous: none` there (secret {name})"
                self._problems.add(draft.node.at_key(draft.path), message, hint)


def _key(one: Declared) -> tuple[str, str, Key]:
    return one.account, one.address.full_kind, one.resource.keys()[0]


def _check_units(entry: Entry, secret: Secret, problems: Problems) -> None:
    """Addresses that a probe speaks for are units of the secret."""
    units = [str(unit) for unit in secret.units]
    assert isinstance(entry.node.value, dict)
    proofs = entry.node.value.get("prove")
    for index, inner in enumerate(proofs.value if proofs is not None and isinstance(proofs.value, list) else ()):
        unit = inner.value.get("unit") if isinstance(inner.value, dict) else None
        if unit is not None and isinstance(unit.value, str) and unit.value not in units:
            hint = problems.nearest(unit.value, units)
            place = unit.at_value(f"{SECRETS}.{secret.name}.prove.{index}.unit")
            problems.add(place, f"{named(unit.value)} holds nothing of this secret", hint)
