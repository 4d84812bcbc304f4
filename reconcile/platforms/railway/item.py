"""One change on its way into an environment: what it waits for, what its next step is, whether it holds."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ...model.change import Change, Outcome
from ...model.errors import PlatformError, Unavailable
from ...model.observation import Seen
from ...model.resource import Immutable, Resource
from ...model.secret import SecretText
from ...wire.rest import PARTIAL
from . import documents
from .graph import StaleBase
from .kinds import Domain, Instance, ServiceDomain, SharedVariable, TcpProxy, Variable, Volume
from .reading import Reading

Step = tuple[str, Mapping[str, Any]]
"""An operation of its own, and its variables."""


@dataclass(eq=False)
class Item:
    """A change, and what became of it so far."""

    change: Change
    base: Seen | None = None
    """The thing as it lived before anything was sent."""
    remakes: bool = False
    """Whether the old one must go before the new one can come."""
    made: str = ""
    """Its id, where a step of its own made it."""
    sent: bool = False
    accepted: bool = False
    """Whether what was sent was taken: then a value that nobody can read counts as written."""
    sent_as: str = ""
    """The operation that was sent last; "" for its part of a commit."""
    stale: bool = False
    why: str = ""
    """Why its effect is not known, or did not come."""
    rounds: int = 0

    @property
    def kind(self) -> str:
        return self.change.kind.kind

    @property
    def want(self) -> Resource | None:
        return self.change.after

    @property
    def service(self) -> str:
        """The name of the service that it is of; "" for what is shared."""
        there = self.change.after if self.change.after is not None else self.change.before
        if isinstance(there, Instance):
            return there.service_name
        return str(getattr(there, "instance", "")).rpartition("/")[2]

    def begin(self, reading: Reading) -> None:
        """Takes note of how the thing lives before anything is sent."""
        self.base = self.live(reading)
        self.remakes = self.change.verb == "replace" and self.base is not None and _differs_for_good(self, self.base)

    def live(self, reading: Reading) -> Seen | None:
        """The thing now, by what we know of it: its own id, else its name."""
        id = self.made or ("" if self.remakes else self.change.id)
        if id and (self.kind, id) in reading.by_id:
            return reading.by_id[self.kind, id]
        if self.want is None:
            return None
        found = reading.by_key.get((self.kind, self.want.keys()[0]))
        return None if found is not None and self.remakes and found.id == self.change.id else found

    def old(self, reading: Reading) -> Seen | None:
        """Of what is made anew, the one that must go."""
        return reading.by_id.get((self.kind, self.change.id)) if self.remakes else None

    def awaits(self, reading: Reading) -> bool:
        """Whether what was taken last does not show yet, and nothing else is to be sent."""
        return self.accepted and operation_of(next_step(self, reading)) == self.sent_as

    def recognise(self, before: Reading, now: Reading) -> None:
        """Takes a generated domain that came since as the one that was asked for without an answer."""
        want = self.want
        if not (isinstance(want, ServiceDomain) and self.sent and not self.made) or self.live(now) is not None:
            return
        new = [
            one.id
            for one in now.seen
            if isinstance(one.resource, ServiceDomain)
            and one.resource.instance == want.instance
            and (one.kind, one.id) not in before.by_id
        ]
        self.made = new[0] if len(new) == 1 else ""

    def settled(self, reading: Reading) -> Outcome | None:
        """The outcome if the thing is as wanted."""
        live = self.live(reading)
        if self.want is None:
            return Outcome(self.change, "done", self.change.id) if live is None else None
        if live is None or self.old(reading) is not None or not self.holds(live):
            return None
        return Outcome(self.change, "done", live.id, live.resource)

    def holds(self, live: Seen) -> bool:
        """Whether a live thing has all that is declared."""
        want = self.want
        assert want is not None
        for name in want.comparable():
            declared, have = getattr(want, name), getattr(live.resource, name)
            if declared is None or name in live.resource.decided_elsewhere():
                continue
            if name == "value":
                if not self._has_value(declared, have, live):
                    return False
            elif declared != have:
                return False
        return True

    def _has_value(self, declared: Any, have: SecretText | None, live: Seen) -> bool:
        if have is not None:
            return have.is_same(declared)
        before = self.base.resource.touched_at() if self.base is not None else ""
        return self.accepted or (self.sent and live.resource.touched_at() != before)

    def failed(self, error: PlatformError) -> Outcome:
        return Outcome(self.change, "failed", error=str(error), exit_code=max(error.exit_code, PARTIAL))

    def refused(self, why: str, exit_code: int = StaleBase.exit_code) -> Outcome:
        """Not sent. The usual reason is that the world moved, which a new plan sees."""
        advice = "; make a new plan" if exit_code == StaleBase.exit_code else ""
        return Outcome(self.change, "failed", error=f"{why}{advice}", exit_code=exit_code)

    def given_up(self) -> Outcome:
        if self.stale and not self.sent:
            return self.refused(self.why)
        if self.why:
            return Outcome(self.change, "unsure", error=self.why, exit_code=Unavailable.exit_code)
        if isinstance(self.want, Instance):
            return self.refused("it does not show: an instance of which nothing is set is none; say a source", PARTIAL)
        return self.refused("Railway took the change, and it does not show", PARTIAL)


def next_step(item: Item, reading: Reading) -> Step | None:
    """What an open change needs by itself; None for what goes into the environment's commit."""
    want, live, id = item.want, item.live(reading), item.change.id
    deletes = {
        Domain: documents.DOMAIN_DELETE,
        ServiceDomain: documents.SERVICE_DOMAIN_DELETE,
        TcpProxy: documents.TCP_PROXY_DELETE,
    }
    if (want is None or item.old(reading) is not None) and item.change.kind in deletes:
        return deletes[item.change.kind], {"id": id}
    where = {
        "environmentId": reading.place.environment.id,
        "serviceId": reading.service_id(item.service),
    }
    if isinstance(want, Domain):
        if live is not None:
            variables = {"id": live.id, "e": where["environmentId"], "port": want.port}
            return documents.DOMAIN_UPDATE, variables
        told = {**where, "projectId": reading.place.project.id, "domain": want.host, **_port(want.port)}
        return documents.DOMAIN_CREATE, {"i": told}
    if isinstance(want, ServiceDomain):
        if live is None:
            return documents.SERVICE_DOMAIN_CREATE, {"i": {**where, **_port(want.port)}}
        return service_domain_step(want, live.id, reading)
    return _volume_step(want, live, reading) if isinstance(want, Volume) and live is not None else None


