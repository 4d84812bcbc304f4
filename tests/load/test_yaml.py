"""What YAML may do to us, and what a plain scalar means."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from reconcile.model.errors import SpecError
from reconcile.steps.load import tree as tree_module
from reconcile.steps.load.problems import Problems
from reconcile.steps.load.tree import plain, read_map

from .samples import PROJECT, only, problems

HEAD = "account: acme\n"


@pytest.fixture(params=["CSafeLoader", "SafeLoader"])
def parser(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both parsers of PyYAML: libyaml's, and the one in Python where libyaml is absent."""
    if not hasattr(yaml, request.param):
        pytest.skip("this PyYAML has no libyaml")
    monkeypatch.setattr(tree_module, "_LOADER", getattr(yaml, request.param))


def read(text: str) -> Any:
    found = Problems()
    node = read_map("x.yaml", text.encode(), found)
    found.raise_all()
    assert node is not None
    return plain(node)


REFUSED: dict[str, tuple[bytes, int, str]] = {
    "duplicate key": (b"account: acme\nwriter: trueup\naccount: acme\n", 3, "duplicate key `account`"),
    "bad UTF-8": (b"account: acme\nuses: [\xff]\n", 2, "no UTF-8 at byte 21"),
    "UTF-16": ("account: acme\n".encode("utf-16"), 1, "a NUL at byte 3"),
    "NUL": (b"account: acme\n\0", 2, "a NUL at byte 14"),
    "escaped NUL": (b'account: acme\nuses: ["\\0"]\n', 2, "control character U+0000 in a text"),
    "escape sequence for terminals": (b'account: acme\nuses: ["\\e[2J"]\n', 2, "control character U+001B in a text"),
    "raw control character": (b"account: acme\nuses: [\x07]\n", 2, "control character U+0007"),
    "line separator": ("account: acme\n# a\u2028b\n".encode(), 2, "control character U+2028"),
    "tag": (
        b"account: acme\nuses: !!python/object:os.system []\n",
        2,
        "tag `tag:yaml.org,2002:python/object:os.system`",
    ),
    "tag of a scalar": (b"account: !!str acme\n", 1, "tag `tag:yaml.org,2002:str`"),
    "tag without a name": (b"account: ! acme\n", 1, "tag `!`"),
    "merge key": (b"account: acme\n<<: {writer: trueup}\n", 2, "merge key `<<`"),
    "several documents": (b"account: acme\n---\naccount: acme\n", 2, "a second document in one file"),
    "number as key": (b"account: acme\n1: x\n", 2, "a key that is no text: 1"),
    "truth as key": (b"account: acme\ntrue: x\n", 2, "a key that is no text: True"),
    "nothing as key": (b"account: acme\n~: x\n", 2, "a key that is no text: None"),
    "list as key": (b"account: acme\n? [a]\n: x\n", 2, "a key that is a map or a list"),
    "list at the top": (b"- account: acme\n", 1, "the file must hold a map of keys"),
    "text at the top": (b"acme\n", 1, "the file must hold a map of keys"),
    "empty": (b"", 0, "the file is empty"),
    "only a comment": (b"# nothing\n", 0, "the file is empty"),
    "alias without anchor": (b"account: acme\nuses: *no\n", 2, "alias `no` names no anchor"),
    "alias of itself": (b"account: acme\nuses: &a [*a]\n", 2, "alias `a` holds itself"),
    "no YAML": (b"account: acme\nuses: [a\nwriter: trueup\n", 3, "no YAML"),
    "tab for indentation": (b"account: acme\ndns:\n\tzone: {}\n", 3, "no YAML"),
    "bad escape": (b'account: "\\UFFFFFFFF"\n', 0, "no YAML"),
    "huge integer": (b"account: acme\nuses: [18446744073709551616]\n", 2, "an integer of more than 64 bits"),
    "integer of many digits": (b"account: acme\nuses: [" + b"9" * 5000 + b"]\n", 2, "an integer of more than 64 bits"),
    "infinity": (b"account: acme\nuses: [.inf]\n", 2, "infinity and NaN are no values here"),
    "not a number": (b"account: acme\nuses: [.nan]\n", 2, "infinity and NaN are no values here"),
    "float too large": (b"account: acme\nuses: [1e999]\n", 2, "a number too large to hold"),
    "file over 8 MiB": (b"account: acme\n#" + b"x" * (8 << 20), 0, "larger than 8 MiB"),
    "depth": (b"account: acme\nuses: " + b"[" * 40 + b"]" * 40, 2, "deeper than 32 levels"),
    "depth without end": (b"account: acme\nuses: " + b"[" * 200_000, 2, "deeper than 32 levels"),
    "depth of maps": (b"account: acme\nuses: " + b"{a: " * 40 + b"}" * 40, 2, "deeper than 32 levels"),
}


