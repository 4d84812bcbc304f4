"""`trueup gate`: what the vendor's own command line wrote, judged by the rules that judge our plans."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import typer

from reconcile.cli.gate import add_to
from reconcile.cli.leaving import Leave, leave_with
from reconcile.model.errors import Incomplete, ReconcileError, SpecError
from reconcile.model.verdict import Judged, rule
from reconcile.platforms import kinds
from reconcile.program.engine.preview import Preview, Step
from reconcile.program.gate import Types, exit_code, judge_preview, read
from reconcile.program.tokens import by_token
from reconcile.rules import shipped

RECORDED = Path(__file__).parent / "recorded"
RECORD = "cloudflare:index/dnsRecord:DnsRecord"
VARIABLE = "trueup:railway:Variable"
ZONE = "023e105f4ecef8ad9ca31a8372d0c353"
TYPES = Types(by_token(kinds()), frozenset({"trueup:index:Ownership", "trueup:railway:Release"}))


def recorded(name: str) -> Judged:
    text = (RECORDED / f"{name}.json").read_text()
    return judge_preview(read(text, f"{name}.json"), TYPES, shipped(), {}, f"{name}.json")


def judged(*steps: Step) -> Judged:
    return judge_preview(Preview(steps), TYPES, shipped(), {}, "preview.json")


def step(op: str, token: str, name: str, **more: Any) -> Step:
    return Step(op, f"urn:pulumi:production::shop::trueup:platform:X${token}::{name}", **more)


def record(op: str, name: str, before: dict[str, Any] | None = None, after: dict[str, Any] | None = None) -> Step:
    whole = {"zoneId": ZONE, "type": "A", "name": f"{name}.shop.example", "content": "192.0.2.1", "ttl": 300}
    fields = {field: "update" for field in (after or {}) if (before or {}).get(field) != (after or {})[field]}
    return step(
        op,
        RECORD,
        name,
        before={} if before is None else {**whole, **before},
        after={} if after is None else {**whole, **after},
        fields=fields,
    )


def said(found: Judged) -> dict[str, tuple[str, str]]:
    """The strictest word on each change that is not simply allowed."""
    verdicts = {str(change.address): found.of(change) for change in found.plan.changes}
    return {address: (one.decision, one.rule) for address, one in verdicts.items() if one is not None}


@pytest.mark.parametrize(("name", "code"), [("first", 0), ("quiet", 0)])
def test_what_takes_nothing_away_passes(name: str, code: int) -> None:
    found = recorded(name)
    assert exit_code(found, approved=False) == code
    assert said(found) == {} and found.plan.warnings == ()


def test_a_first_up_creates_everything_but_the_books() -> None:
    changes = recorded("first").plan.changes
    assert {change.verb for change in changes} == {"create"} and len(changes) == 31
    assert "railway.release.api" not in {str(change.address) for change in changes}


def test_deleting_ninety_percent_is_held_until_a_person_approves() -> None:
    found = recorded("ninety-percent")
    assert len(found.plan.changes) == 18
    assert set(said(found).values()) == {("hold", "blast-radius")}
    assert "18 of 20 owned objects of cloudflare in shop-production" in found.verdicts[0].reason
    assert exit_code(found, approved=False) == 11
    assert exit_code(found, approved=True) == 0


def test_an_emptied_stack_is_denied_and_no_approval_helps() -> None:
    found = recorded("emptied")
    assert {decision for decision, _ in said(found).values()} == {"deny"} and len(said(found)) == 31
    assert "empty-desired-state" in {one.rule for one in found.verdicts}
    assert exit_code(found, approved=True) == 10


def test_a_protected_kind_is_deleted_by_hand_only() -> None:
    found = recorded("protected")
    assert said(found) == {"railway.volume.data": ("deny", "protected-kinds-are-deleted-by-hand")}
    assert exit_code(found, approved=True) == 10


def test_what_runs_waits_with_all_that_points_to_it() -> None:
    found = recorded("what-runs")
    everything = {(str(one.change.address), one.rule) for one in found.verdicts if one.change is not None}
    assert ("railway.instance.api", "ending-what-runs-needs-a-person") in everything
    assert ("railway.instance.api", "what-holds-a-protected-thing-stays") in everything
    assert ("cloudflare.record.shop/api", "ending-what-runs-needs-a-person") in everything
    assert ("railway.variable.api/FLAG_0", "ending-what-runs-needs-a-person") in everything


def test_edits_are_judged_one_by_one() -> None:
    found = recorded("edited")
    assert said(found) == {
        "cloudflare.record.shop/api": ("deny", "ttl-floor"),
        "cloudflare.record.shop/mx": ("hold", "apex-ns-and-mx-need-a-person"),
        "railway.instance.api": ("warn", "known-risks"),
        "railway.variable.api/FLAG_0": ("deny", "no-literal-secret"),
    }
    fields = {str(change.address): [field.name for field in change.fields] for change in found.plan.changes}
    assert fields["cloudflare.record.shop/spf"] == ["comment"]
    assert fields["railway.instance.api"] == ["replicas", "healthcheck_path"]


def test_a_secret_is_shown_as_changed_and_never_as_a_value() -> None:
    (secret,) = [one for one in recorded("edited").plan.changes if one.address.leaf == "SESSION_SECRET"]
    assert [(field.name, field.hidden, field.before, field.after) for field in secret.fields] == [
        ("value", True, None, None)
    ]


def test_a_preview_that_failed_is_no_consent() -> None:
    with pytest.raises(ReconcileError, match=r"failed.json: the preview failed"):
        recorded("failed")


def test_without_what_stays_nobody_can_say_how_much_goes() -> None:
    with pytest.raises(Incomplete, match="leaves out 16 of 17 unchanged resources") as refused:
        recorded("without-sames")
    assert "--show-sames" in refused.value.advice


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("", "bad.json:1: "),
        ('{"steps": [],\n "changeSummary": {}\n  nonsense}', "bad.json:3: "),
        ("[]", "bad.json: "),
        ('{"schema": "trueup.plan/1", "changes": []}', "bad.json: "),
        ('{"steps": [{"op": "create"}], "changeSummary": {}}', "bad.json: "),
        ('{"steps": [{"op": "create", "urn": "no urn"}], "changeSummary": {}}', "bad.json: "),
    ],
)
def test_a_file_that_is_no_preview_is_refused_with_its_place(text: str, place: str) -> None:
    with pytest.raises(SpecError) as refused:
        read(text, "bad.json")
    assert str(refused.value).startswith(place)


def test_the_apex_is_known_by_what_all_names_of_a_zone_end_in() -> None:
    hosts = [record("same", f"h{n}", {}, {}) for n in range(3)]
    apex = record("update", "apex", {"name": "shop.example"}, {"name": "shop.example", "content": "192.0.2.9"})
    found = judged(*hosts, apex)
    assert said(found) == {"cloudflare.record.apex": ("hold", "apex-ns-and-mx-need-a-person")}
    assert said(judged(*hosts, record("update", "h9", {}, {"content": "192.0.2.9"}))) == {}


def test_a_replacement_is_one_change_however_many_steps_it_takes() -> None:
    before, after = (
        {"account": "acme", "project": "shop", "name": "a"},
        {"account": "acme", "project": "s", "name": "a"},
    )
    steps = [
        step("create-replacement", "trueup:railway:Service", "a", before=before, after=after),
        step("replace", "trueup:railway:Service", "a", before=before, after=after),
        step("delete-replaced", "trueup:railway:Service", "a", before=before),
    ]
    found = judged(*steps)
    assert [(one.verb, str(one.address)) for one in found.plan.changes] == [("replace", "railway.service.a")]
    assert said(found) == {"railway.service.a": ("deny", "protected-kinds-are-deleted-by-hand")}


def test_putting_back_what_was_recorded_is_drift_and_needs_nobody() -> None:
    mx = {"type": "MX", "content": "mx1.example", "priority": 10}
    other = {**mx, "content": "mx9.example"}
    found = judged(record("refresh", "m", mx, other), record("update", "m", other, mx))
    assert [(one.verb, one.cause) for one in found.plan.changes] == [("update", "drift")]
    assert said(found) == {}
    edited = judged(record("refresh", "m", mx, mx), record("update", "m", mx, other))
    assert said(edited) == {"cloudflare.record.m": ("hold", "apex-ns-and-mx-need-a-person")}


def test_an_update_of_a_secret_counts_as_new_whatever_the_refresh_said() -> None:
    inputs = {"account": "acme", "instance": "shop/production/api", "name": "KEY", "value": "[secret]"}
    found = judged(
        step("refresh", VARIABLE, "api/KEY", before=inputs, after=inputs),
        step("update", VARIABLE, "api/KEY", before=inputs, after=inputs, fields={"value": "update"}),
    )
    assert [one.cause for one in found.plan.changes] == ["git"]


def test_what_an_output_gives_is_no_literal() -> None:
    inputs = {"account": "acme", "instance": "shop/production/api", "name": "HOST_KEY", "value": "k3x9.up.example"}
    assert said(judged(step("create", VARIABLE, "api/K", after=inputs)))
    assert not said(judged(step("create", VARIABLE, "api/K", after=inputs, filled=frozenset({"value"}))))


def test_an_import_changes_nothing_and_a_literal_that_stays_is_told() -> None:
    inputs = {"account": "acme", "instance": "shop/production/api", "name": "PAY_KEY", "value": "hunter-two"}
    found = judged(step("import", VARIABLE, "api/K", after=inputs))
    assert found.plan.changes == () and exit_code(found, approved=False) == 0
    (warning,) = found.plan.warnings
    assert warning.startswith("railway.variable.api/K (preview.json): no-literal-secret would deny it if it changed")


def test_resources_of_other_packages_count_for_themselves() -> None:
    buckets = [step("delete" if n else "same", "aws:s3/bucket:Bucket", f"b{n}", before={"n": n}) for n in range(12)]
    found = judged(*buckets)
    assert set(said(found).values()) == {("hold", "blast-radius")}
    assert "11 of 12 owned objects of aws" in found.verdicts[0].reason


def test_the_repositorys_own_rule_on_plans_is_asked() -> None:
    @rule
    def nothing_on_fridays(plan: Any) -> Any:
        for change in plan.changes:
            yield "deny", change, "it is Friday"

    text = (RECORDED / "first.json").read_text()
    found = judge_preview(read(text, "first.json"), TYPES, [nothing_on_fridays], {}, "first.json")
    assert exit_code(found, approved=True) == 10


def test_the_same_preview_has_the_same_digest_in_whatever_order_it_was_written() -> None:
    text = (RECORDED / "edited.json").read_text()
    preview = read(text, "edited.json")
    turned = Preview(preview.steps[::-1], summary=preview.summary)
    digests = {judge_preview(one, TYPES, shipped(), {}, "x").plan.digest for one in (preview, turned)}
    assert len(digests) == 1


Gate = Callable[..., tuple[int, str, str]]


@pytest.fixture
def gate(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Gate:
    """The command, in a repository without stacks: a program of somebody's own."""
    shutil.copytree(RECORDED, tmp_path, dirs_exist_ok=True)
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("TRUEUP_STACKS", raising=False)
    app = typer.Typer()
    app.callback()(lambda: None)
    add_to(app)

    def run(*words: str) -> tuple[int, str, str]:
        try:
            app(["gate", *words], standalone_mode=False)
        except Leave as leaving:
            code = leaving.code
        except ReconcileError as error:
            code = leave_with(error, as_json="--json" in words)
        told = capsys.readouterr()
        return code, told.out, told.err

    return run


