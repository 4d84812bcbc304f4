"""The policy pack: the rules on a resource, asked as the engine asks them, over gRPC and without an engine."""

import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import grpc
import pytest
from google.protobuf import empty_pb2
from pulumi.runtime.proto import analyzer_pb2, analyzer_pb2_grpc

from reconcile.model.secret import SecretText
from reconcile.program.pack import Pack
from reconcile.program.properties import UNKNOWN, Concealed, encode

POLICIES = Path(__file__).parents[3] / "policies"
KEY = "sk_" + "live_51MzQxNrT8kLw2vPq"
VARIABLE = "trueup:railway:Variable"
INSTANCE = "trueup:railway:Instance"
RECORD = "cloudflare:index/dnsRecord:DnsRecord"
ADVISORY, MANDATORY = analyzer_pb2.ADVISORY, analyzer_pb2.MANDATORY

PROJECT = """
project: shop
ledger: {id: 0f3c9a1e, home: .trueup/ledger.db}
accounts:
  acme:
    railway: {credentials: {token: ACME_RAILWAY_TOKEN}}
"""
STACK = """
account: acme
writer: pulumi
railway:
  project: {shop: {}}
  environment: {production: {project: shop}}
  service: {api: {project: shop}}
  instance:
    api:
      service: api
      environment: production
      healthcheck_path: /health
      variables:
        PUBLIC_KEY: {literal: %s, because: it is printed on the website}
        CALLBACK_SECRET: "${railway.domain.api.target}"
  domain: {api: {instance: api, host: api.shop.example}}
"""


OWN = """
from reconcile.model.verdict import resource_rule


@resource_rule
def hosts_are_short(resource):
    if len(getattr(resource, "host", "")) > 20:
        yield "hold", f"{resource.host} is long"


@resource_rule
def values_are_told(resource):
    if getattr(resource, "name", "") == "TELL":
        yield "warn", f"the value is {resource.value.reveal()}"
"""


def urn(token: str, name: str) -> str:
    return f"urn:pulumi:production::shop::trueup:platform:Railway${token}::{name}"


class Engine:
    """Asks a served pack as the engine does."""

    def __init__(self, port: int) -> None:
        self.stub: Any = analyzer_pb2_grpc.AnalyzerStub(grpc.insecure_channel(f"127.0.0.1:{port}"))

    def asks(self, token: str, name: str, /, **inputs: Any) -> list[tuple[str, int]]:
        return [(one.policyName, one.enforcementLevel) for one in self.told(token, name, **inputs)]

    def told(self, token: str, name: str, /, **inputs: Any) -> list[Any]:
        request = analyzer_pb2.AnalyzeRequest(
            type=token, urn=urn(token, name), name=name, properties=encode({"account": "acme", **inputs})
        )
        return list(self.stub.Analyze(request).diagnostics)

    def variable(self, /, **inputs: Any) -> list[tuple[str, int]]:
        return self.asks(VARIABLE, "api/KEY", **{"instance": "shop/production/api", "name": "PAY_KEY", **inputs})


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository with a stack, the pack's two files and a rule of its own."""
    root = tmp_path_factory.mktemp("repository")
    (root / "stacks").mkdir()
    (root / "stacks" / "_project.yaml").write_text(PROJECT)
    (root / "stacks" / "production.yaml").write_text(STACK % KEY)
    shutil.copytree(POLICIES, root / "policies", ignore=shutil.ignore_patterns("__pycache__"))
    (root / "policies" / "own.py").write_text(OWN)
    return root


@pytest.fixture(scope="module")
def engine(root: Path) -> Iterator[Engine]:
    """Started as the vendor's language host does it, without an engine."""
    words = [sys.executable, "-u", "-m", "pulumi.policy", "127.0.0.1:1", str(root / "policies")]
    served = subprocess.Popen(words, stdout=subprocess.PIPE, text=True, cwd=root)
    assert served.stdout is not None
    asked = Engine(int(served.stdout.readline()))
    yield asked
    asked.stub.Cancel(empty_pb2.Empty())
    assert served.wait(10) == 0


def test_it_names_every_rule_on_a_resource_and_no_rule_on_a_plan(engine: Engine) -> None:
    told = engine.stub.GetAnalyzerInfo(empty_pb2.Empty())
    names = {one.name for one in told.policies}
    shipped = {"ttl-floor", "no-literal-secret", "known-risks", "spf-lets-nobody-else-send"}
    assert (told.name, names) == ("trueup", shipped | {"hosts-are-short", "values-are-told"})


def test_a_literal_secret_is_refused_and_a_secret_is_none(engine: Engine) -> None:
    assert engine.variable(value=KEY) == [("no-literal-secret", MANDATORY)]
    assert engine.variable(value=SecretText(KEY)) == []
    assert engine.variable(value="on") == []


def test_no_message_tells_a_value(engine: Engine) -> None:
    (refused,) = engine.told(VARIABLE, "api/KEY", instance="shop/production/api", name="PAY_KEY", value=KEY)
    assert KEY not in refused.message and "{from_env: NAME}" in refused.message
    (told,) = engine.told(VARIABLE, "api/T", instance="shop/production/api", name="TELL", value=SecretText(KEY))
    assert told.message == "the value is ***"


