"""The control endpoints: what `trueup sandbox edit`, `fault`, `clock` … speak to."""

import datetime as dt
import hmac
from collections.abc import Callable, Mapping
from typing import Any

import flask

from .ready import is_loopback
from .world import World


def stamp(moment: dt.datetime) -> str:
    return moment.astimezone(dt.UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def control(world: World, token: str) -> flask.Blueprint:
    """`GET /clock` for all on this machine; `POST /control/VERB` with the ready file's token. Errors are 400 with
    `{"error": text}`, 401 for a wrong token, 403 for a foreign Host header (a web page that reaches for loopback)."""
    blueprint = flask.Blueprint("control", __name__)
    verbs = _verbs(world)

    @blueprint.before_app_request
    def guard() -> tuple[dict[str, str], int] | None:
        if not is_loopback(f"http://{flask.request.host}"):
            return {"error": "this sandbox answers to loopback only"}, 403
        if flask.request.path.startswith("/control/"):
            scheme, _, given = flask.request.headers.get("Authorization", "").partition(" ")
            if scheme != "Bearer" or not hmac.compare_digest(given.encode(), token.encode()):
                return {"error": "the token of the ready file is needed"}, 401
        return None

    @blueprint.get("/clock")
    def clock() -> dict[str, str]:
        return {"now": stamp(world.now())}

    @blueprint.post("/control/<verb>")
    def act(verb: str) -> tuple[dict[str, Any], int]:
        asked = flask.request.get_json(silent=True)
        if verb not in verbs or not isinstance(asked, dict):
            return {"error": f"no such verb, or no JSON object: {verb}"}, 404
        try:
            return {"result": verbs[verb](asked)}, 200
        except (ValueError, TypeError, OverflowError) as error:
            return {"error": str(error)}, 400
        except KeyError as error:
            return {"error": f"{error.args[0]} is missing"}, 400

    return blueprint


def _verbs(world: World) -> Mapping[str, Callable[[Mapping[str, Any]], Any]]:
    def by_hand(verb: Callable[..., Any]) -> Callable[[Mapping[str, Any]], Any]:
        return lambda asked: verb(
            asked["platform"], asked["kind"], asked["name"], asked.get("account"), asked.get("fields", {})
        )

    return {
        "edit": by_hand(world.edit),
        "delete": by_hand(world.delete),
        "create": by_hand(world.create),
        "fault": lambda asked: world.fault(asked["platform"], asked["text"]),
        "faults": lambda asked: world.faults(),
        "clear-faults": lambda asked: world.clear_faults(asked.get("platform")),
        "calls": lambda asked: world.calls(asked.get("last")),
        "clear-calls": lambda asked: world.clear_calls(),
        "watch": lambda asked: world.watched(),
        "things": lambda asked: world.things(asked.get("platform"), asked.get("kind")),
        "clock": lambda asked: stamp(_moved(world, dt.timedelta(seconds=float(asked.get("add_seconds", 0))))),
    }


def _moved(world: World, by: dt.timedelta) -> dt.datetime:
    """The clock after the step; a look at it is no step, and changes nothing that has to be saved."""
    return world.advance(by) if by else world.now()
