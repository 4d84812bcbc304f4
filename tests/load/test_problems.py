"""What the models refuse, told with line, path and the nearest key; and everything at once."""

from pathlib import Path

import pytest

from .samples import PROJECT, loaded, only, problems

HEAD = "account: acme\n"
ZONE = HEAD + "dns:\n  zone: {z: {name: a.example}}\n  records:\n    z:\n"  # five lines


def test_everything_wrong_is_told_at_once_by_file_and_line(tmp_path: Path) -> None:
    found = problems(
        tmp_path,
        {
            "_project.yaml": PROJECT + "colour: red\n",
            "b.yaml": HEAD + "dns:\n  zone: {z: {nam: a.example, id: x}}\n  nothing: {}\n",
            "a.yaml": ZONE + "      r: {type: B, content: 1, ttl: soon}\n      s: {}\nwriter: me\n",
            "c.yaml": b"\xff",
        },
    )
    assert [(problem.file.removeprefix("stacks/"), problem.line, problem.path) for problem in found] == [
        ("_project.yaml", 7, "colour"),
        ("a.yaml", 6, "dns.records.z.r.content"),
        ("a.yaml", 6, "dns.records.z.r.ttl"),
        ("a.yaml", 6, "dns.records.z.r.type"),
        ("a.yaml", 7, "dns.records.z.s.content"),
        ("a.yaml", 7, "dns.records.z.s.type"),
        ("a.yaml", 8, "writer"),
        ("b.yaml", 3, "dns.zone.z.id"),
        ("b.yaml", 3, "dns.zone.z.nam"),
        ("b.yaml", 4, "dns.nothing"),
        ("c.yaml", 1, ""),
    ]


def test_a_problem_reads_as_one_line(tmp_path: Path) -> None:
    found = only(tmp_path, ZONE + "      r: {type: A, content: x, tll: 60}\n")
    assert str(found) == "stacks/a.yaml:6: unknown key `tll` at dns.records.z.r.tll (did you mean `ttl`?)"


def test_an_unknown_key_stands_at_its_key(tmp_path: Path) -> None:
    found = only(tmp_path, ZONE + "      r:\n        type: A\n        contents:\n          x\n        content: y\n")
    assert (found.line, found.hint) == (8, "did you mean `content`?")


def test_a_bad_value_stands_at_its_value(tmp_path: Path) -> None:
    found = only(tmp_path, ZONE + "      r:\n        type: A\n        content: x\n        priority:\n          high\n")
    assert (found.line, found.path) == (10, "dns.records.z.r.priority")
    assert found.message.endswith(', not "high"')


def test_a_missing_field_stands_at_its_resource(tmp_path: Path) -> None:
    found = only(tmp_path, ZONE + "      q: {type: A, content: y}\n      r:\n        type: A\n")
    assert (found.line, found.path) == (7, "dns.records.z.r.content")
    assert found.message == "field `content` is missing"


def test_a_value_that_no_member_of_a_union_takes_is_one_problem(tmp_path: Path) -> None:
    found = only(tmp_path, ZONE + "      r: {type: A, content: x, ttl: soon}\n")
    assert (found.path, found.message) == ("dns.records.z.r.ttl", "must be a valid integer or 'auto', not \"soon\"")


def test_a_nested_problem_stands_where_it_is(tmp_path: Path) -> None:
    text = HEAD + "host:\n  site:\n    s:\n      limits:\n        memory: 1\n        cpus: 2\n"
    found = only(tmp_path, text)
    assert (found.line, found.path) == (7, "host.site.s.limits.cpus")


def test_an_item_of_a_list_stands_where_it_is(tmp_path: Path) -> None:
    found = only(tmp_path, ZONE + "      r:\n        {type: A, content: x, tags: [a,\n          7]}\n")
    assert (found.line, found.path, found.hint) == (8, "dns.records.z.r.tags.1", "put it in quotes")


def test_a_number_where_a_text_is_wanted_asks_for_quotes(tmp_path: Path) -> None:
    assert only(tmp_path, ZONE + "      r: {type: TXT, content: 12}\n").hint == "put it in quotes"


def test_a_model_s_own_words_are_told(tmp_path: Path) -> None:
    found = only(tmp_path, HEAD + "host: {site: {s: {greeting: damn}}}\n")
    assert (found.path, found.message) == ("host.site.s.greeting", "a greeting does not swear")


def test_an_output_cannot_be_declared(tmp_path: Path) -> None:
    found = only(tmp_path, HEAD + "host: {site: {s: {target: x}}}\n")
    assert (found.path, found.message) == ("host.site.s.target", "`target` is given by the platform")


def test_a_vendor_s_name_for_a_field_is_no_key(tmp_path: Path) -> None:
    assert only(tmp_path, HEAD + "host: {site: {s: {dnsTarget: x}}}\n").message == "unknown key `dnsTarget`"


def test_the_grouping_field_cannot_be_declared(tmp_path: Path) -> None:
    found = only(tmp_path, ZONE + "      r: {type: A, content: x, zone: z}\n")
    assert (found.path, found.message) == ("dns.records.z.r.zone", "`zone` is given by the group it stands in")


SECRET = "hunter2-hunter2"


