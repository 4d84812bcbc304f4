"""3,000 resources of three platforms over several accounts, as stack files: zones and records, projects with their
environments, services, instances and variables, domains that records follow, heartbeats."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

PROJECT = "project: bench\nledger: {id: 0a1b2c3d, home: .trueup/ledger.db}\naccounts:\n"
ACCOUNT = """  {name}:
    cloudflare:
      {{id: a00000000000000000000000000000{number:02}, credentials: {{token: {word}_CLOUDFLARE_TOKEN}}, tier: pro}}
    railway:
      {{id: fef65949-87cf-45fa-a2db-f9616722e8{number:02}, credentials: {{token: {word}_RAILWAY_TOKEN}}, tier: pro}}
    betterstack: {{credentials: {{token: {word}_BETTERSTACK_TOKEN}}}}
"""
ENVIRONMENTS = ("production", "staging", "testing")


@dataclass(frozen=True)
class Mix:
    """How many of each, within what stands before it."""

    accounts: int = 5
    zones: int = 2
    records: int = 138
    """In a zone, besides two for each domain."""
    projects: int = 2
    services: int = 4
    variables: int = 8
    """At an instance: plain ones, ones that name Railway's own, and one that reads another resource."""
    heartbeats: int = 72

    @property
    def total(self) -> int:
        environments = self.projects * len(ENVIRONMENTS)
        domains = environments
        railway = self.projects * (1 + self.services) + environments * (1 + self.services * (1 + self.variables))
        return self.accounts * (self.zones * (1 + self.records) + 3 * domains + railway + self.heartbeats)


def write_mixed(root: Path, mix: Mix) -> None:
    """A repository: a stack for what an account's environments share, and one for each environment."""
    stacks = root / "stacks"
    stacks.mkdir(parents=True)
    names = [f"acme-{number}" for number in range(mix.accounts)]
    accounts = (
        ACCOUNT.format(name=name, number=number + 10, word=name.upper().replace("-", "_"))
        for number, name in enumerate(names)
    )
    (stacks / "_project.yaml").write_text(PROJECT + "".join(accounts))
    for name in names:
        (stacks / f"{name}.yaml").write_text("\n".join(_shared(name, mix)) + "\n")
        for environment in ENVIRONMENTS:
            (stacks / f"{name}-{environment}.yaml").write_text("\n".join(_environment(name, environment, mix)) + "\n")


def _zone(account: str, number: int) -> str:
    return f"zone-{number}.{account}.example"


def _shared(account: str, mix: Mix) -> Iterator[str]:
    yield f"account: {account}\ncloudflare:\n  zone:"
    for zone in range(mix.zones):
        yield f"    z{zone}: {{name: {_zone(account, zone)}}}"
    yield "  records:"
    for zone in range(mix.zones):
        yield f"    z{zone}:"
        for number in range(mix.records):
            yield (
                f"      r{number}: {{type: A, content: 192.0.2.{number % 250}, ttl: 300}}",
                f"      r{number}: {{type: CNAME, content: host-{number}.example.net, proxied: true}}",
                f'      r{number}: {{type: TXT, content: "v=DKIM1 k=rsa p={number:064x}", ttl: 3600}}',
            )[number % 3]
    yield "railway:\n  project:"
    for project in range(mix.projects):
        yield f"    p{project}: {{name: p{project}}}"
    yield "  service:"
    for project in range(mix.projects):
        for service in range(mix.services):
            yield f"    p{project}-s{service}: {{project: p{project}, name: s{service}}}"
    yield "betterstack:\n  heartbeat:"
    for number in range(mix.heartbeats):
        yield f"    h{number}: {{name: {account} h{number}, period: {60 + number}}}"


def _environment(account: str, environment: str, mix: Mix) -> Iterator[str]:
    yield f"account: {account}\nuses: [{account}]\nrailway:\n  environment:"
    for project in range(mix.projects):
        yield f"    p{project}: {{project: p{project}, name: {environment}}}"
    yield "  instance:"
    for project in range(mix.projects):
        for service in range(mix.services):
            yield f"    p{project}-s{service}:"
            yield f"      service: p{project}-s{service}\n      environment: p{project}"
            yield f'      source: {{image: "example/s{service}:1"}}\n      healthcheck_path: /health\n      variables:'
            yield f'        PORT: "${{railway.domain.p{project}.port}}"'
            yield '        SELF: "http://${{RAILWAY_PRIVATE_DOMAIN}}:3000"'
            for number in range(mix.variables - 2):
                yield f"        SETTING_{number}: value-{number} of {environment}"
    yield "  domain:"
    for project in range(mix.projects):
        yield f"    p{project}: {{instance: p{project}-s0, host: {_host(account, project, environment)}, port: 3000}}"
    yield "cloudflare:\n  records:\n    z0:"
    for project in range(mix.projects):
        name = f"p{project}-{environment}"
        yield f'      {name}: {{type: CNAME, content: "${{railway.domain.p{project}.target}}", ttl: 300}}'
        verify = f'type: TXT, content: "${{railway.domain.p{project}.verify_value}}"'
        yield f"      {name}-verify: {{name: _railway-verify.{name}, {verify}}}"


def _host(account: str, project: int, environment: str) -> str:
    return f"p{project}-{environment}.{_zone(account, 0)}"
