"""What may hold which obligation: declared resources, and secrets with their rotation."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from reconcile.model.rotated import ByHand, Issue, Secret
from reconcile.model.spec import Declared, Location, Tree
from reconcile.model.variable import EnvironmentVariable

SECRET = "secret"
"""What the table calls an entry of `secrets:`."""

MAY_HOLD: Mapping[tuple[str, str], frozenset[str]] = {
    ("dns", "cloudflare"): frozenset({"cloudflare.record", "cloudflare.zone"}),
    # What an environment holds is what runs there.
    ("environment", "railway"): frozenset({"railway.environment", "railway.instance"}),
    # A port of a service is its domain's, or the variable PORT.
    ("service", "railway"): frozenset(
        # Which project it is all in, where the runbook names that by its id.
        {"railway.project", "railway.service", "railway.instance", "railway.service-domain", "railway.variable"}
    ),
    ("domain", "railway"): frozenset({"railway.domain", "railway.service-domain"}),
    # The disk, and the name that POSTGRES_DB gives.
    ("database", "railway"): frozenset({"railway.service", "railway.instance", "railway.volume", "railway.variable"}),
    ("deploy", "railway"): frozenset({"railway.instance"}),
    ("variable", "railway"): frozenset({"railway.variable", "railway.shared-variable"}),
    ("backup", "railway"): frozenset({"railway.volume"}),
    ("scale", "railway"): frozenset({"railway.instance"}),
    # Who may come in: by a secret of the application's, or by a key of their own.
    ("access", "railway"): frozenset({"railway.variable", "railway.ssh-key"}),
    # A Redis that runs on Railway.
    ("service", "redis"): frozenset({"railway.service", "railway.instance"}),
    ("service", "vercel"): frozenset({"vercel.project"}),
    ("domain", "vercel"): frozenset({"vercel.domain"}),
    # From which branch is the project's; what a deployment waits for is a check of its own.
    ("deploy", "vercel"): frozenset({"vercel.project", "vercel.check"}),
    ("variable", "vercel"): frozenset({"vercel.variable"}),
    ("bucket", "r2"): frozenset({"r2.bucket"}),
    # A variable that holds it; that two of them are equal is the secret's.
    ("secret", "railway"): frozenset({"railway.variable", "secret"}),
    ("secret", "github"): frozenset({"github.secret"}),
    # A file on a droplet: what writes it is the pipeline.
    ("secret", "digitalocean"): frozenset({"github.host-variable"}),
    ("secret", "clerk"): frozenset({"secret"}),
    ("secret-rotation", "railway"): frozenset({"secret"}),
    ("secret-rotation", "github"): frozenset({"secret"}),
    ("secret-rotation", "plaid"): frozenset({"secret"}),
    ("secret-rotation", "stripe"): frozenset({"secret"}),
    ("secret-rotation", "none"): frozenset({"secret"}),
    # That a credential works is asked of whoever issued it.
    ("health-check", "plaid"): frozenset({"secret"}),
    ("health-check", "stripe"): frozenset({"secret"}),
}
"""(kind, on) of an obligation to the kinds of resource, or `secret`, that may hold it. README.md of the folder prints
the same."""

ASKED_BY_A_PLAN = frozenset({("variable", "railway")})
"""(kind, on) of probed lines whose probe is the plan: it asks for each declared variable and names what lacks."""
ASKED_BY_A_ROTATION = frozenset(
    {("health-check", "plaid"), ("health-check", "stripe"), ("secret", "railway"), ("secret-rotation", "railway")}
)
"""(kind, on) of probed lines whose probe is a rotation's proof: a credential tried at its issuer, consumers compared,
the key id of what runs."""


@dataclass(frozen=True)
class Claim:
    """Something that says `covers:`. `name` is what proved.yaml calls it, with its stack; `path` where it stands."""

    name: str
    kind: str
    path: str
    at: Location
    covers: tuple[str, ...]
    declared: Declared | None = None
    secret: Secret | None = None
    """The entry itself, or what a variable holds."""


def proof_of(one: Declared | Secret) -> str:
    """What proved.yaml calls a resource: stack and address, as an owner mark writes them; a secret by its name."""
    return f"{one.stack}/secret.{one.name}" if isinstance(one, Secret) else f"{one.stack}/{one.address}"


def claims_of(tree: Tree) -> Iterator[Claim]:
    """In the order of the stacks, secrets last."""
    for one in tree.declared():
        resource = one.resource
        held = tree.secrets.get(resource.secret or "") if isinstance(resource, EnvironmentVariable) else None
        yield Claim(proof_of(one), one.address.full_kind, str(one.address), one.at, one.covers, one, held)
    for secret in tree.secrets.values():
        yield Claim(proof_of(secret), SECRET, f"secrets.{secret.name}", secret.at, secret.covers, secret=secret)


def asked_by_us(kind: str, on: str, work: str) -> bool:
    """Whether something that we do anyway is the probe of a line."""
    return (kind, on) in ASKED_BY_A_PLAN or (work == "rotation" and (kind, on) in ASKED_BY_A_ROTATION)


def fits(claim: Claim, kind: str, on: str, hold: str) -> bool:
    """Whether it is something that can hold such a line, and does so in the way that the line asks for."""
    if claim.kind not in MAY_HOLD.get((kind, on), frozenset()):
        return False
    if claim.declared is not None:
        # That a secret is there says nothing of its age.
        return hold != "rotated" or not claim.declared.resource.only_seen or _has_interval(claim.secret)
    secret = claim.secret
    if secret is None or (on != "none" and on not in _platforms(secret)):
        return False
    if hold == "probed":
        return _PROBES[kind](secret) if kind in _PROBES else False
    return _has_interval(secret)


def _has_interval(secret: Secret | None) -> bool:
    return secret is not None and bool(secret.schedule.every or secret.schedule.cron)


def _platforms(secret: Secret) -> frozenset[str]:
    """Where it is held, and who makes it or can tell whether it is taken."""
    source = secret.source.check if isinstance(secret.source, ByHand) else secret.source
    issuer = {source.kind.partition(".")[0]} if isinstance(source, Issue) else set[str]()
    return frozenset({one.address.platform for one in secret.consumers} | issuer)


def _is_compared(secret: Secret) -> bool:
    """Whether several consumers hold one part: fingerprints tell whether they agree."""
    parts = [one.part for one in secret.consumers]
    return len(set(parts)) < len(parts)


_PROBES: Mapping[str, Callable[[Secret], bool]] = {
    "secret": _is_compared,
    "health-check": lambda secret: "P4" in secret.levels,
    # What runs shows that it has the new value, or the issuer that it refuses the old one.
    "secret-rotation": lambda secret: bool({"P3", "P5"} & secret.levels),
}
"""Whether a secret's proof is the probe that a line of this kind asks for."""
