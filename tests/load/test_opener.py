"""Where files are read from, and what is never followed or opened."""

import os
import socket
import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest

from reconcile.model.errors import Problem, SpecError
from reconcile.steps.load import Source, at_revision, load, load_project, working_tree

from .samples import KINDS, PROJECT, write

STACK = "account: acme\ndns:\n  zone: {z: {name: a.example}}\n"
OTHER = "account: acme\ndns:\n  zone: {z: {name: b.example}}\n"


def git(root: Path, *arguments: str) -> str:
    """Git without the configuration of whoever runs the tests."""
    identity = ["-c", "user.name=t", "-c", "user.email=t@example.net", "-c", "commit.gpgsign=false"]
    environment = {**os.environ, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull}
    done = subprocess.run(
        ["git", *identity, *arguments], cwd=root, env=environment, check=True, capture_output=True, text=True
    )
    return done.stdout.strip()


def committed(root: Path) -> str:
    if not (root / ".git").exists():
        git(root, "init", "-q", "-b", "main")
    git(root, "add", "-A")
    git(root, "commit", "-q", "-m", "state")
    return git(root, "rev-parse", "HEAD")


def refusal(source: Source) -> Problem:
    with pytest.raises(SpecError) as caught:
        load(source, KINDS)
    assert len(caught.value.problems) == 1, str(caught.value)
    return caught.value.problems[0]


def zone_name(source: Source) -> str:
    (declared,) = load(source, KINDS).stacks["a"].declared.values()
    return declared.resource.keys()[0][0]


def test_a_clean_folder_has_the_commit_as_its_revision(tmp_path: Path) -> None:
    commit = committed(write(tmp_path, {"a.yaml": STACK}))
    assert working_tree(tmp_path).revision() == commit
    assert load(working_tree(tmp_path), KINDS).revision == commit


@pytest.mark.parametrize(
    "change",
    [
        lambda folder: (folder / "a.yaml").write_text(OTHER),
        lambda folder: (folder / "b.yaml").write_text("account: acme\n"),
        lambda folder: (folder / "a.yaml").unlink(),
    ],
    ids=["edited", "added", "removed"],
)
def test_a_changed_folder_is_dirty(tmp_path: Path, change: Callable[[Path], object]) -> None:
    committed(write(tmp_path, {"a.yaml": STACK}))
    change(tmp_path / "stacks")
    assert working_tree(tmp_path).revision().startswith("dirty:")


def test_a_staged_change_is_dirty(tmp_path: Path) -> None:
    committed(write(tmp_path, {"a.yaml": STACK}))
    write(tmp_path, {"a.yaml": OTHER})
    git(tmp_path, "add", "-A")
    assert working_tree(tmp_path).revision().startswith("dirty:")


def test_what_is_not_loaded_does_not_make_it_dirty(tmp_path: Path) -> None:
    commit = committed(write(tmp_path, {"a.yaml": STACK}))
    (tmp_path / "README").write_text("new")
    (tmp_path / "stacks" / "Pulumi.a.yaml").write_text("config: {}")
    assert working_tree(tmp_path).revision() == commit


def test_the_dirty_revision_follows_the_files(tmp_path: Path) -> None:
    first = working_tree(write(tmp_path, {"a.yaml": STACK})).revision()
    assert first == working_tree(tmp_path).revision()
    assert first.startswith("dirty:")
    assert len(first) == len("dirty:") + 64
    assert first != working_tree(write(tmp_path, {"a.yaml": OTHER})).revision()


def test_a_repository_without_a_commit_is_dirty(tmp_path: Path) -> None:
    git(write(tmp_path, {"a.yaml": STACK}), "init", "-q")
    assert working_tree(tmp_path).revision().startswith("dirty:")


def test_the_root_may_be_a_folder_of_a_larger_repository(tmp_path: Path) -> None:
    commit = committed(write(tmp_path / "infra", {"a.yaml": STACK}).parent)
    assert working_tree(tmp_path / "infra").revision() == commit
    assert zone_name(at_revision(tmp_path / "infra", "HEAD")) == "a.example"


def test_a_revision_is_read_from_its_commit(tmp_path: Path) -> None:
    first = committed(write(tmp_path, {"a.yaml": STACK}))
    second = committed(write(tmp_path, {"a.yaml": OTHER}))
    write(tmp_path, {"a.yaml": "no: sense"})
    git(tmp_path, "tag", "-a", "release", "-m", "r", first)
    for rev, commit, name in [
        (first, first, "a.example"),
        (first[:10], first, "a.example"),
        ("release", first, "a.example"),
        ("HEAD~1", first, "a.example"),
        ("main", second, "b.example"),
    ]:
        source = at_revision(tmp_path, rev)
        assert (source.revision(), zone_name(source)) == (commit, name)


