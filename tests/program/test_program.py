"""A stack as the pure list says it and as the program registers it are one; what a program cannot say it refuses."""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import pulumi
import pytest

from reconcile.assemble import Workshop
from reconcile.declare import declare, nodes_of, refuse_other_writer
from reconcile.model.bridge import ZoneId
from reconcile.model.errors import ReconcileError, SpecError
from reconcile.model.resource import Resource
from reconcile.model.secret import SecretText
from reconcile.model.spec import Place
from reconcile.program.graph import Node, OutputOf, Referring, is_built
from reconcile.program.properties import UNKNOWN, Concealed
from reconcile.program.register import register
from reconcile.program.tokens import component_of
from reconcile.settings import Settings
from tests.railway.estate import STACKS, Runbooks

from .mini import Recorder, make_urn, record
from .mini.state import concealed

NAMES = sorted(path.stem for path in STACKS.glob("*.yaml") if not path.name.startswith(("_", "Pulumi.")))
PROJECT = "runbooks"
DSN = "https://public@sentry.example/1"


@dataclass
class Registered:
    """One stack: its list, and what its program registered."""

    nodes: tuple[Node, ...]
    recorder: Recorder
    revision: str

    def urn(self, place: Place) -> str:
        """Where a node must be registered, told without the SDK."""
        (node,) = [one for one in self.nodes if one.place == place]
        parent = ""
        if node.platform:
            parent = make_urn(place.stack, PROJECT, "", component_of(node.platform), node.platform)
        return make_urn(place.stack, PROJECT, parent, node.token, node.name)

    def at(self, address: str) -> tuple[str, Any]:
        """URN and request of an address."""
        (node,) = [one for one in self.nodes if str(one.place.address) == address]
        urn = self.urn(node.place)
        return urn, self.recorder.requests[urn]


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Runbooks:
    return Runbooks(tmp_path_factory.mktemp("repository"))


@pytest.fixture
def own(tmp_path: Path) -> Runbooks:
    """A repository that a test may change."""
    return Runbooks(tmp_path)


@pytest.fixture(scope="module")
def recorded(repository: Runbooks) -> Mapping[str, Registered]:
    return {name: registered(repository, name) for name in NAMES}


def registered(estate: Runbooks, stack: str, beside: Callable[[Any], object] = lambda estate: None) -> Registered:
    """Runs a stack's program as a preview, in which what only a platform knows is not known yet."""
    with estate.workshop() as shop:
        nodes, revision = nodes_of(shop, stack), shop.tree.revision
    zones = zones_of(estate)
    recorder = record(
        lambda: beside(register(stack, nodes, revision)), project=PROJECT, stack=stack, zones=zones, preview=True
    )
    return Registered(nodes, recorder, revision)


def zones_of(estate: Runbooks) -> dict[str, str]:
    accounts = estate.world.things("cloudflare", "zone")["cloudflare"].values()
    return {zone["name"]: zone["id"] for account in accounts for zone in account["zone"]}


@pytest.mark.parametrize("stack", NAMES)
def test_every_declared_thing_that_pulumi_builds_is_one_node_and_nothing_else_is(
    repository: Runbooks, recorded: Mapping[str, Registered], stack: str
) -> None:
    with repository.workshop() as shop:
        declared = shop.tree.stacks[stack].declared.values()
    wanted = {one.place for one in declared if is_built(one)}
    nodes = recorded[stack].nodes
    more = [one for one in nodes if one.place not in wanted]
    assert len(nodes) == len({one.place for one in nodes}) and wanted <= {one.place for one in nodes}
    assert {one.token.rpartition(":")[2] for one in more} <= {"Release", "Ownership"}
    left = {one.address.full_kind for one in declared if one.place not in wanted}
    known = {"betterstack.heartbeat", "cloudflare.zone", "railway.variable", "railway.shared-variable"}
    assert left <= known | {kind for kind in shop.kinds if not shop.kinds[kind].in_pulumi}


@pytest.mark.parametrize("stack", NAMES)
def test_list_and_program_agree_on_urns_types_and_parents(recorded: Mapping[str, Registered], stack: str) -> None:
    one = recorded[stack]
    components = {make_urn(stack, PROJECT, "", component_of(node.platform), node.platform)
                  for node in one.nodes if node.platform}  # fmt: skip
    assert set(one.recorder.requests) == components | {one.urn(node.place) for node in one.nodes}
    for node in one.nodes:
        request = one.recorder.requests[one.urn(node.place)]
        assert (request.type, request.name, request.custom) == (node.token, node.name, True)
    assert all(not one.recorder.requests[urn].custom for urn in components)


