"""Random repositories over Railway and DNS: projects, environments, instances, variables, domains and their records."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import yaml
from hypothesis import strategies as st

PROJECT = """
project: library
ledger: {id: 0a1b2c3d, home: .trueup/ledger.db}
accounts:
  acme:
    cloudflare: {id: a0000000000000000000000000000001, credentials: {token: ACME_CLOUDFLARE_TOKEN}}
    railway: {id: fef65949-87cf-45fa-a2db-f9616722e802, credentials: {token: ACME_RAILWAY_TOKEN}, tier: pro}
"""
ENVIRONMENTS = ("production", "staging", "testing")
PROJECTS = ("p0", "p1")
SERVICES = ("api", "web")
EDGE = "web"
NAMES = ("ONE", "TWO", "THREE")
VALUES = ("plain", "other", "http://${{RAILWAY_PRIVATE_DOMAIN}}:1", "${{shared.COMMON}}", "PORT", "${shared}")
"""PORT stands for the port of the instance's own domain, `${shared}` for what the project's stack says."""


@dataclass(frozen=True)
class Ran:
    """A service in one environment."""

    variables: dict[str, str] = field(default_factory=dict)
    health: str | None = None
    domain: int = 0
    """The port of its domain; 0: it has none."""


@dataclass(frozen=True)
class Estate:
    """What a repository declares. `ran`: (project, environment, service) to what runs there. The records of `web` stand
    in a stack of their own, `edge`; those of `api` stand with their domains."""

    environments: tuple[str, ...]
    ran: dict[tuple[str, str, str], Ran]
    common: dict[str, str]
    """A shared variable of each environment."""

    def within(self, environment: str) -> dict[tuple[str, str, str], Ran]:
        return {place: one for place, one in self.ran.items() if place[1] == environment}

    def changed(self, environment: str, by: "Estate") -> "Estate":
        """This one, but for one environment, which is as the other has it."""
        kept = {place: one for place, one in self.ran.items() if place[1] != environment}
        common = {**self.common, environment: by.common[environment]}
        return replace(self, ran={**kept, **by.within(environment)}, common=common)

    def write(self, root: Path) -> tuple[str, ...]:
        """The stack files; returns their names."""
        files = {"shared": _shared(), "edge": _edge(self)}
        files |= {environment: _environment(self, environment) for environment in self.environments}
        (root / "stacks").mkdir(exist_ok=True)
        (root / "stacks" / "_project.yaml").write_text(PROJECT)
        for name, held in files.items():
            (root / "stacks" / f"{name}.yaml").write_text(yaml.safe_dump(held, sort_keys=False))
        return tuple(files)


def named(place: tuple[str, str, str]) -> str:
    return "-".join(place)


def _shared() -> dict[str, object]:
    services = {f"{project}-{name}": {"project": project, "name": name} for project in PROJECTS for name in SERVICES}
    return {
        "account": "acme",
        "cloudflare": {
            "zone": {"shop": {"name": "shop.example"}},
            "records": {"shop": {"said": {"type": "TXT", "content": "said once"}}},
        },
        "railway": {"project": {name: {"name": name} for name in PROJECTS}, "service": services},
    }


def _environment(estate: Estate, environment: str) -> dict[str, object]:
    ran = estate.within(environment)
    environments = {
        f"{project}-{environment}": {
            "project": project,
            "name": environment,
            "variables": {"COMMON": estate.common[environment]},
        }
        for project in PROJECTS
    }
    domains = {
        named(place): {"instance": named(place), "host": f"{named(place)}.shop.example", "port": one.domain}
        for place, one in ran.items()
        if one.domain
    }
    instances = {named(place): dict(_instance(place, one)) for place, one in ran.items()}
    railway = {"environment": environments, "instance": instances, "domain": domains}
    records = dict(_records([place for place in ran if ran[place].domain and place[2] != EDGE]))
    # Always one: a stack that declares nothing more on a platform is refused, and that is another story.
    records[environment] = {"type": "A", "content": "192.0.2.8"}
    return {
        "account": "acme",
        "uses": ["shared"],
        "railway": {word: things for word, things in railway.items() if things},
        "cloudflare": {"records": {"shop": records}},
    }


def _instance(place: tuple[str, str, str], one: Ran) -> Iterator[tuple[str, object]]:
    project, environment, service = place
    yield "service", f"{project}-{service}"
    yield "environment", f"{project}-{environment}"
    yield "source", {"image": "example/app:1"}
    if one.health:
        yield "healthcheck_path", one.health
    told = {
        "PORT": f"${{railway.domain.{named(place)}.port}}" if one.domain else "80",
        "${shared}": "${cloudflare.record.shop/said.content}",
    }
    if one.variables:
        yield "variables", {name: told.get(value, value) for name, value in one.variables.items()}


def _records(places: list[tuple[str, str, str]]) -> Iterator[tuple[str, object]]:
    for place in places:
        yield named(place), {"type": "CNAME", "content": f"${{railway.domain.{named(place)}.target}}"}


def _edge(estate: Estate) -> dict[str, object]:
    records = dict(_records([place for place in estate.ran if estate.ran[place].domain and place[2] == EDGE]))
    records["edge"] = {"type": "A", "content": "192.0.2.9"}
    uses = ["shared", *estate.environments]
    return {"account": "acme", "uses": uses, "cloudflare": {"records": {"shop": records}}}


runs = st.builds(
    Ran,
    variables=st.dictionaries(st.sampled_from(NAMES), st.sampled_from(VALUES), max_size=3),
    health=st.sampled_from([None, "/health", "/up"]),
    domain=st.sampled_from([0, 80, 3000]),
)


@st.composite
def estates(draw: st.DrawFn, environments: tuple[str, ...] = ENVIRONMENTS[:2]) -> Estate:
    """At least one instance."""
    places = [(project, one, service) for project in PROJECTS for one in environments for service in SERVICES]
    ran = draw(st.dictionaries(st.sampled_from(places), runs, min_size=1, max_size=5))
    common = {one: draw(st.sampled_from(["red", "green"])) for one in environments}
    return Estate(environments, ran, common)
