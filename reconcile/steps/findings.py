"""What a reader should know of what lives though nothing differs: names that lead nowhere, what everybody can read."""

from collections.abc import Collection, Iterable, Mapping, Sequence

from ..model.observation import Observation
from ..model.resource import Resource

Kinds = Mapping[str, type[Resource]]
_HOPS = 8
"""Names from one to the next, as a resolver follows them."""
Names = Mapping[str, frozenset[str]]
"""Where each name leads."""


def remarked(observations: Iterable[Observation]) -> list[str]:
    """What live things say of themselves."""
    seen = (one.resource for observation in observations for one in observation.seen)
    return sorted(f"{one.kind} {one.title()}: {remark}" for one in seen for remark in one.remarks())


def unwatched(holders: Iterable[Resource], observations: Iterable[Observation], kinds: Kinds) -> list[str]:
    """What every holder has unasked and in a plain state: no file says so, and nobody notices when it changes."""
    seen = [one.resource for observation in observations for one in observation.seen]
    by_kind: dict[str, list[str]] = {}
    for one in holders:
        by_kind.setdefault(one.kind, []).append(one.referred_as())
    told = []
    for kind, cls in kinds.items():
        for field, outer in cls.refers().items() if cls.standing else ():
            there = {name for one in seen if one.kind == kind for name in one.named_by(field)}
            plain = sorted(set(by_kind.get(outer, ())) - there)
            if plain:
                told.append(f"{kind} of {', '.join(plain)}: as it came, and not written: declare what must stay so")
    return told


def without_record(observations: Sequence[Observation], kinds: Kinds) -> list[str]:
    """Domains to which no record leads, of those in zones that were read whole; of others nobody can say."""
    dns = {name for name, cls in kinds.items() if cls.in_dns}
    zones = {where.name for one in observations for where in one.read if where.kind in dns}
    things = [one.resource for observation in observations for one in observation.seen]
    names = _names(one.leads() for one in things if zones and type(one).in_dns)
    told = []
    for one in things if zones else ():
        for host, wanted in one.asks_of_dns().items():
            zone = _zone(host, zones)
            if zone and not _leads(host, wanted, names):
                told.append(f"{one.kind} {one.title()}: {_finding(host, wanted, zone, names)}")
    return sorted(told)


def _finding(host: str, wanted: Collection[str], zone: str, names: Names) -> str:
    there = " and ".join(sorted(_at(host, names)))
    told = f"{host} leads to {there} instead" if there else f"the zone {zone} holds none at {host}"
    # Names before addresses.
    right = " or ".join(sorted(wanted, key=lambda one: (one.replace(".", "").isdigit(), one)))
    return f"no DNS record leads to it: {told}" + (f"; right would be {right}" if right else "")


def _names(leads: Iterable[tuple[str, str]]) -> Names:
    found: dict[str, frozenset[str]] = {}
    for name, target in leads:
        if name:
            found[name] = found.get(name, frozenset()) | {target}
    return found


def _zone(host: str, zones: Collection[str]) -> str:
    fitting = [zone for zone in zones if f".{host}".endswith(f".{zone}")]
    return max(fitting, key=len, default="")


def _at(host: str, names: Names) -> frozenset[str]:
    """What a name leads to, by itself or by a wildcard above it."""
    parts = host.split(".")
    wild = (".".join(("*", *parts[start:])) for start in range(1, len(parts)))
    return next((names[one] for one in (host, *wild) if one in names), frozenset())


def _leads(host: str, wanted: Collection[str], names: Names) -> bool:
    """Whether what is wanted is reached from a host; something at all, where nothing special is."""
    reached = _at(host, names)
    if not wanted:
        return bool(reached)
    for _ in range(_HOPS):
        if reached & set(wanted):
            return True
        reached = frozenset(one for name in reached for one in _at(name, names))
    return False
