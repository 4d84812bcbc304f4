"""Start a command, wait, and say what it took: `launch.py RESULT_FILE COMMAND…`, its output on our own.

A small process of its own, for a child's peak memory begins at that of the process that started it.
"""

import json
import os
import sys
import time


def main(result_file: str, command: list[str]) -> None:
    began = time.time()
    words = [began_at(word, began) for word in command]
    child = os.posix_spawn(words[0], words, os.environ)
    _, status, usage = os.wait4(child, 0)
    wall = time.time() - began
    # Linux counts KiB, macOS bytes.
    peak = usage.ru_maxrss / 1024 / (1024 if sys.platform == "darwin" else 1)
    cpu = usage.ru_utime + usage.ru_stime
    with open(result_file, "w") as file:  # noqa: PTH123 - pathlib would cost memory
        json.dump({"wall": wall, "cpu": cpu, "peak_mib": peak, "exit": os.waitstatus_to_exitcode(status)}, file)


def began_at(word: str, began: float) -> str:
    """The word NOW stands for the moment of the start."""
    return repr(began) if word == "NOW" else word


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