@pytest.mark.parametrize("stack", NAMES)
def test_list_and_program_agree_on_inputs(repository: Runbooks, recorded: Mapping[str, Registered], stack: str) -> None:
    one = recorded[stack]
    zones = zones_of(repository)
    for node in one.nodes:
        got = one.recorder.inputs(one.urn(node.place))
        wanted = {name: expected(value, one, zones) for name, value in node.inputs.items()}
        if vendors(node):
            got, wanted = by_bare_name(got), by_bare_name(without_none(wanted))
        assert plain(got) == plain(wanted), node.place


@pytest.mark.parametrize("stack", NAMES)
def test_list_and_program_agree_on_dependencies_protection_and_names(
    recorded: Mapping[str, Registered], stack: str
) -> None:
    one = recorded[stack]
    for node in one.nodes:
        request = one.recorder.requests[one.urn(node.place)]
        by_input = {
            bare(name) if vendors(node) else name: {one.urn(place) for place in targets_in(value)}
            for name, value in node.inputs.items()
        }
        by_name = {bare(name) if vendors(node) else name: set(of.urns)
                for name, of in request.propertyDependencies.items()}  # fmt: skip
        assert {name: urns for name, urns in by_name.items() if urns} == {
            name: urns for name, urns in by_input.items() if urns
        }
        wanted = {one.urn(place) for place in node.depends_on}.union(*by_input.values())
        assert set(request.dependencies) == wanted, node.place
        told = (request.protect, request.deleteBeforeReplace, request.retainOnDelete, request.importId)
        assert told == (node.protect, node.delete_first, False, "")
        # A vendor's class adds the types that it had.
        assert tuple(alias.spec.name for alias in request.aliases if alias.spec.name) == node.aliases


@pytest.mark.parametrize("stack", NAMES)
def test_whatever_is_a_secret_in_the_list_is_marked_as_one_on_the_wire(
    recorded: Mapping[str, Registered], stack: str
) -> None:
    one = recorded[stack]
    told = json.dumps([concealed(one.recorder.inputs(urn)) for urn in one.recorder.requests], default=str)
    told += json.dumps(concealed(one.recorder.outputs), default=str)
    secrets = [value for node in one.nodes for value in secrets_in(node.inputs)]
    assert len(secrets) == {"bilko-production": 1}.get(stack, 0)
    for value in secrets:
        assert value.reveal() not in told


@pytest.mark.parametrize("stack", NAMES)
def test_a_stack_tells_its_revision_and_of_each_thing_its_id_and_what_only_the_platform_knows(
    recorded: Mapping[str, Registered], stack: str
) -> None:
    one = recorded[stack]
    outputs = one.recorder.outputs
    assert outputs["trueup:revision"] == one.revision
    wanted = {str(node.place.address): {"id", *node.outputs} for node in one.nodes if node.kind is not None}
    assert {address: set(told) for address, told in outputs["resources"].items()} == wanted


def test_a_name_in_dns_waits_for_the_domain_whose_target_it_holds(recorded: Mapping[str, Registered]) -> None:
    one = recorded["bilko-production"]
    urn, request = one.at("cloudflare.record.bilko-io/api")
    stack = "urn:pulumi:bilko-production::runbooks::trueup:platform:"
    assert urn == f"{stack}Cloudflare$cloudflare:index/dnsRecord:DnsRecord::bilko-io/api"
    domain = f"{stack}Railway$trueup:railway:Domain::api"
    assert list(request.propertyDependencies["content"].urns) == [domain]
    assert one.recorder.inputs(urn)["content"] is UNKNOWN
    # Known at load: an input of the same stack is no output.
    port, _ = one.at("railway.variable.api/PORT")
    assert one.recorder.inputs(port)["value"] == "3000"


def test_what_another_stack_holds_is_named_by_its_own_name_and_its_zone_is_looked_up_once(
    repository: Runbooks, recorded: Mapping[str, Registered]
) -> None:
    one = recorded["bilko-production"]
    urn, request = one.at("railway.instance.api")
    assert one.recorder.inputs(urn)["service"] == "bilko/api"
    assert all("::Service::" not in dependency for dependency in request.dependencies)
    assert one.recorder.invoked == [("cloudflare:index/getZone:getZone", {"filter": {"name": "bilko.io"}})]
    record_urn, _ = one.at("cloudflare.record.bilko-io/api")
    assert one.recorder.inputs(record_urn)["zoneId"] == zones_of(repository)["bilko.io"]


def test_what_holds_data_is_protected(recorded: Mapping[str, Registered]) -> None:
    kinds = {
        node.kind.kind
        for one in recorded.values()
        for node in one.nodes
        if node.kind is not None and one.recorder.requests[one.urn(node.place)].protect
    }
    assert {"railway.project", "railway.volume", "r2.bucket", "vercel.project"} <= kinds
    assert kinds.isdisjoint({"railway.variable", "railway.instance", "cloudflare.record", "railway.release"})


