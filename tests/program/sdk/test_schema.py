"""The package's schema: it tells what the classes take, and the vendor's command line accepts it."""

import inspect
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from reconcile import __version__, sdk
from reconcile.program.engine.find import find
from reconcile.reference.pulumi_schema import schema

from .test_classes import KINDS

FOUND = find()
PROVIDER = Path(sys.executable).with_name("pulumi-resource-trueup")
SCHEMA = schema(KINDS, __version__)
needs_cli = pytest.mark.skipif(FOUND is None, reason="there is no Pulumi CLI here")


def _parameters(token: str) -> dict[str, bool]:
    """What a class takes of inputs, and whether it must be given."""
    _, module, name = token.split(":")
    found = inspect.signature(getattr(getattr(sdk, module), name)).parameters
    named = {name: one.default is inspect.Parameter.empty for name, one in found.items()}
    return {name: must for name, must in named.items() if name not in ("resource_name", "opts")}


@pytest.mark.parametrize("token", SCHEMA["resources"])
def test_schema_and_class_ask_for_the_same(token: str) -> None:
    told = SCHEMA["resources"][token]
    required = set(told["requiredInputs"])
    assert {name: name in required for name in told["inputProperties"]} == _parameters(token)
    assert set(told["inputProperties"]) <= set(told["properties"])


def test_every_field_tells_its_type_its_secrecy_and_what_it_costs_to_change() -> None:
    webhook = SCHEMA["resources"]["trueup:vercel:Webhook"]
    assert webhook["properties"]["secret"] == {
        "type": "string",
        "description": "signs what is sent; known only right after the making; a secret",
        "secret": True,
    }
    assert webhook["properties"]["events"]["items"] == {"type": "string"}
    assert webhook["properties"]["url"]["willReplaceOnChanges"] is True
    instance = SCHEMA["resources"]["trueup:railway:Instance"]
    assert instance["inputProperties"]["source"]["$ref"] == "#/types/trueup:railway:Source"
    assert instance["inputProperties"]["replicas"]["type"] == "integer"
    assert set(SCHEMA["types"]["trueup:railway:Source"]["properties"]) >= {"repo", "check_suites"}


def _pulumi(*order: str | Path, home: Path) -> subprocess.CompletedProcess[str]:
    assert FOUND is not None
    path = f"{FOUND.path.parent}{os.pathsep}{os.environ['PATH']}"
    settings = {
        "PATH": path,
        "PULUMI_HOME": str(home / "home"),
        "PULUMI_BACKEND_URL": f"file://{home}",
        "PULUMI_CONFIG_PASSPHRASE": "none",
        "PULUMI_SKIP_UPDATE_CHECK": "true",
        "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
    }
    return subprocess.run(
        [FOUND.path, *order], capture_output=True, text=True, timeout=120, cwd=home, env={**os.environ, **settings}
    )


@needs_cli
@pytest.mark.tier("pulumi CLI")
def test_the_command_line_accepts_the_schema_and_refuses_a_broken_one(tmp_path: Path) -> None:
    (tmp_path / "good.json").write_text(json.dumps(SCHEMA))
    assert _pulumi("schema", "check", "good.json", home=tmp_path).returncode == 0
    broken: dict[str, Any] = json.loads(json.dumps(SCHEMA))
    broken["types"].pop("trueup:railway:Source")
    (tmp_path / "broken.json").write_text(json.dumps(broken))
    assert _pulumi("schema", "check", "broken.json", home=tmp_path).returncode != 0


@needs_cli
@pytest.mark.tier("pulumi CLI")
def test_the_command_line_makes_classes_of_it(tmp_path: Path) -> None:
    (tmp_path / "schema.json").write_text(json.dumps(SCHEMA))
    done = _pulumi("package", "gen-sdk", "schema.json", "--language", "python", "--out", "out", home=tmp_path)
    assert done.returncode == 0, done.stderr
    (made,) = tmp_path.glob("out/python/*/railway/instance.py")
    assert "'trueup:railway:Instance'" in made.read_text()
    compile(made.read_text(), made.name, "exec")


@needs_cli
@pytest.mark.tier("pulumi CLI")
def test_the_provider_tells_the_schema_to_the_command_line(tmp_path: Path) -> None:
    done = _pulumi("package", "get-schema", PROVIDER, home=tmp_path)
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert told["name"] == SCHEMA["name"]
    assert told["resources"].keys() == SCHEMA["resources"].keys()
