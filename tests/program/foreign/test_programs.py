"""Programs that do not end as they should, and folders that hold none: one error, with advice."""

import os
import sys
from pathlib import Path

import pytest

from reconcile.model.errors import ReconcileError

from .conftest import PROJECT, Theirs


def test_a_program_that_raises_is_told_with_its_line(theirs: Theirs) -> None:
    theirs.write("import pulumi\n\nraise KeyError('name')\n")
    with pytest.raises(ReconcileError, match=r"stopped at __main__.py:3: KeyError: 'name'") as error:
        theirs.drift()
    assert "correct the program" in error.value.advice


def test_a_program_that_is_no_python_is_told_with_its_line(theirs: Theirs) -> None:
    theirs.write("import pulumi\nx = = 1\n")
    with pytest.raises(ReconcileError, match=r"stopped at __main__.py:2: SyntaxError"):
        theirs.drift()


@pytest.mark.parametrize("code", ["0", "'no'"])
def test_a_program_that_leaves_early_is_not_taken_for_whole(theirs: Theirs, code: str) -> None:
    theirs.say(f'record("www")\nimport sys\nsys.exit({code})')
    with pytest.raises(ReconcileError, match=r"it calls sys.exit") as error:
        theirs.drift()
    assert "let the program run to its end" in error.value.advice


@pytest.mark.parametrize(
    ("program", "message"),
    [
        ('bucket("photos")\nbucket("photos")', "ValueError: two resources are called urn:pulumi:dev::theirs::"),
        ('bucket("photos").name.apply(lambda name: name.nothing)', "AttributeError: "),
        ('bucket("photos").name.apply(lambda name: __import__("sys").exit(4))', "it calls sys.exit"),
    ],
    ids=["twice", "in apply", "leaves in apply"],
)
def test_what_fails_while_others_wait_is_told_once(theirs: Theirs, program: str, message: str) -> None:
    theirs.say(program)
    with pytest.raises(ReconcileError, match=message):
        theirs.drift(timeout_seconds=60.0)


def test_a_program_whose_process_dies_is_told_with_its_code(theirs: Theirs) -> None:
    theirs.write("import os\nos._exit(3)\n")
    with pytest.raises(ReconcileError, match=r"ended with 3 before it had registered everything"):
        theirs.drift()


def test_a_program_that_hangs_is_ended_with_what_it_started(theirs: Theirs) -> None:
    theirs.write(
        """
        import pathlib, subprocess, sys, time

        child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
        pathlib.Path("child").write_text(str(child.pid))
        time.sleep(600)
        """
    )
    with pytest.raises(ReconcileError, match=r"did not end within 8 s") as error:
        theirs.drift(timeout_seconds=8.0)
    assert "--timeout" in error.value.advice
    assert not _runs(int((theirs.folder / "child").read_text()))


def _runs(pid: int) -> bool:
    """Whether a process is more than a zombie that nobody has waited for yet."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    status = Path(f"/proc/{pid}/stat")
    return not status.exists() or status.read_text().rpartition(")")[2].split()[0] != "Z"


def test_a_function_that_nobody_answers_is_named(theirs: Theirs) -> None:
    theirs.say('pulumi.runtime.invoke("aws:index/getRegion:getRegion", {}).value["name"]')
    with pytest.raises(ReconcileError, match=r"stopped at __main__.py") as error:
        theirs.drift()
    assert "nothing here answers aws:index/getRegion:getRegion" in error.value.advice


def test_a_zone_that_is_nowhere_stops_the_program(theirs: Theirs) -> None:
    theirs.say('pulumi.runtime.invoke("cloudflare:index/getZone:getZone", {"filter": {"name": "no.example"}})')
    with pytest.raises(ReconcileError, match=r"there is no zone no.example in the accounts that were read"):
        theirs.drift()


@pytest.mark.parametrize(
    ("project", "message"),
    [
        ("name: theirs\nruntime: nodejs\n", "is of no Python program"),
        ("- a list\n", "it is no mapping"),
        ("name: [\n", "Pulumi.yaml:2: it cannot be read as YAML"),
        (PROJECT + "main: elsewhere/\n", "elsewhere"),
    ],
)
def test_a_project_file_that_will_not_do_is_told(theirs: Theirs, project: str, message: str) -> None:
    theirs.write("", project=project)
    with pytest.raises(ReconcileError, match=message):
        theirs.drift()


def test_a_folder_without_a_project_and_a_stack_that_is_not_told(theirs: Theirs, tmp_path: Path) -> None:
    with pytest.raises(ReconcileError, match=r"which stack of .*theirs") as error:
        theirs.drift(stack=None)
    assert error.value.advice == "give --stack NAME"
    (theirs.folder / "Pulumi.yaml").unlink()
    with pytest.raises(ReconcileError, match=r"theirs has no Pulumi.yaml"):
        theirs.drift()


def test_the_python_of_its_virtual_environment_runs_it(theirs: Theirs) -> None:
    theirs.say('record("www")', project="name: theirs\nruntime: {name: python, options: {virtualenv: venv}}\n")
    assert theirs.drift().statuses() == {"www": "in line"}, "without one ours runs it"
    place = theirs.folder / "venv" / "bin" / "python"
    place.parent.mkdir(parents=True)
    # -S: a Python that has nothing installed.
    place.write_text(f'#!/bin/sh\nexec "{sys.executable}" -S -E "$@"\n')
    place.chmod(0o755)
    with pytest.raises(ReconcileError, match=r"venv/bin/python has not all of Pulumi's SDK") as error:
        theirs.drift()
    assert "virtualenv" in error.value.advice


def test_a_module_of_the_program_may_be_called_as_one_of_ours(theirs: Theirs) -> None:
    theirs.say("import register\nrecord(register.NAME)")
    (theirs.folder / "register.py").write_text('NAME = "www"\n')
    assert theirs.drift().statuses() == {"www": "in line"}