def test_a_thing_that_moved_keeps_its_former_name_as_alias_and_so_does_its_release(own: Runbooks) -> None:
    def rename(held: dict[str, Any]) -> None:
        instances = held["railway"]["instance"]
        instances["web"] = instances.pop("api")
        held["railway"]["domain"]["api"]["instance"] = "web"
        gone = {f"api/{name}": f"web/{name}" for name in instances["web"]["variables"]}
        held["moved"] = [{"from": "railway.instance.api", "to": "railway.instance.web"}]
        held["moved"] += [{"from": f"railway.variable.{a}", "to": f"railway.variable.{b}"} for a, b in gone.items()]

    own.change("bilko-production", rename)
    one = registered(own, "bilko-production")
    for address in ("railway.instance.web", "railway.release.web"):
        _, request = one.at(address)
        assert [alias.spec.name for alias in request.aliases] == ["api"], address
    _, request = one.at("railway.variable.web/NODE_ENV")
    assert [alias.spec.name for alias in request.aliases] == ["api/NODE_ENV"]


def test_an_output_of_another_stack_is_refused_with_the_line(own: Runbooks) -> None:
    """It would need that stack's state; a name in DNS stands beside the domain that it leads to."""

    def refer(held: dict[str, Any]) -> None:
        held["uses"] = ["bilko", "bilko-production"]
        held["cloudflare"]["records"]["bilko-io"]["more"] = {
            "type": "CNAME",
            "content": "${railway.domain.api.target}",
        }
        held["railway"].pop("domain")
        for name in [
            name
            for name, one in held["cloudflare"]["records"]["bilko-io"].items()
            if name != "more" and "${railway" in str(one)
        ]:
            del held["cloudflare"]["records"]["bilko-io"][name]
        for instance in held["railway"]["instance"].values():
            for name in [name for name, value in instance["variables"].items() if "${railway" in str(value)]:
                del instance["variables"][name]
        held["vercel"] = {}

    own.change("bilko-staging", refer)
    with own.workshop() as shop, pytest.raises(ReconcileError, match=r"output of stack bilko-production"):
        nodes_of(shop, "bilko-staging")


@pytest.mark.parametrize("text", ["account: bilko\n", "account: bilko\nbetterstack: {heartbeat: {a: {period: 60}}}\n"])
def test_a_stack_of_which_pulumi_builds_nothing_is_refused(own: Runbooks, text: str) -> None:
    if "betterstack" in text:
        project = (own.root / "stacks" / "_project.yaml").read_text()
        more = "    betterstack: {credentials: {token: BILKO_BETTERSTACK_TOKEN}}\n"
        own.write("_project", project.replace("  bilko:\n", f"  bilko:\n{more}"))
    own.write("bilko-production", text)
    with own.workshop() as shop, pytest.raises(SpecError, match="declares nothing that Pulumi builds"):
        nodes_of(shop, "bilko-production")


def test_a_stack_that_is_not_there_is_refused_with_those_that_are(repository: Runbooks) -> None:
    with repository.workshop() as shop, pytest.raises(SpecError, match="known: bilko, bilko-production"):
        nodes_of(shop, "bilko-prod")