@pytest.mark.usefixtures("parser")
@pytest.mark.parametrize("name", REFUSED)
def test_it_is_refused_with_its_line(name: str) -> None:
    data, line, message = REFUSED[name]
    found = Problems()
    read_map("stacks/a.yaml", data, found)
    first = _sorted(found)[0]
    assert first.file == "stacks/a.yaml"
    assert line in (0, first.line)
    assert message in first.message


def _sorted(found: Problems) -> Any:
    with pytest.raises(SpecError) as caught:
        found.raise_all()
    return caught.value.problems


def test_an_alias_bomb_is_refused_before_it_unfolds() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 20)]
    found = Problems()
    assert read_map("x.yaml", "\n".join(lines).encode(), found) is None
    assert "aliases unfold to more than 100,000 nodes" in _sorted(found)[0].message


def test_a_file_of_more_values_than_can_be_planned_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tree_module, "EVENT_LIMIT", 1000)
    found = Problems()
    assert read_map("x.yaml", b"a: {" + b"a," * 2000 + b"}", found) is None
    assert "more values than can be planned" in [problem.message for problem in _sorted(found)]


def test_depth_counts_what_an_alias_brings() -> None:
    text = "a: &a " + "[" * 20 + "]" * 20 + "\nb: " + "[" * 20 + "*a" + "]" * 20
    found = Problems()
    assert read_map("x.yaml", text.encode(), found) is None
    assert _sorted(found)[0].line == 2


@pytest.mark.usefixtures("parser")
def test_anchors_and_aliases_within_the_bound_are_plain_values() -> None:
    assert read("a: &x {k: [1, two]}\nb: *x\nc: &k name\nd: {*k : 1}\n") == {
        "a": {"k": [1, "two"]},
        "b": {"k": [1, "two"]},
        "c": "name",
        "d": {"name": 1},
    }


CORE = {
    "true": True,
    "False": False,
    "null": None,
    "~": None,
    "": None,
    "12": 12,
    "-3": -3,
    "0o17": 15,
    "0xff": 255,
    "007": 7,
    "1.5": 1.5,
    "1e3": 1000.0,
    ".5": 0.5,
    "18446744073709551615": 2**64 - 1,
    "-9223372036854775808": -(2**63),
    "yes": "yes",
    "on": "on",
    "NO": "NO",
    "tRUE": "tRUE",
    "2027-01-31": "2027-01-31",
    "1_000": "1_000",
    "12:30": "12:30",
    "192.0.2.1": "192.0.2.1",
    "1e": "1e",
    "0b1": "0b1",
    "'1'": "1",
    '"true"': "true",
    "+": "+",
    ".": ".",
}


@pytest.mark.usefixtures("parser")
@pytest.mark.parametrize("text", CORE)
def test_a_scalar_means_what_yaml_1_2_says(text: str) -> None:
    value = read(f"key: {text}\n")["key"]
    assert (type(value), value) == (type(CORE[text]), CORE[text])


def test_a_byte_order_mark_is_passed_over() -> None:
    assert read("\ufeffaccount: acme\n") == {"account": "acme"}


def test_what_spoils_one_entry_does_not_hide_the_others(tmp_path: Path) -> None:
    text = HEAD + "account: acme\n1: x\ndns:\n  zone:\n    z: {name: !x example.com, color: red}\n"
    found = problems(tmp_path, {"a.yaml": text})
    assert [problem.line for problem in found] == [2, 3, 6, 6]


def test_the_path_of_a_refused_key_is_told(tmp_path: Path) -> None:
    found = only(tmp_path, HEAD + "dns:\n  zone:\n    z:\n      name: a.example\n      name: b.example\n")
    assert (found.line, found.path) == (6, "dns.zone.z.name")
    assert found.hint == "first in line 5; keep one of them"


def test_a_broken_project_file_is_told_with_the_stacks(tmp_path: Path) -> None:
    found = problems(tmp_path, {"_project.yaml": PROJECT + "project: twice\n", "a.yaml": HEAD + "color: red\n"})
    assert [problem.file for problem in found] == ["stacks/_project.yaml", "stacks/a.yaml"]
