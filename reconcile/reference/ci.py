"""The three workflows of a repository: what its pull requests, its merges and its nights run."""

from collections.abc import Iterable
from importlib.resources import files

from ..model.spec import Project

WORKFLOWS = ("preview", "up", "drift")
FOLDER = ".github/workflows"
_INSTALL = '"@INSTALL@"'
_CREDENTIALS = '      "@CREDENTIALS@": ""\n'


def workflow(name: str, install: str, secrets: Iterable[str]) -> str:
    """One of `WORKFLOWS` as a file. `install` is the line that puts `trueup` into .venv/bin; `secrets` are the names of
    the repository's secrets that its jobs are given in the environment."""
    text = files(__package__).joinpath("workflows", f"{name}.yml").read_text()
    lines = "".join(f"      {one}: ${{{{ secrets.{one} }}}}\n" for one in sorted(set(secrets)))
    return text.replace(_INSTALL, install).replace(_CREDENTIALS, lines)


def secrets_of(project: Project) -> set[str]:
    """The names in the environment that a project's accounts and stacks take credentials and secrets from."""
    accesses = (access for account in project.accounts.values() for access in account.values())
    tokens = {one.token for one in project.migrations.values() if one.token}
    return {name for access in accesses for name in access.credentials.values()} | set(project.from_env) | tokens