@pytest.mark.parametrize("rev", ["nowhere", "", "-x", "0" * 40, "HEAD~99", "HEAD:stacks", "a b", "dirty:12", "a\nb"])
def test_an_unknown_revision_is_refused(tmp_path: Path, rev: str) -> None:
    committed(write(tmp_path, {"a.yaml": STACK}))
    with pytest.raises(SpecError, match="unknown revision"):
        at_revision(tmp_path, rev)


def test_a_revision_needs_a_repository(tmp_path: Path) -> None:
    with pytest.raises(SpecError, match="no git repository"):
        at_revision(write(tmp_path, {"a.yaml": STACK}), "HEAD")


def test_no_folder_is_told(tmp_path: Path) -> None:
    assert refusal(working_tree(tmp_path)).message == "no such folder"


def test_another_folder_may_be_named(tmp_path: Path) -> None:
    write(tmp_path, {"a.yaml": STACK})
    (tmp_path / "stacks").rename(tmp_path / "desired")
    assert zone_name(working_tree(tmp_path, "desired")) == "a.example"
    assert zone_name(working_tree(tmp_path, str(tmp_path / "desired"))) == "a.example"
    assert list(working_tree(tmp_path, str(tmp_path / "desired")).files()) == [
        "desired/_project.yaml",
        "desired/a.yaml",
    ]
    with tempfile.TemporaryDirectory() as elsewhere:
        assert zone_name(working_tree(Path(elsewhere), str(tmp_path / "desired"))) == "a.example"


def test_a_folder_outside_the_tree_is_refused(tmp_path: Path) -> None:
    write(tmp_path, {"a.yaml": STACK})
    (tmp_path / "inner").mkdir()
    assert refusal(working_tree(tmp_path / "inner", "../stacks")).message == "a folder outside the tree"


def test_a_link_to_a_file_is_refused(tmp_path: Path) -> None:
    write(tmp_path, {})
    (tmp_path / "secret").write_text(STACK)
    (tmp_path / "stacks" / "a.yaml").symlink_to(tmp_path / "secret")
    found = refusal(working_tree(tmp_path))
    assert (found.file, found.message[:15]) == ("stacks/a.yaml", "a symbolic link")


def test_a_link_to_the_folder_is_refused(tmp_path: Path) -> None:
    write(tmp_path / "elsewhere", {"a.yaml": STACK})
    (tmp_path / "root").mkdir()
    (tmp_path / "root" / "stacks").symlink_to(tmp_path / "elsewhere" / "stacks")
    found = refusal(working_tree(tmp_path / "root"))
    assert (found.file, found.message[:15]) == ("stacks", "a symbolic link")


def test_a_link_above_the_folder_is_refused(tmp_path: Path) -> None:
    write(tmp_path / "elsewhere", {"a.yaml": STACK})
    (tmp_path / "root").mkdir()
    (tmp_path / "root" / "infra").symlink_to(tmp_path / "elsewhere")
    assert refusal(working_tree(tmp_path / "root", "infra/stacks")).message[:15] == "a symbolic link"


def test_a_link_in_a_commit_is_refused(tmp_path: Path) -> None:
    write(tmp_path, {})
    (tmp_path / "stacks" / "a.yaml").symlink_to("/etc/hostname")
    committed(tmp_path)
    found = refusal(at_revision(tmp_path, "HEAD"))
    assert (found.file, found.message[:15]) == ("stacks/a.yaml", "a symbolic link")


def test_a_linked_folder_in_a_commit_is_refused(tmp_path: Path) -> None:
    write(tmp_path, {"a.yaml": STACK})
    (tmp_path / "stacks").rename(tmp_path / "real")
    (tmp_path / "stacks").symlink_to("real")
    committed(tmp_path)
    assert refusal(at_revision(tmp_path, "HEAD")).message[:15] == "a symbolic link"


def test_a_commit_without_the_folder_is_told(tmp_path: Path) -> None:
    (tmp_path / "README").write_text("nothing yet")
    committed(tmp_path)
    assert refusal(at_revision(tmp_path, "HEAD")).message.startswith("no such folder in commit")


def test_a_pipe_is_refused_without_waiting_for_it(tmp_path: Path) -> None:
    os.mkfifo(write(tmp_path, {}) / "stacks" / "a.yaml")
    assert refusal(working_tree(tmp_path)).message == "no regular file (a device, pipe or socket)"


