"""The several calls that one project takes, in their order.

Neither the node version nor the domains' rule can be said when a project is made, and the repository is linked and
its branch told by calls of their own (Terraform provider).
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from ...model.change import Change
from ...wire.rest import is_as_declared
from .kinds import Project


@dataclass(frozen=True)
class Step:
    """One of the calls that make a project as declared; `{}` of the path is its id. `done` tells it of what lives."""

    method: str
    path: str
    body: Any
    done: Callable[[Project], bool]


def steps_of(change: Change) -> list[Step]:
    """The calls of one project. Neither the node version nor the domains' rule can be said when it is made, and
    the repository is linked and its branch told by calls of their own (Terraform provider)."""
    want, have = change.after, change.before if isinstance(change.before, Project) else None
    assert isinstance(want, Project)
    one, steps = "/v9/projects/{}", list[Step]()
    git, was = want.git, have.git if have is not None else None
    later = want.settings() if have is not None else want.settings(at_birth=False)
    if have is None:
        body = want.settings(at_birth=True)
        body |= {"gitRepository": {"type": git.type, "repo": git.repo}} if git else {}
        steps.append(Step("POST", "/v11/projects", body, lambda live: True))
    if later and (have is None or not _settled(want, have)):
        steps.append(Step("PATCH", one, later, lambda live: _settled(want, live)))
    if git is None or git == was:
        return steps
    linked = (git.type, git.repo)
    if have is not None and (was is None or (was.type, was.repo) != linked):
        if was is not None:
            steps.append(Step("DELETE", f"{one}/link", None, lambda live: live.git is None))
        body = {"type": git.type, "repo": git.repo}
        steps.append(Step("POST", f"{one}/link", body, lambda live: _link(live) == linked))
    steps.append(Step("PATCH", f"{one}/branch", {"branch": git.branch}, lambda live: live.git == git))
    return steps


def _settled(want: Project, live: Project) -> bool:
    """Whether all but the repository is as declared."""
    return is_as_declared(want.model_copy(update={"git": None}), live)


def _link(live: Project) -> tuple[str, str] | None:
    return (live.git.type, live.git.repo) if live.git is not None else None
