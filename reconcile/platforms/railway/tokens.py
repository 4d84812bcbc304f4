"""Project tokens: credentials of one environment, told once, known afterwards by name alone.

Making one answers with its value and no id: it is looked for by its name, which no other has.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from pydantic import Field

from ...model.errors import Denied, Missing, PlatformError, Unavailable
from ...model.issuing import Found, IssueOptions, Minted, Value
from ...model.rotated import VALUE
from ...model.secret import SecretText
from ...wire.trial import travels
from . import documents
from .graph import Graph
from .reader import Project

HEADER = "Project-Access-Token"


class ProjectTokenOptions(IssueOptions):
    """A token that opens one environment of one project."""

    environment: str = Field(pattern="^[^/]+/.+$", description="its path", examples=["bilko/production"])


class ProjectTokens:
    """Makes, lists, ends and checks the tokens of one environment. How many there may be is told nowhere."""

    makes: bool = True
    in_place: bool = False
    ceiling: int | None = None

    def __init__(self, graph: Graph, projects: Callable[[], Sequence[Project]], options: ProjectTokenOptions) -> None:
        self._graph = graph
        self._projects = projects
        self._options = options

    def mint(self, name: str) -> Minted:
        """Raises PlatformError; unsure also where it was made and cannot be found."""
        where = self._where()
        told = self._graph.ask(documents.PROJECT_TOKEN_CREATE, i={**where, "name": name})["projectTokenCreate"]
        try:
            made = [one for one in self._listed(where) if one["name"] == name]
        except PlatformError as error:
            why = f"the token {name} was made, and not found: {error}"
            raise Unavailable(why, unsure=True, platform="railway") from None
        if len(made) != 1 or not isinstance(told, str):
            why = f"{len(made)} tokens are called {name}, of which one was made now"
            raise Unavailable(why, unsure=True, platform="railway")
        return Minted(str(made[0]["id"]), {VALUE: SecretText(told, name)})

    def find(self, prefix: str) -> Sequence[Found]:
        """Raises PlatformError."""
        found = [one for one in self._listed(self._where()) if str(one["name"]).startswith(prefix)]
        return [Found(str(one["id"]), str(one["name"]), str(one["createdAt"])) for one in found]

    def revoke(self, id: str, value: Value | None) -> None:
        """Raises PlatformError. What is refused, or lost, is looked for: one that is not listed is gone."""
        try:
            self._graph.ask(documents.PROJECT_TOKEN_DELETE, id=id)
        except (Denied, Missing, Unavailable) as error:
            lost = not isinstance(error, Unavailable) or error.unsure
            # Railway says that there is no such token in the words in which it refuses a credential.
            if not lost or any(one["id"] == id for one in self._listed(self._where())):
                raise

    def takes(self, value: Value) -> bool | None:
        """Whether the token tells its own environment, and that it is ours. Raises PlatformError."""
        if not travels(value[VALUE]):
            return False
        # Without the account's own credential, which would answer for itself.
        headers: Mapping[str, str | SecretText] = {"Authorization": "", HEADER: value[VALUE]}
        try:
            told = self._graph.ask_as(headers, documents.PROJECT_TOKEN)["projectToken"]
        except Denied:
            return False
        return bool({"projectId": told["projectId"], "environmentId": told["environmentId"]} == self._where())

    def _where(self) -> dict[str, str]:
        """Raises PlatformError."""
        name, _, environment = self._options.environment.partition("/")
        for project in self._projects():
            place = project.environment(environment)
            if project.name == name and place is not None:
                return {"projectId": project.id, "environmentId": place.id}
        raise Missing(f"there is no environment {self._options.environment}", platform="railway")

    def _listed(self, where: Mapping[str, str]) -> list[Mapping[str, Any]]:
        """All pages. Raises PlatformError."""
        nodes: list[Mapping[str, Any]] = []
        after: str | None = None
        while True:
            page = self._graph.ask(documents.PROJECT_TOKENS, p=where["projectId"], after=after)["projectTokens"]
            nodes += [edge["node"] for edge in page["edges"]]
            if not page["pageInfo"]["hasNextPage"]:
                break
            after = page["pageInfo"]["endCursor"]
        if len({one["id"] for one in nodes}) != len(nodes):
            raise Unavailable("page shifted: the project's tokens hold one twice", platform="railway")
        return [one for one in nodes if one["environmentId"] == where["environmentId"]]
