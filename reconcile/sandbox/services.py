"""What deployed applications would answer: one that knows its contract tells that it is well, and the ids of its keys.

`https://api.bilko.io/health` is asked for at `/services/api.bilko.io/health` of the page's address.
"""

import hashlib
import hmac
from collections.abc import Mapping

import flask

from ..model.pretend import RunningUnit
from .world import World

KEY_ID_DIGITS = 8
METHODS = ("GET", "POST")


def key_id(value: str) -> str:
    """What a service shows of a value that it runs with."""
    return hmac.new(value.encode("utf-8", "surrogatepass"), b"kid", hashlib.sha256).hexdigest()[:KEY_ID_DIGITS]


def services(world: World) -> flask.Blueprint:
    """`/services/HOST/PATH`, whatever the path: 200 of what runs and is well, 503 of what is ill or runs nothing, 404
    where no unit answers at that host. `kid` is by variable, of the values that the unit was started with. A POST goes
    on with a migration, which is over at once: nothing is `left`."""
    blueprint = flask.Blueprint("services", __name__)

    @blueprint.route("/services/<host>", methods=METHODS, defaults={"path": ""}, strict_slashes=False)
    @blueprint.route("/services/<host>/<path:path>", methods=METHODS)
    def ask(host: str, path: str) -> tuple[Mapping[str, object], int]:
        unit = _at(world, host.lower())
        if unit is None:
            return {"ok": False, "error": f"nothing answers at {host}"}, 404
        if not unit.id or not unit.well:
            return {"ok": False}, 503
        return {"ok": True, "left": 0, "kid": {name: key_id(value) for name, value in unit.values.items()}}, 200

    return blueprint


def _at(world: World, host: str) -> RunningUnit | None:
    return next((one for units in world.running().values() for one in units if host in one.hosts), None)
