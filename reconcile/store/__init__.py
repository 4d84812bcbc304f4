"""Memory: the ledger, in a file, in PostgreSQL, or as a snapshot kept elsewhere."""

from .chain import Entry
from .home import FileHome, Home, PostgresHome, SnapshotHome, SwapLost
from .lease import Holder, Lease, Timing
from .ledger import Ledger
from .opening import begin_ledger, home_of, migrate, open_ledger, restore_ledger
from .recall import RunRow
from .values import kept_fields, prints_of

__all__ = [
    "Entry",
    "FileHome",
    "Holder",
    "Home",
    "Lease",
    "Ledger",
    "PostgresHome",
    "RunRow",
    "SnapshotHome",
    "SwapLost",
    "Timing",
    "begin_ledger",
    "home_of",
    "kept_fields",
    "migrate",
    "open_ledger",
    "prints_of",
    "restore_ledger",
]
