"""The ledger's tables, for SQLite and PostgreSQL alike.

Times are ISO 8601 texts in UTC by the injected clock; only a lease counts in wall-clock seconds. JSON is kept as
text, so that both databases give back byte for byte what was hashed.
"""

from sqlalchemy import Column, Float, Index, Integer, MetaData, Table, Text, UniqueConstraint

FORMAT = 4
"""What this product writes. A ledger with a higher number is refused, one with a lower number is migrated."""

metadata = MetaData()

meta = Table(
    "meta",
    metadata,
    Column("id", Text, primary_key=True),
    Column("format", Integer, nullable=False),
)

run = Table(
    "run",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("command", Text, nullable=False),
    Column("stacks", Text, nullable=False),
    Column("revision", Text, nullable=False),
    Column("who", Text, nullable=False),
    Column("began", Text, nullable=False),
    Column("ended", Text),
    Column("exit_code", Integer),
    Column("summary", Text, nullable=False),
    sqlite_autoincrement=True,
)

# Append-only: no statement of this package updates or deletes an entry.
entry = Table(
    "entry",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("stack", Text, nullable=False),
    Column("seq", Integer, nullable=False),
    Column("at", Text, nullable=False),
    Column("what", Text, nullable=False),
    Column("address", Text, nullable=False),
    Column("detail", Text, nullable=False),
    Column("hash", Text, nullable=False),
    UniqueConstraint("stack", "seq"),
    sqlite_autoincrement=True,
)

CAME = "came"
"""The verb of an intent that is none: a platform made the thing along with another of ours. It has no result until
somebody owns the thing; `fields` holds its id."""

WRITER = "writer chosen"
"""The entry that says who writes a stack of a pretend world."""

# `result` NULL: announced, and nobody knows what became of it.
intent = Table(
    "intent",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("run", Integer, nullable=False),
    Column("wave", Integer, nullable=False),
    Column("stack", Text, nullable=False),
    Column("account", Text, nullable=False),
    Column("address", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("key", Text, nullable=False),
    Column("verb", Text, nullable=False),
    Column("fields", Text, nullable=False),
    Column("at", Text, nullable=False),
    Column("result", Text),
    sqlite_autoincrement=True,
)
Index("intent_result", intent.c.result)

owned = Table(
    "owned",
    metadata,
    Column("account", Text, primary_key=True),
    Column("kind", Text, primary_key=True),
    Column("remote_id", Text, primary_key=True),
    Column("key", Text, nullable=False),
    Column("stack", Text, nullable=False),
    Column("address", Text, nullable=False),
    UniqueConstraint("stack", "address"),
)

applied = Table(
    "applied",
    metadata,
    Column("stack", Text, primary_key=True),
    Column("address", Text, primary_key=True),
    Column("revision", Text, nullable=False),
    Column("fields", Text, nullable=False),
    Column("refs", Text, nullable=False),
    Column("prints", Text, nullable=False),
    Column("at", Text, nullable=False),
)

# What is only seen, as it was when it was last taken as right; since format 3.
sighting = Table(
    "sighting",
    metadata,
    Column("stack", Text, primary_key=True),
    Column("address", Text, primary_key=True),
    Column("account", Text, nullable=False),
    Column("remote_id", Text, nullable=False),
    Column("prints", Text, nullable=False),
    Column("noticed", Text, nullable=False),
    Column("at", Text, nullable=False),
)

pin = Table(
    "pin",
    metadata,
    Column("account", Text, primary_key=True),
    Column("platform", Text, primary_key=True),
    Column("remote_id", Text, nullable=False),
    Column("at", Text, nullable=False),
)

# `place` tells where `pid` means anything; `born` tells a process from a later one with the same number.
lease = Table(
    "lease",
    metadata,
    Column("stack", Text, primary_key=True),
    Column("token", Text, nullable=False),
    Column("holder", Text, nullable=False),
    Column("host", Text, nullable=False),
    Column("place", Text, nullable=False),
    Column("pid", Integer, nullable=False),
    Column("born", Text, nullable=False),
    Column("since", Text, nullable=False),
    Column("until", Float, nullable=False),
)

hold = Table(
    "hold",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("stack", Text, nullable=False),
    Column("address", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("who", Text, nullable=False),
    Column("at", Text, nullable=False),
    Column("released", Text),
    sqlite_autoincrement=True,
)

approval = Table(
    "approval",
    metadata,
    Column("digest", Text, primary_key=True),
    Column("who", Text, nullable=False),
    Column("at", Text, nullable=False),
)

# Ciphertext and public keys only; since format 2.
sealed = Table(
    "sealed",
    metadata,
    Column("name", Text, primary_key=True),
    Column("value", Text, nullable=False),
)

# How far a secret's rotation is: what `states` writes, without a value. `turn` counts savings, `fence` the runs that
# took it up; who holds an older pair writes nothing. These four since format 4.
secret_state = Table(
    "secret_state",
    metadata,
    Column("secret", Text, primary_key=True),
    Column("turn", Integer, nullable=False),
    Column("fence", Integer, nullable=False),
    Column("state", Text, nullable=False),
)

# Ciphertext only.
secret_value = Table(
    "secret_value",
    metadata,
    Column("secret", Text, primary_key=True),
    Column("version", Integer, primary_key=True, autoincrement=False),
    Column("value", Text, nullable=False),
)

# The units that rotations under way start, each by one of them.
busy_unit = Table(
    "busy_unit",
    metadata,
    Column("unit", Text, primary_key=True),
    Column("secret", Text, nullable=False),
)
Index("busy_unit_secret", busy_unit.c.secret)

# The newest start of a unit after the last write of anything that it reads; "": written, and nobody looked since.
# `mark` is the write's: who looked before a later one says nothing about it.
baseline = Table(
    "baseline",
    metadata,
    Column("stack", Text, primary_key=True),
    Column("address", Text, primary_key=True),
    Column("start", Text, nullable=False),
    Column("mark", Text, nullable=False),
)
