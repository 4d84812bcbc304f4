"""The tutorial's commands, run by a shell as they are written."""

import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
BIN = Path(sys.executable).parent
PAGE = ROOT / "docs" / "tutorial.md"
WORLD = "/tmp/world.json"
BLOCKS = [
    tuple(line.partition(" #")[0].rstrip() for line in block.splitlines() if line.strip())
    for block in re.findall(r"```\n(.*?)```", PAGE.read_text(), re.DOTALL)
]
ACCOUNT = "me: {cloudflare: {credentials: {token: ME_CLOUDFLARE_TOKEN}}}"


@dataclass
class Terminal:
    """A newcomer's second terminal. The page's world file lies in the test's own folder."""

    folder: Path
    world: Path

    def type(self, lines: Sequence[str], *, editor: str = "true", strict: bool = True) -> str:
        """Runs lines in one shell, which if strict stops at the first that fails. What they said, both streams."""
        script = "\n".join(("set -e" if strict else "", *lines)).replace(WORLD, str(self.world))
        ended = subprocess.run(
            ["bash", "-c", script],
            cwd=self.folder,
            env=_environment(EDITOR=editor),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        assert ended.returncode == 0, f"{script}\n{ended.stdout}"
        return ended.stdout


def _environment(**more: str) -> dict[str, str]:
    clean = {name: value for name, value in os.environ.items() if not name.startswith("TRUEUP_")}
    return {**clean, "PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}", **more}


@contextmanager
def _serving(command: str, folder: Path, world: Path) -> Iterator[None]:
    """The first terminal: a pretend world, started with the page's words."""
    words = command.replace(".venv/bin/trueup", str(BIN / "trueup")).replace(WORLD, str(world)).split()
    running = subprocess.Popen(words, cwd=folder, env=_environment(), stdout=subprocess.DEVNULL)
    try:
        end = time.monotonic() + 20
        while not world.exists():
            assert time.monotonic() < end, "the world does not answer"
            time.sleep(0.05)
        yield
    finally:
        running.terminate()
        running.wait(timeout=10)


@pytest.fixture
def terminal(tmp_path: Path) -> Iterator[Terminal]:
    world = tmp_path / "world.json"
    with _serving(BLOCKS[1][0], ROOT, world):
        yield Terminal(ROOT, world)


def test_the_page_has_the_blocks_that_are_run_here() -> None:
    begins = [block[0].split()[0] for block in BLOCKS]
    assert begins == ["git", ".venv/bin/trueup", "export", "trueup", "trueup", "trueup", "trueup", "trueup", "mkdir"]


def test_the_first_five_minutes_end_as_the_page_says(terminal: Terminal) -> None:
    export, *first = BLOCKS[2]
    said = terminal.type((export, *first))
    planned, added = re.search(r"Plan: (\d+) to add", said), re.search(r"Applied: (\d+) added", said)
    assert planned and added and planned[1] == added[1] != "0"
    assert added.end() < said.rindex("Plan: 0 to add, 0 to change")
    said = terminal.type((export, *BLOCKS[3]))
    assert "content: 'parked.example.org' → 'statuspage.betterstack.example.net'  (drifted)" in said
    assert "Applied: 0 added, 1 changed" in said
    assert "bilko: apply" in said
    said = terminal.type((export, *BLOCKS[7]), strict=False)
    assert "not seen" in said
    assert "\n17\n" in said
    assert terminal.type((export, "trueup plan --stack bilko --detailed-exitcode")).startswith("Plan: 0 to add")


def test_a_record_follows_its_domain_and_three_hand_edits_are_put_back_as_the_page_says(terminal: Terminal) -> None:
    export = BLOCKS[2][0]
    terminal.type((export, "trueup apply --stack bilko --yes"))
    said = terminal.type((export, *BLOCKS[4]), strict=False)
    assert "1 not seen" in said
    assert re.search(r"Applied: (\d+) added, .* \1 of \1 seen on the platform afterwards", said)
    assert said.endswith("\n16\n")
    said = terminal.type((export, *BLOCKS[5]))
    assert "by-hand" not in said
    assert "Plan: 0 to add, 0 to change, 0 to destroy" in said
    assert "not seen" not in said
    said = terminal.type((export, *BLOCKS[6]))
    follows = "cloudflare.record.bilko-io/api  api.bilko.io CNAME moved.up.railway.app  (reference)"
    edited = ["railway.variable.api/NODE_ENV", "vercel.variable.web/NEXT_PUBLIC_API_URL", "r2.public-access.receipts"]
    assert said.index(follows) < said.index("Applied: 0 added, 1 changed")
    assert said.count(follows) == 2
    for one in edited:
        # Once found, once put back.
        assert len(re.findall(rf"~ {re.escape(one)}  .*\(drift\)", said)) == 2, one
    assert said.index("Drift: 0 to add, 3 to change") < said.index("Applied: 0 added, 3 changed")
    said = terminal.type((export, "trueup plan --stack bilko-production --detailed-exitcode"))
    assert "Plan: 0 to add, 0 to change, 0 to destroy" in said


def test_an_own_repository_is_taken_over_as_the_page_says(tmp_path: Path) -> None:
    begin = next(index for index, line in enumerate(BLOCKS[8]) if line == "trueup doctor")
    terminal = Terminal(tmp_path, tmp_path / "world.json")
    editor = tmp_path / "editor"
    editor.write_text(f'#!/bin/sh\necho "  {ACCOUNT}" >> "$1"\n')
    editor.chmod(0o755)
    terminal.type(BLOCKS[8][:begin], editor=str(editor))
    home = tmp_path / "my-estate"
    assert ACCOUNT in (home / "stacks" / "_project.yaml").read_text()
    with _serving(f"trueup sandbox --empty --ready-file {WORLD}", home, terminal.world):
        inside = Terminal(home, terminal.world)
        export = f"export TRUEUP_SANDBOX={WORLD}"
        inside.type((export, "trueup sandbox create cloudflare zone example.com"))
        inside.type((export, "trueup sandbox create cloudflare record www.example.com type=A content=192.0.2.1"))
        # The page's reader answers `yes` to adopt's question.
        rest = [line.replace("adopt --all", "adopt --all --yes") for line in BLOCKS[8][begin:]]
        said = inside.type((export, *rest))
        assert "all is well" in said
        assert "plan: empty, 1 to adopt" in said
        assert "adopt: 1 identical" in said
        assert inside.type((export, "trueup drift --stack dns --detailed-exitcode")).startswith("Drift: 0 to add")