def test_what_is_known_is_judged_though_the_rest_is_not(engine: Engine) -> None:
    assert engine.variable(instance=UNKNOWN, value=KEY) == [("no-literal-secret", MANDATORY)]
    assert engine.variable(instance=UNKNOWN, name=UNKNOWN, value=KEY) == [("no-literal-secret", MANDATORY)]
    assert engine.variable(value=UNKNOWN) == []
    low = {"zoneId": UNKNOWN, "type": "A", "name": UNKNOWN, "content": UNKNOWN}
    assert engine.asks(RECORD, "shop/api", **low, ttl=30) == [("ttl-floor", MANDATORY)]
    assert engine.asks(RECORD, "shop/api", **low, ttl=UNKNOWN) == []
    assert engine.asks(RECORD, "shop/api", **low, ttl=Concealed(30)) == []


def test_a_vendors_record_is_judged_as_our_own(engine: Engine) -> None:
    text = {"zoneId": "023e105f4ecef8ad9ca31a8372d0c353", "type": "TXT", "name": "shop.example", "ttl": 3600}
    found = [("spf-lets-nobody-else-send", MANDATORY)]
    assert engine.asks(RECORD, "shop/spf", **text, content='"v=spf1 +all"') == found
    assert engine.asks(RECORD, "shop/spf", **text, content='"v=spf1 -all"') == []


def test_a_warning_and_a_hold_hinder_nothing(engine: Engine) -> None:
    alone = {"service": "shop/web", "environment": "shop/production"}
    assert engine.asks(INSTANCE, "web", **alone) == [("known-risks", ADVISORY)]
    (held,) = engine.told("trueup:railway:Domain", "w", instance="shop/production/api", host="long-name.shop.example")
    assert (held.enforcementLevel, held.message) == (ADVISORY, "needs a person: long-name.shop.example is long")


def test_a_rule_that_fails_is_no_consent(engine: Engine) -> None:
    (failed,) = engine.told(VARIABLE, "api/T", instance="shop/production/api", name="TELL", value="on")
    assert (failed.policyName, failed.enforcementLevel) == ("values-are-told", MANDATORY)
    assert failed.message == "this rule fails: AttributeError"
    (waits,) = engine.told(VARIABLE, "api/T", instance=UNKNOWN, name="TELL", value="on")
    assert waits.enforcementLevel == ADVISORY and "not judged before" in waits.message


def test_what_the_provider_will_refuse_is_still_judged(engine: Engine) -> None:
    assert engine.variable(value=KEY, nonsense=1, sealed="perhaps") == [("no-literal-secret", MANDATORY)]


def test_of_what_is_none_of_ours_nothing_is_said(engine: Engine) -> None:
    assert engine.asks("aws:s3/bucket:Bucket", "x", value=KEY) == []
    assert engine.asks("trueup:index:Ownership", "x", built={"a": {"fields": {"value": KEY}}}) == []


def test_what_only_the_stack_file_says_counts_where_the_program_says_the_same(engine: Engine) -> None:
    public = {"instance": "shop/production/api", "name": "PUBLIC_KEY"}
    assert engine.asks(VARIABLE, "api/PUBLIC_KEY", **public, value=KEY) == []
    assert engine.asks(VARIABLE, "api/PUBLIC_KEY", **public, value=f"{KEY}x") == [("no-literal-secret", MANDATORY)]
    filled = {"instance": "shop/production/api", "name": "CALLBACK_SECRET", "value": "api.shop.example"}
    assert engine.asks(VARIABLE, "api/CALLBACK_SECRET", **filled) == []
    assert engine.asks(VARIABLE, "other/CALLBACK_SECRET", **filled) == [("no-literal-secret", MANDATORY)]


def test_a_program_without_stack_files_has_the_rules_too(tmp_path: Path) -> None:
    (tmp_path / "policies").mkdir()
    pack = Pack.of(tmp_path / "policies")
    inputs = {"account": "acme", "instance": "shop/production/api", "name": "PAY_KEY", "value": KEY}
    assert [one.decision for one in pack.findings(VARIABLE, urn(VARIABLE, "x"), inputs)] == ["deny"]


def test_a_rule_file_that_does_not_load_stops_the_preview(tmp_path: Path) -> None:
    shutil.copytree(POLICIES, tmp_path / "policies", ignore=shutil.ignore_patterns("__pycache__"))
    (tmp_path / "policies" / "broken.py").write_text("raise ValueError('no')\n")
    words = [sys.executable, "-u", "-m", "pulumi.policy", "127.0.0.1:1", str(tmp_path / "policies")]
    ended = subprocess.run(words, capture_output=True, text=True, timeout=60, check=False)
    assert ended.returncode == 1 and ended.stdout == ""
    assert "policies/broken.py" in ended.stderr and "Traceback" not in ended.stderr
