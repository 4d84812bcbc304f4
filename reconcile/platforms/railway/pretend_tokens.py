"""Project tokens of the sandbox's Railway: each is bound to one environment and comes in a header of its own.

Railway's docs: such a token "can only be used to authenticate requests to that environment". Which of a project's own
operations that leaves is told nowhere: here it opens what stands in its environment, and nothing that others share.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from ...model.pretend import Caller, Thing, World
from .pretend_estate import Estate, Refused, print_of
from .pretend_views import Args, View, paged

if TYPE_CHECKING:
    from graphql import GraphQLResolveInfo

HEADER = "project-access-token"
UNKNOWN = "unknown"
"""In place of the id of a token that nobody made."""
NOT_FOUND = "Project Token not found"
_ACCOUNTS_OWN = frozenset(
    {
        *("apiToken", "projects", "workspace", "environments", "projectTokens", "projectTokenCreate"),
        *("projectTokenDelete", "projectCreate", "projectUpdate", "projectDelete", "environmentCreate"),
        *("environmentRename", "environmentDelete", "serviceCreate", "serviceUpdate", "serviceDelete"),
        *("serviceConnect", "serviceDisconnect", "volumeDelete", "volumeUpdate"),
        *("sshPublicKeys", "sshPublicKeyCreate", "sshPublicKeyDelete"),
    }
)
"""What acts beyond one environment."""


def speaker(world: World, given: str) -> Caller:
    """The account whose project token this is; one with the token `UNKNOWN` where nobody made it."""
    for account, shelf in world.shelves("project-token").items():
        for one in shelf.values():
            if one["token"] == given:
                return Caller(account, world.account_id(account), one["tier"], one["id"])
    return Caller("", "", token=UNKNOWN)


def may_not(estate: Estate, info: "GraphQLResolveInfo[Estate]") -> bool:
    """Whether a root field is beyond the caller's token."""
    return estate.token is not None and not info.path.prev and info.field_name in _ACCOUNTS_OWN


def _create(estate: Estate, thing: Thing, args: Args) -> str:
    asked = args["input"]
    environment = estate.environment(asked["environmentId"], asked["projectId"])
    fields = {"name": asked["name"], "projectId": environment["projectId"], "environmentId": environment["id"]}
    made = estate.add("project-token", {**fields, "tier": estate.tier, "token": estate.new_id()})
    return str(made["token"])


def _delete(estate: Estate, thing: Thing, args: Args) -> bool:
    found = estate.get("project-token", args["id"], "Project Token")
    estate.drop("project-token", id=found["id"])
    return True


def takes(world: World, account: str, value: str) -> bool | None:
    """Whether a value is a project token of the account's; None where it never was one."""
    live, gone = world.shelf(account, "project-token"), world.shelf(account, "gone-token")
    if any(one["token"] == value for one in live.values()):
        return True
    print = print_of({"token": value}) if gone else ""
    return False if any(one["print"] == print for one in gone.values()) else None


def _own(estate: Estate, thing: Thing, args: Args) -> Thing:
    if estate.token is None:
        raise Refused(NOT_FOUND)
    return estate.token


def _listed(estate: Estate, thing: Thing, args: Args) -> Thing:
    project = estate.project(args["projectId"])
    return paged(list(estate.where("project-token", projectId=project["id"])), args)


QUERIES: Mapping[str, View] = {"projectToken": _own, "projectTokens": _listed}
MUTATIONS: Mapping[str, View] = {"projectTokenCreate": _create, "projectTokenDelete": _delete}
FIELDS: Mapping[str, View] = {
    "displayToken": lambda estate, thing, args: f"****-{thing['token'][-4:]}",
    "project": lambda estate, thing, args: estate.shelf("project")[thing["projectId"]],
    "environment": lambda estate, thing, args: estate.shelf("environment")[thing["environmentId"]],
}
