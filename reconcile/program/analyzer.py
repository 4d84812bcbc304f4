"""A policy pack on the wire, written on the SDK's stubs.

The SDK's own server opens every secret before a policy sees it, and drops a check that meets a value of later. Here a
secret stays one, so that it is no literal, and what is known is judged.
"""

import os
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Final, NoReturn

import grpc
from google.protobuf import empty_pb2
from pulumi.runtime.proto import analyzer_pb2, analyzer_pb2_grpc, plugin_pb2

from .. import __version__
from ..model.errors import ReconcileError
from ..model.verdict import Decision, name_of
from .pack import NAME, Finding, Pack
from .properties import decode

LEVELS: Final[dict[Decision, Any]] = {
    "allow": analyzer_pb2.DISABLED,
    "warn": analyzer_pb2.ADVISORY,
    # A person approves it by merging: the engine has no third way.
    "hold": analyzer_pb2.ADVISORY,
    "deny": analyzer_pb2.MANDATORY,
}
_MESSAGE_LIMIT = 64 * 1024 * 1024
_LOOK_EVERY_SECONDS = 2.0


class Analyzer(analyzer_pb2_grpc.AnalyzerServicer):
    """Answers an engine. What a rule says decides the level, not the rule."""

    def __init__(self, pack: Pack) -> None:
        self.pack = pack
        self.done = threading.Event()

    def Handshake(self, request: Any, context: Any) -> Any:
        return analyzer_pb2.AnalyzerHandshakeResponse()

    def GetPluginInfo(self, request: Any, context: Any) -> Any:
        return plugin_pb2.PluginInfo(version=__version__)

    def GetAnalyzerInfo(self, request: Any, context: Any) -> Any:
        told = [
            analyzer_pb2.PolicyInfo(
                name=name_of(rule),
                description=_first_line(rule.__doc__),
                enforcementLevel=analyzer_pb2.MANDATORY,
                policy_type=analyzer_pb2.POLICY_TYPE_RESOURCE,
            )
            for rule in self.pack.rules
        ]
        return analyzer_pb2.AnalyzerInfo(name=NAME, version=__version__, policies=told, supportsConfig=False)

    def Configure(self, request: Any, context: Any) -> Any:
        return empty_pb2.Empty()

    def ConfigureStack(self, request: Any, context: Any) -> Any:
        return analyzer_pb2.AnalyzerStackConfigureResponse()

    def Analyze(self, request: Any, context: Any) -> Any:
        found = self.pack.findings(request.type, request.urn, decode(request.properties))
        return analyzer_pb2.AnalyzeResponse(diagnostics=[_diagnostic(one) for one in found])

    def AnalyzeStack(self, request: Any, context: Any) -> Any:
        """Nothing: what concerns a whole plan, `trueup gate` judges, which also sees what goes."""
        return analyzer_pb2.AnalyzeResponse()

    def Remediate(self, request: Any, context: Any) -> Any:
        return analyzer_pb2.RemediateResponse()

    def Cancel(self, request: Any, context: Any) -> Any:
        self.done.set()
        return empty_pb2.Empty()


def serve(folder: Path) -> NoReturn:
    """Serves the pack of a `policies/` folder until the engine is done or dead. What `policies/__main__.py` calls."""
    try:
        pack = Pack.of(folder)
    except ReconcileError as error:
        print(f"{error}\n  what to do: {error.advice}", file=sys.stderr)
        sys.exit(1)
    _serve(pack)
    sys.exit(0)


def _serve(pack: Pack) -> None:
    """Tells its port on stdout and answers."""
    analyzer = Analyzer(pack)
    server = grpc.server(ThreadPoolExecutor(4), options=[("grpc.max_receive_message_length", _MESSAGE_LIMIT)])
    analyzer_pb2_grpc.add_AnalyzerServicer_to_server(analyzer, server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    sys.stdout.write(f"{port}\n")
    sys.stdout.flush()
    parent = os.getppid()
    while os.getppid() == parent and not analyzer.done.wait(_LOOK_EVERY_SECONDS):
        pass
    server.stop(1.0).wait()


def _diagnostic(one: Finding) -> Any:
    return analyzer_pb2.AnalyzeDiagnostic(
        policyName=one.rule,
        policyPackName=NAME,
        policyPackVersion=__version__,
        description=one.rule,
        message=one.reason if one.decision != "hold" else f"needs a person: {one.reason}",
        enforcementLevel=LEVELS[one.decision],
    )


def _first_line(text: str | None) -> str:
    return (text or "").strip().partition("\n")[0]
