"""What a plan must not do without a word in the stack files: rename a thing, or leave an account."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

from ...model.change import Change
from ...model.errors import Problem, SpecError
from ...model.memory import Memory
from ...model.observation import Seen
from ...model.resource import Address
from ...model.spec import Declared, Place, Tree


def with_moves(memory: Memory, moved: Mapping[Place, Address]) -> Memory:
    """The memory with what is owned and was last applied under the names that the stacks now have for it."""
    if not moved:
        return memory
    applied = {}
    for (stack, address), row in memory.applied.items():
        place = Place(stack, moved.get(Place(stack, address), address))
        applied[place] = row if place.address == address else replace(row, address=place.address)
    owned = tuple(replace(row, address=moved[row.place]) if row.place in moved else row for row in memory.owned)
    return replace(memory, applied=applied, owned=owned)


def refuse_renames(changes: Sequence[Change], desired: Sequence[Declared], pairs: Mapping[Place, Seen]) -> None:
    """A delete of what is declared elsewhere, and not there yet, is a rename that nobody declared. Raises SpecError."""
    deleted = {(one.account, one.address.full_kind, one.key): one for one in changes if one.verb == "delete"}
    if not deleted:
        return
    problems = []
    for one in desired:
        other = deleted.get((one.account, one.address.full_kind, one.resource.keys()[0]))
        if other is None or one.place in pairs:
            continue
        if other.stack == one.stack:
            hint = f"add `moved:` with `{{from: {other.address}, to: {one.address}}}`"
        else:
            hint = f"it is stack {other.stack}'s: `trueup forget {other.address} --stack {other.stack}`, then adopt it"
        text = f"this plan would delete and create the same thing ({' '.join(other.key)})"
        problems.append(Problem(one.at.file, one.at.line, str(one.address), text, hint))
    if problems:
        raise SpecError(problems)


def refuse_new_account(tree: Tree, stacks: Collection[str], memory: Memory) -> None:
    """A stack that owns things in one account cannot just name another: they would be left behind. Raises SpecError."""
    behind: dict[tuple[str, str], int] = {}
    for row in memory.owned:
        spec = tree.stacks.get(row.stack)
        if spec is not None and row.stack in stacks and spec.account != row.account:
            behind[row.stack, row.account] = behind.get((row.stack, row.account), 0) + 1
    problems = [
        Problem(
            f"stacks/{stack}.yaml",
            0,
            "account",
            f"stack {stack} owns {count} things in account {account}",
            f"`trueup destroy` or `trueup forget` them while the stack still says `account: {account}`",
        )
        for (stack, account), count in sorted(behind.items())
    ]
    if problems:
        raise SpecError(problems)
