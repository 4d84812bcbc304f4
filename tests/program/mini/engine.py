"""The commands of an engine over one stack."""

import traceback
from collections.abc import Callable, Collection, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import Any

from google.protobuf.struct_pb2 import Struct

from reconcile.program.properties import decode

from .building import Building, refuse_protected, remove
from .one import One
from .providers import Call, Connections, Launch, Refused
from .recorder import make_urn
from .runner import Program, run
from .state import Entry, State, concealed
from .told import CHANGED, DONE, FAILED, Adopted, Op, Told

_READS_AT_ONCE = 8


@dataclass
class MiniEngine:
    """One stack, the program that declares it and the providers that build it. See the package for its commands."""

    program: Program
    launches: Mapping[str, Launch]
    """Package of a type to its provider."""
    project: str = "runbooks"
    stack: str = "test"
    zones: Mapping[str, str] = field(default_factory=dict)
    """Domain to id, where no provider of Cloudflare is given to look them up."""
    state: State = field(default_factory=State)
    calls: list[Call] = field(default_factory=list)
    """What the last command asked its providers."""
    failure: str = ""
    """The trace of what ended the last command; for whoever looks for the fault in a test."""

    def up(self, *, refresh: bool = False, targets: Collection[str] = (), expect_no_changes: bool = False) -> Told:
        """Builds. Like the real one it applies, and only then says that no change was expected."""
        return self._build(False, refresh, targets, expect_no_changes)

    def preview(self, *, refresh: bool = False, targets: Collection[str] = (), expect_no_changes: bool = False) -> Told:
        """What `up` would do; writes nothing anywhere."""
        return self._build(True, refresh, targets, expect_no_changes)

    def refresh(self, *, preview_only: bool = False, expect_no_changes: bool = False) -> Told:
        """Takes what lives into the state, drift included; the program is not run."""
        work = self.state.copy()
        refreshed: list[Op] = []

        def read(providers: Connections) -> None:
            self._read(providers, work, frozenset(), refreshed)

        error = self._with_providers(read)
        if not error and not preview_only:
            self.state = work
        code = FAILED if error else CHANGED if refreshed and expect_no_changes else DONE
        return Told((), code, error, tuple(refreshed))

    def destroy(self) -> Told:
        """Deletes everything, unless something is protected."""
        ops: list[Op] = []

        def delete(providers: Connections) -> None:
            entries = list(reversed(self.state.entries.values()))
            refuse_protected(entries)
            while self.state.condemned:
                remove(providers, self.state.condemned[-1])
                self.state.condemned.pop()
            for one in entries:
                remove(providers, one)
                ops.append(Op("delete", one.urn))
                self.state.drop(one.urn)

        error = self._with_providers(delete)
        return Told(tuple(ops), FAILED if error else DONE, error)

    def import_(self, wanted: Iterable[Adopted], *, protect: bool = True) -> Told:
        """`pulumi import`: takes what lives into the state; the program is not run."""
        ops: list[Op] = []

        def adopt(providers: Connections) -> None:
            for each in wanted:
                urn = make_urn(self.stack, self.project, each.parent, each.type, each.name)
                one = One(providers.of(each.type), urn, each.type, each.name)
                live = one.read(each.id, None)
                if live is None:
                    raise Refused(f"resource '{each.id}' does not exist")
                inputs = one.check(live.inputs, live.inputs)
                one.diff(live.id, live.outputs, live.inputs, inputs)
                adopted = replace(live, inputs=inputs, parent=each.parent, protect=protect, import_id=each.id)
                self.state.entries[urn] = adopted
                ops.append(Op("import", urn))

        error = self._with_providers(adopt)
        return Told(tuple(ops), FAILED if error else DONE, error)

    def _build(self, preview: bool, refresh: bool, targets: Collection[str], expect_no_changes: bool) -> Told:
        work = self.state.copy() if preview else self.state
        refreshed: list[Op] = []
        built: list[Building] = []

        def build(providers: Connections) -> None:
            aim = frozenset(targets)
            if refresh:
                self._read(providers, work, aim, refreshed)
            building = Building(self.project, self.stack, work, providers, preview=preview, targets=aim)
            building.zones = self.zones
            built.append(building)
            try:
                run(self.program, building, preview=preview)
                building.finish()
            except Exception as error:
                raise building.failed or error from None
            finally:
                building.settle()

        error = self._with_providers(build)
        ops = tuple(built[0].ops) if built else ()
        exported = built[0].exported if built else Struct()
        told = Told(ops, FAILED if error else DONE, error, tuple(refreshed), concealed(decode(exported)))
        return replace(told, code=CHANGED) if expect_no_changes and not error and told.changes else told

    def _with_providers(self, work: Callable[[Connections], None]) -> str:
        """Does the work of a command; returns what it failed with, "" where it did not."""
        self.failure = ""
        with Connections(self.launches) as providers:
            self.calls = providers.calls
            try:
                work(providers)
            except Exception as error:
                self.failure = "".join(traceback.format_exception(error))
                return str(error) or type(error).__name__
        return ""

    def _read(self, providers: Connections, state: State, aim: frozenset[str], refreshed: list[Op]) -> None:
        """Reads everything that is built, several at a time, and takes it into a state."""
        wanted = [one for one in state.custom() if not aim or one.urn in aim]
        with ThreadPoolExecutor(_READS_AT_ONCE) as pool:
            found = list(pool.map(lambda old: _living(providers, old), wanted))
        for old, (live, drifted) in zip(wanted, found, strict=True):
            if live is None:
                refreshed.append(Op("delete", old.urn))
                state.drop(old.urn)
            else:
                state.entries[old.urn] = replace(state.entries[old.urn], **_lived(live))
                if drifted:
                    refreshed.append(Op("update", old.urn))


def _living(providers: Connections, old: Entry) -> tuple[Entry | None, bool]:
    """A resource as it lives, and whether that is otherwise than recorded."""
    one = One(providers.of(old.type), old.urn, old.type, old.name)
    live = one.read(old.id, old)
    if live is None:
        return None, True
    return live, one.diff(live.id, live.outputs, live.inputs, old.inputs).changed


def _lived(live: Entry) -> dict[str, Any]:
    names = ("id", "inputs", "outputs", "init_errors")
    return {name: getattr(live, name) for name in names}
