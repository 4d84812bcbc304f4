"""Names and `${…}`: to an input at load, to an output as an edge, and what is no reference at all."""

from pathlib import Path

import pytest

from reconcile.model.reference import fill
from reconcile.model.resource import Address, Reference
from reconcile.model.spec import Declared, Tree

from .samples import Record, Site, loaded, only, problems

HEAD = "account: acme\n"
ZONE = HEAD + "dns:\n  zone: {z: {name: A.example}}\n"
SITES = HEAD + "host:\n  site:\n"


def at(tree: Tree, stack: str, address: str) -> Declared:
    return tree.stacks[stack].declared[Address.parse(address)]


def site(tree: Tree, address: str, stack: str = "a") -> Site:
    resource = at(tree, stack, address).resource
    assert isinstance(resource, Site)
    return resource


def record(tree: Tree, address: str, stack: str = "a") -> Record:
    resource = at(tree, stack, address).resource
    assert isinstance(resource, Record)
    return resource


def test_a_bare_name_becomes_the_name_that_the_platform_knows(tmp_path: Path) -> None:
    tree = loaded(tmp_path, {"a.yaml": ZONE + "  records: {z: {r: {type: A, content: x}}}\n"})
    assert record(tree, "dns.record.z/r").zone == "a.example"


def test_a_list_of_bare_names_is_resolved_too(tmp_path: Path) -> None:
    text = HEAD + "dns: {zone: {y: {name: y.example}, z: {name: z.example}}}\nhost: {site: {s: {domains: [z, y]}}}\n"
    tree = loaded(tmp_path, {"a.yaml": text})
    assert site(tree, "host.site.s").domains == ("z.example", "y.example")
    assert [str(need) for need in at(tree, "a", "host.site.s").needs] == ["dns.zone.z", "dns.zone.y"]


def test_a_bare_name_that_is_not_declared_is_told_with_the_nearest(tmp_path: Path) -> None:
    found = only(tmp_path, SITES + "    web: {}\n    api:\n      parent: wab\n")
    assert (found.line, found.path) == (6, "host.site.api.parent")
    assert (found.message, found.hint) == ("no host.site `wab`", "did you mean `web`?")


@pytest.mark.parametrize("written", ["[[web]]", "[{web: 1}]", "{web: web}", "[7]", "7"])
def test_what_is_no_name_is_told_by_the_model(tmp_path: Path, written: str) -> None:
    text = HEAD + f"dns: {{zone: {{web: {{name: x}}}}}}\nhost: {{site: {{s: {{domains: {written}}}}}}}\n"
    assert only(tmp_path, text).path.startswith("host.site.s.domains")


def test_a_name_that_is_an_output_cannot_be_named(tmp_path: Path) -> None:
    text = SITES + "    s: {}\n    t: {name: '${host.site.s.target}'}\n    u: {parent: t}\n"
    found = only(tmp_path, text)
    assert (found.path, found.message) == (
        "host.site.u.parent",
        "the name of host.site.t is an output, not known yet",
    )


def test_an_unknown_group_is_told_once(tmp_path: Path) -> None:
    text = ZONE + "  records:\n    zz:\n      r: {type: A, content: x}\n      s: {type: A, content: y}\n"
    found = only(tmp_path, text)
    assert (found.path, found.message, found.hint) == ("dns.records.zz", "no dns.zone `zz`", "did you mean `z`?")


def test_a_reference_to_an_input_is_resolved_through_a_chain(tmp_path: Path) -> None:
    text = (
        SITES
        + """\
    a: {greeting: "say ${host.site.b.greeting}!"}
    b: {greeting: "${host.site.c.greeting} and ${host.site.c.port}"}
    c: {greeting: hi, port: 81}
"""
    )
    tree = loaded(tmp_path, {"a.yaml": text})
    assert site(tree, "host.site.a").greeting == "say hi and 81!"
    assert at(tree, "a", "host.site.a").references == {}
    assert at(tree, "a", "host.site.a").needs == ()


