"""Coverage: what counts as held, and what does not."""

import datetime as dt
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar

import pytest
import typer
import yaml

from reconcile.cli import app
from reconcile.model.errors import SpecError
from reconcile.model.resource import Address, Resource
from reconcile.model.rotated import ByHand, Consumer, Generate, Issue, Level, Schedule, Secret, Source
from reconcile.model.spec import Declared, Location, Place, Project, Spec, Tree
from reconcile.model.variable import EnvironmentVariable
from reconcile.platforms import issues, kinds
from reconcile.reference.claims import ASKED_BY_A_PLAN, ASKED_BY_A_ROTATION
from reconcile.reference.coverage import (
    BY_DECLARING,
    BY_PEOPLE,
    MAY_HOLD,
    Line,
    Obligation,
    Procedure,
    Report,
    coverage,
    proof_of,
    read_obligations,
    read_procedures,
    read_proved,
)
from reconcile.steps.load import load, working_tree

ROOT = Path(__file__).resolve().parents[2]
SIBLING = ROOT.parent / "shared" / "research" / "obligations.yaml"
LINES_OF = {"bilko": 122, "bunty": 149, "capliquify": 159, "legacyvideo": 158, "vendhub": 163}


class Record(Resource):
    kind: ClassVar[str] = "cloudflare.record"
    name: str


class Heartbeat(Resource):
    kind: ClassVar[str] = "betterstack.heartbeat"
    name: str


def obligation(id: str = "bilko-005", **changed: str) -> Obligation:
    line = {"id": id, "at": "1. Overview", "kind": "dns", "says": "a record", "on": "cloudflare"}
    return Obligation.model_validate({**line, "hold": "declared", "work": "core", **changed})


def declared(name: str, *covers: str, model: type[Resource] = Record, line: int = 7) -> Declared:
    platform, kind = model.kind.split(".")
    address = Address(platform, kind, f"bilko-io/{name}" if model is Record else name)
    resource = model.declared({"name": name})
    return Declared("bilko", "bilko", address, resource, Location("stacks/bilko.yaml", line), covers)


def tree(*things: Declared) -> Tree:
    spec = Spec("bilko", "bilko", "trueup", (), {thing.address: thing for thing in things})
    return Tree(Project("runbooks", "0f3c9a1e", ".trueup/ledger.db", {}), {"bilko": spec}, "dirty:0")


def only(lines: dict[str, list[Obligation]], *things: Declared, proved: frozenset[str] = frozenset()) -> Line:
    (line,) = next(iter(coverage(lines, tree(*things), proved).systems.values()))
    return line


def folder(root: Path, files: dict[str, str]) -> Path:
    (root / "docs" / "coverage").mkdir(parents=True)
    for name, text in files.items():
        (root / "docs" / "coverage" / name).write_text(text, encoding="utf-8")
    return root


def test_all_751_obligations_are_read() -> None:
    found = read_obligations(ROOT)
    assert {system: len(lines) for system, lines in found.items()} == LINES_OF
    assert sum(LINES_OF.values()) == 751


def test_every_line_has_exactly_one_status_and_the_counts_add_up() -> None:
    report = coverage(read_obligations(ROOT), tree(), frozenset())
    assert sum(report.counts().values()) == 751
    assert {system: sum(report.counts(system).values()) for system in report.systems} == LINES_OF
    assert report.counts() == {"held": 0, "claimed": 0, "procedure": 0, "human": 45, "open": 706}


def test_a_line_is_held_when_a_fitting_resource_covers_it_and_a_test_proved_it() -> None:
    apex = declared("apex", "bilko-005")
    line = only({"bilko": [obligation()]}, apex, proved=frozenset({proof_of(apex)}))
    assert line.status == "held"
    assert line.reason == "by bilko/cloudflare.record.bilko-io/apex"


def test_a_covered_line_without_proof_is_only_claimed() -> None:
    line = only({"bilko": [obligation()]}, declared("apex", "bilko-005"))
    assert line.status == "claimed"
    assert "no test has seen the drift" in line.reason


