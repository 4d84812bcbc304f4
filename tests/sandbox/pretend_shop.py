"""A vendor nobody has: shelves and boxes. Small enough to see at a glance what the sandbox itself does."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import httpx

from reconcile.model.pretend import Asked, Caller, Route, Thing, Told, World
from reconcile.model.secret import SecretText
from reconcile.model.spec import Declared
from reconcile.sandbox.serve import Served
from reconcile.sandbox.world import AccountSeed
from reconcile.sandbox.world import World as Sandbox


class Shop:
    name: ClassVar[str] = "shop"
    prefix: ClassVar[str] = "/api/v9"
    rate: ClassVar[tuple[int, float]] = (3, 60.0)

    def routes(self) -> Sequence[Route]:
        paging = frozenset(("page", "per_page"))
        return (
            Route("GET", "/racks/{rack}/boxes", self.list_boxes, paging),
            Route("POST", "/racks/{rack}/boxes", self.add_boxes),
            Route("PATCH", "/racks/{rack}/boxes/{box}", self.patch_box),
            Route("DELETE", "/racks/{rack}/boxes/{box}", self.drop_box),
        )

    def refusal(self, status: int, reason: str, retry_after: float | None = None) -> Told:
        return Told(status, {"errors": [reason]})

    def _boxes(self, world: World, asked: Asked) -> list[Thing] | Told:
        """The boxes of one rack: 404 if there is no such rack, 403 if it is somebody else's."""
        rack = asked.path["rack"]
        if rack not in world.shelf(asked.caller.account, "rack"):
            known = any(rack in shelf for shelf in world.shelves("rack").values())
            return self.refusal(403, "not yours") if known else self.refusal(404, "no such rack")
        return [box for box in world.shelf(asked.caller.account, "box").values() if box["rack"] == rack]

    def list_boxes(self, world: World, asked: Asked) -> Told:
        boxes = self._boxes(world, asked)
        if isinstance(boxes, Told):
            return boxes
        page, size = int(asked.query.get("page", "1")), int(asked.query.get("per_page", "2"))
        return Told(200, {"total": len(boxes), "boxes": boxes[(page - 1) * size : page * size]})

    def add_boxes(self, world: World, asked: Asked) -> Told:
        boxes = self._boxes(world, asked)
        if isinstance(boxes, Told):
            return boxes
        made = []
        for wanted in asked.body if isinstance(asked.body, list) else [asked.body]:
            box = {"id": world.new_id(8), "rack": asked.path["rack"], "made": world.now().isoformat(), **wanted}
            made.append(world.shelf(asked.caller.account, "box").setdefault(box["id"], box))
        return Told(201, {"boxes": made})

    def patch_box(self, world: World, asked: Asked) -> Told:
        box = world.shelf(asked.caller.account, "box")[asked.path["box"]]
        box.update(asked.body)
        return Told(200, {"box": box})

    def drop_box(self, world: World, asked: Asked) -> Told:
        del world.shelf(asked.caller.account, "box")[asked.path["box"]]
        return Told(204)

    def seed(self, world: World, caller: Caller, wanted: Sequence[Declared]) -> None:
        for declared in wanted:
            rack = str(declared.address).rpartition(".")[2]
            world.shelf(caller.account, "rack")[rack] = {"id": rack, "name": rack}

    def edit(self, world: World, account: str, kind: str, id: str, fields: Mapping[str, str]) -> Thing:
        thing = world.shelf(account, kind)[id]
        unknown = sorted(set(fields) - set(thing))
        if unknown:
            raise ValueError(f"a {kind} has no {unknown[0]}")
        thing.update(fields)
        return thing

    def create(self, world: World, account: str, kind: str, fields: Mapping[str, str]) -> Thing:
        thing = {"id": world.new_id(8), **fields}
        world.shelf(account, kind)[thing["id"]] = thing
        return thing

    def delete(self, world: World, account: str, kind: str, id: str) -> None:
        del world.shelf(account, kind)[id]

    def title(self, kind: str, thing: Thing) -> str:
        return f"{thing['name']}!" if kind == "rack" else str(thing["name"])

    def kinds(self) -> Sequence[str]:
        return ("rack", "box")

    def environment(self, url: str, token: str) -> dict[str, str]:
        return {"SHOP_URL": url, "SHOP_TOKEN": token}


SEEDS = (
    AccountSeed("acme", "shop", "a-1", SecretText("acme-key")),
    AccountSeed("zeta", "shop", "z-1", SecretText("zeta-key")),
)


def stocked(**options: Any) -> Sandbox:
    """A fresh world: rack r1 of acme with boxes b0…b4, rack z1 of zeta, empty."""
    world = Sandbox({"shop": Shop}, SEEDS, **options)
    world.shelf("shop", "acme", "rack")["r1"] = {"id": "r1", "name": "r1"}
    world.shelf("shop", "zeta", "rack")["z1"] = {"id": "z1", "name": "z1"}
    boxes = world.shelf("shop", "acme", "box")
    for number in range(5):
        boxes[f"b{number}"] = {"id": f"b{number}", "rack": "r1", "name": f"box{number}"}
    return world


def in_process(world: Sandbox, token: str = "acme-key", **options: Any) -> httpx.Client:
    return httpx.Client(
        transport=httpx.WSGITransport(world.wsgi("shop")),
        base_url="http://shop/api/v9/",
        headers={"Authorization": f"Bearer {token}"},
        **options,
    )


def over_socket(served: Served, token: str = "acme-key", **options: Any) -> httpx.Client:
    headers = {"Authorization": f"Bearer {token}"}
    return httpx.Client(base_url=served.platform_urls["shop"], headers=headers, trust_env=False, **options)
