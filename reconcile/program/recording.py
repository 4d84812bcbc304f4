"""Runs a user's own Pulumi program against a monitor that builds nothing and writes down what is registered.

Started as a file by the Python that the program has: beside the standard library it needs Pulumi's SDK, nothing of
ours. One order (JSON) comes in by stdin, one report goes out by stdout; what the program prints goes to stderr.
"""

import asyncio
import json
import os
import runpy
import sys
import threading
import traceback
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

UNKNOWN_TEXT = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
"""Pulumi's own word for what is not known yet. A text that holds it is not known either."""
STACK = "pulumi:pulumi:Stack"
ZONE, ZONES = "cloudflare:index/getZone:getZone", "cloudflare:index/getZones:getZones"
_AT_ONCE = 16
_LONGEST = 300
"""Characters of a program's own error that are told."""


class Left(Exception):
    """The program ended itself before all that it registers was registered."""


class Notes:
    """What a program registered, in the order of arrival, and what it is answered.

    The order's `types` are those whose inputs are wanted, `known` the ids and outputs of what lives, by URN, `zones`
    what stands for `getZone`; `whole` is False where not all zones could be read.
    """

    def __init__(self, order: Mapping[str, Any]) -> None:
        self.order = order
        self.lock = threading.Lock()
        self.registered: dict[str, dict[str, Any]] = {}
        self.read: list[str] = []
        """Types of what is only looked up by its id."""
        self.unanswered: dict[str, None] = {}
        self.warnings: dict[str, None] = {}

    def urn(self, parent: str, type: str, name: str) -> str:
        """As the engine makes it: the types of all parents before its own, the root stack's left out."""
        above = parent.split("::", 3)[2] if parent else STACK
        own = type if above == STACK else f"{above}${type}"
        return f"urn:pulumi:{self.order['stack']}::{self.order['project']}::{own}::{name}"

    def transformed(self) -> None:
        """Transforms are the engine's to run."""
        self.warnings["a transform of the program was not run: what it changes is not seen"] = None

    def take(self, urn: str, told: dict[str, Any], *, transformed: bool) -> None:
        """Raises ValueError for a second one of a name."""
        if transformed:
            self.transformed()
        with self.lock:
            if urn in self.registered:
                raise ValueError(f"two resources are called {urn}")
            self.registered[urn] = told

    def known(self, urn: str) -> tuple[str, Mapping[str, Any]]:
        """The id of what lives, and what it gives beside its inputs."""
        found = self.order["known"].get(urn) or {}
        return str(found.get("id", "")), found.get("outputs") or {}

    def call(self, token: str, arguments: Mapping[str, Any]) -> dict[str, Any] | None:
        """What a function of a provider answers; None: nobody knows. Raises LookupError."""
        if token == ZONES:
            listed = [self._zone(one) for one in self.order["zones"] if _meets(one, arguments)]
            return {**arguments, "results": listed, "zones": listed} if self.order["whole"] else None
        if token != ZONE:
            self.unanswered[token] = None
            return None
        wanted = arguments.get("filter") or arguments
        found = [one for one in self.order["zones"] if _meets(one, wanted)]
        name = str(arguments.get("zoneId") or wanted.get("name") or "that is asked for")
        if len(found) > 1:
            raise LookupError(f"several accounts have the zone {name}: say which by --account")
        if not found and self.order["whole"]:
            raise LookupError(f"there is no zone {name} in the accounts that were read")
        later = f"zone {UNKNOWN_TEXT}"
        return self._zone(found[0] if found else {"id": later, "name": wanted.get("name") or later, "account": later})

    @staticmethod
    def _zone(one: Mapping[str, Any]) -> dict[str, Any]:
        account = {"id": one["account"], "name": one["account"]}
        return {"id": one["id"], "zoneId": one["id"], "name": one["name"], "account": account, "status": "active"}

    def report(self) -> dict[str, Any]:
        told = [{"urn": urn, **one} for urn, one in self.registered.items()]
        return {
            "registered": told,
            "read": self.read,
            "unanswered": list(self.unanswered),
            "warnings": list(self.warnings),
        }


def _meets(zone: Mapping[str, Any], wanted: Mapping[str, Any]) -> bool:
    account = (wanted.get("account") or {}).get("id") or wanted.get("accountId")
    asked = {"id": wanted.get("zoneId"), "name": wanted.get("name"), "account": account}
    return all(value is None or zone[name] == value for name, value in asked.items())


