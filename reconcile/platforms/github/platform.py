"""Reading GitHub and writing its secrets.

A secret is sealed with its repository's public key on the way out. Sealing the same value twice gives two texts, so
nothing is ever written to see whether it is right.
"""

import base64
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any, ClassVar
from urllib.parse import quote

from pydantic import ValidationError

from ...model.change import Change, Outcome
from ...model.errors import Denied, PlatformError, RateLimited, Unavailable
from ...model.observation import Container, Gap, Observation, Scope, Seen
from ...model.platform import Credential, Rate, Running
from ...model.resource import Key, Resource
from ...model.secret import SecretText
from ...wire.calls import Call
from ...wire.rest import PARTIAL, RestPlatform, RestResource, bearer
from .kinds import Environment, EnvironmentSecret, HostVariable, Raw, Repository, Secret, Workflow, parted
from .reading import HEADERS, Reader, paced, read_error, repo
from .runs import BY_HAND, running, starts_of
from .sight import RIGHTS, SECRETS, Sight


class GitHub(RestPlatform):
    """The repositories that one token sees. Whose they are stands in their names, so there is no account to pin."""

    name: ClassVar[str] = "github"
    kinds: ClassVar[tuple[type[Resource], ...]] = (
        Repository,
        Environment,
        Workflow,
        Secret,
        EnvironmentSecret,
        HostVariable,
    )
    starts: ClassVar[frozenset[str]] = frozenset((Workflow.kind,))
    credentials: ClassVar[tuple[Credential, ...]] = (
        Credential(
            "token",
            "fine-grained token for the repositories named in the stacks: Secrets, Environments and Actions read and "
            "write, Contents and Metadata read",
            "https://github.com/settings/personal-access-tokens",
        ),
    )
    rate: ClassVar[Rate] = Rate(5_000, 3_600)
    """Of a person's token (docs, rate limits for the REST API)."""
    base_url: ClassVar[str] = "https://api.github.com"
    settle_seconds: ClassVar[float] = 5.0

    @staticmethod
    def authorization(credentials: Mapping[str, SecretText]) -> SecretText:
        """The value of the Authorization header."""
        return bearer(credentials["token"])

    @staticmethod
    def read_error(status: int, body: Any) -> tuple[str, str]:
        """See `reading`."""
        return read_error(status, body)

    @property
    def _reader(self) -> Reader:
        return Reader(self._client)

    def observe(self, scope: Scope) -> Observation:
        """What is asked for, side by side; everything that the token sees where nothing is."""
        at, sight = self._clock(), Sight(self._reader, self._account, self._list)
        found: dict[Container, list[Seen] | Gap] = {}
        asked = scope.containers
        if asked is None:
            found, asked = sight.all()
        found |= sight.told([one for one in asked if one.kind in RIGHTS])
        gaps = tuple(answer for answer in found.values() if isinstance(answer, Gap))
        seen = [one for answer in found.values() if not isinstance(answer, Gap) for one in answer]
        read = frozenset(where for where, answer in found.items() if not isinstance(answer, Gap))
        return Observation(self.name, self._account, at, tuple(seen), gaps, read)

    def apply(self, wave: Sequence[Change]) -> Iterator[Outcome]:
        """Secrets repository by repository: what goes, then one key, a call each, and one listing that tells when they
        were written. Of a host variable nothing is sent: its workflow writes it when it runs."""
        ours = [change for change in wave if issubclass(change.kind, SECRETS)]
        kept = list[Change]()
        for change, answer in self._send([one for one in ours if one.after is None or one.verb == "replace"]):
            outcome = self._gone(change, answer)
            if change.after is None or outcome.status != "done":
                yield outcome
            else:
                kept.append(change)
        kept += [one for one in ours if one.after is not None and one.verb != "replace"]
        places: dict[tuple[type[Resource], str], list[Change]] = defaultdict(list)
        for change in kept:
            places[change.kind, change.container].append(change)
        jobs = [partial(self._write, changes) for changes in places.values()]
        for outcomes in self._client.side_by_side(jobs) if jobs else ():
            yield from outcomes
        by_workflow: dict[str, list[Change]] = defaultdict(list)
        for change in wave:
            if change.kind is HostVariable:
                by_workflow[_about(change).workflow].append(change)
            elif change.kind.lookup:
                why = f"{change.kind.kind} is only looked up"
                yield Outcome(change, "failed", error=why, exit_code=PARTIAL)
        for workflow, changes in by_workflow.items():
            yield from self._left_to(workflow, changes)

    def predict(self, wave: Sequence[Change]) -> int:
        """A call each; for every repository or environment that is written to a key and a listing beside; for every
        workflow that writes on a host its file."""
        ours = [change for change in wave if issubclass(change.kind, SECRETS)]
        written = [change for change in ours if change.after is not None]
        places = {(change.kind, change.container) for change in written}
        on_hosts = [_about(one) for one in wave if one.kind is HostVariable and one.after is not None]
        gone = sum(change.after is None or change.verb == "replace" for change in ours)
        return gone + len(written) + 2 * len(places) + len({one.workflow for one in on_hosts})

    def path(self, kind: type[RestResource], container: str) -> str:
        if kind is not EnvironmentSecret:
            return kind.endpoint.path.replace("/repos/{}", repo(container))
        repository, _, environment = container.partition(":")
        return f"{repo(repository)}/environments/{quote(environment, safe='')}/secrets"

    def call(self, change: Change, *, making: bool) -> Call:
        """Only what deletes: what is written needs a key first. It is the same however often it is sent."""
        name = quote(change.id.rpartition("/")[2], safe="")
        path = f"{self.path(_kind(change), change.container)}/{name}"
        return Call("DELETE", path, headers=HEADERS)

    def running(self, units: Sequence[Resource]) -> Mapping[Key, Running]:
        """By the newest runs of each workflow on its ref."""
        known = [unit for unit in units if isinstance(unit, Workflow)]
        jobs = [partial(self._runs, unit) for unit in known]
        answers = self._client.side_by_side(jobs) if jobs else []
        return {unit.keys()[0]: running(starts_of(runs)) for unit, runs in zip(known, answers, strict=True)}

    def start(self, units: Sequence[Resource]) -> None:
        """Dispatches each. A dispatch that got no answer has begun where a newer run is there; else it counts as not
        begun and is not sent again here."""
        for unit in units:
            assert isinstance(unit, Workflow)
            before = self._newest_dispatch(unit)
            body: dict[str, Any] = {"ref": unit.ref, "return_run_details": True}
            body |= {"inputs": dict(unit.inputs)} if unit.inputs else {}
            try:
                self._client.send(Call("POST", f"{_of(unit)}/dispatches", json=body, headers=HEADERS))
            except Denied as refused:
                raise paced(refused) from None
            except Unavailable as unknown:
                if not unknown.unsure or not self._has_begun(unit, before):
                    raise

    def _has_begun(self, unit: Workflow, before: int) -> bool:
        for wait in (0.0, self._settle):
            if wait:
                self._sleep(wait)
            if self._newest_dispatch(unit) > before:
                return True
        return False

    def _newest_dispatch(self, unit: Workflow) -> int:
        """The id of the newest run that was started by a call; they only grow. 0: there is none."""
        params = {"branch": unit.ref, "event": BY_HAND}
        runs = self._reader.first(f"{_of(unit)}/runs", "workflow_runs", params)
        return max((int(run["id"]) for run in runs), default=0)

    def _runs(self, unit: Workflow) -> list[Raw]:
        return self._reader.first(f"{_of(unit)}/runs", "workflow_runs", {"branch": unit.ref})

    def _pages(self, kind: type[RestResource], container: str) -> tuple[dict[str, Seen], int]:
        path = self.path(kind, container)
        items, pages = self._reader.items(path, kind.endpoint.many)
        found: dict[str, Seen] = {}
        for item in items:
            one = self._seen(kind, item, container)
            if one.id in found:
                raise Unavailable(f"{path}: page shifted: {one.id} came twice", platform=self.name)
            found[one.id] = one
        return found, pages

    def _seen(self, kind: type[RestResource], item: Raw, container: str) -> Seen:
        resource = kind.answered({**item, kind.group_by: container})
        return Seen(kind.kind, f"{container}/{item['name']}", resource.keys()[0], resource)

    # Writing.

    def _gone(self, change: Change, answer: Any) -> Outcome:
        gone = replace(change, verb="delete", after=None)
        if isinstance(answer, Unavailable) and answer.unsure:
            return replace(self._look(gone, answer), change=change)
        error = paced(answer) if isinstance(answer, Denied) else answer
        return replace(self._outcome(gone, error), change=change)

    def _write(self, changes: Sequence[Change]) -> list[Outcome]:
        """All that goes to one place, one after another as GitHub asks for it. Raises nothing of the error tree."""
        kind, container = _kind(changes[0]), changes[0].container
        path = self.path(kind, container)
        try:
            key = self._reader.get(f"{path}/public-key")
            sealed = [self._body(change, key) for change in changes]
        except PlatformError as error:
            return [_failed(change, error) for change in changes]
        except (LookupError, TypeError, ValueError):
            odd = Unavailable(f"{path}/public-key: the answer is no key", platform=self.name)
            return [_failed(change, odd) for change in changes]
        outcomes = [self._put(path, change, body) for change, body in zip(changes, sealed, strict=True)]
        try:
            live = {one.id: one.resource for one in self._list(kind, container)}
        except (PlatformError, ValidationError, LookupError, TypeError):
            live = {}  # They are written; when, the next look tells.
        return [replace(one, resource=live.get(one.id, one.resource)) for one in outcomes]

    def _body(self, change: Change, key: Raw) -> dict[str, str] | None:
        """A sealed value with the key's id; None where there is no value to seal."""
        from nacl.public import PublicKey, SealedBox

        value = getattr(change.after, "value", None)
        if value is None:
            return None
        text = value.reveal() if isinstance(value, SecretText) else str(value)
        box = SealedBox(PublicKey(base64.b64decode(key["key"], validate=True)))
        return {"encrypted_value": base64.b64encode(box.encrypt(text.encode())).decode(), "key_id": str(key["key_id"])}

    def _put(self, path: str, change: Change, body: Mapping[str, str] | None) -> Outcome:
        """Writing a value again is writing it once, so that it may be repeated."""
        want = change.after
        assert isinstance(want, SECRETS)
        if body is None:
            return Outcome(change, "failed", error="there is no value to write", exit_code=PARTIAL)
        call = Call("PUT", f"{path}/{quote(want.name, safe='')}", json=body, headers=HEADERS, repeatable=True)
        try:
            self._client.send(call)
        except RateLimited as error:
            return _failed(change, error)
        except Unavailable as unknown:
            return self._unsure(change, unknown)
        except PlatformError as error:
            return _failed(change, paced(error) if isinstance(error, Denied) else error)
        told = want.model_copy(update={"value": None, "updated_at": None})
        return Outcome(change, "done", f"{change.container}/{want.name}", told)

    def _left_to(self, workflow: str, changes: Sequence[Change]) -> Iterator[Outcome]:
        """What a workflow writes is done as far as it can be done here, once its file says that it reads the secret."""
        kept = [change for change in changes if change.after is not None]
        for change in changes:
            if change.after is None:
                yield Outcome(change, "done", change.id)
        if not kept:
            return
        _, file, ref = parted(workflow)
        try:
            read = self._reader.file_of(*parted(workflow))
        except PlatformError as error:
            yield from (_failed(change, error) for change in kept)
            return
        for change in kept:
            want = _about(change)
            if want.source not in read.secrets:
                why = f"{file} does not read secrets.{want.source} on {ref}: nothing puts it into the file"
                yield Outcome(change, "failed", error=why, exit_code=PARTIAL)
            else:
                told = want.model_copy(update={"value": None, "version": read.version})
                yield Outcome(change, "done", want.container(), told)


def _of(unit: Workflow) -> str:
    return f"{repo(unit.repository)}/actions/workflows/{quote(unit.file, safe='')}"


def _about(change: Change) -> HostVariable:
    resource = change.after if change.after is not None else change.before
    assert isinstance(resource, HostVariable)
    return resource


def _failed(change: Change, error: PlatformError) -> Outcome:
    return Outcome(change, "failed", error=str(error), exit_code=max(error.exit_code, PARTIAL))


def _kind(change: Change) -> type[RestResource]:
    kind = change.kind
    assert issubclass(kind, SECRETS)
    return kind
