"""Settings to working parts: the only place that constructs."""

from .ledgers import SANDBOX_LEDGER_ID
from .who import whoami
from .workshop import SERVICES, Workshop
from .worlds import begin_world

__all__ = ["SANDBOX_LEDGER_ID", "SERVICES", "Workshop", "begin_world", "whoami"]
