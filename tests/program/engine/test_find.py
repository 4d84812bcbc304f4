"""Where the command line is looked for, and in which order."""

from pathlib import Path

import pytest

from reconcile.model.errors import ReconcileError
from reconcile.program.engine.find import VARIABLE, Found, find, version_of


def program(path: Path, says: str = "v3.200.1") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\necho {says}\n")
    path.chmod(0o755)
    return path


def test_a_named_one_comes_before_path_and_path_before_the_usual_folder(tmp_path: Path) -> None:
    named = program(tmp_path / "named/mine")
    on_path = program(tmp_path / "bin/pulumi")
    usual = program(tmp_path / "home/.pulumi/bin/pulumi")
    environment = {VARIABLE: str(named), "PATH": str(on_path.parent), "HOME": str(tmp_path / "home")}
    assert find(environment) == Found(named, f"${VARIABLE}")
    del environment[VARIABLE]
    assert find(environment) == Found(on_path, "PATH")
    environment["PATH"] = ""
    assert find(environment) == Found(usual, "~/.pulumi/bin")
    assert find({"PATH": "", "HOME": str(tmp_path)}) is None


def test_a_named_one_that_cannot_be_run_is_an_error_and_no_reason_to_search_on(tmp_path: Path) -> None:
    on_path = program(tmp_path / "bin/pulumi")
    with pytest.raises(ReconcileError, match="which is no program"):
        find({VARIABLE: str(tmp_path / "nothing"), "PATH": str(on_path.parent)})


def test_the_version_is_what_it_says(tmp_path: Path) -> None:
    assert version_of(Found(program(tmp_path / "pulumi"), "PATH")) == "3.200.1"
    with pytest.raises(ReconcileError, match="is not Pulumi's command line"):
        version_of(Found(program(tmp_path / "other", "hello"), "PATH"))