def monitor_of(notes: Notes, folder: Path) -> Any:
    """What the SDK talks to in place of an engine. Raises ImportError where there is no SDK."""
    from google.protobuf import json_format
    from google.protobuf.empty_pb2 import Empty
    from pulumi.runtime.mocks import MockMonitor
    from pulumi.runtime.proto import resource_pb2

    class Monitor(MockMonitor):
        def RegisterResource(self, request: Any) -> Any:
            urn = notes.urn(request.parent, request.type, request.name)
            if request.type == STACK:
                return resource_pb2.RegisterResourceResponse(urn=urn)
            inputs = json_format.MessageToDict(request.object) if request.type in notes.order["types"] else None
            notes.take(urn, {**_told(request, folder), "inputs": inputs}, transformed=bool(request.transforms))
            id, outputs = notes.known(urn)
            answer = resource_pb2.RegisterResourceResponse(urn=urn, id=id, object=request.object)
            answer.object.MergeFrom(_struct(outputs))
            return answer

        def RegisterStackTransform(self, request: Any) -> Any:
            notes.transformed()
            return Empty()

        def Invoke(self, request: Any) -> Any:
            found = notes.call(request.tok, json_format.MessageToDict(request.args))
            answer = resource_pb2.ResourceInvokeResponse()
            answer.unknown = found is None
            # Its field has the name of a keyword.
            getattr(answer, "return").CopyFrom(_struct(found or {}))
            return answer

        def ReadResource(self, request: Any) -> Any:
            notes.read.append(request.type)
            urn = notes.urn(request.parent, request.type, request.name)
            return resource_pb2.ReadResourceResponse(urn=urn, properties=request.properties)

    nothing: Any = None
    return Monitor(nothing)


def _struct(values: Mapping[str, Any]) -> Any:
    from google.protobuf import json_format
    from google.protobuf.struct_pb2 import Struct

    return json_format.ParseDict(dict(values), Struct())


def _told(request: Any, folder: Path) -> dict[str, Any]:
    """All that is said of a resource beside its inputs."""
    return {
        "type": request.type,
        "name": request.name,
        "custom": bool(request.custom or request.remote),
        "import_id": request.importId,
        "ignored": list(request.ignoreChanges),
        "needs": list(request.dependencies),
        "at": _at(request, folder),
    }


def _at(request: Any, folder: Path) -> list[Any]:
    """File and line of the program's own that declare it; ["", 0] where an old SDK does not tell."""
    frames = getattr(getattr(request, "stackTrace", None), "frames", ())
    for place in (request.sourcePosition, *(frame.pc for frame in frames)):
        path = Path(unquote(urlsplit(place.uri).path))
        if place.uri and path.is_relative_to(folder) and "site-packages" not in path.parts:
            return [str(path.relative_to(folder)), place.line]
    return ["", 0]


def run(order: Mapping[str, Any], monitor: Any) -> None:
    """Runs the program to its end. Raises what it raised first, Left, and ImportError for an SDK of another make."""
    from pulumi.runtime import settings
    from pulumi.runtime.config import set_all_config
    from pulumi.runtime.mocks import MockEngine
    from pulumi.runtime.stack import run_in_stack

    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    loop.set_default_executor(ThreadPoolExecutor(_AT_ONCE))
    # One failure fails every output that waited for it; it is raised once, from here.
    loop.set_exception_handler(lambda loop, context: None)
    settings.reset_options(
        project=order["project"], stack=order["stack"], organization="organization", parallel=_AT_ONCE, preview=True
    )
    inside: Any = settings.SETTINGS
    inside.monitor, inside.engine = monitor, MockEngine(None)
    set_all_config(order["config"], order["secret_keys"])

    def program() -> None:
        try:
            runpy.run_path(order["program"], run_name="__main__")
        except SystemExit as left:
            raise Left(f"it calls sys.exit({'' if left.code is None else repr(left.code)})") from None

    loop.run_until_complete(run_in_stack(program))


def record(order: Mapping[str, Any]) -> dict[str, Any]:
    """The report of one run, or what stopped it."""
    folder = Path(order["folder"])
    program = Path(order["program"])
    os.chdir(folder)
    sys.argv = [str(program)]
    sys.path.insert(0, str(program if program.is_dir() else program.parent))
    notes = Notes(order)
    try:
        monitor = monitor_of(notes, folder)
    except ImportError as error:
        return {"error": {"kind": "no SDK", "message": str(error), "python": sys.executable}}
    try:
        run(order, monitor)
    except BaseException as error:
        # Whatever it is, it is the program's own, and told as such.
        return {"error": _error(error, folder), "unanswered": list(notes.unanswered)}
    return notes.report()


def _error(error: BaseException, folder: Path) -> dict[str, Any]:
    """Kind, place in the program and the first line of an error."""
    frames = [(one.filename, one.lineno or 0) for one in traceback.extract_tb(error.__traceback__)]
    if isinstance(error, SyntaxError):
        frames.append((error.filename or "", error.lineno or 0))
    own = [one for one in frames if Path(one[0]).is_relative_to(folder) and "site-packages" not in one[0]]
    at = f"{Path(own[-1][0]).relative_to(folder)}:{own[-1][1]}" if own else ""
    message = next(iter(str(error).strip().splitlines()), "")[:_LONGEST]
    if isinstance(error, SystemExit):
        error = Left(f"it calls sys.exit({error.code!r})")
        message = str(error)
    return {"kind": type(error).__name__, "message": message, "at": at}


def main() -> None:
    """Nothing but the report goes out by stdout, whatever the program and what it starts print."""
    out = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    order = json.load(sys.stdin)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    # Beside this file are modules of ours, whose names the program may have for its own.
    here = Path(__file__).resolve().parent
    sys.path[:] = [one for one in sys.path if one and Path(one).resolve() != here]
    json.dump(record(order), out)
    out.flush()
    # Threads that the program left running keep nobody.
    os._exit(0)


if __name__ == "__main__":
    main()
