"""What `pulumi preview --json` says, as steps."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ...model.errors import ReconcileError
from ..tokens import Urn

ROOT = "pulumi:pulumi:Stack"
PROVIDER = "pulumi:providers:"

_WRITING = frozenset(
    {
        "create",
        "update",
        "delete",
        "replace",
        "create-replacement",
        "delete-replaced",
        "import",
        "import-replacement",
        "read-replacement",
        "discard",
        "discard-replaced",
        "remove-pending-replace",
    }
)
_REPLACING = frozenset({"replace", "create-replacement", "delete-replaced", "import-replacement"})


@dataclass(frozen=True)
class Step:
    """One line of a preview. `op` is the engine's own word; inputs are as it printed them, secrets as `[secret]`."""

    op: str
    urn: str
    id: str = ""
    custom: bool = True
    """False: a component, or the stack itself; nothing of it is on a platform."""
    protected: bool = False
    fields: Mapping[str, str] = field(default_factory=dict)
    """Property path to what happens to it: add, update, delete, and each with `-replace`; "" where it is not told."""
    before: Mapping[str, Any] = field(default_factory=dict)
    """Inputs in the state; of a preview with refresh, as they live."""
    after: Mapping[str, Any] = field(default_factory=dict)
    needs: tuple[str, ...] = ()
    """The URNs that it depends on."""
    filled: frozenset[str] = frozenset()
    """Inputs that hold other resources' outputs."""

    @property
    def type(self) -> str:
        return Urn.parse(self.urn).type

    @property
    def name(self) -> str:
        return Urn.parse(self.urn).name

    @property
    def writes(self) -> bool:
        """Whether an `up` would change something: what is the same, read or refreshed is none."""
        return self.op in _WRITING

    @property
    def deletes(self) -> bool:
        return self.op in ("delete", "delete-replaced")

    @property
    def replaces(self) -> bool:
        return self.op in _REPLACING

    @property
    def is_provider(self) -> bool:
        return self.type.startswith(PROVIDER)


@dataclass(frozen=True)
class Preview:
    """A whole preview. `errors` are the engine's diagnostics of that severity; where there are any it is not whole."""

    steps: tuple[Step, ...]
    errors: tuple[str, ...] = ()
    summary: Mapping[str, int] = field(default_factory=dict)

    @property
    def changes(self) -> tuple[Step, ...]:
        """What would be written on a platform: neither components nor the engine's own providers."""
        return tuple(one for one in self.steps if one.writes and one.custom and not one.is_provider)


def read_preview(text: str) -> Preview:
    """Reads the document of `pulumi preview --json`. Raises ReconcileError where it is none."""
    try:
        document = json.loads(text)
        steps = tuple(_steps(document.get("steps") or ()))
        errors = tuple(_errors(document.get("diagnostics") or ()))
        summary = {str(name): int(count) for name, count in (document.get("changeSummary") or {}).items()}
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ReconcileError(
            f"no preview of Pulumi's ({type(error).__name__})",
            advice="make one with `pulumi preview --json > preview.json`",
        ) from None
    return Preview(steps, errors, summary)


def _steps(found: Sequence[Mapping[str, Any]]) -> Iterator[Step]:
    for one in found:
        old, new = one.get("oldState") or {}, one.get("newState") or {}
        state = new or old
        urn = str(one["urn"])
        Urn.parse(urn)
        yield Step(
            op=str(one["op"]),
            urn=urn,
            id=str(old.get("id") or new.get("id") or ""),
            custom=bool(state.get("custom", True)),
            protected=bool(old.get("protect") or new.get("protect")),
            fields=_fields(one),
            before=dict(old.get("inputs") or {}),
            after=dict(new.get("inputs") or {}),
            needs=tuple(map(str, state.get("dependencies") or ())),
            filled=frozenset(name for name, urns in (state.get("propertyDependencies") or {}).items() if urns),
        )


def _fields(one: Mapping[str, Any]) -> dict[str, str]:
    told = {str(path): str(diff.get("kind", "")) for path, diff in (one.get("detailedDiff") or {}).items()}
    for reason in (*(one.get("diffReasons") or ()), *(one.get("replaceReasons") or ())):
        if not any(path == reason or path.startswith((f"{reason}.", f"{reason}[")) for path in told):
            told[str(reason)] = ""
    return told


def _errors(found: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    for one in found:
        if one.get("severity") == "error":
            yield str(one.get("message", "")).strip()