def test_a_whole_reference_keeps_the_type(tmp_path: Path) -> None:
    text = SITES + "    a: {port: '${host.site.b.port}', public: '${host.site.b.public}'}\n    b: {public: false}\n"
    assert (site(loaded(tmp_path, {"a.yaml": text}), "host.site.a").port) == 80
    assert (site(loaded(tmp_path, {"a.yaml": text}), "host.site.a").public) is False


def test_a_reference_takes_the_normal_form(tmp_path: Path) -> None:
    text = ZONE + 'host: {site: {s: {greeting: "at ${dns.zone.z.name}"}}}\n'
    assert site(loaded(tmp_path, {"a.yaml": text}), "host.site.s").greeting == "at a.example"


def test_references_stand_anywhere_inside_a_value(tmp_path: Path) -> None:
    text = SITES + "    a: {env: {x: 'p=${host.site.b.port}'}, limits: {memory: '${host.site.b.port}'}}\n    b: {}\n"
    found = site(loaded(tmp_path, {"a.yaml": text}), "host.site.a")
    assert found.env == {"x": "p=80"}
    assert found.limits is not None
    assert found.limits.memory == 80


def test_a_reference_to_an_output_stays_and_makes_an_edge(tmp_path: Path) -> None:
    text = ZONE + '  records: {z: {r: {type: CNAME, content: "${host.site.s.target}"}}}\nhost: {site: {s: {}}}\n'
    tree = loaded(tmp_path, {"a.yaml": text})
    found = at(tree, "a", "dns.record.z/r")
    assert record(tree, "dns.record.z/r").content == "${host.site.s.target}"
    assert found.references == {"content": "${host.site.s.target}"}
    assert [str(need) for need in found.needs] == ["dns.zone.z", "host.site.s"]


def test_an_output_passes_through_an_input(tmp_path: Path) -> None:
    text = (
        SITES
        + "    a: {greeting: 'b: ${host.site.b.greeting}'}\n    b: {greeting: 'c: ${host.site.c.target}'}\n    c: {}\n"
    )
    tree = loaded(tmp_path, {"a.yaml": text})
    assert at(tree, "a", "host.site.a").references == {"greeting": "b: c: ${host.site.c.target}"}
    assert [str(need) for need in at(tree, "a", "host.site.a").needs] == ["host.site.c"]


def test_a_pending_structure_is_told_as_json(tmp_path: Path) -> None:
    text = SITES + "    a: {env: {x: 'to ${host.site.c.target}', y: '7'}}\n    c: {}\n"
    found = at(loaded(tmp_path, {"a.yaml": text}), "a", "host.site.a")
    assert found.references == {"env": '{"x": "to ${host.site.c.target}", "y": "7"}'}


def test_a_field_that_cannot_wait_for_an_output_is_told(tmp_path: Path) -> None:
    found = only(tmp_path, SITES + "    a: {port: '${host.site.c.target}'}\n    c: {}\n")
    assert (found.path, found.message) == ("host.site.a.port", "cannot wait for an output")


CIRCLES = {
    "of inputs": ("a: {greeting: '${host.site.b.greeting}'}", "b: {greeting: '${host.site.a.greeting}'}", "a b a"),
    "of one": ("a: {greeting: '${host.site.a.greeting}'}", "c: {}", "a a"),
    "of outputs": ("a: {greeting: '${host.site.b.target}'}", "b: {greeting: '${host.site.a.target}'}", "a b a"),
    "of names": ("a: {parent: b}", "b: {parent: a}", "a b a"),
    "inside a map": ("a: {env: {x: '${host.site.b.port}'}}", "b: {parent: a}", "a b a"),
    "behind a chain": ("z: {parent: a}", "a: {parent: b}\n    b: {parent: a}", "a b a"),
}


@pytest.mark.parametrize("name", CIRCLES)
def test_a_circle_is_listed(tmp_path: Path, name: str) -> None:
    first, second, circle = CIRCLES[name]
    found = only(tmp_path, SITES + f"    {first}\n    {second}\n")
    assert found.message == "references in a circle: " + " -> ".join(f"host.site.{one}" for one in circle.split())
    assert found.line == (5 if name == "behind a chain" else 4)
    assert found.path.startswith("host.site.a.")


