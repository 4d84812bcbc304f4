"""A person at a GraphQL console: two Railway workspaces in a sandbox, and documents sent to them."""

from typing import Any

import httpx

from reconcile.model.secret import SecretText
from reconcile.platforms.railway.pretend import Pretend
from reconcile.sandbox.world import AccountSeed, World
from tests.railway.documents import DOCUMENTS

SEEDS = (
    AccountSeed("acme", "railway", "workspace-acme", SecretText("token-acme"), "hobby"),
    AccountSeed("other", "railway", "workspace-other", SecretText("token-other"), "hobby"),
)


class Talk:
    """One account's caller. `ids` holds what `begin` made: p, e (production), s (service api)."""

    def __init__(self, world: World, account: str = "acme") -> None:
        self.world = world
        headers = {"Authorization": f"Bearer token-{account}"}
        # Redirects and proxies have no part in this: it never leaves the process.
        transport = httpx.WSGITransport(world.wsgi("railway"))
        self.http = httpx.Client(transport=transport, base_url="http://railway", headers=headers)
        self.ids: dict[str, str] = {}

    def send(self, document: str, name: str = "", **variables: Any) -> httpx.Response:
        body = {"query": document, "variables": variables}
        return self.http.post(f"/graphql/v2?query={name}" if name else "/graphql/v2", json=body)

    def ask(self, name: str, **variables: Any) -> Any:
        """The data of a known document; fails on errors."""
        answer = self.send(DOCUMENTS[name], name, **variables).json()
        assert "errors" not in answer, answer
        return answer["data"]

    def wrong(self, name: str, **variables: Any) -> dict[str, Any]:
        """The first error of an answer that must have one, and HTTP status 200."""
        answer = self.send(DOCUMENTS[name], name, **variables)
        assert answer.status_code == 200
        return dict(answer.json()["errors"][0])

    def begin(self) -> "Talk":
        project = self.ask("ProjectCreate", i={"name": "bilko"})["projectCreate"]
        self.ids = {"p": project["id"], "e": project["environments"]["edges"][0]["node"]["id"]}
        self.ids["s"] = self.service("api")
        return self

    def service(self, name: str) -> str:
        return str(self.ask("ServiceCreate", i={"projectId": self.ids["p"], "name": name})["serviceCreate"]["id"])

    def environment(self, name: str, **more: Any) -> str:
        asked = {"projectId": self.ids["p"], "name": name, **more}
        return str(self.ask("EnvironmentCreate", i=asked)["environmentCreate"]["id"])

    def patch(self, body: dict[str, Any], environment: str = "") -> None:
        self.ask("PatchCommit", e=environment or self.ids["e"], p=body)

    def patch_service(self, body: dict[str, Any]) -> None:
        self.patch({"services": {self.ids["s"]: body}})

    def snapshot(self) -> Any:
        e = self.ids["e"]
        return self.ask("Snapshot", p=self.ids["p"], e0=e, e1=e)

    def config(self) -> Any:
        return self.snapshot()["e0"]["config"]

    def variables(self) -> dict[str, Any]:
        """As the config tells them."""
        return dict(self.config()["services"][self.ids["s"]].get("variables", {}))

    def instance(self, environment: str = "") -> Any:
        e = environment or self.ids["e"]
        edges = self.ask("Snapshot", p=self.ids["p"], e0=e, e1=e)["e0"]["serviceInstances"]["edges"]
        return next(one["node"] for one in edges if one["node"]["serviceId"] == self.ids["s"])

    def etag(self) -> str:
        return str(self.ask("Poll", e0=self.ids["e"], e1=self.ids["e"])["e0"]["configEtag"])

    def deployments(self) -> int:
        """How many there were so far, of all services."""
        return len(self.world.shelf("railway", "acme", "deployment"))

    def apply(self, *changes: dict[str, Any], base: str | None = None) -> Any:
        """A change set; waits for it."""
        told = [{"path": "resources", "summary": "a change", **change} for change in changes]
        asked = {"version": 1, "changes": told, "diagnostics": []}
        return self.ask("Apply", e=self.ids["e"], i=asked, b=base, w=True)["environmentApplyChangeSet"]


def world_of(**options: Any) -> World:
    return World({"railway": Pretend}, SEEDS, **options)


def set_variable(name: str, value: str, **more: Any) -> dict[str, Any]:
    after = {"type": "literal", "value": value, **more}
    return {"kind": "variable.set", "address": "service.api", "variable": name, "after": after}