def test_the_command_says_what_is_held_and_how_to_let_it_pass(gate: Gate) -> None:
    code, out, _ = gate("ninety-percent.json")
    assert code == 11
    assert "hold blast-radius: 18 of 20 owned objects" in " ".join(out.split())
    assert "18 to destroy" in out and "--approve" in out
    code, out, _ = gate("ninety-percent.json", "--approve")
    assert code == 0 and "18 approved" in out


def test_the_document_tells_every_verdict_and_no_secret(gate: Gate) -> None:
    code, out, _ = gate("edited.json", "--json")
    document = json.loads(out)
    assert (code, document["exit"], document["schema"], document["stacks"]) == (
        10,
        10,
        "trueup.gate/1",
        ["shop-production"],
    )
    verdicts = {one["address"]: one["verdict"] for one in document["changes"]}
    assert verdicts["railway.instance.api"] == "warn"
    assert verdicts["cloudflare.record.shop/api"] == "deny"
    secret = next(one for one in document["changes"] if one["address"].endswith("SESSION_SECRET"))
    assert secret["fields"] == {"value": {"hidden": True, "changed": True}}


def test_the_command_names_the_line_of_a_file_that_is_no_preview(gate: Gate, tmp_path: Path) -> None:
    (tmp_path / "log.json").write_text("Previewing update (shop):\n")
    code, _, err = gate("log.json")
    assert code == 1 and "log.json:1: no JSON" in err and "pulumi preview --json --show-sames" in err
    assert gate("absent.json")[0] == 1
    assert gate("without-sames.json")[0] == 17


def test_a_rule_in_policies_is_asked_by_the_command(gate: Gate, tmp_path: Path) -> None:
    (tmp_path / "policies").mkdir()
    (tmp_path / "policies" / "own.py").write_text(
        "from reconcile.model.verdict import rule\n\n\n@rule\ndef not_today(plan):\n"
        "    for change in plan.changes:\n        yield 'hold', change, 'it is Friday'\n"
    )
    assert gate("first.json")[0] == 11
