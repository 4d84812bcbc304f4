"""`pulumi preview --json`, as recorded from the vendor's command line, read as steps."""

import json
from pathlib import Path

import pytest

from reconcile.model.errors import ReconcileError
from reconcile.program.engine.preview import Preview, read_preview

RECORDED = Path(__file__).parent / "recorded"


def recorded(name: str) -> Preview:
    return read_preview((RECORDED / f"{name}.json").read_text())


def test_components_and_the_stack_itself_are_no_changes() -> None:
    found = recorded("create")
    assert [(one.op, one.type, one.name) for one in found.changes] == [
        ("create", "trueup:railway:Service", "web"),
        ("create", "trueup:railway:Service", "api"),
        ("create", "trueup:railway:Variable", "api/NODE"),
    ]
    assert found.summary == {"create": 5}
    assert found.changes[0].after == {"name": "web"}


def test_drift_tells_what_lives_and_what_is_wanted() -> None:
    (change,) = recorded("drift").changes
    assert (change.op, change.name, dict(change.fields)) == ("update", "api", {"image": "update"})
    assert (change.before["image"], change.after["image"]) == ("hacked", "a:1")
    assert change.id


def test_what_is_gone_is_made_again() -> None:
    assert {(one.op, one.name) for one in recorded("gone").changes} == {("create", "web"), ("update", "api")}


def test_a_failed_preview_keeps_what_went_wrong() -> None:
    text = json.dumps({"steps": None, "diagnostics": [{"severity": "error", "message": "error: no\n"}]})
    assert read_preview(text).errors == ("error: no",)


@pytest.mark.parametrize("text", ["", "[]", '{"steps": [{"op": "create"}]}', '{"steps": [{"op": "x", "urn": "y"}]}'])
def test_another_document_is_refused(text: str) -> None:
    with pytest.raises(ReconcileError, match="no preview of Pulumi's"):
        read_preview(text)
