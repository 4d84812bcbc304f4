"""What lives on GitHub, listing by listing. What could not be read is a gap."""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from pydantic import ValidationError

from ...model.errors import Denied, PlatformError, RateLimited
from ...model.observation import Container, Gap, Seen
from ...wire.rest import REFUSED_TOKEN, RestResource
from .kinds import Environment, EnvironmentSecret, HostVariable, Raw, Repository, Secret, Workflow, parted
from .reading import Reader, hidden, repo

Found = Mapping[Container, list[Seen] | Gap]
SECRETS = (Secret, EnvironmentSecret)
RIGHTS: Mapping[str, str] = {
    Repository.kind: "Metadata: read",
    Environment.kind: "Actions: read",
    Workflow.kind: "Actions: read",
    Secret.kind: "Secrets: read",
    EnvironmentSecret.kind: "Environments: read",
    HostVariable.kind: "Contents: read",
}
"""What a 403 on a listing lacks, in GitHub's words for the rights of a fine-grained token."""


@dataclass(frozen=True)
class Sight:
    """Looks for one account. `secrets` lists those of a repository or an environment."""

    reader: Reader
    account: str
    secrets: Callable[[type[RestResource], str], list[Seen]]

    def all(self) -> tuple[dict[Container, list[Seen] | Gap], frozenset[Container]]:
        """Every repository that the token sees, and the listings that stand in those that are not archived."""
        top = Container(Repository.kind)
        try:
            repositories = self._repositories("")
            names = [str(one.key[0]) for one in repositories if not getattr(one.resource, "archived", False)]
            environments = self.reader.client.side_by_side([partial(self._environments, name) for name in names])
        except (PlatformError, ValidationError, LookupError, TypeError) as error:
            return {top: self._hidden(top, error)}, frozenset()
        found: dict[Container, list[Seen] | Gap] = {top: repositories}
        found |= {Container(Environment.kind, name): told for name, told in zip(names, environments, strict=True)}
        inside = {Container(Secret.kind, name) for name in names}
        for told in environments:
            places = () if isinstance(told, Gap) else told
            inside |= {Container(EnvironmentSecret.kind, one.resource.contents()) for one in places}
        return found, frozenset(inside)

    def told(self, asked: Sequence[Container]) -> Found:
        """One call tells all environments, or all workflows, of a repository, and all that one workflow reads."""
        calls: list[tuple[list[Container], Callable[[], Mapping[Container, list[Seen]]]]] = []
        by_call: dict[tuple[str, str], list[Container]] = defaultdict(list)
        for one in sorted(asked):
            by_call[one.kind, _asked_of(one)].append(one)
        for (kind, where), places in by_call.items():
            calls.append((places, partial(self._listing, kind, where, places)))
        found: dict[Container, list[Seen] | Gap] = {}
        answers = self.reader.client.side_by_side([partial(self._safely, *call) for call in calls]) if calls else []
        for answer in answers:
            found |= answer
        return found

    def _safely(self, places: Sequence[Container], read: Callable[[], Mapping[Container, list[Seen]]]) -> Found:
        try:
            return read()
        except (PlatformError, ValidationError, LookupError, TypeError) as error:
            return {one: self._hidden(one, error) for one in places}

    def _listing(self, kind: str, where: str, places: Sequence[Container]) -> Mapping[Container, list[Seen]]:
        """What stands in some places, all told by one listing. Raises PlatformError, and what an odd answer raises."""
        if kind in (Secret.kind, EnvironmentSecret.kind):
            return {one: self.secrets(_SECRETS[kind], one.name) for one in places}
        if kind == Repository.kind:
            return {one: self._repositories(one.name) for one in places}
        if kind == Environment.kind:
            live = {one.resource.referred_as(): one for one in self._environments_of(where)}
            return {one: [live[one.name]] if one.name in live else [] for one in places}
        if kind == Workflow.kind:
            files = {one["path"].rpartition("/")[2]: one for one in self._workflows_of(where)}
            named = {one: files.get(parted(one.name)[1]) for one in places}
            return {one: [_workflow(item, one.name)] if item is not None else [] for one, item in named.items()}
        return self._on_host(where, places)

    def _on_host(self, workflow: str, places: Sequence[Container]) -> Mapping[Container, list[Seen]]:
        wanted = [one for one in places if "#" in one.name]
        if not wanted:
            # What a workflow writes is told by name alone: else every secret that it reads would be shown as a stray.
            return {one: [] for one in places}
        file = self.reader.file_of(*parted(workflow))
        there = (
            file.secrets & self._secrets_for(parted(workflow)[0], file.environments) if file.secrets else frozenset()
        )
        found: dict[Container, list[Seen]] = {}
        for one in places:
            name = one.name.partition("#")[2]
            found[one] = [_on_host(workflow, name, file.version)] if name in there else []
        return found

    def _secrets_for(self, repository: str, environments: frozenset[str]) -> frozenset[str]:
        """The names of the secrets that a run may read. What is not there is written as nothing."""
        found = self.secrets(Secret, repository)
        for name in sorted(environments):
            found = [*found, *self.secrets(EnvironmentSecret, f"{repository}:{name}")]
        return frozenset(one.key[-1] for one in found)

    def _repositories(self, name: str) -> list[Seen]:
        """One by its name, or all that the token sees."""
        if name:
            return [_repository(self.reader.get(repo(name)), name)]
        return [_repository(item) for item in self.reader.items("/user/repos")[0]]

    def _environments(self, repository: str) -> list[Seen] | Gap:
        where = Container(Environment.kind, repository)
        answer = self._safely([where], lambda: {where: self._environments_of(repository)})
        return answer[where]

    def _environments_of(self, repository: str) -> list[Seen]:
        items, _ = self.reader.items(f"{repo(repository)}/environments", "environments")
        resources = [Environment.answered({**item, "repository": repository}) for item in items]
        return [Seen(one.kind, one.referred_as(), one.keys()[0], one) for one in resources]

    def _workflows_of(self, repository: str) -> list[Raw]:
        return self.reader.items(f"{repo(repository)}/actions/workflows", "workflows")[0]

    def _hidden(self, where: Container, error: Exception) -> Gap:
        name = where.name or "*"
        if isinstance(error, Denied) and error.code.startswith(REFUSED_TOKEN):
            return Gap(self.account, where.kind, name, str(error), exit_code=Denied.exit_code)
        if not isinstance(error, PlatformError):
            return Gap(self.account, where.kind, name, f"an answer cannot be read: {type(error).__name__}")
        why, right = hidden(error, RIGHTS[where.kind])
        code = RateLimited.exit_code if isinstance(error, RateLimited) else 17
        return Gap(self.account, where.kind, name, why, right, code)