def test_a_secret_that_is_not_set_is_refused_where_nothing_pretends_one(
    own: Runbooks, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Leaving the variable out would delete it."""
    monkeypatch.delenv("BILKO_SENTRY_DSN", raising=False)
    with Workshop(Settings(own.root)) as shop:
        shop.ledger(begin=True)
        with pytest.raises(ReconcileError, match="BILKO_SENTRY_DSN is not set"):
            nodes_of(shop, "bilko-production")
        assert nodes_of(shop, "bilko")
    monkeypatch.setenv("BILKO_SENTRY_DSN", DSN)
    with Workshop(Settings(own.root)) as shop:
        secrets = [value for node in nodes_of(shop, "bilko-production") for value in secrets_in(node.inputs)]
    assert [value.reveal() for value in secrets] == [DSN]


def test_a_stack_can_be_declared_beside_a_users_own_resources(own: Runbooks) -> None:
    def beside(estate: Any) -> None:
        domain = estate["railway.domain.api"]
        pulumi.CustomResource(
            "users:own:Monitor",
            "api",
            {"url": pulumi.Output.format("https://{0}/health", domain.host), "behind": domain.target},
            pulumi.ResourceOptions(depends_on=[estate["railway.instance.api"]]),
        )
        with pytest.raises(KeyError):
            estate["railway.domain.nowhere"]

    one = registered(own, "bilko-production", beside)
    urn = one.recorder.urn_of("users:own:Monitor", "api")
    domain, _ = one.at("railway.domain.api")
    instance, _ = one.at("railway.instance.api")
    assert one.recorder.inputs(urn) == {"url": "https://api.bilko.io/health", "behind": UNKNOWN}
    assert set(one.recorder.requests[urn].dependencies) == {domain, instance}


def test_declare_refuses_in_one_line_with_what_to_do(own: Runbooks, monkeypatch: pytest.MonkeyPatch) -> None:
    """Any other exception comes out of the engine as a traceback."""
    monkeypatch.chdir(own.root)
    with Workshop(Settings(own.root)) as shop:
        shop.ledger(begin=True)
    with pytest.raises(pulumi.RunError) as told:
        declare("bilko-prod")
    assert "there is no such stack" in str(told.value) and "correct the lines" in str(told.value)
    assert "\n" not in str(told.value)


def test_declare_reads_the_repository_that_it_stands_in(own: Runbooks, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(own.root)
    with Workshop(Settings(own.root)) as shop:
        shop.ledger(begin=True)
    recorder = record(lambda: declare(pulumi.get_stack()), project=PROJECT, stack="capliquify", preview=True)
    assert recorder.urn_of("trueup:railway:Project", "capliquify")


def targets_in(value: Any) -> Iterator[Place]:
    """Whose outputs an input takes."""
    if isinstance(value, Referring):
        yield from value.targets.values()
    elif isinstance(value, OutputOf):
        yield value.place
    elif isinstance(value, Mapping):
        for each in value.values():
            yield from targets_in(each)
    elif isinstance(value, list | tuple):
        for each in value:
            yield from targets_in(each)


def secrets_in(value: Any) -> Iterator[SecretText]:
    if isinstance(value, SecretText):
        yield value
    elif isinstance(value, Mapping):
        for each in value.values():
            yield from secrets_in(each)
    elif isinstance(value, list | tuple):
        for each in value:
            yield from secrets_in(each)


def expected(value: Any, one: Registered, zones: Mapping[str, str]) -> Any:
    """What an input of the list is on the wire, in a preview where ids are known and other outputs are not."""
    if isinstance(value, ZoneId):
        return zones[value.domain]
    if isinstance(value, OutputOf):
        assert value.name == "id"
        request = one.recorder.requests[one.urn(value.place)]
        return f"{request.type.rpartition(':')[2]}-{request.name}"
    if isinstance(value, Referring):
        return UNKNOWN
    if isinstance(value, Mapping):
        return {name: expected(each, one, zones) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [expected(each, one, zones) for each in value]
    return value


def plain(value: Any) -> Any:
    """For comparing: secrets as what they hold, and that they are secrets."""
    if isinstance(value, SecretText | Concealed):
        return ("secret", value.reveal())
    if isinstance(value, Mapping):
        return {name: plain(each) for name, each in value.items()}
    if isinstance(value, list):
        return [plain(each) for each in value]
    return value


def vendors(node: Node) -> bool:
    kind: type[Resource] | None = node.kind
    return kind is not None and kind.bridge is not None


def bare(name: str) -> str:
    """A vendor's class takes `zone_id` and sends `zoneId`."""
    return name.replace("_", "").lower()


def by_bare_name(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {bare(name): by_bare_name(each) for name, each in value.items()}
    if isinstance(value, Iterable) and not isinstance(value, str):
        return [by_bare_name(each) for each in value]
    return value


def without_none(value: Any) -> Any:
    """The SDK leaves out what is None."""
    if isinstance(value, Mapping):
        return {name: without_none(each) for name, each in value.items() if each is not None}
    if isinstance(value, list):
        return [without_none(each) for each in value]
    return value


def test_what_an_ignore_rule_accepts_pulumi_leaves_until_the_rule_ends(own: Runbooks) -> None:
    rules = [
        ("railway.instance.api", "replicas", "2099-01-31"),
        ("cloudflare.record.bilko-io/api", "ttl", "2099-01-31"),
        ("railway.instance.api", "region", "2020-01-31"),
    ]
    told = [
        {"address": address, "field": field, "owner": "ops", "reason": "load test", "expires": date.fromisoformat(end)}
        for address, field, end in rules
    ]
    own.change("bilko-production", lambda held: held.update(ignore=told))
    one = registered(own, "bilko-production")
    ignored = {
        str(node.place.address): list(one.recorder.requests[one.urn(node.place)].ignoreChanges) for node in one.nodes
    }
    assert {address: names for address, names in ignored.items() if names} == {
        "railway.instance.api": ["replicas"],
        "cloudflare.record.bilko-io/api": ["ttl"],
    }


def test_a_stack_that_its_file_gives_to_trueup_is_not_declared_live(own: Runbooks) -> None:
    own.change("bilko", lambda held: held.update(writer="trueup"))
    with Workshop(Settings(own.root)) as shop, pytest.raises(ReconcileError, match=r"writer: trueup"):
        refuse_other_writer(shop, "bilko")
    with own.workshop() as world:
        refuse_other_writer(world, "bilko")
