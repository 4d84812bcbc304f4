"""Units, which start anew when something that they read was written: by which rotation, and since which start."""

from collections.abc import Collection, Iterable

from sqlalchemy import Connection, delete, insert, select, update

from ..model.books import UnitBusy
from ..model.resource import Address
from ..model.spec import Place
from .owning import upsert
from .tables import baseline, busy_unit


def claim(connection: Connection, secret: str, units: Collection[str], declared: Collection[str]) -> None:
    """Makes these, and no others, the units that the secret's rotation changes. Raises UnitBusy, naming the other; one
    that no stack declares any more goes on with nothing, and holds nothing."""
    wanted = select(busy_unit).where((busy_unit.c.secret == secret) | busy_unit.c.unit.in_(units))
    held = {row.unit: row.secret for row in connection.execute(wanted)}
    for unit in units:
        if held.get(unit, secret) != secret and held[unit] in declared:
            raise UnitBusy(f"{unit} is changed by the rotation of {held[unit]} now")
    gone = {unit for unit, whose in held.items() if whose == secret} - set(units)
    if gone:
        connection.execute(delete(busy_unit).where(busy_unit.c.secret == secret, busy_unit.c.unit.in_(gone)))
    fresh = sorted(unit for unit in set(units) if held.get(unit) != secret)
    if fresh:
        connection.execute(delete(busy_unit).where(busy_unit.c.unit.in_(fresh)))
        connection.execute(insert(busy_unit), [{"unit": unit, "secret": secret} for unit in fresh])


def busy(connection: Connection) -> dict[str, str]:
    """Units that a rotation changes now, and of which secret it is."""
    return {row.unit: row.secret for row in connection.execute(select(busy_unit))}


def written(connection: Connection, places: Iterable[Place], mark: str) -> None:
    """From now on nobody knows which start of these units has everything."""
    rows = [{"stack": stack, "address": str(address), "start": "", "mark": mark} for stack, address in places]
    if rows:
        connection.execute(upsert(connection, baseline), rows)


def settle(connection: Connection, place: Place, start: str, mark: str | None) -> bool:
    """Keeps the newest start; False, and nothing done, where another write than that of `mark` came since."""
    row = {"stack": place.stack, "address": str(place.address), "start": start, "mark": mark or ""}
    if mark is None:
        connection.execute(upsert(connection, baseline), row)
        return True
    at = baseline.c
    mine = update(baseline).where(at.stack == row["stack"], at.address == row["address"], at.mark == mark)
    return connection.execute(mine.values(start=start)).rowcount == 1


def baselines(connection: Connection) -> dict[Place, str]:
    """The newest start after the last write, by unit; "" where nobody knows it."""
    rows = connection.execute(select(baseline))
    return {Place(row.stack, Address.parse(row.address)): row.start for row in rows}