_SECRETS: Mapping[str, type[RestResource]] = {kind.kind: kind for kind in SECRETS}


def _asked_of(where: Container) -> str:
    """What one call is about, of what stands in a place."""
    if where.kind == Environment.kind:
        return where.name.partition(":")[0]
    if where.kind == Workflow.kind:
        return parted(where.name)[0]
    return where.name.partition("#")[0] if where.kind == HostVariable.kind else where.name


def _repository(item: Raw, asked: str = "") -> Seen:
    """By the name it was asked for: GitHub tells small letters from large ones only in what it shows."""
    told = str(item["full_name"])
    name = asked if asked.lower() == told.lower() else told
    resource = Repository.answered({**item, "name": name})
    return Seen(resource.kind, str(item["id"]), resource.keys()[0], resource)


def _workflow(item: Raw, referred: str) -> Seen:
    repository, file, ref = parted(referred)
    resource = Workflow.answered({"repository": repository, "file": file, "ref": ref, "state": item["state"]})
    return Seen(resource.kind, f"{item['id']}@{ref}", resource.keys()[0], resource)


def _on_host(workflow: str, name: str, version: str) -> Seen:
    resource = HostVariable.answered({"workflow": workflow, "name": name, "version": version})
    return Seen(resource.kind, resource.container(), resource.keys()[0], resource)