def test_the_proof_of_another_stack_does_not_count() -> None:
    apex = declared("apex", "bilko-005")
    line = only({"bilko": [obligation()]}, apex, proved=frozenset({f"bunty/{apex.address}"}))
    assert line.status == "claimed"


def test_a_line_covered_by_two_resources_is_held_only_when_both_are_proved() -> None:
    name, proof = declared("api", "bilko-008"), declared("api-verify", "bilko-008")
    lines = {"bilko": [obligation("bilko-008")]}
    half = only(lines, name, proof, proved=frozenset({proof_of(name)}))
    assert half.status == "claimed"
    assert "api-verify" in half.reason
    both = only(lines, name, proof, proved=frozenset({proof_of(name), proof_of(proof)}))
    assert both.status == "held"


@pytest.mark.parametrize(
    "wrong",
    [{"kind": "database", "on": "railway"}, {"kind": "dns", "on": "railway"}, {"kind": "bucket"}],
    ids=["kind and platform", "platform", "kind"],
)
def test_a_resource_that_cannot_hold_the_line_leaves_it_claimed_even_when_proved(wrong: dict[str, str]) -> None:
    apex = declared("apex", "bilko-005")
    lines = {"bilko": [obligation(**wrong)]}
    report = coverage(lines, tree(apex), frozenset({proof_of(apex)}))
    assert report.systems["bilko"][0].status == "claimed"
    (problem,) = report.problems
    assert "cloudflare.record cannot hold bilko-005" in problem.message


def test_a_heartbeat_does_not_hold_a_dns_line() -> None:
    beat = declared("worker", "bilko-005", model=Heartbeat)
    assert only({"bilko": [obligation()]}, beat, proved=frozenset({proof_of(beat)})).status == "claimed"


def test_an_unfitting_claim_beside_a_proved_one_does_not_undo_it() -> None:
    apex, beat = declared("apex", "bilko-005"), declared("worker", "bilko-005", model=Heartbeat)
    assert only({"bilko": [obligation()]}, apex, beat, proved=frozenset({proof_of(apex)})).status == "held"


@pytest.mark.parametrize("hold", ["probed", "scheduled", "command", "generated", "alert-native", "alert-evaluated"])
def test_what_declaring_cannot_hold_stays_open_even_when_covered(hold: str) -> None:
    apex = declared("apex", "bilko-005")
    report = coverage({"bilko": [obligation(hold=hold)]}, tree(apex), frozenset({proof_of(apex)}))
    assert report.systems["bilko"][0].status == "open"
    assert f"hold: {hold}" in report.problems[0].message


class Setting(Resource):
    """Like a variable: of one that only has to exist the stack says no value."""

    kind: ClassVar[str] = "railway.variable"
    name: str
    exists: bool = True

    @property
    def only_seen(self) -> bool:
        return self.exists


SETTING = {"kind": "variable", "on": "railway"}


def test_a_probed_variable_is_held_since_every_plan_asks_for_it() -> None:
    port = declared("port", "bilko-005", model=Setting)
    lines = {"bilko": [obligation(hold="probed", **SETTING)]}
    assert only(lines, port).status == "claimed"
    assert only(lines, port, proved=frozenset({proof_of(port)})).status == "held"
    assert coverage(lines, tree(port), frozenset()).problems == ()
    assert only(lines).status == "open"


def test_a_probed_line_of_another_kind_is_not_held_by_a_variable() -> None:
    port = declared("port", "bilko-005", model=Setting)
    lines = {"bilko": [obligation(hold="probed", kind="health-check", on="railway")]}
    assert only(lines, port, proved=frozenset({proof_of(port)})).status == "open"


def test_that_a_secret_exists_does_not_hold_its_rotation() -> None:
    key = declared("key", "bilko-005", model=Setting)
    lines = {"bilko": [obligation(hold="rotated", **SETTING)]}
    report = coverage(lines, tree(key), frozenset({proof_of(key)}))
    assert report.systems["bilko"][0].status == "claimed"
    assert "cannot hold bilko-005" in report.problems[0].message


class Rotated(EnvironmentVariable):
    """One that a rotation writes."""

    kind: ClassVar[str] = "railway.variable"


