"""What an engine asks a provider about one resource."""

from dataclasses import dataclass, field, replace
from typing import Any

from google.protobuf.struct_pb2 import Struct
from pulumi.runtime.proto import provider_pb2

from reconcile.program.properties import UNKNOWN_TEXT

from .providers import Connection, HalfMade, Refused
from .secrets import as_secret, is_secret
from .state import Entry

_SEED = b"0" * 32
"""For names that a provider makes up: the same in every run."""


@dataclass(frozen=True)
class Difference:
    """What a provider said of two states of one resource."""

    changed: bool
    replaces: bool
    delete_first: bool


class Partly(Exception):
    """A create or an update that stopped half way: the resource as it is now."""

    def __init__(self, entry: Entry, said: str) -> None:
        super().__init__(said)
        self.entry = entry


@dataclass(frozen=True)
class One:
    """One resource and the provider that has it. Failures are Refused, or Partly where something was made."""

    provider: Connection
    urn: str
    type: str
    name: str
    preview: bool = False
    ignored: tuple[str, ...] = ()
    secret_outputs: tuple[str, ...] = field(default=())

    @property
    def _who(self) -> dict[str, Any]:
        return {"urn": self.urn, "type": self.type, "name": self.name}

    def check(self, news: Struct, olds: Struct | None) -> Struct:
        """The inputs as the provider wants them; `olds` None where it is made anew."""
        request = provider_pb2.CheckRequest(olds=olds, news=news, randomSeed=_SEED, **self._who)
        return self.provider.check(self.urn, request)

    def diff(self, id: str, outputs: Struct, inputs: Struct, news: Struct) -> Difference:
        """What changes from recorded outputs and inputs to new inputs."""
        answer = self.provider.diff(
            self.urn,
            provider_pb2.DiffRequest(
                id=id, olds=outputs, old_inputs=inputs, news=news, ignoreChanges=self.ignored, **self._who
            ),
        )
        kinds = provider_pb2.DiffResponse
        unsaid = answer.changes == kinds.DIFF_UNKNOWN and inputs != news
        changed = answer.changes == kinds.DIFF_SOME or unsaid
        return Difference(changed, changed and bool(answer.replaces), bool(answer.deleteBeforeReplace))

    def create(self, entry: Entry) -> Entry:
        """The entry with what the provider says of the new thing; in a preview its id is ""."""
        if self.preview and not self.provider.supports_preview:
            return replace(entry, id="", outputs=entry.inputs)
        request = provider_pb2.CreateRequest(properties=entry.inputs, preview=self.preview, **self._who)
        try:
            answer = self.provider.create(self.urn, request)
        except HalfMade as half:
            raise Partly(self._half(entry, half), str(half)) from None
        if not self.preview and not answer.id:
            raise Refused(f"{self.urn}: created without an id")
        return replace(entry, id=answer.id, outputs=self._marked(answer.properties, entry.inputs))

    def update(self, entry: Entry, old: Entry) -> Entry:
        if self.preview and not self.provider.supports_preview:
            return replace(entry, outputs=entry.inputs)
        request = provider_pb2.UpdateRequest(
            id=old.id,
            olds=old.outputs,
            old_inputs=old.inputs,
            news=entry.inputs,
            ignoreChanges=self.ignored,
            preview=self.preview,
            **self._who,
        )
        try:
            answer = self.provider.update(self.urn, request)
        except HalfMade as half:
            raise Partly(self._half(entry, half), str(half)) from None
        return replace(entry, outputs=self._marked(answer.properties, entry.inputs))

    def read(self, id: str, old: Entry | None) -> Entry | None:
        """The resource as it lives, None where it is gone. `old` None: it is imported."""
        entry = old or Entry(self.urn, self.type, self.name)
        inputs, outputs = (old.inputs, old.outputs) if old is not None else (None, None)
        request = provider_pb2.ReadRequest(id=id, inputs=inputs, properties=outputs, **self._who)
        try:
            answer = self.provider.read(self.urn, request)
        except HalfMade as half:
            return self._half(replace(entry, id=id), half)
        if not answer.id and not answer.HasField("properties"):
            return None
        said = answer.inputs if answer.HasField("inputs") else entry.inputs
        marked = self._marked(answer.properties, said)
        return replace(entry, id=answer.id or id, inputs=said, outputs=marked, init_errors=())

    def delete(self, old: Entry) -> None:
        request = provider_pb2.DeleteRequest(id=old.id, properties=old.outputs, old_inputs=old.inputs, **self._who)
        self.provider.delete(self.urn, request)

    def _half(self, entry: Entry, half: HalfMade) -> Entry:
        inputs = half.inputs if half.inputs.fields else entry.inputs
        return replace(
            entry,
            id=half.id or entry.id,
            inputs=inputs,
            outputs=self._marked(half.properties, inputs),
            init_errors=half.reasons or (str(half),),
        )

    def _marked(self, outputs: Struct, inputs: Struct) -> Struct:
        """Outputs where everything is secret that was so as an input of the same name, or is named as one."""
        marked = Struct()
        marked.CopyFrom(outputs)
        for name, value in outputs.fields.items():
            if not is_secret(value) and (
                name in self.secret_outputs or (name in inputs.fields and is_secret(inputs.fields[name]))
            ):
                marked.fields[name].CopyFrom(as_secret(value))
        return marked


def with_unknown(inputs: Struct, names: list[str]) -> Struct:
    """Inputs of which some are not known yet."""
    changed = Struct()
    changed.CopyFrom(inputs)
    for name in names:
        changed.fields[name].string_value = UNKNOWN_TEXT
    return changed


def keeping(news: Struct, olds: Struct, names: tuple[str, ...]) -> Struct:
    """New inputs where some stay as they were recorded: `ignoreChanges`, top level only."""
    kept = Struct()
    kept.CopyFrom(news)
    for name in names:
        if name in olds.fields:
            kept.fields[name].CopyFrom(olds.fields[name])
        elif name in kept.fields:
            del kept.fields[name]
    return kept
