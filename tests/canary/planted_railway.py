"""A shop on Railway and Cloudflare, every kind of secret that it may hold, and a day on which all of them are met."""

import base64
import json
import urllib.request
from pathlib import Path
from typing import Any

from pyrage import decrypt, x25519

from reconcile.model.pretend import Told
from reconcile.store.vault import PEPPER
from tests.railway.estate import Runbooks

from .planted import VENDOR_KEY, Stage

DSN = "https://8f1d03c7a95e4b62@sentry.example/4711"
FROM_ENV = {"SHOP_SENTRY_DSN": DSN, "SHOP_SEALED": "sealed-5b1f7ae0c9d24c6d", "SHOP_SHARED": "shared-9c27de41ab305f68"}
"""What the runner's environment holds."""
BY_HAND = {
    "JWT_SECRET": "set-once-by-a-person-4f6a01",
    "COMMON_SECRET": "shared-by-a-person-7be213d9",
    "UNDECLARED_KEY": "nobody-declares-this-5510ce",
}
"""What a person set in the console, by name."""
TYPED = {
    "SENTRY_DSN": "typed-over-a-secret-e7719a02",
    "SEALED": "typed-over-a-sealed-one-20c4f1",
    "JWT_SECRET": "typed-over-a-persons-66ab17f3",
    "NODE_ENV": "typed-into-a-plain-one-8d3e90",
}
"""What somebody wrote over it later, by name."""
REGISTRY = "registry-password-1a9f77c2e5"
IN_FILE = "written-in-a-dot-env-file-c80d2e"
PROJECT = f"""
project: library
ledger: {{id: 0a1b2c3d, home: .trueup/ledger.db}}
from_env: [{", ".join(FROM_ENV)}]
accounts:
  acme:
    cloudflare: {{id: a0000000000000000000000000000001, credentials: {{token: ACME_CLOUDFLARE_TOKEN}}, tier: free}}
    railway: {{id: fef65949-87cf-45fa-a2db-f9616722e802, credentials: {{token: ACME_RAILWAY_TOKEN}}, tier: hobby}}
"""
SHOP = """
account: acme
cloudflare:
  zone: {shop: {name: shop.example}}
  records:
    shop:
      api: {type: CNAME, content: "${railway.domain.api.target}"}
railway:
  project: {shop: {name: shop}}
  environment:
    production:
      project: shop
      variables:
        COMMON: {from_env: SHOP_SHARED}
        COMMON_SECRET: {exists: true}
  service:
    api: {project: shop}
  instance:
    api:
      service: api
      environment: production
      source: {image: "example/api:1"}
      variables:
        NODE_ENV: production
        SENTRY_DSN: {from_env: SHOP_SENTRY_DSN}
        SEALED: {from_env: SHOP_SEALED, sealed: true}
        JWT_SECRET: {exists: true}
  domain:
    api: {instance: api, host: api.shop.example, port: 3000}
"""
WHERE = {"project": "shop", "environment": "production"}


class Shop(Runbooks):
    home = "acme"

    def __init__(self, root: Path) -> None:
        (root / "stacks").mkdir()
        (root / "stacks" / "_project.yaml").write_text(PROJECT)
        (root / "stacks" / "shop.yaml").write_text(SHOP)
        super().__init__(root)

    def set_by_hand(self) -> None:
        """What only a person has: declared as there, or not declared at all."""
        for name, value in BY_HAND.items():
            kind, service = ("shared-variable", {}) if name == "COMMON_SECRET" else ("variable", {"service": "api"})
            self.world.create("railway", kind, name, "acme", {**WHERE, **service, "value": value})
        config: dict[str, Any] = self.one("instance", name="api")["config"]
        config.setdefault("deploy", {})["registryCredentials"] = {"username": "shop", "password": REGISTRY}

    def typed_over(self) -> None:
        for name, value in TYPED.items():
            self.edit_variable("api", name, value=value)

    def careless_vendor(self) -> None:
        """From now on every refusal of Railway's quotes the caller's header, a key and what was sent."""
        pretend: Any = self.world.mount("railway").pretend
        token = self.tokens["acme", "railway"]
        words = f"careless: SENTRY_DSN cannot hold {DSN}; key {VENDOR_KEY}; ?t={token}; Authorization: Bearer {token}"

        def refusal(status: int, reason: str, retry_after: float | None = None) -> Told:
            wait = {} if retry_after is None else {"Retry-After": str(int(retry_after))}
            return Told(status if status == 429 else 200, {"errors": [{"message": words}], "data": None}, wait)

        pretend.refusal = refusal

    @property
    def planted(self) -> dict[str, str]:
        """Name to value of everything that must not be read anywhere."""
        found = {f"token of {platform}": token for (_, platform), token in self.tokens.items()}
        found |= {f"{name} of the environment": value for name, value in FROM_ENV.items()}
        found |= {f"{name} set by hand": value for name, value in BY_HAND.items()}
        found |= {f"{name} typed over": value for name, value in TYPED.items()}
        found |= {"registry password": REGISTRY, "in a file": IN_FILE, "key in an error": VENDOR_KEY}
        # A part of an address is as good as the whole to whoever reads it.
        return found | {"user of the address": DSN.partition("@")[0].rpartition("/")[2]}