def test_a_socket_is_refused(tmp_path: Path) -> None:
    write(tmp_path, {})
    with socket.socket(socket.AF_UNIX) as one, pytest.MonkeyPatch.context() as patch:
        patch.chdir(tmp_path / "stacks")  # a socket's path may have 107 bytes
        one.bind("a.yaml")
        assert refusal(working_tree(tmp_path)).message == "no regular file (a device, pipe or socket)"


def test_a_folder_named_like_a_file_is_refused(tmp_path: Path) -> None:
    (write(tmp_path, {}) / "stacks" / "a.yaml").mkdir()
    assert refusal(working_tree(tmp_path)).message == "a folder with a file's name"
    (tmp_path / "stacks" / "a.yaml" / "x").write_text("")
    committed(tmp_path)
    assert refusal(at_revision(tmp_path, "HEAD")).message == "a folder with a file's name"


def test_a_file_over_8_mib_is_not_read(tmp_path: Path) -> None:
    write(tmp_path, {"a.yaml": b"#" * (8 << 20) + b"\n"})
    source = working_tree(tmp_path)
    assert refusal(source).message == "larger than 8 MiB"
    assert list(source.files()) == ["stacks/_project.yaml"]
    committed(tmp_path)
    assert refusal(at_revision(tmp_path, "HEAD")).message == "larger than 8 MiB"


def test_a_file_of_8_mib_is_read(tmp_path: Path) -> None:
    write(tmp_path, {"a.yaml": STACK.encode() + b"#" * ((8 << 20) - len(STACK))})
    assert zone_name(working_tree(tmp_path)) == "a.example"


def test_a_folder_over_32_mib_is_not_read_whole(tmp_path: Path) -> None:
    write(tmp_path, {f"{letter}.yaml": b"account: acme\n#" + b"#" * (7 << 20) for letter in "abcdef"})
    found = refusal(working_tree(tmp_path))
    assert (found.file, found.message) == ("stacks", "the folder holds more than 32 MiB")


def test_another_ending_is_told(tmp_path: Path) -> None:
    found = refusal(working_tree(write(tmp_path, {"a.yml": STACK})))
    assert (found.message, found.hint) == ("ends in `.yml`", "rename it to `.yaml`")


@pytest.mark.parametrize("name", ["Pulumi.yaml", "Pulumi.a.yaml", ".#b.yaml", "notes.txt"])
def test_what_is_not_ours_is_not_read(tmp_path: Path, name: str) -> None:
    assert zone_name(working_tree(write(tmp_path, {"a.yaml": STACK, name: b"\xff"}))) == "a.example"


def test_a_name_that_cannot_be_printed_is_refused(tmp_path: Path) -> None:
    write(tmp_path, {})
    Path(os.fsdecode(os.fsencode(tmp_path / "stacks") + b"/\xff\x1b.yaml")).write_text(STACK)
    assert refusal(working_tree(tmp_path)).message == "a name that cannot be printed"


@pytest.mark.parametrize("name", ["A.yaml", "a_b.yaml", "-a.yaml", "a.b.yaml"])
def test_a_stack_has_a_logical_name(tmp_path: Path, name: str) -> None:
    assert "is no name for a stack" in refusal(working_tree(write(tmp_path, {name: STACK}))).message


def test_the_project_alone_is_loaded_beside_broken_stacks(tmp_path: Path) -> None:
    project = load_project(working_tree(write(tmp_path, {"a.yaml": b"\xff", "b.yml": b""})))
    assert (project.name, project.ledger_id, project.ledger_home) == ("samples", "led1", ".trueup/ledger.db")
    assert project.accounts["acme"]["dns"].credentials == {"token": "ACME_DNS_TOKEN"}
    assert (project.accounts["acme"]["dns"].id, project.accounts["acme"]["host"].id) == ("d1", None)


def test_a_missing_project_is_told(tmp_path: Path) -> None:
    write(tmp_path, {"a.yaml": STACK})
    (tmp_path / "stacks" / "_project.yaml").unlink()
    for asked in (lambda source: load(source, KINDS), load_project):
        with pytest.raises(SpecError, match=r"_project\.yaml: no such file \(`trueup init` writes it\)"):
            asked(working_tree(tmp_path))


def test_a_linked_project_is_refused(tmp_path: Path) -> None:
    write(tmp_path, {"a.yaml": STACK})
    (tmp_path / "project").write_text(PROJECT)
    (tmp_path / "stacks" / "_project.yaml").unlink()
    (tmp_path / "stacks" / "_project.yaml").symlink_to(tmp_path / "project")
    with pytest.raises(SpecError, match="symbolic link"):
        load_project(working_tree(tmp_path))