def rotated(*covers: str) -> Declared:
    resource = Rotated.declared({"name": "KEY", "secret": "key"})
    address = Address("railway", "variable", "api/KEY")
    return Declared("bilko", "bilko", address, resource, Location("stacks/bilko.yaml", 7), covers)


YEARLY = Schedule(every=dt.timedelta(days=365))
PLACE = Place("bilko", Address("railway", "instance", "api"))


def secret(
    *covers: str,
    schedule: Schedule = YEARLY,
    source: Source | None = None,
    parts: tuple[str, ...] = ("value",),
    levels: tuple[Level, ...] = ("P0", "P1"),
) -> Secret:
    """One whose consumers are variables of Railway, one of each part."""
    consumers = tuple(
        Consumer("bilko", "bilko", Address("railway", "variable", f"api/KEY{at}"), part, None, PLACE)
        for at, part in enumerate(parts)
    )
    made: Source = source or {"value": Generate("bytes")}
    at = Location("stacks/bilko.yaml", 3)
    one = Secret("key", "bilko", "bilko", "replace", made, consumers, schedule, at)
    return replace(one, levels=frozenset(levels), covers=covers)


def with_secret(one: Secret, *things: Declared) -> Tree:
    return replace(tree(*things), secrets={one.name: one})


def status_of(line: Obligation, found: Tree, *proved: str) -> tuple[str, tuple[str, ...]]:
    """Where the line stands, and what is wrong."""
    report = coverage({line.system: [line]}, found, frozenset(proved))
    return report.systems[line.system][0].status, tuple(one.message for one in report.problems)


def test_a_variable_of_a_secret_holds_its_rotation_where_that_has_an_interval() -> None:
    line, key = obligation(hold="rotated", **SETTING), rotated("bilko-005")
    assert status_of(line, with_secret(secret(), key), proof_of(key)) == ("held", ())
    assert status_of(line, with_secret(secret(), key))[0] == "claimed"
    never = secret(schedule=Schedule())
    assert status_of(line, with_secret(never, key), proof_of(key))[0] == "claimed"


ROTATES = {"kind": "secret-rotation", "on": "railway", "hold": "rotated", "work": "rotation"}


def test_a_secret_holds_a_rotation_where_its_consumers_are_and_a_test_proved_it() -> None:
    one = secret("bilko-005")
    assert proof_of(one) == "bilko/secret.key"
    assert status_of(obligation(**ROTATES), with_secret(one), proof_of(one)) == ("held", ())
    assert status_of(obligation(**ROTATES), with_secret(one))[0] == "claimed"
    told, problems = status_of(obligation(**{**ROTATES, "on": "github"}), with_secret(one), proof_of(one))
    assert (told, problems) == ("claimed", ("a secret cannot hold bilko-005 (secret-rotation on github)",))


def test_a_secret_without_an_interval_holds_no_rotation_and_no_interval() -> None:
    never = secret("bilko-005", schedule=Schedule())
    for changed in ({}, {"on": "none", "hold": "declared"}):
        line = obligation(**{**ROTATES, **changed})
        assert status_of(line, with_secret(never), proof_of(never))[0] == "claimed"
        assert status_of(line, with_secret(secret("bilko-005")), proof_of(never))[0] == "held"


@pytest.mark.parametrize("source", [Issue("bilko", "plaid.secret"), ByHand(check=Issue("bilko", "plaid.secret"))])
def test_a_credential_that_is_tried_at_its_issuer_holds_the_check_of_it(source: Source) -> None:
    line = obligation(kind="health-check", on="plaid", hold="probed", work="rotation")
    tried = secret("bilko-005", source=source, levels=("P0", "P1", "P4"))
    assert status_of(line, with_secret(tried), proof_of(tried)) == ("held", ())
    never = secret("bilko-005", source=source)
    assert status_of(line, with_secret(never), proof_of(never))[0] == "claimed"
    of_somebody_else = secret("bilko-005", levels=("P0", "P1", "P4"))
    assert status_of(line, with_secret(of_somebody_else), proof_of(of_somebody_else))[0] == "claimed"


