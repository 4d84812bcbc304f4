"""What the vendor's command line logs of a run, one event a line, as the steps that the scenarios know."""

import json
from collections.abc import Iterator
from typing import Any

from tests.program.mini import Op, Told
from tests.program.mini.told import Verb

_VERBS: dict[str, Verb] = {
    "same": "same",
    "create": "create",
    "update": "update",
    "delete": "delete",
    "import": "import",
    "replace": "replace",
    "create-replacement": "replace",
    "delete-replaced": "replace",
}
_NOT_OURS = ("pulumi:pulumi:Stack", "pulumi:providers:")


def told_by(log: str) -> Told:
    """A replacement, of as many steps as it has, is one `replace`."""
    events = [json.loads(line) for line in log.splitlines()]
    steps = [step for event in events for step in _began(event)]
    ops = tuple(dict.fromkeys(Op(_VERBS[op], urn) for op, urn in steps if op in _VERBS))
    refreshed = tuple(one for event in events for one in _refreshed(event))
    return Told(ops, error="; ".join(_errors(events)), refreshed=refreshed)


def _began(event: dict[str, Any]) -> Iterator[tuple[str, str]]:
    metadata = (event.get("resourcePreEvent") or {}).get("metadata")
    if metadata and not metadata["type"].startswith(_NOT_OURS):
        yield metadata["op"], metadata["urn"]


def _refreshed(event: dict[str, Any]) -> Iterator[Op]:
    """What was read and lives otherwise, or no more."""
    metadata = (event.get("resOutputsEvent") or {}).get("metadata")
    if not metadata or metadata["op"] != "refresh" or metadata["type"].startswith(_NOT_OURS):
        return
    if not metadata.get("new"):
        yield Op("delete", metadata["urn"])
    elif metadata.get("diffs") or metadata.get("detailedDiff"):
        yield Op("update", metadata["urn"])


def _errors(events: list[dict[str, Any]]) -> list[str]:
    found = [event.get("diagnosticEvent") or {} for event in events]
    return [str(one["message"]).strip() for one in found if one.get("severity") == "error"]
