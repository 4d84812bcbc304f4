"""What stacks are to each other: bases, uses, accounts, owners; and what they say about their addresses."""

import datetime as dt
from pathlib import Path

import pytest

from reconcile.model.resource import Address
from reconcile.model.spec import Ignore, Location, Moved

from .samples import PROJECT, Record, Site, loaded, only, problems

HEAD = "account: acme\n"
ZONE = HEAD + "dns:\n  zone: {z: {name: a.example}}\n"
TWO = """\
  records:
    z:
      a: {name: w, type: A, content: x}
      b: {name: w, type: A, content: CONTENT}
"""

BASE = """\
account: acme
host:
  site:
    web:
      greeting: base
      port: 81
      env: {A: base, B: base, C: base}
      domains: [z]
    old: {}
dns: {zone: {z: {name: a.example}, y: {name: y.example}}}
"""


def test_a_stack_extends_one_base(tmp_path: Path) -> None:
    text = "extends: common\nhost: {site: {web: {greeting: own, env: {B: own, C: null}, domains: [y]}, old: null}}\n"
    spec = loaded(tmp_path, {"_common.yaml": BASE, "a.yaml": text}).stacks["a"]
    web = spec.declared[Address.parse("host.site.web")].resource
    assert isinstance(web, Site)
    assert (web.greeting, web.port) == ("own", 81)  # scalars replace, what is not said stays
    assert web.env == {"A": "base", "B": "own"}  # maps merge, null removes
    assert web.domains == ("y.example",)  # lists replace
    assert Address.parse("host.site.old") not in spec.declared
    assert spec.account == "acme"


def test_a_base_is_no_stack(tmp_path: Path) -> None:
    assert list(loaded(tmp_path, {"_common.yaml": BASE, "a.yaml": "extends: common\n"}).stacks) == ["a"]


def test_null_that_no_base_gave_stays_null(tmp_path: Path) -> None:
    text = "extends: common\nhost: {site: {web: {parent: null}}}\n"
    spec = loaded(tmp_path, {"_common.yaml": BASE, "a.yaml": text}).stacks["a"]
    web = spec.declared[Address.parse("host.site.web")].resource
    assert "parent" in web.model_fields_set


def test_a_problem_in_a_base_is_told_once_and_there(tmp_path: Path) -> None:
    base = "account: acme\nhost:\n  site:\n    web:\n      prot: 1\n"
    files = {"_common.yaml": base, "a.yaml": "extends: common\n", "b.yaml": "extends: common\n"}
    (found,) = problems(tmp_path, files)
    assert (found.file, found.line, found.path) == ("stacks/_common.yaml", 5, "host.site.web.prot")


def test_a_location_names_the_file_that_wrote_it(tmp_path: Path) -> None:
    text = "extends: common\nhost: {site: {mine: {}}}\n"
    spec = loaded(tmp_path, {"_common.yaml": BASE, "a.yaml": text}).stacks["a"]
    assert spec.declared[Address.parse("host.site.old")].at == Location("stacks/_common.yaml", 9)
    assert spec.declared[Address.parse("host.site.mine")].at == Location("stacks/a.yaml", 2)


def test_an_unknown_base_is_told_with_the_nearest(tmp_path: Path) -> None:
    found = only(tmp_path, "extends: comon\naccount: acme\n", _common=BASE)
    assert (found.line, found.message, found.hint) == (1, "unknown base 'comon'", "did you mean `common`?")


def test_a_base_named_with_its_underscore_is_told_to_drop_it(tmp_path: Path) -> None:
    found = only(tmp_path, "extends: _common\naccount: acme\n", _common=BASE)
    assert found.hint == "without its underscore"


def test_the_project_is_no_base(tmp_path: Path) -> None:
    assert only(tmp_path, "extends: project\naccount: acme\n").message == "unknown base 'project'"


def test_a_base_cannot_extend(tmp_path: Path) -> None:
    (found,) = problems(tmp_path, {"_one.yaml": "extends: two\n", "_two.yaml": "account: acme\n"})
    assert (found.file, found.message) == ("stacks/_one.yaml", "a base cannot extend another")


def test_a_broken_base_is_told_without_its_echoes(tmp_path: Path) -> None:
    files: dict[str, str | bytes] = {"_common.yaml": b"\xff", "a.yaml": "account: acme\nextends: common\n"}
    assert [problem.file for problem in problems(tmp_path, files)] == ["stacks/_common.yaml"]


def test_a_large_base_is_not_taken_a_thousand_times(tmp_path: Path) -> None:
    words = ", ".join(["x"] * 9_000)
    # Ten thousand values in a few bytes more, and eleven times as many by aliases.
    base = (
        "account: acme\nhost: {site: {web: {env: {A: &a ["
        + words
        + "]"
        + "".join(f", B{n}: *a" for n in range(10))
        + "}}}}\n"
    )
    files = {f"s{n}.yaml": "extends: big\n" for n in range(30)}
    found = problems(tmp_path, {"_big.yaml": base, **files})
    assert [problem.message for problem in found if "values" in problem.message] == [
        "the stacks up to here hold more than 2,000,000 values"
    ]