class ShopOnRailway(Stage):
    """Its command lines."""

    def __init__(self, root: Path) -> None:
        self.shop = Shop(root)
        super().__init__(self.shop)

    @property
    def planted(self) -> dict[str, str]:
        """With what the sandbox's own ledger is locked with."""
        file = self.shop.ledger_file.with_name(f"{self.shop.ledger_file.name}.key")
        (key,) = [line for line in file.read_text().splitlines() if not line.startswith("#")]
        return {
            **self.shop.planted,
            **locks(key, self.sealed()),
            "control token": self.served.ready.control,
        }

    def sealed(self) -> str:
        with self.shop.workshop() as opened:
            return opened.ledger().sealed()[PEPPER]

    def whole_day(self) -> None:
        """Every command that says anything about a variable, before and after hands were laid on it; then refusals."""
        self.said_of_the_stacks()
        self.run("plan", "--json", "--out", str(self.files / "first.plan"))
        self.run("apply", "--all", "--yes")
        self.shop.set_by_hand()
        self.run("apply", "--all", "--yes")
        self.shop.typed_over()
        self.said_of_the_world()
        self.run("plan", "--out", str(self.files / "second.plan"))
        self.shop.careless_vendor()
        for fault in ("400", "401", "403", "429", "500", "reset after"):
            self.unwritten(fault)
        for fault in ("401", "403", "429"):
            self.unread(fault)
        self.run("apply", "--all", "--yes", "--json")
        self.said_of_the_past()
        self.imported()
        self.sandbox()

    def unwritten(self, fault: str) -> None:
        """What is said where a write is refused, or goes wrong on its way."""
        self.shop.typed_over()
        for operation in ("Apply", "PatchCommit"):
            self.shop.fault(f"{fault} POST /graphql/v2?query={operation} times=always", "railway")
        self.run("apply", "--all", "--yes")
        self.run("apply", "--all", "--yes", "--json")
        self.shop.world.clear_faults()

    def unread(self, fault: str) -> None:
        """What is said where nothing can be read."""
        later = " retry-after=900" if fault == "429" else ""
        self.shop.fault(f"{fault} POST times=always{later}", "railway")
        for words in (("plan",), ("plan", "--json"), ("doctor",), ("show", "railway.variable.api/SENTRY_DSN")):
            self.run(*words)
        self.shop.world.clear_faults()

    def said_of_the_stacks(self) -> None:
        for words in (("validate",), ("plan",), ("coverage",), ("status",)):
            self.run(*words)
            self.run(*words, "--json")

    def said_of_the_world(self) -> None:
        names = ("variable.api/SENTRY_DSN", "variable.api/SEALED", "variable.api/JWT_SECRET", "variable.api/NODE_ENV")
        shown = [f"railway.{name}" for name in (*names, "shared-variable.production/COMMON_SECRET", "instance.api")]
        for words in (("plan",), ("drift",), ("output",), ("status", "--live"), *(("show", one) for one in shown)):
            self.run(*words)
            self.run(*words, "--json")

    def said_of_the_past(self) -> None:
        for words in (("history",), ("ledger", "show"), ("ledger", "verify"), ("doctor",), ("status",)):
            self.run(*words)
            self.run(*words, "--json")
        self.run("ledger", "backup", str(self.files / "ledger.backup"))

    def imported(self) -> None:
        """Stack files from what lives, from a `.env`, and from the vendor's own file."""
        fresh = self.shop.root / "fresh"
        (fresh / "stacks").mkdir(parents=True)
        (fresh / "stacks" / "_project.yaml").write_text(PROJECT)
        for platform in ("railway", "cloudflare"):
            self.run("import", platform, "--account", "acme", "--stdout", root=fresh)
        self.run("import", "--account", "acme", "--into", str(self.files / "imported.yaml"), root=fresh)
        self.run("import", "railway", "--account", "acme", "--stdout")
        source = self.shop.root / ".env"
        source.write_text(f"NODE_ENV=production\nAPI_SECRET={IN_FILE}\nDATABASE_URL=postgres://u:{IN_FILE}@h/d\n")
        for how in ((), ("--from-env",)):
            self.run("import", str(source), "--service", "api", "--environment", "production", "--stdout", *how)
        config = self.shop.root / "railway.json"
        config.write_text(json.dumps({"deploy": {"startCommand": "node server.js", "healthcheckPath": "/health"}}))
        self.run("import", str(config), "--service", "api", "--environment", "production", "--stdout")

    def sandbox(self) -> None:
        """The pretend world's own pages and commands show no more than the vendor's console does."""
        for url in (self.served.page_url, self.served.ready.clock):
            with urllib.request.urlopen(url, timeout=10) as answer:
                self.said[f"page {url.rpartition('/')[2] or 'first'}"] = answer.read()
        self.run("sandbox", "calls")
        self.run("sandbox", "edit", "railway", "variable", "NODE_ENV", "value=production")
        self.run("sandbox", "edit", "railway", "instance", "api", "startCommand=run")


def locks(key: str, sealed: str) -> dict[str, str]:
    """The runner's key and the pepper that it opens, in the forms that somebody might print."""
    pepper = decrypt(base64.b64decode(sealed), [x25519.Identity.from_str(key)])
    return {"runner key": key, "pepper in hex": pepper.hex(), "pepper in base64": base64.b64encode(pepper).decode()}
