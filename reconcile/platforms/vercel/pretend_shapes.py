"""What stands in a Vercel project, as it is made and as an answer tells it."""

from collections.abc import Mapping
from typing import Any

from ...model.pretend import Caller, Thing, World
from .pretend_parts import Refused, apex_of, cipher


def now_of(world: World) -> int:
    """Milliseconds since 1970."""
    return int(world.now().timestamp() * 1000)


def slot(thing: Thing) -> tuple[Any, ...]:
    return thing["projectId"], thing["name"], tuple(sorted(thing["target"])), thing["gitBranch"]


def no_conflict(shelf: Mapping[str, Thing], thing: Thing) -> None:
    """One value a name, target and branch (Terraform provider, on ENV_CONFLICT)."""
    for one in shelf.values():
        same = (one["projectId"], one["name"], one["gitBranch"]) == (
            thing["projectId"],
            thing["name"],
            thing["gitBranch"],
        )
        if same and one["id"] != thing["id"] and set(one["target"]) & set(thing["target"]):
            more = {"key": thing["name"], "envVarKey": thing["name"], "envVarId": one["id"], "target": thing["target"]}
            said = f"A variable with the name `{thing['name']}` already exists for the target {','.join(one['target'])}"
            raise Refused(400, "ENV_CONFLICT", said, **more, gitBranch=thing["gitBranch"])


def blank(world: World, account: str, kind: str, project: Thing, name: str) -> Thing:
    """A thing in a project, before anything is said of it."""
    now = now_of(world)
    base: Thing = {"name": name, "projectId": project["id"], "createdAt": now, "updatedAt": now}
    if kind == "variable":
        return {
            "id": world.new_id(16),
            **base,
            "value": "",
            "type": "plain",
            "target": ["production"],
            "gitBranch": None,
        }
    if kind == "check":
        settled = {
            "requires": "deployment-url",
            "blocks": "deployment-alias",
            "targets": ["production"],
            "timeout": 300,
        }
        owner = {"ownerId": project["accountId"], "isRerequestable": False}
        source = {"kind": "git-provider", "provider": "github", "externalCheckName": name}
        return {
            "id": f"check_{world.new_id(24)}",
            **base,
            **settled,
            **owner,
            "source": source,
            "sourceKind": source["kind"],
        }
    elsewhere = any(name in shelf for other, shelf in world.shelves("domain").items() if other != account)
    asked = {"type": "TXT", "domain": f"_vercel.{apex_of(name)}", "reason": "pending_domain_verification"}
    asked |= {"value": f"vc-domain-verify={name},{world.new_id(20)}"}
    told = {"redirect": None, "redirectStatusCode": None, "gitBranch": None, "customEnvironmentId": None}
    return {"id": name, **base, **told, "apexName": apex_of(name), "verified": not elsewhere, "verification": [asked]}


def new_hook(world: World, caller: Caller, body: Mapping[str, Any]) -> Thing:
    url, events = str(body.get("url", "")), body.get("events")
    if not url.startswith(("https://", "http://")) or not isinstance(events, list) or not events:
        raise Refused(400, "bad_request", "Invalid request: a webhook needs `url` and `events`.")
    now = now_of(world)
    told: Thing = {"id": f"hook_{world.new_id(24)}", "name": url, "events": events, "ownerId": caller.id}
    told |= {"projectIds": body["projectIds"]} if body.get("projectIds") else {}
    return {**told, "createdAt": now, "updatedAt": now}


_OURS = ("hidden", "undecrypted", "fails", "health", "rolledBack")
"""What a project holds here and no answer tells."""


def told_project(thing: Thing) -> Thing:
    return {name: value for name, value in thing.items() if name not in _OURS}


def told_variable(thing: Thing, *, decrypt: bool = False) -> Thing:
    """As an answer tells it: "" of a sensitive one, ciphertext of an encrypted one unless asked for (recorded)."""
    readable = thing["type"] == "plain" or (thing["type"] == "encrypted" and decrypt)
    value = thing["value"] if readable else "" if thing["type"] == "sensitive" else cipher(thing["value"])
    told = {name: one for name, one in thing.items() if name not in ("name", "projectId", "value", "gitBranch")}
    told |= {"gitBranch": thing["gitBranch"]} if thing["gitBranch"] else {}
    told |= {"decrypted": readable} if thing["type"] != "plain" else {}
    nobody = dict.fromkeys(("configurationId", "createdBy", "updatedBy", "edgeConfigId", "edgeConfigTokenId"))
    return {**nobody, "securityIssues": [], **told, "key": thing["name"], "value": value}


def told_domain(thing: Thing) -> Thing:
    hidden = {"id", "misconfigured"} | ({"verification"} if thing["verified"] else set())
    return {name: value for name, value in thing.items() if name not in hidden}


def told_check(thing: Thing) -> Thing:
    return dict(thing)


def told_webhook(thing: Thing) -> Thing:
    return {**{name: value for name, value in thing.items() if name != "name"}, "url": thing["name"]}