def test_an_unknown_stack_is_told_with_the_nearest(tmp_path: Path) -> None:
    found = only(tmp_path, HEAD + "uses: [shard]\n", shared=HEAD)
    assert (found.line, found.message, found.hint) == (2, "unknown stack `shard`", "did you mean `shared`?")


def test_a_stack_cannot_use_itself(tmp_path: Path) -> None:
    assert only(tmp_path, HEAD + "uses: [a]\n").message == "a stack cannot use itself"


def test_stacks_that_use_each_other_are_listed_once(tmp_path: Path) -> None:
    files = {"b.yaml": HEAD + "uses: [c]\n", "c.yaml": HEAD + "uses: [d]\n", "d.yaml": HEAD + "uses: [b]\n"}
    (found,) = problems(tmp_path, files)
    assert found.message == "stacks that use each other: b -> c -> d -> b"


def test_two_stacks_cannot_own_one_object(tmp_path: Path) -> None:
    record = "dns: {records: {z: {NAME: {name: www, type: A, content: x}}}}\n"
    files = {
        "shared.yaml": ZONE,
        "a.yaml": HEAD + "uses: [shared]\n" + record.replace("NAME", "one"),
        "b.yaml": HEAD + "uses: [shared]\n" + record.replace("NAME", "two"),
    }
    (found,) = problems(tmp_path, files)
    assert (found.file, found.line, found.path) == ("stacks/b.yaml", 3, "dns.records.z.two")
    assert "dns.record.z/one of stack `a`, stacks/a.yaml:3" in found.message


def test_one_stack_cannot_declare_one_object_twice(tmp_path: Path) -> None:
    text = ZONE + TWO.replace("CONTENT", "x")
    found = only(tmp_path, text)
    assert (found.line, found.path) == (7, "dns.records.z.b")


def test_other_content_or_another_account_is_another_object(tmp_path: Path) -> None:
    text = ZONE + TWO.replace("CONTENT", "y")
    project = PROJECT + "  rival: {dns: {credentials: {token: RIVAL}}}\n"
    files = {"_project.yaml": project, "a.yaml": text, "b.yaml": text.replace("acme", "rival")}
    assert len(list(loaded(tmp_path, files).declared())) == 6


def test_a_key_that_waits_for_an_output_says_nothing_about_owners(tmp_path: Path) -> None:
    record = "{name: w, type: CNAME, content: '${host.site.s.target}'}"
    text = ZONE + f"  records: {{z: {{a: {record}, b: {record}}}}}\nhost: {{site: {{s: {{}}}}}}\n"
    assert len(list(loaded(tmp_path, {"a.yaml": text}).declared())) == 4


def test_an_account_is_the_project_s(tmp_path: Path) -> None:
    found = only(tmp_path, "account: amce\n")
    assert (found.line, found.message, found.hint) == (1, "unknown account `amce`", "did you mean `acme`?")


def test_an_account_holds_the_platforms_of_its_stacks(tmp_path: Path) -> None:
    project = PROJECT.replace("    host: {credentials: {token: ACME_HOST_TOKEN}}\n", "")
    (found,) = problems(tmp_path, {"_project.yaml": project, "a.yaml": HEAD + "host: {site: {s: {}}}\n"})
    assert (found.file, found.line, found.message) == ("stacks/a.yaml", 2, "account `acme` has no host")


PROJECTS = {
    "unknown key": (PROJECT + "colour: red\n", 7, "unknown key `colour`"),
    "unknown platform": (PROJECT + "    dnss: {}\n", 7, "unknown platform `dnss`"),
    "unknown key of an access": (PROJECT + "    host2: {token: x}\n", 7, "unknown key `token`"),
    "no project": (PROJECT.replace("project: samples\n", ""), 1, "`project` is missing"),
    "no ledger": (PROJECT.replace("ledger: {id: led1, home: .trueup/ledger.db}\n", ""), 1, "`id` is missing"),
    "no ledger id": (PROJECT.replace("id: led1, ", ""), 2, "`id` is missing"),
    "number as ledger id": (PROJECT.replace("led1", "12345678"), 2, "must be a text"),
    "project with a slash": (PROJECT.replace("samples", "a/b"), 1, "`a/b` is no name for a project"),
    "account with a slash": (PROJECT.replace("acme:", "a/b:"), 4, "`a/b` is no name for an account"),
    "account without platforms": (PROJECT + "  rival:\n", 7, "must be a map of platforms"),
    "credentials that are no map": (PROJECT.replace("{token: ACME_HOST_TOKEN}", "TOKEN"), 6, "must be a map"),
    "names that are no list": (PROJECT + "from_env: NAME\n", 7, "must be a list of texts"),
}


@pytest.mark.parametrize("name", PROJECTS)
def test_a_wrong_project_is_told(tmp_path: Path, name: str) -> None:
    text, line, message = PROJECTS[name]
    found = problems(tmp_path, {"_project.yaml": text})
    assert (line, message) in [(problem.line, problem.message) for problem in found]


