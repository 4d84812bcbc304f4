"""One run again, told step by step: `python -m tests.rotation.machine.replay overlap healthy 113:crash 207:lost-reply`.

The words are those that a broken promise is printed with; spaces within a kind of fault are dashes or spaces.
"""

import re
import sys

from .cases import MORE, PLAIN, Case
from .drive import run
from .points import Fault
from .test_frozen import frozen


def read(words: str) -> tuple[Case, tuple[Fault, ...]]:
    """Raises LookupError where no case is called so."""
    found = [
        (int(number), kind.strip().replace("-", " "))
        for number, kind in re.findall(r"(\d+):([a-z0-9 -]+?)(?= \d+:|$)", words)
    ]
    name = re.split(r" (?=\d+:|-$)", words)[0]
    case = next((one for one in (*PLAIN, *MORE) if one.name == name), None)
    if case is None:
        raise LookupError(f"no case is called {name!r}: {', '.join(one.name for one in (*PLAIN, *MORE))}")
    return case, tuple(Fault(number, kind) for number, kind in found)


def main() -> int:
    words = " ".join(sys.argv[1:])
    story: list[str] = []
    asleep = re.search(r",? frozen at (\d+) for (\d+)", words)
    if asleep:
        case, faults = read(words[: asleep.start()])
        ending = frozen(case, int(asleep[1]), int(asleep[2]), story)
    else:
        case, faults = read(words)
        ending = run(case, faults, story=story, leaks=True)
    print("\n".join(story))
    print(f"\n{case.name}: {ending.ended} after {ending.stage.turns} turns, {ending.points} points")
    for one in ending.violations:
        print(f"broken {one}")
    return 1 if ending.violations else 0


if __name__ == "__main__":
    sys.exit(main())
