"""An apply that does everything at once, and what must hold however often it died on the way."""

from pathlib import Path

from tests.stories.estate import Estate, said

SHOP = """
account: acme
cloudflare:
  zone: {shop: {name: shop.example}}
  records:
    shop:
      keep: {type: A, content: 192.0.2.1}
      edit: {type: A, content: 192.0.2.2, ttl: 300}
      gone: {type: A, content: 192.0.2.3}
      alias: {type: CNAME, content: keep.shop.example}
      house: {type: A, content: 192.0.2.4}
      drifted: {type: A, content: 192.0.2.5}
      lost: {type: A, content: 192.0.2.6}
      old: {type: CNAME, content: keep.shop.example}
      hand: {type: A, content: 192.0.2.7, ttl: 300}
betterstack:
  heartbeat:
    beat: {period: 60}
    dead: {period: 60}
"""
SHOP_AFTER = """
account: acme
cloudflare:
  zone: {shop: {name: shop.example}}
  records:
    shop:
      keep: {type: A, content: 192.0.2.1}
      edit: {type: A, content: 192.0.2.2, ttl: 900}
      alias: {type: A, content: 192.0.2.14}
      house: {type: CNAME, content: keep.shop.example}
      drifted: {type: A, content: 192.0.2.5}
      lost: {type: A, content: 192.0.2.6}
      old: {type: A, content: 192.0.2.17}
      hand: {type: A, content: 192.0.2.7, ttl: 900}
      new: {type: A, content: 192.0.2.18}
      state: {type: TXT, content: "state=${betterstack.heartbeat.fresh.status}"}
betterstack:
  heartbeat:
    beat: {period: 90}
    fresh: {period: 60}
"""
FARM = """
account: acme
cloudflare:
  zone: {farm: {name: farm.example}}
  records:
    farm:
      keep: {type: A, content: 192.0.2.1}
      edit: {type: A, content: 192.0.2.2, ttl: 300}
      gone: {type: A, content: 192.0.2.3}
"""
FARM_AFTER = FARM.replace("ttl: 300", "ttl: 900").replace("gone:", "new:")

NAMES = sorted(
    [
        "blog.farm.example A",
        "blog.shop.example A",
        "alias.shop.example A",
        "drifted.shop.example A",
        "edit.farm.example A",
        "edit.shop.example A",
        "hand.shop.example A",
        "house.shop.example CNAME",
        "keep.farm.example A",
        "keep.shop.example A",
        "lost.shop.example A",
        "new.farm.example A",
        "new.shop.example A",
        "old.shop.example A",
        "state.shop.example TXT",
    ]
)


def ready(root: Path) -> Estate:
    """Everything applied once and two things adopted; then the repository and the platform both moved."""
    estate = Estate(root, SHOP)
    estate.write("farm", FARM)
    estate.begin_more()
    estate.create("old.shop.example", "CNAME", "keep.shop.example")
    estate.create("hand.shop.example", "A", "192.0.2.7", ttl="300")
    estate.adopt("cloudflare.record.shop/old", "cloudflare.record.shop/hand")
    assert estate.apply().exit_code() == 0
    estate.create("blog.shop.example", "A", "192.0.2.99")
    estate.create("blog.farm.example", "A", "192.0.2.99")
    estate.edit("drifted.shop.example", "A", ttl="600")
    estate.delete("lost.shop.example", "A")
    estate.write("shop", SHOP_AFTER)
    estate.write("farm", FARM_AFTER)
    estate.world.clear_calls()
    return estate


def converges(estate: Estate) -> None:
    """Runs the same command again: all is as declared, nothing is there twice, and each thing of ours has its owner."""
    run = estate.apply()
    assert run.exit_code() == 0, [(str(one.change.address), one.status, one.error) for one in run.outcomes]
    assert estate.names() == NAMES
    beats = {one["name"]: one["period"] for one in estate.live("heartbeat", "betterstack")}
    assert beats == {"beat": 90, "fresh": 60}
    assert len(estate.live("heartbeat", "betterstack")) == 2
    plan = estate.plan().plan
    assert (plan.changes, plan.adopt, plan.gaps, plan.owning) == ((), (), (), ())
    assert said(estate.drift()) == []
    memory = estate.memory()
    live = {("cloudflare.record", one["id"]) for one in estate.live() if not one["name"].startswith("blog.")}
    live |= {("betterstack.heartbeat", one["id"]) for one in estate.live("heartbeat", "betterstack")}
    assert {(one.kind, one.id) for one in memory.owned} == live
    assert {(one.stack, one.address) for one in memory.owned} == set(memory.applied)
    assert memory.intents == ()
    assert estate.entries() > 0