def test_whether_a_vendor_is_well_is_not_told_by_a_credential() -> None:
    line = obligation(kind="health-check", on="plaid", hold="probed", work="alerts")
    one = secret("bilko-005", source=Issue("bilko", "plaid.secret"), levels=("P0", "P4"))
    assert status_of(line, with_secret(one), proof_of(one))[0] == "open"


def test_that_two_consumers_are_equal_is_held_where_they_hold_one_part() -> None:
    line = obligation(kind="secret", on="railway", hold="probed", work="rotation")
    two, apart = secret("bilko-005", parts=("value", "value")), secret("bilko-005", parts=("id", "secret"))
    assert status_of(line, with_secret(two), proof_of(two)) == ("held", ())
    assert status_of(line, with_secret(apart), proof_of(apart))[0] == "claimed"


@pytest.mark.parametrize(
    ("levels", "status"), [(("P0", "P1", "P3"), "held"), (("P0", "P5"), "held"), (("P0", "P1"), "claimed")]
)
def test_that_the_old_value_is_refused_is_held_by_what_shows_it(levels: tuple[Level, ...], status: str) -> None:
    line = obligation(**{**ROTATES, "hold": "probed"})
    one = secret("bilko-005", levels=levels)
    assert status_of(line, with_secret(one), proof_of(one))[0] == status


def test_nobody_is_told_anything_by_a_secret() -> None:
    line = obligation(kind="notice", on="none", hold="scheduled", work="rotation")
    one = secret("bilko-005")
    told, (problem,) = status_of(line, with_secret(one), proof_of(one))
    assert told == "open" and "hold: scheduled" in problem


def procedure(**changed: str) -> dict[str, Procedure]:
    line = {"command": "show", "test": "tests/cli/test_listing.py::test_a_thing", **changed}
    return {"bilko-005": Procedure.model_validate(line)}


def test_a_line_that_asks_for_a_command_is_a_procedure_where_one_is_named() -> None:
    lines = {"bilko": [obligation(hold="command")]}
    report = coverage(lines, tree(), frozenset(), procedure())
    (line,) = report.systems["bilko"]
    assert (line.status, line.reason) == ("procedure", "people do it with `trueup show`")
    assert report.problems == ()
    assert report.counts()["procedure"] == 1
    assert only(lines).status == "open"


@pytest.mark.parametrize("hold", ["declared", "probed", "scheduled", "alert-native"])
def test_a_procedure_for_what_is_no_command_counts_only_with_a_reason(hold: str) -> None:
    lines = {"bilko": [obligation(hold=hold)]}
    report = coverage(lines, tree(), frozenset(), procedure())
    assert report.systems["bilko"][0].status == "open"
    assert f"hold: {hold}" in report.problems[0].message
    report = coverage(lines, tree(), frozenset(), procedure(because="no resource is it"))
    assert (report.systems["bilko"][0].status, report.problems) == ("procedure", ())


def test_a_procedure_for_an_unknown_line_or_for_what_people_judge_is_a_problem() -> None:
    report = coverage({"bilko": [obligation("bilko-006")]}, tree(), frozenset(), procedure())
    assert "no obligation has the id 'bilko-005'" in report.problems[0].message
    report = coverage({"bilko": [obligation(hold="human")]}, tree(), frozenset(), procedure(because="we wish"))
    assert report.systems["bilko"][0].status == "human"
    assert len(report.problems) == 1


def test_procedures_are_read_and_a_malformed_one_is_refused(tmp_path: Path) -> None:
    text = '{bilko-005: {command: show, test: "tests/cli/test_listing.py::test_a_thing"}}'
    assert read_procedures(folder(tmp_path / "good", {"procedures.yaml": text})) == procedure()
    assert read_obligations(tmp_path / "good") == {}
    assert read_procedures(tmp_path) == {}
    with pytest.raises(SpecError, match=r"procedures\.yaml"):
        read_procedures(folder(tmp_path / "bad", {"procedures.yaml": text.replace("tests/", "/tests/")}))


@pytest.mark.parametrize("hold", sorted(BY_PEOPLE))
def test_what_people_do_is_shown_with_its_reason(hold: str) -> None:
    line = only({"bilko": [obligation(hold=hold, says="a meeting of people")]})
    assert (line.status, line.reason) == ("human", "a meeting of people")


