"""The typed classes: what the models make of them stands in the repository, and the SDK resolves what they hold."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pulumi
import pytest
from typer.testing import CliRunner

from reconcile import sdk
from reconcile.cli import app
from reconcile.platforms import kinds, platforms
from reconcile.program.package import ours
from reconcile.program.properties import decode, encode
from reconcile.reference.pulumi_schema import inputs, outputs
from reconcile.reference.sdk import sdk as generated
from reconcile.sdk import index, railway, vercel

from ..mini import Recorder, run
from ..mini.recorder import Answer, Registered

FOLDER = Path(sdk.__file__).parent
KINDS = ours(kinds(), [kind for platform in platforms().values() for kind in platform.releases])
WRITE = "TRUEUP_WRITE_SDK"


class _Answering(Recorder):
    """Answers every resource with given outputs beside its inputs."""

    def __init__(self, told: dict[str, Any]) -> None:
        super().__init__("library", "shop")
        self.told = told

    def answer(self, urn: str, request: Registered) -> Answer:
        made = super().answer(urn, request)
        made.object.MergeFrom(encode(self.told))
        return made


def _recorded(program: Callable[[], object], told: dict[str, Any] | None = None) -> Recorder:
    recorder = _Answering(told or {})
    run(program, recorder, preview=False)
    return recorder


def test_the_committed_classes_are_those_that_the_models_make() -> None:
    made = generated(KINDS)
    if os.environ.get(WRITE):
        for name, text in made.items():
            (FOLDER / name).write_text(text, encoding="utf-8")
    there = {path.name: path.read_text(encoding="utf-8") for path in FOLDER.glob("*.py")}
    assert there == made, f"run `trueup schema --sdk reconcile/sdk`, or the tests with {WRITE}=1"


def test_they_stand_as_the_formatter_would_leave_them() -> None:
    ruff = Path(sys.executable).with_name("ruff")
    for order in (["format", "--check"], ["check"]):
        done = subprocess.run([ruff, *order, "--no-cache", FOLDER], capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("token", KINDS)
def test_every_class_takes_all_inputs_and_resolves_all_outputs(token: str) -> None:
    kind = KINDS[token]
    _, module, name = token.split(":")
    cls = getattr(getattr(sdk, module), name)
    given = {one: f"given {one}" for one in inputs(kind)}
    told = {one: f"told {one}" for one in outputs(kind)}
    seen: dict[str, Any] = {}

    def program() -> None:
        made = cls("one", account="acme", **given)
        for one in ("account", *given, *told):
            getattr(made, one).apply(lambda value, one=one: seen.update({one: value}))

    recorder = _recorded(program, told)
    (urn,) = recorder.requests
    assert recorder.requests[urn].type == token
    assert recorder.inputs(urn) == {"account": "acme", **given}
    assert seen == {"account": "acme", **given, **told}


def test_what_is_left_out_stays_absent() -> None:
    recorder = _recorded(lambda: railway.Domain("api", account="acme", instance="a/b/c", host="api.example"))
    (urn,) = recorder.requests
    assert recorder.inputs(urn) == {"account": "acme", "instance": "a/b/c", "host": "api.example"}


def test_numbers_come_back_whole_and_nested_values_by_their_names() -> None:
    seen: list[Any] = []

    def program() -> None:
        source: railway.SourceArgs = {"repo": "acme/api", "branch": "main", "check_suites": True}
        made = railway.Instance("api", account="acme", service="a/api", environment="a/e", source=source, replicas=2)
        made.replicas.apply(seen.append)
        made.source.apply(lambda it: seen.append((it.repo, it.check_suites, it.image) if it else None))

    recorder = _recorded(program)
    (urn,) = recorder.requests
    assert recorder.inputs(urn)["source"] == {"repo": "acme/api", "branch": "main", "check_suites": True}
    assert sorted(seen, key=str) == sorted([2, ("acme/api", True, None)], key=str)
    assert type(next(one for one in seen if one == 2)) is int


def test_an_output_is_an_input_of_another_with_its_dependency() -> None:
    def program() -> None:
        domain = railway.Domain("api", account="acme", instance="a/e/api", host="api.example")
        vercel.Domain("www", account="acme", project="web", host="example", redirect=domain.target)

    recorder = _recorded(program, {"target": "abc.up.railway.app"})
    urn = recorder.urn_of("trueup:vercel:Domain", "www")
    assert recorder.inputs(urn)["redirect"] == "abc.up.railway.app"
    assert list(recorder.requests[urn].dependencies) == [recorder.urn_of("trueup:railway:Domain", "api")]


def test_a_secret_of_the_platform_is_a_secret_output_beside_those_a_program_names() -> None:
    opts = pulumi.ResourceOptions(protect=True, additional_secret_outputs=["url"])
    recorder = _recorded(lambda: vercel.Webhook("a", account="acme", url="https://a", events=["e"], opts=opts))
    (request,) = recorder.requests.values()
    assert set(request.additionalSecretOutputs) == {"secret", "url"}
    assert request.protect


def test_a_secret_input_is_a_secret_on_the_wire() -> None:
    secret = pulumi.Output.secret
    recorder = _recorded(
        lambda: railway.Variable("a/KEY", account="acme", instance="a/e/a", name="KEY", value=secret("hush"))
    )
    (request,) = recorder.requests.values()
    value = decode(request.object)["value"]
    assert repr(value) == "<secret value>"
    assert value.reveal() == "hush"


def test_the_books_take_whatever_a_vendor_built() -> None:
    built = {"cloudflare.record.a/b": {"id": "1", "fields": {"ttl": 1}, "references": {}}}
    recorder = _recorded(lambda: index.Ownership("shop", account="acme", built=built))
    (urn,) = recorder.requests
    assert recorder.inputs(urn) == {"account": "acme", "built": built}


def test_a_model_with_a_field_that_pulumi_keeps_for_itself_is_refused() -> None:
    from reconcile.model.resource import Resource

    class Odd(Resource):
        kind = "railway.odd"
        urn: str

    with pytest.raises(TypeError, match="no room for a field called urn"):
        generated({"trueup:railway:Odd": Odd})


def test_the_command_writes_them_and_tells_what_is_stale(tmp_path: Path) -> None:
    order = ["schema", "--sdk", str(tmp_path / "sdk"), "-C", str(FOLDER.parents[1])]
    assert CliRunner().invoke(app, order).exit_code == 0
    assert {path.name for path in (tmp_path / "sdk").iterdir()} == generated(KINDS).keys()
    assert CliRunner().invoke(app, [*order, "--check"]).exit_code == 0
    (tmp_path / "sdk" / "railway.py").write_text("")
    assert "is not what this version makes" in str(CliRunner().invoke(app, [*order, "--check"]).exception)
