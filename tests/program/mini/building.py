"""One run of a program over a state: every resource that it registers is brought to what it says."""

import threading
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from google.protobuf.struct_pb2 import Struct

from reconcile.program.properties import decode, encode

from .one import One, Partly, keeping, with_unknown
from .providers import Connections, Refused
from .recorder import ZONE, Answer, Recorder, Registered, make_urn
from .state import Entry, State
from .told import Op, Verb


class Stopped(Exception):
    """Another resource failed: nothing new is begun."""


class Building(Recorder):
    """What a program registers, built. `state` changes as it goes; in a preview it is a copy that nobody keeps."""

    def __init__(
        self,
        project: str,
        stack: str,
        state: State,
        providers: Connections,
        *,
        preview: bool,
        targets: frozenset[str] = frozenset(),
    ) -> None:
        super().__init__(project, stack)
        self.state = state
        self.providers = providers
        self.preview = preview
        self.targets = targets
        self.ops: list[Op] = []
        self.failed: Exception | None = None
        """The first failure; what follows from it is not told."""
        self._new: dict[str, Entry] = {}
        self._replaced: list[Entry] = []
        self._made_way: set[str] = set()
        """Deleted before what they depended on was replaced."""
        self._deleting = threading.Lock()

    def call(self, token: str, arguments: dict[str, Any]) -> dict[str, Any]:
        if token == ZONE and token.partition(":")[0] not in self.providers.launches:
            return super().call(token, arguments)
        return decode(self.providers.of(token).invoke(token, encode(arguments)))

    def answer(self, urn: str, request: Registered) -> Answer:
        if self.failed is not None:
            raise Stopped(urn)
        try:
            old = self._taken(urn, request)
            if self.targets and urn not in self.targets and request.custom:
                return self._left(urn, request, old)
            if not request.custom:
                self._keep("same" if old else "create", self._entry(urn, request, Struct()))
                return Answer(urn=urn)
            entry = self._built(urn, request, old)
        except Exception as error:
            with self.lock:
                self.failed = self.failed or error
            raise
        return Answer(urn=urn, id=entry.id, object=entry.outputs)

    def finish(self) -> None:
        """Once the program has ended well: deletes what was replaced and what it registers no more.

        Raises Refused, before anything is deleted, where one of them is protected.
        """
        gone = [
            one
            for urn, one in reversed(self.state.entries.items())
            if urn not in self.requests and (not self.targets or urn in self.targets)
        ]
        refuse_protected(gone)
        for left in (self._replaced, self.state.condemned):
            while left:
                self._remove(left[-1])
                left.pop()
        for one in gone:
            self.ops.append(Op("delete", one.urn))
            self._remove(one)
            self.state.drop(one.urn)

    def settle(self) -> None:
        """What was built takes its place in the state, in the order of the program."""
        self.state.condemned.extend(self._replaced)
        rest = {urn: one for urn, one in self.state.entries.items() if urn not in self._new}
        self.state.entries = {**self._new, **rest}

    def _built(self, urn: str, request: Registered, old: Entry | None) -> Entry:
        one = self._one(urn, request)
        if request.importId and (old is None or request.importId not in (old.id, old.import_id)):
            return self._imported(one, request, old)
        if old is None:
            verb: Verb = "replace" if urn in self._made_way else "create"
            return self._created(one, request, verb)
        inputs = one.check(keeping(request.object, old.inputs, one.ignored), old.inputs)
        difference = one.diff(old.id, old.outputs, old.inputs, inputs)
        if difference.replaces:
            first = request.deleteBeforeReplace if request.deleteBeforeReplaceDefined else difference.delete_first
            return self._replaced_by(one, request, old, first)
        entry = self._entry(urn, request, inputs, old)
        if difference.changed or old.init_errors:
            return self._attempt("update", lambda: one.update(entry, old))
        return self._keep("same", replace(entry, outputs=old.outputs))

    def _created(self, one: One, request: Registered, verb: Verb) -> Entry:
        entry = self._entry(one.urn, request, one.check(request.object, None))
        return self._attempt(verb, lambda: one.create(entry))

    def _replaced_by(self, one: One, request: Registered, old: Entry, first: bool) -> Entry:
        if old.protect:
            raise Refused(f"unable to replace resource {one.urn!r} as it is currently marked for protection")
        entry = self._entry(one.urn, request, one.check(request.object, None))
        if first:
            for other in reversed(self._falling_with(one.urn)):
                self._make_way(other)
            self._remove(old)
            with self.lock:
                self.state.drop(one.urn)
        made = self._attempt("replace", lambda: one.create(entry))
        if not first:
            with self.lock:
                self._replaced.append(old)
        return made

    def _imported(self, one: One, request: Registered, old: Entry | None) -> Entry:
        if old is not None and old.protect:
            raise Refused(f"unable to replace resource {one.urn!r} as it is currently marked for protection")
        live = one.read(request.importId, None)
        if live is None:
            raise Refused(f"resource '{request.importId}' does not exist")
        inputs = one.check(keeping(request.object, live.inputs, one.ignored), live.inputs)
        difference = one.diff(live.id, live.outputs, live.inputs, inputs)
        if difference.replaces:
            raise Refused(f"inputs to import do not match the existing resource {one.urn!r}: it would be replaced")
        entry = replace(self._entry(one.urn, request, inputs, live), import_id=request.importId)
        kept = self._keep("import" if old is None else "replace", replace(entry, outputs=live.outputs))
        if old is not None:
            with self.lock:
                self._replaced.append(old)
        return self._attempt("update", lambda: one.update(entry, live)) if difference.changed else kept

    def _attempt(self, verb: Verb, work: Any) -> Entry:
        """Keeps what a create or an update makes, also where it stopped half way."""
        try:
            return self._keep(verb, work())
        except Partly as half:
            self._keep(verb, half.entry)
            raise Refused(f"{half.entry.urn}: {half}") from None

    def _falling_with(self, replaced: str) -> list[Entry]:
        """Dependents that the provider would replace once what they depend on is not known, in the state's order."""
        with self.lock:
            entries = list(self.state.entries.values())
        falling, gone = [], {replaced}
        for one in entries:
            names = [name for name, urns in one.property_dependencies.items() if gone & set(urns)]
            if not one.custom or not names:
                continue
            asked = One(self.providers.of(one.type), one.urn, one.type, one.name, self.preview)
            if asked.diff(one.id, one.outputs, one.inputs, with_unknown(one.inputs, names)).replaces:
                falling.append(one)
                gone.add(one.urn)
        for one in falling:
            if one.protect:
                raise Refused(f"unable to replace resource {one.urn!r} as it is currently marked for protection")
        return falling

    def _make_way(self, one: Entry) -> None:
        self._remove(one)
        with self.lock:
            self.state.drop(one.urn)
            self._made_way.add(one.urn)

    def _remove(self, old: Entry) -> None:
        if not self.preview:
            remove(self.providers, old)

    def _left(self, urn: str, request: Registered, old: Entry | None) -> Answer:
        """Not aimed at: it stays as it was recorded, or unmade."""
        if old is None:
            return Answer(urn=urn, object=request.object)
        self._keep("same", old)
        return Answer(urn=urn, id=old.id, object=old.outputs)

    def _taken(self, urn: str, request: Registered) -> Entry | None:
        """What the state has of it, under this name or one that it had."""
        with self.lock:
            if urn not in self.state.entries:
                for before in aliases_of(self.project, self.stack, request):
                    if before in self.state.entries and before not in self.requests:
                        self.state.rename(before, urn)
                        break
            return self.state.entries.get(urn)

    def _one(self, urn: str, request: Registered) -> One:
        return One(
            self.providers.of(request.type),
            urn,
            request.type,
            request.name,
            self.preview,
            tuple(request.ignoreChanges),
            tuple(request.additionalSecretOutputs),
        )

    def _entry(self, urn: str, request: Registered, inputs: Struct, old: Entry | None = None) -> Entry:
        needs = {name: tuple(one.urns) for name, one in request.propertyDependencies.items() if one.urns}
        return Entry(
            urn,
            request.type,
            request.name,
            request.custom,
            id=old.id if old else "",
            inputs=inputs,
            parent=request.parent,
            dependencies=tuple(request.dependencies),
            property_dependencies=needs,
            protect=request.protect,
            retain_on_delete=request.retainOnDelete,
            import_id=old.import_id if old else "",
        )

    def _keep(self, verb: Verb, entry: Entry) -> Entry:
        with self.lock:
            self.ops.append(Op(verb, entry.urn))
            self._new[entry.urn] = entry
            self.state.entries[entry.urn] = entry
        return entry


def aliases_of(project: str, stack: str, request: Registered) -> list[str]:
    """URNs that a resource says it had."""
    found = list(request.aliasURNs)
    for alias in request.aliases:
        if alias.urn:
            found.append(alias.urn)
            continue
        spec = alias.spec
        parent = "" if spec.noParent else spec.parentUrn or request.parent
        found.append(
            make_urn(
                spec.stack or stack,
                spec.project or project,
                parent,
                spec.type or request.type,
                spec.name or request.name,
            )
        )
    return found


def refuse_protected(entries: Iterable[Entry]) -> None:
    """Raises Refused where one of what is to be deleted must not be."""
    said = [f"resource {one.urn!r} cannot be deleted because it is protected" for one in entries if one.protect]
    if said:
        raise Refused("; ".join(said))


def remove(providers: Connections, old: Entry) -> None:
    """Deletes one thing, unless it is to stay where it is or was never more than a name."""
    if old.custom and not old.retain_on_delete:
        One(providers.of(old.type), old.urn, old.type, old.name).delete(old)