def test_an_unknown_id_is_a_problem_with_place_and_nearest_id() -> None:
    report = coverage({"bilko": [obligation()]}, tree(declared("apex", "bilko-05", line=12)), frozenset())
    (problem,) = report.problems
    assert (problem.file, problem.line, problem.path) == (
        "stacks/bilko.yaml",
        12,
        "cloudflare.record.bilko-io/apex.covers",
    )
    assert "'bilko-05'" in problem.message
    assert problem.hint == "nearest: bilko-005"
    assert report.systems["bilko"][0].status == "open"


def test_json_has_the_published_shape() -> None:
    lines = {"bilko": [obligation(), obligation("bilko-084", hold="human")]}
    document = coverage(lines, tree(declared("apex", "bilko-005")), frozenset()).as_json()
    assert document["systems"] == {
        "bilko": {
            "lines": [
                {"id": "bilko-005", "work": "core", "status": "claimed"},
                {"id": "bilko-084", "work": "core", "status": "human"},
            ]
        }
    }
    assert document["counts"] == {"held": 0, "claimed": 1, "procedure": 0, "human": 1, "open": 0}


def test_no_folder_means_no_obligations_and_nothing_proved(tmp_path: Path) -> None:
    assert read_obligations(tmp_path) == {}
    assert read_proved(tmp_path) == frozenset()


def test_proved_addresses_are_read_under_their_stack(tmp_path: Path) -> None:
    apex = declared("apex", "bilko-005")
    root = folder(tmp_path, {"proved.yaml": f"bilko: [{apex.address}]\n"})
    assert read_proved(root) == {proof_of(apex)}
    assert read_obligations(root) == {}


def test_a_malformed_proof_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SpecError, match=r"proved\.yaml"):
        read_proved(folder(tmp_path, {"proved.yaml": "bilko: cloudflare.record.bilko-io/apex\n"}))


GOOD = '- {id: bilko-001, at: A, kind: dns, says: B, "on": cloudflare, hold: declared, work: core}\n'


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        (GOOD + GOOD.replace("declared", "hoped"), 2, "Input should be 'declared'"),
        (GOOD + GOOD.replace("work", "effort").replace("001", "002"), 2, "Field required"),
        (GOOD + GOOD, 2, "given twice"),
        (GOOD.replace("bilko", "bunty"), 1, "another system"),
        (GOOD.replace('"on"', "on"), 1, "Keys should be strings"),
        (GOOD + "- {id: [", 3, "did not find expected node content"),
        ("- !!python/name:os.system\n", 1, "could not determine a constructor"),
    ],
    ids=["hold", "field", "twice", "system", "bare on", "yaml", "tag"],
)
def test_a_wrong_line_is_named_with_file_and_line(tmp_path: Path, text: str, line: int, message: str) -> None:
    with pytest.raises(SpecError) as caught:
        read_obligations(folder(tmp_path, {"bilko.yaml": text}))
    told = caught.value.problems
    assert any(message in one.message and one.line == line for one in told), told
    assert {one.file for one in told} == {"docs/coverage/bilko.yaml"}


def test_problems_of_all_files_come_at_once(tmp_path: Path) -> None:
    with pytest.raises(SpecError) as caught:
        read_obligations(folder(tmp_path, {"bilko.yaml": GOOD + GOOD, "bunty.yaml": "- {"}))
    assert {one.file for one in caught.value.problems} == {"docs/coverage/bilko.yaml", "docs/coverage/bunty.yaml"}


def test_a_link_out_of_the_repository_is_refused(tmp_path: Path) -> None:
    (tmp_path / "outside.yaml").write_text(GOOD, encoding="utf-8")
    root = folder(tmp_path / "repo", {})
    (root / "docs" / "coverage" / "bilko.yaml").symlink_to(tmp_path / "outside.yaml")
    with pytest.raises(SpecError, match="leads out of the repository"):
        read_obligations(root)


def test_bytes_that_are_not_utf8_are_refused(tmp_path: Path) -> None:
    root = folder(tmp_path, {})
    (root / "docs" / "coverage" / "bilko.yaml").write_bytes(b"- \xff\n")
    with pytest.raises(SpecError, match="not UTF-8"):
        read_obligations(root)


