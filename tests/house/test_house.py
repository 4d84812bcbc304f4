"""The house rules that a machine can check."""

import ast
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
BIN = Path(sys.executable).parent
PRODUCT = sorted((ROOT / "reconcile").rglob("*.py"))
BY_HAND = [path for path in PRODUCT if not path.is_relative_to(ROOT / "reconcile" / "sdk")]
"""What is written from the models is as long as those are many."""
MODULE_LINES = 400
PLATFORM_LINES = 600
FUNCTION_LINES = 40


@pytest.mark.parametrize(
    "command",
    [["ruff", "check", "."], ["ruff", "format", "--check", "."], ["mypy"], ["lint-imports"]],
    ids=lambda command: " ".join(command),
)
def test_the_tools_find_nothing(command: list[str]) -> None:
    ended = subprocess.run([str(BIN / command[0]), *command[1:]], cwd=ROOT, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stdout + ended.stderr


def test_a_module_fits_a_sitting() -> None:
    long = {}
    for path in BY_HAND:
        lines = len(path.read_text().splitlines())
        if lines > (PLATFORM_LINES if "platforms" in path.parts else MODULE_LINES):
            long[str(path.relative_to(ROOT))] = lines
    assert not long


def test_a_function_fits_a_screen() -> None:
    """Commands of the command line are excused: their length is their options, one a line."""
    long = []
    for path in BY_HAND:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                body = [one for one in node.body if not _is_docstring(one)]
                lines = (node.end_lineno or 0) - body[0].lineno + 1 if body else 0
                if lines > FUNCTION_LINES:
                    long.append(f"{path.relative_to(ROOT)}:{node.lineno} {node.name} ({lines})")
    assert not long


def _is_docstring(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)


def test_every_public_name_of_a_module_says_what_it_is_for() -> None:
    silent = []
    for path in PRODUCT:
        tree = ast.parse(path.read_text())
        if path.read_text().strip() and not ast.get_docstring(tree):
            silent.append(str(path.relative_to(ROOT)))
        for node in tree.body:
            public = isinstance(node, ast.ClassDef) and not node.name.startswith("_")
            if public and not ast.get_docstring(node):  # type: ignore[arg-type]
                silent.append(f"{path.relative_to(ROOT)}:{node.lineno} {node.name}")  # type: ignore[union-attr]
    assert not silent


def test_no_module_is_a_drawer() -> None:
    drawers = re.compile(r"(?:^|_)(utils?|helpers?|common|misc|managers?|handlers?)(?:_|$)")
    assert not [str(path.relative_to(ROOT)) for path in PRODUCT if drawers.search(path.stem)]


def test_the_pretend_side_knows_the_nouns_only() -> None:
    """A Pretend that used the client's code would be wrong in the same way and green."""
    for path in (ROOT / "reconcile" / "platforms").rglob("pretend*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ImportFrom) and node.level:
                module = node.module or ""
                assert module.split(".")[0] in ("model",) or module.startswith("pretend"), f"{path}: {module}"


def test_nothing_names_a_registry_or_a_machine() -> None:
    """Hosts of package indexes and paths of a machine do not belong in a repository."""
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.split()
    forbidden = re.compile(
        "|".join(["pypi" + r"\.org", "pythonhosted" + r"\.org", "registry" + r"\.npmjs", "/work" + "/", "/root" + "/"])
    )
    found = []
    for name in listed:
        path = ROOT / name
        if path.is_file() and path.suffix not in (".svg",) and path != Path(__file__):
            for number, line in enumerate(path.read_text(errors="replace").splitlines(), 1):
                if forbidden.search(line):
                    found.append(f"{name}:{number}")
    assert not found


def test_the_lock_file_covers_every_dependency_with_hashes() -> None:
    locked = (ROOT / "requirements.lock").read_text()
    names = set(re.findall(r"^([a-z0-9][a-z0-9._-]*)==", locked, re.MULTILINE))
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    optional = [one for extra in project["project"]["optional-dependencies"].values() for one in extra]
    wanted = [*project["project"]["dependencies"], *optional, *project["dependency-groups"]["dev"]]
    assert {re.split(r"[\[<>=!; ]", one)[0].lower().replace("_", "-") for one in wanted} <= names
    assert all("--hash=sha256:" in block for block in re.split(r"\n(?=[a-z0-9])", locked.strip()))
