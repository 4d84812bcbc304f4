"""What a suite came to, kept for `bench/proof.py`, which prints docs/proof.md from it."""

import json
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from .schedules import Tally

FOLDER = "TRUEUP_PROOF"
"""Environment variable: the folder that results are kept in; unset: they are not kept."""


SAMPLE = 17
"""One run in so many is made always, all of them with `make proof`."""
EVERY = pytest.mark.parametrize("every", [SAMPLE, pytest.param(1, marks=pytest.mark.proof)], ids=("sample", "all"))


@contextmanager
def kept(suite: str, case: str, part: str = "", *, every: int = 1) -> Iterator[Tally]:
    """A tally to fill; once filled it is kept, where it is no sample, and what broke a promise fails the test."""
    tally = Tally()
    began = time.perf_counter()
    yield tally
    seconds = time.perf_counter() - began
    if every == 1:
        keep(suite, case, part, runs=tally.runs, seconds=seconds, broken=tally.broken)
    shown = "\n".join(f"{name}: {'; '.join(found)}" for name, found in list(tally.broken.items())[:12])
    assert not tally.broken, f"{len(tally.broken)} of {tally.runs} runs broke a promise\n{shown}"
    assert tally.runs, "nothing was run"


def keep(suite: str, case: str, part: str, *, runs: int, seconds: float, broken: dict[str, list[str]]) -> None:
    folder = os.environ.get(FOLDER)
    if not folder:
        return
    Path(folder).mkdir(parents=True, exist_ok=True)
    name = "-".join(filter(None, (suite, case, part))).replace(" ", "_").replace("/", "_of_")
    fact = {"suite": suite, "case": case, "part": part, "runs": runs, "seconds": round(seconds, 2), "broken": broken}
    (Path(folder) / f"{name}.json").write_text(json.dumps(fact, indent=1) + "\n")