def test_a_chain_of_thousands_is_no_trouble(tmp_path: Path) -> None:
    lines = [f"    s{n}: {{greeting: '${{host.site.s{n + 1}.greeting}}'}}\n" for n in range(3000)]
    text = SITES + "".join(lines) + "    s3000: {greeting: end}\n"
    assert site(loaded(tmp_path, {"a.yaml": text}), "host.site.s0").greeting == "end"


def test_a_circle_of_thousands_is_cut_in_the_message(tmp_path: Path) -> None:
    lines = [f"    s{n}: {{parent: s{(n + 1) % 3000}}}\n" for n in range(3000)]
    found = only(tmp_path, SITES + "".join(lines))
    assert "… 2990 more …" in found.message
    assert len(found.message) < 400


def test_a_used_stack_s_addresses_may_be_named(tmp_path: Path) -> None:
    tree = loaded(
        tmp_path,
        {
            "shared.yaml": ZONE + "host: {site: {s: {port: 99}}}\n",
            "a.yaml": HEAD
            + "uses: [shared]\n"
            + "dns: {records: {z: {r: {type: TXT, content: '${host.site.s.port} ${host.site.s.target}'}}}}\n",
        },
    )
    found = at(tree, "a", "dns.record.z/r")
    assert record(tree, "dns.record.z/r").zone == "a.example"
    assert found.references == {"content": "99 ${host.site.s.target}"}
    assert [str(need) for need in found.needs] == ["dns.zone.z", "host.site.s"]


def test_a_stack_that_is_not_used_is_named_in_the_hint(tmp_path: Path) -> None:
    text = HEAD + "dns: {records: {z: {r: {type: TXT, content: '${host.site.s.port}'}}}}\n"
    found = problems(tmp_path, {"shared.yaml": ZONE + "host: {site: {s: {}}}\n", "a.yaml": text})
    assert {problem.hint for problem in found} == {"stack `shared` declares it: add it to `uses`"}
    assert len(found) == 2


def test_an_output_reached_through_a_used_stack_needs_its_own_use(tmp_path: Path) -> None:
    files = {
        "far.yaml": SITES + "    c: {}\n",
        "near.yaml": SITES.replace("host", "uses: [far]\nhost") + "    b: {greeting: '${host.site.c.target}'}\n",
        "a.yaml": SITES.replace("host", "uses: [near]\nhost") + "    a: {greeting: '${host.site.b.greeting}'}\n",
    }
    (found,) = problems(tmp_path, files)
    assert (found.file, found.path, found.hint) == ("stacks/a.yaml", "host.site.a.greeting", "add `far` to `uses`")
    files["a.yaml"] = files["a.yaml"].replace("[near]", "[near, far]")
    assert at(loaded(tmp_path, files), "a", "host.site.a").references == {"greeting": "${host.site.c.target}"}


def test_an_address_in_two_used_stacks_is_ambiguous(tmp_path: Path) -> None:
    files = {
        "one.yaml": SITES + "    s: {name: one}\n",
        "two.yaml": SITES + "    s: {name: two}\n",
        "a.yaml": SITES.replace("host", "uses: [one, two]\nhost") + "    a: {parent: s}\n",
    }
    (found,) = problems(tmp_path, files)
    assert found.message == "host.site.s is declared in `one` and `two`"


@pytest.mark.parametrize(
    ("text", "message", "hint"),
    [
        (
            "${host.site.wab.port}",
            "reference to `host.site.wab`, not declared",
            "did you mean `host.site.web`?",
        ),
        ("${host.sites.web.port}", "reference to an unknown kind `host.sites`", "did you mean `host.site`?"),
        ("${host.site.web.prot}", "host.site has no field `prot`", "did you mean `port`?"),
        ("${HOME}", "`${…}` that is no reference (platform.kind.name.field)", "write `$${` for the text `${`"),
        ("${}", "`${…}` that is no reference (platform.kind.name.field)", "write `$${` for the text `${`"),
        ("${host.site.web.port", "a `${` without its `}`", "write `$${` for the text `${`"),
        ("${a{b}}", "a `${` without its `}`", "write `$${` for the text `${`"),
    ],
)
def test_a_reference_that_leads_nowhere_is_told(tmp_path: Path, text: str, message: str, hint: str) -> None:
    found = only(tmp_path, SITES + f"    web: {{}}\n    a:\n      greeting: '{text}'\n")
    assert (found.line, found.path, found.message, found.hint) == (6, "host.site.a.greeting", message, hint)


