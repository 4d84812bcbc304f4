"""The ledger of a pretend world."""

import secrets
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from pathlib import Path

from ..store import begin_ledger

SANDBOX_LEDGER_ID = "sandbox"


def begin_ledger_of(ledger: Path, clock: Callable[[], datetime]) -> None:
    """Begins a pretend world's ledger where there is none, under its name only once it is whole: of two first commands
    one wins, and both open what it began."""
    if ledger.exists():
        return
    draft = ledger.with_name(f".{ledger.name}.{secrets.token_hex(4)}")
    try:
        begin_ledger(str(draft), ledger.parent, ledger_id=SANDBOX_LEDGER_ID, clock=clock).close()
        with suppress(FileExistsError):
            ledger.hardlink_to(draft)
    finally:
        draft.unlink(missing_ok=True)
