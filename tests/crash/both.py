"""One apply that writes to Railway and to Cloudflare, the second following the first, and what must hold however
often it died on the way: nothing twice, and one deploy for each service."""

import shutil
from functools import cache
from pathlib import Path

from tests.railway.estate import Runbooks, proved, settled

PROJECT = """
project: library
ledger: {id: 0a1b2c3d, home: .trueup/ledger.db}
from_env: [SHOP_SENTRY_DSN]
accounts:
  acme:
    cloudflare: {id: a0000000000000000000000000000001, credentials: {token: ACME_CLOUDFLARE_TOKEN}, tier: free}
    railway: {id: fef65949-87cf-45fa-a2db-f9616722e802, credentials: {token: ACME_RAILWAY_TOKEN}, tier: hobby}
"""
SHOP = """
account: acme
cloudflare:
  zone: {shop: {name: shop.example}}
railway:
  project: {shop: {name: shop}}
  service:
    api: {project: shop}
"""
SHOP_AFTER = f"{SHOP}    worker: {{project: shop}}\n"
PRODUCTION = """
account: acme
uses: [shop]
railway:
  environment: {production: {project: shop}}
  instance:
    api:
      service: api
      environment: production
      source: {image: "example/api:1"}
      variables:
        PORT: "${railway.domain.api.port}"
        GONE: here
        DRIFTED: declared
        SENTRY_DSN: {from_env: SHOP_SENTRY_DSN}
  domain:
    api: {instance: api, host: api.shop.example, port: 3000}
cloudflare:
  records:
    shop:
      api: {type: CNAME, content: "${railway.domain.api.target}"}
      api-verify: {name: _railway-verify.api, type: TXT, content: "${railway.domain.api.verify_value}"}
      edit: {type: A, content: 192.0.2.1, ttl: 300}
      gone: {type: A, content: 192.0.2.2}
"""
PRODUCTION_AFTER = """
account: acme
uses: [shop]
railway:
  environment: {production: {project: shop}}
  instance:
    api:
      service: api
      environment: production
      source: {image: "example/api:2"}
      variables:
        PORT: "${railway.domain.api.port}"
        DRIFTED: declared
        SENTRY_DSN: {from_env: SHOP_SENTRY_DSN}
MORE
    worker:
      service: worker
      environment: production
      source: {image: "example/worker:1"}
      variables:
MORE
  domain:
    api: {instance: api, host: api.shop.example, port: 3000}
    admin: {instance: api, host: admin.shop.example, port: 3000}
cloudflare:
  records:
    shop:
      api: {type: CNAME, content: "${railway.domain.api.target}"}
      api-verify: {name: _railway-verify.api, type: TXT, content: "${railway.domain.api.verify_value}"}
      admin: {type: CNAME, content: "${railway.domain.admin.target}"}
      admin-verify: {name: _railway-verify.admin, type: TXT, content: "${railway.domain.admin.verify_value}"}
      edit: {type: A, content: 192.0.2.1, ttl: 900}
      new: {type: A, content: 192.0.2.3}
"""
STACKS = ("production", "shop")


class Shop(Runbooks):
    """A shop with one service in production; then its repository, its console and its DNS all move."""

    home = "acme"


def names(count: int) -> list[str]:
    return [f"PLAIN_{number:02}" for number in range(count)]


def ready(folder: Path, count: int, base: Path) -> Shop:
    """Applied once, then moved; so many variables are new at each of two services."""
    shutil.copytree(_applied(base), folder / "shop")
    estate = Shop(folder / "shop")
    more = "\n".join(f"        {name}: plain" for name in names(count))
    estate.write("shop", SHOP_AFTER)
    estate.write("production", PRODUCTION_AFTER.replace("MORE", more))
    estate.edit_variable("api", "DRIFTED", value="by hand")
    domain = estate.one("domain", name="api.shop.example")["id"]
    estate.world.edit("railway", "domain", domain, "acme", {"target": "moved.up.railway.app"})
    estate.create("blog.shop.example", "A", "192.0.2.99")
    estate.world.create("railway", "service", "metabase", "acme", {"project": "shop"})
    estate.world.clear_calls()
    return estate


@cache
def _applied(base: Path) -> Path:
    """Once a session."""
    root = base / "applied-shop"
    (root / "stacks").mkdir(parents=True)
    for name, text in (("_project", PROJECT), ("shop", SHOP), ("production", PRODUCTION)):
        (root / "stacks" / f"{name}.yaml").write_text(text)
    estate = Shop(root)
    proved(estate.apply())
    settled(estate.plan())
    assert estate.deploys() == 1
    estate.world.save()
    return root


def converges(estate: Shop, count: int) -> None:
    """Runs the same command again: all is as declared, nothing is there twice, each service was deployed once."""
    proved(estate.apply())
    settled(estate.plan())
    assert not estate.drift().plan.changes
    _whole(estate, count)
    assert [one["service"] for one in estate.shelf("deployment")][1:] in (["api", "worker"], ["worker", "api"])
    memory = estate.memory()
    live = {("cloudflare.record", one["id"]) for one in estate.live() if not one["name"].startswith("blog.")}
    assert {(one.kind, one.id) for one in memory.owned if one.kind.startswith("cloudflare.")} == live
    owned = [(one.kind, one.key) for one in memory.owned]
    assert len(owned) == len(set(owned))
    assert {(one.stack, one.address) for one in memory.owned} == set(memory.applied)
    assert memory.intents == ()
    assert estate.entries() > 0


def _whole(estate: Shop, count: int) -> None:
    """What both platforms hold, counted."""
    target = {one["name"]: one["target"] for one in estate.shelf("domain")}
    assert sorted(target) == ["admin.shop.example", "api.shop.example"]
    assert target["api.shop.example"] == "moved.up.railway.app"
    for name in target:
        assert estate.dns(name, "CNAME")["content"] == target[name]
    assert estate.names() == [
        *("_railway-verify.admin.shop.example TXT", "_railway-verify.api.shop.example TXT"),
        *("admin.shop.example CNAME", "api.shop.example CNAME", "blog.shop.example A", "edit.shop.example A"),
        "new.shop.example A",
    ]
    assert sorted(one["name"] for one in estate.shelf("service")) == ["api", "metabase", "worker"]
    held = sorted((one["service"], one["name"]) for one in estate.shelf("variable"))
    api = ["DRIFTED", *names(count), "PORT", "SENTRY_DSN"]
    assert held == [("api", name) for name in api] + [("worker", name) for name in names(count)]
    assert estate.value("api", "DRIFTED") == "declared"