def test_an_input_without_a_value_gives_none(tmp_path: Path) -> None:
    found = only(tmp_path, SITES + "    b: {}\n    a: {greeting: '${host.site.b.parent}'}\n")
    assert found.message == "`${host.site.b.parent}` has no declared value"


@pytest.mark.parametrize("text", ["x ${host.site.b.env}", "${host.site.b.env}", "${host.site.b.limits}"])
def test_a_structure_cannot_be_referred_to(tmp_path: Path, text: str) -> None:
    found = only(tmp_path, SITES + f"    b: {{env: {{x: y}}, limits: {{memory: 1}}}}\n    a: {{greeting: '{text}'}}\n")
    assert found.message.endswith("is a map or a list, and only single values are referred to")


def test_a_chain_that_doubles_itself_is_stopped(tmp_path: Path) -> None:
    before = [f"${{host.site.s{n}.greeting}}" for n in range(60)]
    lines = [f"    s{n + 1}: {{greeting: '{text}{text}'}}\n" for n, text in enumerate(before)]
    found = only(tmp_path, SITES + "    s0: {greeting: start}\n" + "".join(lines))
    assert found.message == "references unfold to more than 16 MiB"


def test_a_broken_target_does_not_make_its_users_wrong(tmp_path: Path) -> None:
    text = HEAD + "dns:\n  zone: {z: {}}\n  records: {z: {r: {type: A, content: x, ttl: soon}}}\n"
    found = problems(tmp_path, {"a.yaml": text.replace("{z: {}}", "{z: {name: 7}}")})
    assert [problem.path for problem in found] == ["dns.zone.z.name", "dns.records.z.r.ttl"]


LITERAL = {
    "${{Postgres.URL}}": "${{Postgres.URL}}",
    "$${HOME}": "${HOME}",
    "$${{x}}": "${{x}}",
    "$$${HOME}": "$${HOME}",
    "$${host.site.b.port}": "${host.site.b.port}",
    "costs $5 {now}": "costs $5 {now}",
    "$${a} ${host.site.b.port}": "${a} 80",
    "$${a} ${host.site.b.greeting}": "${a} ${HOME}",
}


@pytest.mark.parametrize("written", LITERAL)
def test_an_escape_and_the_platform_s_own_form_are_texts(tmp_path: Path, written: str) -> None:
    text = SITES + f"    b: {{greeting: '$${{HOME}}'}}\n    a: {{greeting: '{written}'}}\n"
    tree = loaded(tmp_path, {"a.yaml": text})
    assert site(tree, "host.site.a").greeting == LITERAL[written]
    # What is pending is told here, whatever the text looks like.
    assert at(tree, "a", "host.site.a").references == {}


def test_escapes_beside_an_output_wait_for_it(tmp_path: Path) -> None:
    text = (
        SITES
        + "    b: {greeting: '$${HOME}'}\n    a: {greeting: '$${x} ${host.site.b.greeting} ${host.site.b.target}'}\n"
    )
    found = at(loaded(tmp_path, {"a.yaml": text}), "a", "host.site.a").references["greeting"]
    assert found == "$${x} $${HOME} ${host.site.b.target}"

    def value(reference: Reference) -> str:
        assert str(reference) == "host.site.b.target"
        return "${live}"

    assert fill(found, value) == "${x} ${HOME} ${live}"


def test_a_shown_field_that_refers_to_a_secret_is_refused_at_load(tmp_path: Path) -> None:
    found = only(tmp_path, SITES + '    a: {}\n    b: {greeting: "hi ${host.site.a.password}"}\n')
    assert found.line == 5
    assert found.message == "`${host.site.a.password}` is a secret, and greeting would show it"
