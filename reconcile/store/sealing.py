"""Rows of ciphertext: what the ledger itself keeps sealed, by name, and the values of secrets, by version."""

from collections.abc import Collection, Mapping

from sqlalchemy import Connection, bindparam, delete, insert, select, update

from .owning import upsert
from .tables import sealed, secret_value

Kept = tuple[str, int]
"""A secret, and the number of one of its versions."""

_SEALED_ANEW = update(sealed).where(sealed.c.name == bindparam("a_name")).values(value=bindparam("a_value"))
_VALUE_ANEW = (
    update(secret_value)
    .where(secret_value.c.secret == bindparam("a_secret"), secret_value.c.version == bindparam("a_version"))
    .values(value=bindparam("a_value"))
)


def named(connection: Connection) -> dict[str, str]:
    """What the ledger keeps sealed, and to whom, by name."""
    return {row.name: row.value for row in connection.execute(select(sealed.c.name, sealed.c.value))}


def keep_named(connection: Connection, values: Mapping[str, str]) -> bool:
    """All of them or, where one of the names is taken, none and False."""
    if connection.execute(select(sealed.c.name).where(sealed.c.name.in_(values))).first() is not None:
        return False
    connection.execute(insert(sealed), [{"name": name, "value": value} for name, value in values.items()])
    return True


def values(connection: Connection) -> dict[Kept, str]:
    """The ciphertext of every value that is kept of any secret."""
    return {(row.secret, row.version): row.value for row in connection.execute(select(secret_value))}


def value(connection: Connection, kept: Kept) -> str | None:
    """The ciphertext of one."""
    secret, version = kept
    wanted = select(secret_value.c.value).where(secret_value.c.secret == secret, secret_value.c.version == version)
    found: str | None = connection.execute(wanted).scalar_one_or_none()
    return found


def keep_values(connection: Connection, anew: Mapping[Kept, str]) -> None:
    """The last ciphertext of a version wins."""
    rows = [{"secret": secret, "version": version, "value": text} for (secret, version), text in anew.items()]
    if rows:
        connection.execute(upsert(connection, secret_value), rows)


def erase_values(connection: Connection, secret: str, versions: Collection[int]) -> None:
    """What is gone already is no error."""
    if versions:
        at = secret_value.c
        connection.execute(delete(secret_value).where(at.secret == secret, at.version.in_(versions)))


def replace(
    connection: Connection,
    anew: Mapping[str, str],
    instead_of: Mapping[str, str],
    secrets: Mapping[Kept, tuple[str, str]],
) -> bool:
    """Puts ciphertext and recipients in the place of others, all of them; `secrets` tells before and after.

    False, and nothing done, where what is there is not what was read, or more.
    """
    before = {kept: text for kept, (text, _) in secrets.items()}
    found = named(connection)
    if {name: found.get(name) for name in instead_of} != dict(instead_of) or values(connection) != before:
        return False
    connection.execute(_SEALED_ANEW, [{"a_name": name, "a_value": value} for name, value in anew.items()])
    rows = [
        {"a_secret": secret, "a_version": version, "a_value": text} for (secret, version), (_, text) in secrets.items()
    ]
    if rows:
        connection.execute(_VALUE_ANEW, rows)
    return True