@pytest.mark.parametrize(
    "fields",
    [
        f"pin: {SECRET}",
        f"password: [{SECRET}]",
        f"password: {{value: {SECRET}}}",
        f"password: {SECRET}, greeting: silence",
        f"password: '${{{SECRET}}}'",
        f"password: '${{x.{SECRET}.y.z}}'",
        f"password: '${{host.site.s.{SECRET}}}'",
        f"password: '${{host.site.{SECRET}.port}}'",
        f"password: '${{{SECRET}'",
    ],
)
def test_a_secret_is_never_shown(tmp_path: Path, fields: str) -> None:
    found = only(tmp_path, HEAD + f"host: {{site: {{s: {{{fields}}}}}}}\n")
    assert found.line == 2
    assert "hunter2" not in str(found)


def test_a_credential_written_in_place_of_its_variable_is_never_shown(tmp_path: Path) -> None:
    text = PROJECT.replace("ACME_DNS_TOKEN", "sk-hunter2") + "from_env: [pk-hunter2]\n"
    found = problems(tmp_path, {"_project.yaml": text})
    assert [problem.message for problem in found] == ["must be the name of an environment variable"] * 2
    assert "hunter2" not in "".join(map(str, found))


def test_a_long_value_is_cut(tmp_path: Path) -> None:
    found = only(tmp_path, ZONE + f"      r: {{type: {'x' * 500}, content: x}}\n")
    assert "x" * 55 in found.message
    assert "x" * 61 not in found.message


def test_a_long_key_is_cut(tmp_path: Path) -> None:
    found = only(tmp_path, HEAD + f"{'x' * 500}: 1\n")
    assert "x" * 61 not in found.message


def test_what_is_not_seen_is_shown_escaped(tmp_path: Path) -> None:
    found = only(tmp_path, HEAD + "wri\u200bter: pulumi\n")
    assert (found.path, found.message) == ("wri\\u200bter", "unknown key `wri\\u200bter`")


@pytest.mark.parametrize("section", ["alerts", "routes", "checks"])
def test_a_section_of_a_later_version_is_refused(tmp_path: Path, section: str) -> None:
    found = only(tmp_path, HEAD + f"{section}: {{x: {{}}}}\n")
    assert (found.line, found.message) == (2, f"section `{section}` is not acted on by this version")


def test_an_unknown_platform_is_refused(tmp_path: Path) -> None:
    found = only(tmp_path, HEAD + "hots: {}\n")
    assert (found.message, found.hint) == ("unknown key `hots`", "did you mean `host`?")


def test_an_unknown_section_is_refused(tmp_path: Path) -> None:
    found = only(tmp_path, HEAD + "dns:\n  record: {}\n")
    assert (found.line, found.message, found.hint) == (3, "unknown key `record`", "did you mean `records`?")


@pytest.mark.parametrize(
    ("text", "path", "message"),
    [
        ("dns: [x]\n", "dns", "must be a map of sections"),
        ("dns: {zone: x}\n", "dns.zone", "must be a map by logical name"),
        ("dns: {zone: {z: x}}\n", "dns.zone.z", "must be a map of fields"),
        ("dns: {zone: {Z: {name: x}}}\n", "dns.zone.Z", "`Z` is no logical name"),
        ("dns: {zone: {a.b: {name: x}}}\n", "dns.zone.a.b", "`a.b` is no logical name"),
        ("dns: {records: [x]}\n", "dns.records", "must be a map by zone"),
        ("dns: {records: {z_: {}}}\n", "dns.records.z_", "`z_` is no logical name"),
        ("dns: {zone: {z: {name: x, covers: y}}}\n", "dns.zone.z.covers", "must be a list of texts"),
        ("dns: {zone: {z: {name: x, covers: [1]}}}\n", "dns.zone.z.covers.0", "must be a text"),
        ("uses: b\n", "uses", "must be a list of texts"),
        ("uses: [7]\n", "uses.0", "must be a text"),
        ("writer: both\n", "writer", "the writer is `trueup` or `pulumi`"),
        ("extends: [b]\n", "extends", "must be the name of one base"),
        ("ignore: {}\n", "ignore", "must be a list of maps"),
        ("ignore: [x]\n", "ignore.0", "must be a map"),
    ],
)
def test_a_wrong_shape_is_told(tmp_path: Path, text: str, path: str, message: str) -> None:
    found = only(tmp_path, HEAD + text)
    assert (found.line, found.path, found.message) == (2, path, message)


def test_a_missing_account_is_told(tmp_path: Path) -> None:
    assert str(only(tmp_path, "writer: trueup\n")) == "stacks/a.yaml:1: `account` is missing at account"


def test_a_thousand_wrong_keys_are_told_soon(tmp_path: Path) -> None:
    records = "".join(f"      r{n}: {{type: A, content: x, colour{n}: x}}\n" for n in range(1000))
    assert len(problems(tmp_path, {"a.yaml": ZONE + records})) == 1000


def test_the_written_fields_and_the_default_name_are_declared(tmp_path: Path) -> None:
    text = ZONE + "      www: {type: CNAME, content: x, covers: [x-1, x-2]}\n"
    text += "      apex: {name: '@', type: A, content: y}\n"
    spec = loaded(tmp_path, {"a.yaml": text}).stacks["a"]
    assert (spec.name, spec.account, spec.writer, spec.uses) == ("a", "acme", "trueup", ())
    told = {
        str(one.address): (one.resource.keys()[0], one.covers, one.at.line, [str(need) for need in one.needs])
        for one in spec.declared.values()
    }
    assert told == {
        "dns.zone.z": (("a.example",), (), 3, []),
        "dns.record.z/www": (("a.example", "www", "CNAME", "x"), ("x-1", "x-2"), 6, ["dns.zone.z"]),
        "dns.record.z/apex": (("a.example", "@", "A", "y"), (), 7, ["dns.zone.z"]),
    }
