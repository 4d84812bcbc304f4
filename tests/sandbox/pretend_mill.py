"""A vendor nobody has, who makes keys and runs applications with values: what a watch has to see."""

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, ClassVar

import httpx

from reconcile.model.pretend import Asked, Caller, Route, RunningUnit, Thing, Told, World
from reconcile.model.secret import SecretText
from reconcile.model.spec import Declared
from reconcile.sandbox.world import AccountSeed
from reconcile.sandbox.world import World as Sandbox


class Mill:
    name: ClassVar[str] = "mill"
    prefix: ClassVar[str] = ""
    rate: ClassVar[tuple[int, float]] = (1000, 60.0)

    def __init__(self) -> None:
        self.looks = 0
        self.pace = 0.0

    def routes(self) -> Sequence[Route]:
        return (
            Route("GET", "/apps", lambda world, asked: Told(200, [])),
            Route("PUT", "/apps/{app}", self._start),
            Route("PUT", "/keys/{key}", self._key),
        )

    def _start(self, world: World, asked: Asked) -> Told:
        shelf = world.shelf(asked.caller.account, "start")
        start = {"id": world.new_id(8), "name": asked.path["app"], "at": world.now().timestamp(), "values": asked.body}
        shelf[start["id"]] = start
        return Told(200, {})

    def _key(self, world: World, asked: Asked) -> Told:
        world.shelf(asked.caller.account, "key")[asked.path["key"]] = {"name": asked.path["key"], **asked.body}
        return Told(200, {})

    def running(self, world: World, account: str) -> Iterator[RunningUnit]:
        self.looks += 1
        newest: dict[str, tuple[Thing | None, bool]] = {}
        for start in world.shelf(account, "start").values():
            up = world.now().timestamp() - start["at"] >= self.pace
            newest[start["name"]] = (start, False) if up else (newest.get(start["name"], (None, False))[0], True)
        ill = world.shelf(account, "ill")
        for name, (live, waits) in newest.items():
            told = (live or {}).get("values", {})
            yield RunningUnit("mill.app", name, (live or {}).get("id", ""), told, waits, (f"{name}.mill.example",),
                              name not in ill)  # fmt: skip

    def takes(self, world: World, account: str, value: str) -> bool | None:
        held = [one["works"] for one in world.shelf(account, "key").values() if one["name"] == value]
        return held[0] if held else None

    def refusal(self, status: int, reason: str, retry_after: float | None = None) -> Told:
        return Told(status, {"error": reason})

    def seed(self, world: World, caller: Caller, wanted: Sequence[Declared]) -> None: ...

    def edit(self, world: World, account: str, kind: str, id: str, fields: Mapping[str, str]) -> Thing:
        thing = world.shelf(account, kind)[id]
        thing.update(works=fields["works"] == "true")
        return thing

    def create(self, world: World, account: str, kind: str, fields: Mapping[str, str]) -> Thing:
        world.shelf(account, kind)[fields["name"]] = {"id": fields["name"], **fields}
        return world.shelf(account, kind)[fields["name"]]

    def delete(self, world: World, account: str, kind: str, id: str) -> None:
        del world.shelf(account, kind)[id]

    def title(self, kind: str, thing: Thing) -> str:
        return str(thing["name"])

    def kinds(self) -> Sequence[str]:
        return ("key", "start", "ill")


class Other(Mill):
    name: ClassVar[str] = "other"


SEEDS = tuple(
    AccountSeed(account, platform, f"{account}-id", SecretText(f"{account}-{platform}"))
    for account in ("acme", "zeta")
    for platform in ("mill", "other")
)


class Person:
    """One who speaks to a world of two mills."""

    def __init__(self, world: Sandbox | None = None) -> None:
        self.world = world or Sandbox({"mill": Mill, "other": Other}, SEEDS)

    def put(self, path: str, body: Any, platform: str = "mill", account: str = "acme") -> None:
        transport = httpx.WSGITransport(self.world.wsgi(platform))
        headers = {"Authorization": f"Bearer {account}-{platform}"}
        with httpx.Client(transport=transport, base_url="http://mill", headers=headers) as http:
            assert http.put(path, json=body).status_code == 200

    def start(self, app: str, **values: str) -> None:
        self.put(f"/apps/{app}", values)

    def key(self, value: str, *, works: bool = True, platform: str = "other", account: str = "acme") -> None:
        self.put(f"/keys/{value}", {"works": works}, platform, account)

    def refused(self) -> list[tuple[str, str, str, bool]]:
        """Unit, variable, after what, and whether it is over."""
        told = self.world.watched()["refused"]
        return [(one["unit"], one["variable"], one["by"], bool(one["until"])) for one in told]

    def later(self, **span: float) -> None:
        self.world.advance(dt.timedelta(**span))

    def slip(self, **span: float) -> None:
        """Time goes by, as it does, without anybody's being told."""
        self.world.mount("mill").place.clock.advance(dt.timedelta(**span))

    def pretend(self, platform: str) -> Any:
        return self.world.mount(platform).pretend
