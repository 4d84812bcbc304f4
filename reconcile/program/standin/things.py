"""What the vendor's provider does to things, done to the pretend world through our own platforms."""

import json
from collections.abc import Mapping
from typing import Any, NamedTuple

from pydantic import ValidationError

from ...model.bridge import Bridge, ZoneId, wire_names
from ...model.change import Change, Outcome, Verb
from ...model.observation import Container, Seen
from ...model.resource import Address, Resource
from ...platforms.cloudflare import Record
from ...platforms.r2 import Bucket, Domain, PublicAccess
from ...wire import Call
from .accounts import Accounts, Door, Refused
from .shapes import SHAPES

Inputs = Mapping[str, Any]


class Told(NamedTuple):
    """What a resource is now: the vendor's id, its inputs as they live, and what it answers beside them."""

    id: str
    inputs: dict[str, Any]
    outputs: dict[str, Any]


class Things:
    """Creates, reads, changes and deletes by the vendor's inputs (wire names). Every method raises Refused."""

    def __init__(self, accounts: Accounts) -> None:
        self._accounts = accounts

    def create(self, kind: type[Resource], inputs: Inputs) -> Told:
        door, want = self._door(kind, inputs), self._wanted(kind, inputs)
        done = self._apply(door, "create", "", None, want)
        id = _vendors_id(door, done.id, inputs, want)
        return Told(id, dict(inputs), {**self._computed(door, done.id, inputs, done.resource or want), **inputs})

    def read(self, kind: type[Resource], id: str, inputs: Inputs, outputs: Inputs) -> Told | None:
        """As it lives, in what is recorded of it; None where it is gone."""
        if SHAPES[kind.kind].blind:
            return Told(id, dict(inputs), dict(outputs))
        door, want = self._door(kind, inputs), self._wanted(kind, inputs)
        live = door.live(Container(kind.kind, want.container()), _bridge(kind).remote_id(id, inputs))
        if live is None:
            return None
        told = self._as_recorded(door, live.resource, want, inputs)
        rest = {name: value for name, value in outputs.items() if name not in inputs}
        return Told(id, told, {**rest, **told})

    def adopt(self, kind: type[Resource], import_id: str) -> Told | None:
        """What `pulumi import` names; None where there is no such thing."""
        if _bridge(kind).import_id is None:
            raise Refused(f"{_bridge(kind).name} does not support import")
        door, live = self._named(kind, import_id)
        if live is None:
            return None
        defaults = SHAPES[kind.kind].defaults
        said = self._said(door, live.resource)
        inputs = {name: value for name, value in said.items() if not _is_plain(value) and value != defaults.get(name)}
        id = _vendors_id(door, live.id, inputs, live.resource)
        return Told(id, inputs, {**self._computed(door, live.id, inputs, live.resource), **inputs})

    def update(self, kind: type[Resource], id: str, inputs: Inputs) -> Told:
        door, want = self._door(kind, inputs), self._wanted(kind, inputs)
        remote = _bridge(kind).remote_id(id, inputs)
        live = door.live(Container(kind.kind, want.container()), remote)
        if live is None and kind in (Record, Bucket, Domain):
            raise Refused(f"{want.title()} does not exist")
        done = self._apply(door, "update", remote, live.resource if live else want, want)
        return Told(id, dict(inputs), {**self._computed(door, done.id, inputs, done.resource or want), **inputs})

    def delete(self, kind: type[Resource], id: str, inputs: Inputs) -> None:
        """Where the API has no delete the vendor's provider forgets a thing, and leaves it as it lives."""
        if not SHAPES[kind.kind].stays:
            want = self._wanted(kind, inputs)
            self._apply(self._door(kind, inputs), "delete", _bridge(kind).remote_id(id, inputs), want, None)

    def _door(self, kind: type[Resource], inputs: Inputs) -> Door:
        if kind is Record:
            return self._accounts.dns(str(inputs["zoneId"]))[0]
        return self._accounts.r2(str(inputs["accountId"]))

    def _wanted(self, kind: type[Resource], inputs: Inputs) -> Resource:
        try:
            return kind.declared(_bridge(kind).reads(inputs, lambda id: self._accounts.dns(id)[1]))
        except ValidationError as error:
            told = (f"{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in error.errors(include_input=False))
            raise Refused(f"failed to make http request: 400 Bad Request: {'; '.join(told)}") from None
        except (LookupError, TypeError, AttributeError):
            raise Refused(f"{_bridge(kind).name}: an input is malformed") from None

    def _apply(self, door: Door, verb: Verb, id: str, before: Resource | None, after: Resource | None) -> Outcome:
        one = after or before
        assert one is not None
        platform, _, word = one.kind.partition(".")
        address = Address(platform, word, one.title())
        change = Change("", door.account, address, verb, "git", one.keys()[0], one.container(), before, after, id)
        with door.lock:
            (done,) = door.platform.apply([change])
        # A domain of a bucket brings a record with it.
        self._accounts.forget()
        if done.status != "done":
            raise Refused(f"failed to make http request: {done.error}")
        return done

    def _named(self, kind: type[Resource], import_id: str) -> tuple[Door, Seen | None]:
        parts = import_id.split("/")
        if kind is Record and len(parts) == 2:
            door, domain = self._accounts.dns(parts[0])
            return door, door.live(Container(kind.kind, domain), parts[1])
        if kind is Bucket and len(parts) == 3:
            door = self._accounts.r2(parts[0])
            inputs = {"name": parts[1], "jurisdiction": parts[2]}
            return door, door.live(Container(kind.kind, parts[2]), _bridge(kind).remote_id("", inputs))
        form = "<zone_id>/<dns_record_id>" if kind is Record else "<account_id>/<bucket_name>/<jurisdiction>"
        raise Refused(f"invalid ID {import_id!r}: expected {form}")

    def _said(self, door: Door, resource: Resource) -> dict[str, Any]:
        """The inputs that stand for a resource of ours."""
        said = dict(_bridge(type(resource)).says(resource, door.key.id))
        zone = said.get("zone_id")
        if isinstance(zone, ZoneId):
            said["zone_id"] = self._accounts.zone_id(door, zone.domain)
        told: dict[str, Any] = wire_names(said)
        return told

    def _as_recorded(self, door: Door, live: Resource, want: Resource, inputs: Inputs) -> dict[str, Any]:
        """The recorded inputs, those that live otherwise as they live; what means the same stays as it was written."""
        have, recorded = self._said(door, live), self._said(door, want)
        told = {}
        for name, value in inputs.items():
            if name in SHAPES[live.kind].once or have.get(name) == recorded.get(name):
                told[name] = value
            elif name in have:
                told[name] = have[name]
        return told

    def _computed(self, door: Door, id: str, inputs: Inputs, made: Resource) -> dict[str, Any]:
        """What the vendor's provider answers beside the inputs."""
        if isinstance(made, Record):
            raw = door.client.get(f"/zones/{inputs['zoneId']}/dns_records/{id}")["result"]
            told = {name: value for name, value in raw.items() if value is not None and name != "zone_name"}
            return wire_names({**told, "meta": json.dumps(raw.get("meta") or {})})  # type: ignore[no-any-return]
        jurisdiction = str(inputs.get("jurisdiction") or "default")
        found: dict[str, Any] = {"jurisdiction": jurisdiction}
        if isinstance(made, Bucket):
            found |= {"id": made.name, "creationDate": made.creation_date, "location": made.location}
            found["storageClass"] = made.storage_class
        elif isinstance(made, Domain):
            live = door.live(Container(made.kind, made.container()), made.id())
            lives = live.resource if live is not None else made
            assert isinstance(lives, Domain)
            found |= {"zoneName": made.zone, "status": {"ownership": lives.ownership, "ssl": lives.certificate}}
        elif isinstance(made, PublicAccess):
            path = f"/accounts/{door.key.id}/r2/buckets/{inputs['bucketName']}/domains/managed"
            headers = {} if jurisdiction == "default" else {"cf-r2-jurisdiction": jurisdiction}
            raw = door.client.send(Call("GET", path, headers=headers))["result"]
            found |= {"bucketId": raw["bucketId"], "domain": raw["domain"]}
        return {name: value for name, value in found.items() if value is not None}


def _bridge(kind: type[Resource]) -> Bridge:
    assert kind.bridge is not None
    return kind.bridge


def _vendors_id(door: Door, id: str, inputs: Inputs, resource: Resource) -> str:
    """What the vendor's provider calls a thing: only records and buckets have an id of their own."""
    if isinstance(resource, Record):
        return id
    if isinstance(resource, Bucket):
        return resource.name
    return f"{door.key.id}__{inputs['zoneId']}" if isinstance(resource, Domain) else door.key.id


def _is_plain(value: Any) -> bool:
    """What is there unasked: no tags, no setting that is on."""
    return value == [] or (isinstance(value, Mapping) and set(value.values()) == {False}) or value == {}