def test_the_readme_prints_the_products_own_table() -> None:
    text = (ROOT / "docs" / "coverage" / "README.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| ([a-z-]+) \| ([a-z0-9]+) \| (`[a-z0-9.`, -]+`) \|$", text.split("## Which kinds")[1], re.M)
    printed = {(kind, on): frozenset(re.findall(r"`([a-z0-9.-]+)`", kinds)) for kind, on, kinds in rows}
    assert printed == dict(MAY_HOLD)


def test_every_row_of_the_table_is_for_lines_that_exist() -> None:
    ways = {*BY_DECLARING, "probed"}
    lines = [line for lines in read_obligations(ROOT).values() for line in lines if line.hold in ways]
    assert set(MAY_HOLD) <= {(line.kind, line.on) for line in lines}
    assert {*ASKED_BY_A_ROTATION, *ASKED_BY_A_PLAN} <= set(MAY_HOLD)


def test_the_obligations_name_no_mail_address_and_no_phone() -> None:
    for lines in read_obligations(ROOT).values():
        for line in lines:
            assert "@" not in line.says, line.id
            assert not re.search(r"\+\d[\d ()-]{7,}", line.says), line.id


def test_the_lines_carry_the_facts_of_the_source() -> None:
    if not SIBLING.exists():
        pytest.skip("not run: the sibling folder with the source list is absent")
    source: list[dict[str, Any]] = yaml.load(SIBLING.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)
    ours = {line.id: line for lines in read_obligations(ROOT).values() for line in lines}
    assert set(ours) == {one["id"] for one in source}
    for one in source:
        line = ours[one["id"]].model_dump()
        # Mail addresses of roles are rewritten; all else is word for word.
        assert {key: line[key] for key in line if key != "says" or "@" not in one["says"]} == {
            key: one[key] for key in line if key != "says" or "@" not in one["says"]
        }


def test_the_readme_prints_what_a_plan_probes() -> None:
    text = (ROOT / "docs" / "coverage" / "README.md").read_text(encoding="utf-8")
    (row,) = re.findall(r"^\| `probed` \|.*$", text, re.M)
    told = {tuple(one.split(" on ")) for one in re.findall(r"\*([\w-]+ on \w+)\*", row)}
    assert told == ASKED_BY_A_PLAN | ASKED_BY_A_ROTATION


STACKS = sorted(path for path in (ROOT / "stacks").glob("*.yaml") if not path.name.startswith("_"))
DNS = [path for path in STACKS if "records:" in path.read_text(encoding="utf-8")]
OWN = re.compile(r"\$\{(railway\.domain\.[a-z-]+\.(target|verify_value)|vercel\.domain\.[a-z-]+\.(target|ipv4))\}")


@pytest.fixture(scope="module")
def stacks() -> Tree:
    """This repository's, with the bases that they extend."""
    return load(working_tree(ROOT), kinds(), issues())


@pytest.fixture(scope="module")
def report(stacks: Tree) -> Report:
    return coverage(read_obligations(ROOT), stacks, read_proved(ROOT), read_procedures(ROOT))


def covers_of(tree: Tree) -> set[str]:
    secrets = {id for one in tree.secrets.values() for id in one.covers}
    return secrets | {id for one in tree.declared() for id in one.covers}


def test_every_dns_line_that_a_stack_can_hold_today_is_covered(stacks: Tree) -> None:
    """Uncovered: the record that must be an output of a load balancer, which no platform here has yet."""
    lines = [line for lines in read_obligations(ROOT).values() for line in lines]
    dns = {line.id for line in lines if (line.kind, line.on) == ("dns", "cloudflare")}
    assert dns - covers_of(stacks) == {"bunty-089"}


def test_no_claim_of_these_stacks_is_wrong(report: Report) -> None:
    assert report.problems == ()


def test_what_is_covered_is_held(report: Report, stacks: Tree) -> None:
    status = {line.obligation.id: line.status for lines in report.systems.values() for line in lines}
    assert {id for id in covers_of(stacks) if status[id] != "held"} == set()


