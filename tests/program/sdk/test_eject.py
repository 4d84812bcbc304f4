"""The ejected program registers what `declare` does, byte for byte, and needs no stack file for it."""

import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from reconcile.assemble import Workshop
from reconcile.cli.eject import add_to, program
from reconcile.declare import nodes_of
from reconcile.model.bridge import ZoneId
from reconcile.model.resource import Address
from reconcile.model.secret import SecretText
from reconcile.model.spec import Place
from reconcile.program.eject import eject
from reconcile.program.graph import Node, Referring
from reconcile.program.properties import encode
from reconcile.program.register import register
from reconcile.sandbox.ready import Key, Ready
from reconcile.settings import Settings
from reconcile.steps.reveal import pretend_value

from ..mini import Recorder, run
from ..mini.recorder import Answer, Registered

REPOSITORY = Path(__file__).parents[3]
STACKS = sorted(path.stem for path in (REPOSITORY / "stacks").glob("[!_]*.yaml") if "." not in path.stem)


class _Telling(Recorder):
    """Every resource has outputs that tell whose they are: a mixed-up one shows in what refers to it."""

    def answer(self, urn: str, request: Registered) -> Answer:
        made = super().answer(urn, request)
        names = ("target", "ipv4", "verify_name", "verify_value", "public_host", "host", "name")
        told = {name: f"{name} of {urn}" for name in names if name not in request.object.fields}
        made.object.MergeFrom(encode(told))
        return made


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workshop]:
    """This repository's stacks, with a sandbox's secrets and ids; nobody is asked anything."""
    root = tmp_path_factory.mktemp("eject")
    with Workshop(Settings(REPOSITORY)) as plain:
        accounts = plain.project.accounts
    keys = {
        account: {platform: Key(id=f"{platform}-of-{account}", token="none") for platform in by_platform}
        for account, by_platform in accounts.items()
    }
    ready = Ready(
        page="http://127.0.0.1/",
        clock="http://127.0.0.1/clock",
        pid=1,
        ledger=str(root / "ledger.db"),
        platforms={},
        accounts=keys,
        env={},
        control="none",
    )
    with Workshop(Settings(REPOSITORY), world=ready) as shop:
        yield shop


def _recorded(program: Callable[[], object], stack: str, zones: dict[str, str], preview: bool) -> Recorder:
    recorder = _Telling("trueup", stack, zones)
    run(program, recorder, preview=preview)
    return recorder


def _running(text: str) -> Callable[[], object]:
    return lambda: exec(compile(text, "__main__.py", "exec"), {"__name__": "__main__"})


def _told(recorder: Recorder) -> dict[str, Any]:
    """All that is registered of each, in an order that does not depend on the program's."""
    told: dict[str, Any] = {}
    for urn, request in recorder.requests.items():
        copy = Registered()
        copy.CopyFrom(request)
        # Where in a program it stands is of no consequence.
        copy.ClearField("sourcePosition")
        copy.ClearField("stackTrace")
        copy.dependencies.sort()
        for one in copy.propertyDependencies.values():
            one.urns.sort()
        told[urn] = copy
    return told


def _zones(nodes: tuple[Node, ...]) -> dict[str, str]:
    found = (value.domain for node in nodes for value in node.inputs.values() if isinstance(value, ZoneId))
    return {domain: f"zone-of-{domain}" for domain in found}