IGNORE = {
    "address": "host.site.s",
    "field": "port",
    "owner": "ops",
    "reason": "load test",
    "expires": "2027-01-31",
}
SITE = HEAD + "host: {site: {s: {}, t: {}}}\n"


def rule(**other: str) -> str:
    fields = {**IGNORE, **other}
    return "  - {" + ", ".join(f"{key}: {value}" for key, value in fields.items() if value) + "}\n"


def test_an_ignore_rule_is_read(tmp_path: Path) -> None:
    found = loaded(tmp_path, {"a.yaml": SITE + "ignore:\n" + rule()}).stacks["a"].ignores
    address = Address.parse("host.site.s")
    at = Location("stacks/a.yaml", 4)
    assert found == (Ignore(address, "port", "ops", "load test", dt.date(2027, 1, 31), at),)


@pytest.mark.parametrize(
    ("other", "path", "message"),
    [
        *[({key: ""}, f"ignore.0.{key}", f"`{key}` is missing") for key in IGNORE],
        ({"until": "x"}, "ignore.0.until", "unknown key `until`"),
        ({"address": "host"}, "ignore.0.address", "`host` is no address (platform.kind.name)"),
        ({"address": "host.site.u"}, "ignore.0.address", "`host.site.u` is not declared in this stack"),
        ({"field": "prot"}, "ignore.0.field", "host.site has no comparable field `prot`"),
        ({"field": "target"}, "ignore.0.field", "host.site has no comparable field `target`"),
        ({"expires": "soon"}, "ignore.0.expires", "is no day"),
        ({"expires": "2027-02-30"}, "ignore.0.expires", "is no day"),
        ({"expires": "20270131"}, "ignore.0.expires", "must be a text"),
        ({"expires": "2027-W01-1"}, "ignore.0.expires", "is no day"),
    ],
)
def test_a_wrong_ignore_rule_is_told(tmp_path: Path, other: dict[str, str], path: str, message: str) -> None:
    found = only(tmp_path, SITE + "ignore:\n" + rule(**other))
    assert (found.line, found.path, found.message) == (4, path, message)


def test_two_rules_for_one_field_are_refused(tmp_path: Path) -> None:
    found = only(tmp_path, SITE + "ignore:\n" + rule() + rule(reason="again"))
    assert (found.line, found.hint) == (5, "the first is stacks/a.yaml:4")


def test_a_move_is_read(tmp_path: Path) -> None:
    text = SITE + "moved:\n  - {from: host.site.old, to: host.site.s}\n"
    at = Location("stacks/a.yaml", 4)
    moved = Moved(Address.parse("host.site.old"), Address.parse("host.site.s"), at)
    assert loaded(tmp_path, {"a.yaml": text}).stacks["a"].moved == (moved,)


@pytest.mark.parametrize(
    ("before", "after", "path", "message"),
    [
        ("host.site.t", "host.site.s", "moved.0.from", "`host.site.t` is still declared"),
        ("host.site.old", "host.site.u", "moved.0.to", "`host.site.u` is not declared in this stack"),
        ("host.sites.old", "host.site.s", "moved.0.from", "unknown kind `host.sites`"),
        ("dns.zone.old", "host.site.s", "moved.0.from", "a dns.zone cannot become a host.site"),
        ("old", "host.site.s", "moved.0.from", "`old` is no address (platform.kind.name)"),
        ("", "host.site.s", "moved.0.from", "must be a text"),
    ],
)
def test_a_wrong_move_is_told(tmp_path: Path, before: str, after: str, path: str, message: str) -> None:
    found = only(tmp_path, SITE + f"moved:\n  - {{from: {before}, to: {after}}}\n")
    assert (found.line, found.path, found.message) == (4, path, message)


def test_nothing_moves_twice(tmp_path: Path) -> None:
    lines = "  - {from: host.site.old, to: host.site.s}\n  - {from: host.site.old, to: host.site.t}\n"
    found = only(tmp_path, SITE + "moved:\n" + lines)
    assert (found.line, found.message) == (5, "moved twice")


def test_used_stacks_come_first(tmp_path: Path) -> None:
    tree = loaded(tmp_path, {"a.yaml": HEAD + "uses: [b]\n", "b.yaml": HEAD + "uses: [c]\n", "c.yaml": HEAD})
    assert tree.in_order(frozenset({"a", "b", "c"})) == ("c", "b", "a")


def test_the_writer_is_read(tmp_path: Path) -> None:
    assert loaded(tmp_path, {"a.yaml": HEAD + "writer: pulumi\n"}).stacks["a"].writer == "pulumi"


def test_the_records_of_a_used_zone_are_the_stack_s_own(tmp_path: Path) -> None:
    text = HEAD + "uses: [shared]\ndns: {records: {z: {r: {type: A, content: x}}}}\n"
    tree = loaded(tmp_path, {"shared.yaml": ZONE, "a.yaml": text})
    assert [(one.stack, type(one.resource)) for one in tree.stacks["a"].declared.values()] == [("a", Record)]
