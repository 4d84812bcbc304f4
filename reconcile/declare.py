"""What a Pulumi program calls: `estate = declare(pulumi.get_stack())`."""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from .assemble import Workshop
from .model.errors import Problem, ReconcileError, SpecError
from .model.spec import Tree
from .program.adoption import IMPORTS, Imports, only_imported
from .program.graph import Node, resources
from .settings import Settings
from .store.values import utc

if TYPE_CHECKING:
    from .program.register import Estate


NO_ID = "write that id there, beside the credentials; the vendor's dashboard shows it"


def declare(stack: str, root: Path | None = None) -> "Estate":
    """Registers everything that Pulumi builds of a stack. `root`: the repository; None: the working directory.

    Raises RunError where there is no such stack or it declares nothing, and where a secret that it names is not set:
    leaving it out would delete it.
    """
    from .program.register import register

    with _in_one_line(), Workshop(Settings.from_environment(root=(root or Path.cwd()).resolve())) as shop:
        refuse_other_writer(shop, stack)
        nodes, imports = nodes_of(shop, stack), imports_of(stack)
        if imports is None:
            return register(stack, nodes, shop.tree.revision)
        only = only_imported(nodes, imports.ids, imports.known)
        return register(stack, only, shop.tree.revision, imports.ids)


def refuse_other_writer(shop: Workshop, stack: str) -> None:
    """Live, the stack file says who writes. In a sandbox the world does, and our provider asks it.

    Raises ReconcileError.
    """
    spec = shop.tree.stacks.get(stack)
    if shop.world is None and spec is not None and spec.writer != "pulumi":
        raise ReconcileError(
            f"stacks/{stack}.yaml says `writer: {spec.writer}`, so Pulumi must not write there",
            advice=f"`trueup hand-over {stack} --to pulumi`, once a reviewed commit says `writer: pulumi`",
        )


@contextmanager
def _in_one_line() -> Iterator[None]:
    """A refusal as the SDK's own error. Of any other the engine shows a traceback, and not what to do."""
    from pulumi import RunError

    try:
        yield
    except ReconcileError as error:
        said = "; ".join(str(error).splitlines())
        raise RunError(f"{said} [trueup {error.exit_code}]; {error.advice}") from error


def imports_of(stack: str, environment: Mapping[str, str] = os.environ) -> Imports | None:
    """What `hand-over` wants imported, and nothing else registered; None for every other run. Raises ReconcileError."""
    name = environment.get(IMPORTS)
    if not name:
        return None
    try:
        return Imports.read(Path(name).read_text(), stack)
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise ReconcileError(
            f"${IMPORTS} names no file of `trueup hand-over` for {stack} ({type(error).__name__})",
            advice="unset it: only hand-over sets it",
        ) from None


def nodes_of(shop: Workshop, stack: str) -> tuple[Node, ...]:
    """What the program registers of a stack. Raises SpecError, ReconcileError."""
    tree, notes = shop.revealed()
    unset = [note.text for note in notes if note.stack == stack and not note.number]
    if unset:
        raise ReconcileError("; ".join(unset), advice="set it where pulumi runs: left out, it would be deleted")
    return nodes_in(shop, tree, stack, "an empty stack would delete everything")


def nodes_in(shop: Workshop, tree: Tree, stack: str, no_empty: str) -> tuple[Node, ...]:
    """The stack as the list that both the program and `eject` tell, from a tree with its secrets filled in.

    Raises SpecError where there is no such stack or it declares nothing, which `no_empty` says why it is refused, and
    ReconcileError where an account's id is missing.
    """
    spec = tree.stacks.get(stack)
    if spec is None:
        known = f"known: {', '.join(sorted(tree.stacks))}"
        raise SpecError([Problem(f"stacks/{stack}.yaml", 0, "", "there is no such stack", known)])
    try:
        nodes = resources(
            spec,
            project=tree.project.name,
            account_ids=account_ids(shop, spec.account),
            today=utc(shop.clock())[:10],
            releases=shop.releases,
        )
    except LookupError as error:
        raise ReconcileError(str(error.args[0]), advice=NO_ID) from error
    if not nodes:
        empty = "it declares nothing that Pulumi builds"
        raise SpecError([Problem(f"stacks/{stack}.yaml", 0, "", empty, no_empty)])
    return nodes


def account_ids(shop: Workshop, account: str) -> Mapping[str, str]:
    """The platforms' ids of an account, where the project pins them; a sandbox has its own."""
    if shop.world is not None:
        return {platform: key.id for platform, key in shop.world.accounts.get(account, {}).items()}
    accesses = shop.project.accounts.get(account, {})
    return {platform: access.id for platform, access in accesses.items() if access.id}