@pytest.mark.parametrize("preview", [False, True], ids=["up", "preview"])
@pytest.mark.parametrize("stack", STACKS)
def test_the_ejected_program_registers_what_declare_does(
    stack: str, preview: bool, shop: Workshop, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    nodes = nodes_of(shop, stack)
    text, variables = program(shop, stack)
    for variable in variables:
        monkeypatch.setenv(variable, pretend_value(variable).reveal())
    declared = _recorded(lambda: register(stack, nodes, shop.tree.revision), stack, _zones(nodes), preview)
    # Nothing of the repository is where it runs.
    monkeypatch.chdir(tmp_path)
    ejected = _recorded(_running(text), stack, _zones(nodes), preview)
    assert _told(ejected) == _told(declared)
    assert ejected.exported == declared.exported
    assert sorted(map(str, ejected.invoked)) == sorted(map(str, declared.invoked))


@pytest.mark.parametrize("stack", STACKS)
def test_it_tells_no_secret(stack: str, shop: Workshop) -> None:
    text, variables = program(shop, stack)
    for node in nodes_of(shop, stack):
        for value in node.inputs.values():
            if isinstance(value, SecretText):
                assert value.reveal() not in text
    for variable in variables:
        assert f'pulumi.Output.secret(os.environ["{variable}"])' in text


def test_every_ejected_program_stands_as_the_formatter_would_leave_it(shop: Workshop, tmp_path: Path) -> None:
    for stack in STACKS:
        (tmp_path / f"{stack}.py").write_text(program(shop, stack)[0], encoding="utf-8")
    ruff = Path(sys.executable).with_name("ruff")
    order = ["format", "--diff", "--no-cache", "--isolated", "--line-length", "120", str(tmp_path)]
    done = subprocess.run([ruff, *order], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout
    order = ["check", "--no-cache", "--isolated", "--select", "F,B,UP", str(tmp_path)]
    done = subprocess.run([ruff, *order], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout


def test_a_folder_gets_the_program_its_project_and_its_settings(tmp_path: Path) -> None:
    app = typer.Typer()
    add_to(app)
    out = tmp_path / "plain"
    told = CliRunner().invoke(app, ["bilko", "--out", str(out), "-C", str(REPOSITORY)])
    assert told.exit_code == 0, told.output
    assert "name: trueup\n" in (out / "Pulumi.yaml").read_text()
    compile((out / "__main__.py").read_text(), "__main__.py", "exec")
    again = CliRunner().invoke(app, ["bilko", "--out", str(out), "-C", str(REPOSITORY)])
    assert "is there already" in str(again.exception)


def test_a_stack_that_nobody_wrote_is_named_with_those_that_are(shop: Workshop) -> None:
    from reconcile.model.errors import SpecError

    with pytest.raises(SpecError, match="there is no such stack"):
        program(shop, "bilko-prod")


def _node(address: str, token: str, inputs: dict[str, Any], **more: Any) -> Node:
    parsed = Address.parse(address)
    return Node(Place("shop", parsed), token, parsed.name, inputs, platform=parsed.platform, **more)


def _kind(token: str) -> Any:
    from .test_classes import KINDS

    return KINDS[token]


def test_names_are_identifiers_and_no_two_are_one() -> None:
    domain = {"account": "acme", "instance": "a/e/a", "host": "a.example"}
    nodes = [
        _node(f"railway.domain.{name}", "trueup:railway:Domain", domain, kind=_kind("trueup:railway:Domain"))
        for name in ("a-b", "a/b", "class")
    ]
    other = {"account": "acme", "project": "web", "host": "b.example"}
    nodes.append(_node("vercel.domain.class", "trueup:vercel:Domain", other, kind=_kind("trueup:vercel:Domain")))
    text = eject("shop", nodes, "r1", {})
    names = [line.partition(" = ")[0] for line in text.splitlines() if " = railway." in line or " = vercel." in line]
    assert names == ["railway_domain_a_b", "railway_domain_a_b_2", "railway_domain_class", "vercel_domain_class"]
    recorder = _recorded(_running(text), "shop", {}, preview=False)
    assert len([one for one in recorder.requests.values() if one.custom]) == 4


def test_old_names_protection_and_mixed_references_are_told() -> None:
    kind = _kind("trueup:railway:Domain")
    api = _node(
        "railway.domain.api",
        "trueup:railway:Domain",
        {"account": "acme", "instance": "a/e/a", "host": 'a"\\\n\u2028é.example'},
        kind=kind,
        protect=True,
        aliases=("old",),
    )
    from reconcile.model.resource import references_in

    text = "$${kept} ${railway.domain.api.target}:${railway.domain.api.verify_name}!"
    targets = dict.fromkeys(references_in(text), api.place)
    www = _node(
        "railway.domain.www",
        "trueup:railway:Domain",
        {"account": "acme", "instance": "a/e/a", "host": Referring(text, targets)},
        kind=kind,
        depends_on=(api.place,),
    )
    nodes = (api, www)
    made = _recorded(_running(eject("shop", nodes, "r1", {})), "shop", {}, preview=False)
    meant = _recorded(lambda: register("shop", nodes, "r1"), "shop", {}, preview=False)
    assert _told(made) == _told(meant)
    urn = made.urn_of("trueup:railway:Domain", "www")
    base = made.urn_of("trueup:railway:Domain", "api")
    assert made.inputs(urn)["host"] == f"${{kept}} target of {base}:verify_name of {base}!"


def test_a_secret_that_no_variable_holds_cannot_be_written_down() -> None:
    inputs = {"account": "acme", "instance": "a/e/a", "name": "KEY", "value": SecretText("hush", "KEY")}
    node = _node("railway.variable.a/KEY", "trueup:railway:Variable", inputs, kind=_kind("trueup:railway:Variable"))
    with pytest.raises(LookupError, match="value is a secret that no environment variable holds"):
        eject("shop", (node,), "r1", {})
