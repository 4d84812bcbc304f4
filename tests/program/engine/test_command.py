"""How a command line is run: to its end, heard whole, told once to stop, its codes translated."""

import os
import signal
import subprocess
import sys
import textwrap
import threading
import time
from pathlib import Path

import pytest

from reconcile.program.engine.command import Engine, EngineFailed, end_session, ended

from .test_lock import engine as engine_at


def engine(tmp_path: Path, script: str) -> Engine:
    path = tmp_path / "pulumi"
    path.write_text(f"#!{sys.executable}\n{textwrap.dedent(script)}")
    path.chmod(0o755)
    made = engine_at(tmp_path, str(path))
    return Engine(made.path, made.project, redact=lambda text: text.replace("hunter2", "***"))


@pytest.mark.parametrize(("its", "ours"), [(0, 0), (7, 2), (1, 1), (6, 1), (255, 1)])
def test_no_code_of_the_engine_is_passed_on(its: int, ours: int, tmp_path: Path) -> None:
    assert engine(tmp_path, f"raise SystemExit({its})").run("preview").code == ours


def test_what_it_says_is_heard_line_by_line_and_redacted(tmp_path: Path) -> None:
    heard: list[str] = []
    one = engine(tmp_path, "import sys; print('a hunter2'); print('error: no hunter2', file=sys.stderr); sys.exit(1)")
    done = one.run("up", tell=heard.append)
    assert sorted(heard) == ["a ***", "error: no ***"]
    assert done.errors == ("no ***",)
    with pytest.raises(EngineFailed, match=r"^pulumi up: no \*\*\*$"):
        one.must("up")


def test_a_listener_that_fails_does_not_stop_the_reading(tmp_path: Path) -> None:
    def tell(line: str) -> None:
        raise BrokenPipeError

    done = engine(tmp_path, "print('x\\n' * 100_000)").run("up", tell=tell)
    assert done.code == 0 and done.out.count("x") == 100_000


def test_the_folder_of_the_command_line_is_searched_last(tmp_path: Path) -> None:
    done = engine(tmp_path, "import os; print(os.environ['PATH'])").run("up")
    assert done.out.strip() == f"{os.environ['PATH']}{os.pathsep}{tmp_path}"


STUBBORN = """
import pathlib, signal, sys, time
told = []
signal.signal(signal.SIGTERM, lambda *_: told.append("TERM"))
signal.signal(signal.SIGINT, lambda *_: told.append("INT"))
pathlib.Path("ready").touch()
while not told:
    time.sleep(0.01)
until = time.monotonic() + 0.5
while time.monotonic() < until:
    time.sleep(0.01)
pathlib.Path("told").write_text(" ".join(told))
"""


def test_ctrl_c_is_passed_on_once_and_its_end_awaited(tmp_path: Path) -> None:
    one = engine(tmp_path, STUBBORN)

    def interrupt() -> None:
        while not (tmp_path / "ready").exists():
            time.sleep(0.01)
        for _ in range(3):
            os.kill(os.getpid(), signal.SIGINT)
            time.sleep(0.05)

    thread = threading.Thread(target=interrupt)
    thread.start()
    with pytest.raises(KeyboardInterrupt):
        one.run("up")
    thread.join()
    assert (tmp_path / "told").read_text() == "TERM"
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_who_is_left_of_a_killed_command_line_is_waited_for(tmp_path: Path) -> None:
    script = """
    import os, subprocess, sys
    code = "import time, pathlib; time.sleep(0.5); pathlib.Path('done').touch()"
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    subprocess.Popen([sys.executable, "-c", code], process_group=0, **quiet)
    os.kill(os.getpid(), 9)
    """
    assert engine(tmp_path, script).run("up").code == 1
    assert (tmp_path / "done").exists()


def test_who_does_not_end_by_itself_is_asked_to(tmp_path: Path) -> None:
    script = """
    import os, subprocess, sys
    kept = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"], process_group=0, stdout=2)
    open("kept", "w").write(str(kept.pid))
    os.kill(os.getpid(), 9)
    """
    path = tmp_path / "leader.py"
    path.write_text(textwrap.dedent(script))
    with subprocess.Popen([sys.executable, str(path)], cwd=tmp_path, start_new_session=True) as leader:
        leader.wait()
    kept = int((tmp_path / "kept").read_text())
    assert os.getsid(kept) == leader.pid
    end_session(leader.pid, patience_seconds=0.1)
    assert ended(kept) or not Path(f"/proc/{kept}").exists()
