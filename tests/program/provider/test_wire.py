"""The provider as the engine meets it: its start and end, its errors, and the secrets that never leave it."""

import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import grpc
import pytest
from google.protobuf import empty_pb2
from pulumi.runtime.proto import plugin_pb2, provider_pb2, provider_pb2_grpc

import reconcile
from reconcile.model.errors import Problem, SpecError
from reconcile.plugin import Provider, serve
from reconcile.program.provider.servicer import Servicer

from .engine import VARIABLE, Engine, Home, Refused, built, secret, variable

HUSH = "hush-5f2a-canary-91"


def test_the_first_handshake_says_what_it_takes(engine: Engine) -> None:
    assert engine.call("Handshake", provider_pb2.ProviderHandshakeRequest()).accept_secrets
    engine.call("Attach", plugin_pb2.PluginAttach(address="127.0.0.1:1"))
    told = engine.call("Configure", provider_pb2.ConfigureRequest())
    assert (told.acceptSecrets, told.supportsPreview) == (True, True)
    assert engine.call("GetPluginInfo", empty_pb2.Empty()).version == reconcile.__version__
    assert engine.call("DiffConfig", provider_pb2.DiffRequest()).changes == provider_pb2.DiffResponse.DIFF_NONE


def test_the_schema_is_json_about_this_package(engine: Engine) -> None:
    schema = json.loads(engine.call("GetSchema", provider_pb2.GetSchemaRequest()).schema)
    assert schema["name"] == "trueup"
    assert "trueup:railway:Variable" in schema["resources"]


def test_planted_secrets_stand_in_no_failure_of_check(engine: Engine) -> None:
    wrong = {"sealed": secret(HUSH), "nmae": secret(HUSH), "name": secret({"a": HUSH})}
    answer = engine.check(VARIABLE, "x", {**variable("TOKEN", secret(HUSH)), **wrong})
    assert {one.property for one in answer.failures} == {"sealed", "nmae", "name"}
    assert HUSH not in str(answer.failures)


@pytest.mark.parametrize("fault", ["422", "500", "403", "truncate=json"])
def test_planted_secrets_stand_in_no_error_and_every_error_is_one_line(home: Home, fault: str) -> None:
    with home.engine() as engine:
        built(engine)
        state = engine.create(VARIABLE, "api/TOKEN", variable("TOKEN", secret(HUSH)))
        engine.cancel()
        engine.sent.clear()
        home.fault(f"{fault} before POST /graphql/v2 times=99", "railway")
        for work in (
            lambda: engine.create(VARIABLE, "api/OTHER", variable("OTHER", secret(HUSH))),
            lambda: engine.update(state, variable("TOKEN", secret(f"{HUSH}-3"))),
            lambda: engine.read(state),
            lambda: engine.delete(state),
        ):
            with pytest.raises(Refused) as refused:
                work()
            assert "\n" not in refused.value.text and "Traceback" not in refused.value.text
            assert "[trueup " in refused.value.text
    home.world.clear_faults()
    told = b"".join(engine.sent)
    assert HUSH.encode() not in told
    assert not [token for token in home.tokens.values() if token.encode() in told]


def test_a_vendor_that_repeats_a_value_in_its_refusal_is_redacted(home: Home) -> None:
    """A host that is taken is named in Railway's own message."""
    with home.engine() as engine:
        built(engine)
        host = f"{HUSH}.example.com"
        inputs = {"account": "acme", "instance": "shop/live/api", "host": secret(host)}
        engine.create("trueup:railway:Domain", "api", inputs)
        engine.cancel()
        home.forget("solo", "railway.domain.api")
        with pytest.raises(Refused) as refused:
            engine.create("trueup:railway:Domain", "other", inputs)
    assert "***" in refused.value.text and HUSH not in refused.value.text


def test_a_defect_of_ours_tells_nothing_but_its_type(home: Home) -> None:
    def broken() -> object:
        raise ZeroDivisionError(HUSH)

    with home.engine(tree=broken) as engine, pytest.raises(Refused) as refused:
        engine.create("trueup:railway:Project", "shop", {"account": "acme", "name": "shop"})
    assert refused.value.code == grpc.StatusCode.INTERNAL
    assert "ZeroDivisionError" in refused.value.text and HUSH not in refused.value.text


def test_a_project_file_that_is_none_is_told_in_one_line(home: Home) -> None:
    def broken() -> object:
        raise SpecError([Problem("stacks/_project.yaml", 1, "", "no map"), Problem("stacks/_project.yaml", 2, "", "x")])

    with home.engine(project=broken, credentials=broken) as engine, pytest.raises(Refused) as refused:
        engine.check("trueup:railway:Project", "shop", {"account": "acme", "name": "shop"})
    assert refused.value.code == grpc.StatusCode.INVALID_ARGUMENT
    assert refused.value.text.startswith("stacks/_project.yaml:1: no map; stacks/_project.yaml:2: x [trueup 1]; ")


def test_the_executable_prints_a_port_and_ends_with_the_engine(tmp_path: Path, home: Home) -> None:
    script = Path(sys.executable).with_name("pulumi-resource-trueup")
    command = [str(script)] if script.exists() else [sys.executable, "-m", "reconcile.plugin"]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("TRUEUP_")}
    child = subprocess.Popen(
        [*command, "127.0.0.1:1"],
        cwd=home.root,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment,
    )
    assert child.stdin is not None and child.stdout is not None and child.stderr is not None
    try:
        port = int(child.stdout.readline())
        with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
            stub = provider_pb2_grpc.ResourceProviderStub(channel)
            assert stub.GetPluginInfo(empty_pb2.Empty()).version == reconcile.__version__
        child.stdin.close()
        assert child.wait(timeout=30) == 0
        assert child.stderr.read() == b""
    finally:
        child.kill()
        child.wait()
        child.stdout.close()
        child.stderr.close()


def test_once_the_engine_is_gone_nothing_is_begun_and_what_was_is_told_to_the_ledger(home: Home) -> None:
    shop = {"account": "acme", "name": "shop"}
    with home.workshop() as workshop:
        servicer = Servicer(Provider(workshop).parts())
        server, port = serve(servicer)
        with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
            engine = Engine(provider_pb2_grpc.ResourceProviderStub(channel))
            home.fault("slow=1s after POST /graphql/v2 times=1", "railway")
            with ThreadPoolExecutor(1) as pool:
                making = pool.submit(engine.create, "trueup:railway:Project", "shop", shop)
                while not home.world.calls():
                    assert not making.done()
                servicer.end()
                assert making.result().id
            with pytest.raises(Refused, match="the engine is gone"):
                engine.create("trueup:railway:Service", "api", {**shop, "project": "shop", "name": "api"})
        server.stop(None).wait()
        assert workshop.ledger().leases() == []
    assert "railway.project" in {row.kind for row in home.memory().owned}
    assert home.memory().intents == ()
