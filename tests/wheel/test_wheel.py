"""The wheel, in an environment of its own, does the first three commands of a new user in an empty folder."""

import os
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def run(*command: str | Path, cwd: Path, **more: str) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("TRUEUP_", "PYTHON"))}
    ended = subprocess.run(
        [str(word) for word in command],
        cwd=cwd,
        env={**environment, **more},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 0, f"{command}: {ended.stdout}{ended.stderr}"
    return ended


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An environment that holds the wheel. Its dependencies are those of the test environment, lent by path, since
    tests talk to no package index."""
    folder = tmp_path_factory.mktemp("wheel")
    source = folder / "source"
    source.mkdir()
    for name in ("pyproject.toml", "README.md", "LICENSE", "reconcile"):
        run("cp", "-r", ROOT / name, source, cwd=folder)
    run(
        sys.executable,
        *("-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation", "--no-index", "--wheel-dir"),
        *(folder, source),
        cwd=folder,
    )
    (wheel,) = folder.glob("*.whl")
    run(sys.executable, "-m", "venv", folder / "env", cwd=folder)
    python = folder / "env" / "bin" / "python"
    run(python, *("-m", "pip", "install", "--quiet", "--no-deps", "--no-index"), wheel, cwd=folder)
    own = next((folder / "env" / "lib").glob("python*/site-packages"))
    (own / "lent.pth").write_text(sysconfig.get_paths()["purelib"] + "\n")
    where = run(python, "-c", "import reconcile; print(reconcile.__file__)", cwd=folder).stdout
    assert str(folder) in where
    return folder / "env" / "bin"


def test_init_validate_and_plan_in_an_empty_folder(installed: Path, tmp_path: Path) -> None:
    run(installed / "trueup", "init", cwd=tmp_path)
    assert (tmp_path / "stacks" / "_project.yaml").is_file()
    run(installed / "trueup", "validate", cwd=tmp_path)
    told = run(installed / "trueup", "plan", "--json", cwd=tmp_path).stdout
    assert '"changes": []' in told
    run(installed / "python", "-m", "reconcile", "--version", cwd=tmp_path)
