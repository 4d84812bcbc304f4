"""The stand-in beside a served sandbox: where a shell finds it, what says that it is none of the vendor's, its end."""

import importlib.metadata
import json
import signal
import socket
import subprocess
import sys
from pathlib import Path

import grpc
import pytest
from google.protobuf.empty_pb2 import Empty
from pulumi.runtime.proto import provider_pb2, provider_pb2_grpc

from reconcile.assemble import begin_world
from reconcile.program.standin import beside
from reconcile.sandbox.ready import Ready
from reconcile.sandbox.serve import serve
from tests.r2.conftest import BUCKET, PROJECT

HEARTBEATS = """
project: library
ledger: {id: 0a1b2c3d, home: .trueup/ledger.db}
accounts:
  acme:
    betterstack: {credentials: {token: ACME_BETTERSTACK_TOKEN}}
"""


def repository(root: Path, project: str, stack: str = "") -> Path:
    (root / "stacks").mkdir()
    (root / "stacks" / "_project.yaml").write_text(project)
    if stack:
        (root / "stacks" / "shop.yaml").write_text(stack)
    return root


def port_of(env: dict[str, str]) -> int:
    package, _, port = env["PULUMI_DEBUG_PROVIDERS"].partition(":")
    assert package == "cloudflare"
    return int(port)


def is_open(port: int) -> bool:
    with socket.socket() as asked:
        return asked.connect_ex(("127.0.0.1", port)) == 0


def test_a_shell_is_sent_there_and_to_no_download(tmp_path: Path) -> None:
    ready_file = tmp_path / "ready.json"
    served = serve(begin_world(repository(tmp_path, PROJECT, BUCKET)), ready_file=ready_file, beside=beside)
    env = dict(Ready.read(ready_file).env)
    assert env["TRUEUP_SANDBOX"] == str(ready_file)
    assert env["PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION"] == env["PULUMI_SKIP_UPDATE_CHECK"] == "true"
    assert env["CLOUDFLARE_BASE_URL"] == served.platform_urls["cloudflare"]
    port = port_of(env)
    with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
        stub = provider_pb2_grpc.ResourceProviderStub(channel)
        stub.Attach(provider_pb2.ConfigureRequest())
        assert stub.GetPluginInfo(Empty()).version == importlib.metadata.version("pulumi-cloudflare")
    served.stop()
    assert not is_open(port)


def test_a_world_without_cloudflare_has_none(tmp_path: Path) -> None:
    served = serve(begin_world(repository(tmp_path, HEARTBEATS)), beside=beside)
    assert "PULUMI_DEBUG_PROVIDERS" not in served.ready.env
    served.stop()


@pytest.mark.parametrize("end", [signal.SIGTERM, signal.SIGINT])
def test_the_command_says_that_it_is_not_the_vendors(tmp_path: Path, end: signal.Signals) -> None:
    ready_file = tmp_path / "ready.json"
    words = ["sandbox", "--ready-file", str(ready_file), "-C", str(repository(tmp_path, PROJECT, BUCKET))]
    with subprocess.Popen(
        [sys.executable, "-m", "reconcile", *words], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as running:
        assert running.stdout is not None
        lines = []
        for line in running.stdout:
            lines.append(line)
            if "TRUEUP_SANDBOX" in line:
                break
        assert any("not the vendor's plugin" in line for line in lines), lines
        port = port_of(json.loads(ready_file.read_text())["env"])
        assert is_open(port)
        running.send_signal(end)
        rest = running.stdout.read()
        assert running.wait(20) == 0, rest
    assert not is_open(port)