def operation_of(step: Step | None) -> str:
    """The text of a step; "" for the commit."""
    return step[0] if step is not None else ""


def service_domain_step(want: ServiceDomain, id: str, reading: Reading) -> Step:
    """Gives a domain of Railway's its name and port."""
    where = {
        "environmentId": reading.place.environment.id,
        "serviceId": reading.service_id(want.instance.rpartition("/")[2]),
    }
    return documents.SERVICE_DOMAIN_UPDATE, {
        "i": {**where, "serviceDomainId": id, "domain": want.host, **_port(want.port)}
    }


def _volume_step(want: Volume, live: Seen, reading: Reading) -> Step | None:
    have, (id, _, _) = live.resource, live.id.partition("@")
    assert isinstance(have, Volume)
    if have.name != want.name:
        return documents.VOLUME_UPDATE, {"v": id, "i": {"name": want.name}}
    if have.mount == want.mount and want.backups is not None and have.backups != want.backups:
        return documents.BACKUP_SCHEDULE, {"i": reading.volumes[id]["id"], "k": list(want.backups)}
    return None


def same(one: Resource, other: Resource) -> bool:
    """Whether a thing lives as it did. Names of what it belongs to are not compared: those may be changed by us."""
    return all(
        _equal(getattr(one, name), getattr(other, name)) for name in one.comparable() if name not in one.refers()
    )


def unmoved(before: Seen | None, now: Seen | None) -> bool:
    """The same of what may be absent, and also of when it was written."""
    if before is None or now is None:
        return before is now
    return same(before.resource, now.resource) and before.resource.touched_at() == now.resource.touched_at()


def place_differs(item: Item, reading: Reading) -> bool:
    """Whether a thing that is known by its place is wanted in another one."""
    want, here = item.want, reading.place.environment.id
    if want is None or not item.change.id:
        return False
    service = reading.service_id(item.service) or ""
    if isinstance(want, Instance):
        return item.change.id != f"{service}@{here}"
    if isinstance(want, Variable | SharedVariable):
        return item.change.id != f"{here}/{service}/{want.name}"
    if isinstance(want, Volume):
        volume, _, environment = item.change.id.partition("@")
        return environment != here or reading.volumes.get(volume, {}).get("serviceId") != service
    return False


def _differs_for_good(item: Item, live: Seen) -> bool:
    """Whether a field that cannot be edited differs. A project or service that we renamed is the same one."""
    want = item.want
    if want is None:
        return False
    return any(getattr(want, name) != getattr(live.resource, name) for name in want.having(Immutable))


def _equal(one: Any, other: Any) -> bool:
    if isinstance(one, SecretText) and isinstance(other, SecretText):
        return one.is_same(other)
    return bool(one == other)


def _port(port: int | None) -> dict[str, int]:
    return {} if port is None else {"targetPort": port}