OPEN = {
    "capliquify-064": "compares with what Neon says, which no platform here asks",
    "bunty-089": "the record of a load balancer, which is DigitalOcean's",
}
"""Lines of the core on Railway (and the Redis there), Vercel and R2 and of Cloudflare's DNS that nothing holds yet, and
why."""
ARRIVED = ("railway", "redis", "vercel", "r2")


def test_of_the_core_on_what_has_arrived_and_of_dns_nothing_is_open_but_what_is_named(report: Report) -> None:
    core = [
        line
        for lines in report.systems.values()
        for line in lines
        if (line.obligation.on in ARRIVED and line.obligation.work == "core")
        or (line.obligation.kind, line.obligation.on) == ("dns", "cloudflare")
    ]
    assert {line.obligation.id for line in core if line.status in ("open", "claimed")} == OPEN.keys()
    assert len(core) > len(OPEN)


def test_every_line_of_rotation_is_held_or_people_have_a_command_for_it(report: Report) -> None:
    lines = [line for lines in report.systems.values() for line in lines if line.obligation.work == "rotation"]
    assert len(lines) == 44
    for line in lines:
        asked = line.obligation.hold in ("command", "scheduled")
        assert line.status == ("procedure" if asked else "held"), line.obligation.id


@pytest.mark.parametrize("path", DNS, ids=lambda path: path.stem)
def test_a_stack_points_only_at_documentation_addresses_and_at_itself(path: Path, stacks: Tree) -> None:
    stack = yaml.safe_load(path.read_text(encoding="utf-8"))
    records = [one.resource for one in stacks.declared() if one.address.full_kind == "cloudflare.record"]
    own = "|".join(sorted({re.escape(str(getattr(record, "zone", ""))) for record in records}))
    v4 = r"192\.0\.2\.\d+|198\.51\.100\.\d+|203\.0\.113\.\d+"
    allowed = {"A": v4, "AAAA": r"2001:db8:[0-9a-f:]+", "CNAME": rf"[a-z0-9.-]+\.example\.net|{own}"}
    for records in stack["cloudflare"]["records"].values():
        for name, record in records.items():
            pattern = allowed.get(record["type"], allowed["CNAME"] if record["type"] == "MX" else ".*")
            content = record.get("content", "")
            assert re.fullmatch(pattern, content) or OWN.fullmatch(content), name


@pytest.mark.parametrize("path", DNS, ids=lambda path: path.stem)
def test_the_owner_mark_of_every_record_fits_a_free_plans_comment(path: Path) -> None:
    """100 characters on the free plan: a longer mark would be refused with the create."""
    stack = yaml.safe_load(path.read_text(encoding="utf-8"))
    for zone, records in stack["cloudflare"]["records"].items():
        for name in records:
            assert len(f"trueup:runbooks/{path.stem}/cloudflare.record.{zone}/{name}") <= 100


def names_of(group: typer.Typer, prefix: str = "") -> Iterator[str]:
    """Every command as it is typed, without the product's name."""
    for each in group.registered_commands:
        if each.callback is not None:
            yield prefix + (each.name or each.callback.__name__)
    for one in group.registered_groups:
        if one.typer_instance is not None:
            yield from names_of(one.typer_instance, f"{prefix}{one.name} ")


def test_every_procedure_names_a_command_and_a_test_that_exist() -> None:
    commands = set(names_of(app))
    for id, one in read_procedures(ROOT).items():
        assert one.command in commands, id
        file, _, name = one.test.partition("::")
        assert f"\ndef {name}(" in (ROOT / file).read_text(encoding="utf-8"), id


def test_a_procedure_meets_a_line_that_asks_for_a_command_or_is_named_here() -> None:
    lines = {line.id: line for lines in read_obligations(ROOT).values() for line in lines}
    other = {id for id in read_procedures(ROOT) if lines[id].hold != "command"}
    # A right is no resource: `covers:` on one would be a claim that nothing proves.
    told_by_people = {"bilko-113", "bunty-076"}
    assert other == {"bilko-114", "vendhub-151", "capliquify-119", *told_by_people}
