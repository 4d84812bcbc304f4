"""An engine in this process, for tests: it runs a Pulumi program, drives providers over real gRPC, keeps its state in
a dict. What it shares with the real one: the calls to a provider, their order, what a state then says. What it has not:
encryption, a state file, locks, checkpoints, stack references, transforms, explicit providers, policies.

    recorded = record(program, project="runbooks", stack="bilko", zones={"bilko.io": "z1"})
    recorded.requests[urn]          # every RegisterResourceRequest, by URN, in the order of arrival; no root stack
    recorded.inputs(urn)            # decoded: JSON, SecretText, UNKNOWN
    recorded.outputs                # what the stack exports, decoded

    engine = MiniEngine(program, {"trueup": serving(make_servicer), "cloudflare": attached("127.0.0.1:4711")},
                        project="runbooks", stack="bilko")
    engine.up(refresh=True, targets=[urn])     # every command answers Told(ops, code, error, refreshed, outputs)
    engine.preview(refresh=True, expect_no_changes=True).code        # 0, or 7
    engine.refresh(preview_only=True) · engine.destroy() · engine.import_([Adopted(type, name, id, parent_urn)])
    engine.state.entries[urn]       # Entry(id, inputs, outputs, dependencies, protect, …)
    engine.calls                    # [Call("Check", urn), …] of the last command, in the order they were made
    engine.program = another        # the next command runs that one

A provider is a `Launch`: `serving(make)` makes a servicer of its own for every command, as a real engine starts a
process for each; `attached(address)` goes to one that runs already; `executable(path)` starts a program that prints
its port. It is opened when a resource of its package is first met. An `Op` is (op, urn), op one of
same, create, update, replace, delete, import; a component counts like a resource, the root stack does not.
"""

from .engine import MiniEngine
from .providers import Call, Launch, attached, executable, serving
from .recorder import Recorder, make_urn
from .runner import record, run
from .state import Entry, State
from .told import Adopted, Op, Told

__all__ = [
    "Adopted",
    "Call",
    "Entry",
    "Launch",
    "MiniEngine",
    "Op",
    "Recorder",
    "State",
    "Told",
    "attached",
    "executable",
    "make_urn",
    "record",
    "run",
    "serving",
]
