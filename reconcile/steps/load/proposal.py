"""What a pull request proposes: its stack files, and from here everything that could redirect ledger or credentials."""

from collections.abc import Mapping
from pathlib import Path, PurePosixPath

from ...model.errors import Problem, SpecError
from .opener import STACKS, at_revision, working_tree

PROJECT_FILE = "_project.yaml"


def proposal(root: Path, head: str) -> Mapping[str, bytes]:
    """Content by name inside the folder of the stack files: those of the commit `head`, and this tree's own
    `_project.yaml`, whatever the commit says there.

    Pulumi's own files are no stack files: the engine reads those of this tree. Raises SpecError where the commit is
    unknown, or holds what may not be read (a link, a device).
    """
    theirs, ours = at_revision(root, head), working_tree(root)
    files = {PurePosixPath(name).name: data for name, data in theirs.files().items()}
    own = ours.files().get(f"{STACKS}/{PROJECT_FILE}")
    problems = [*theirs.refused(), *ours.refused()]
    if own is None:
        problems.append(Problem(f"{STACKS}/{PROJECT_FILE}", 0, "", "not here", "run it in a checkout of the base"))
    if problems:
        raise SpecError(problems)
    assert own is not None
    return {**files, PROJECT_FILE: own}
