"""An act of the demo: a domain's target moves on Railway, and its records on Cloudflare follow."""

from typing import TYPE_CHECKING, Any

from .hands import Hands, name_of
from .running import Claim, Runs, verified

if TYPE_CHECKING:
    from ...model.spec import Declared, Tree


def move_domains(tree: "Tree", runs: Runs, hands: Hands) -> tuple[list[dict[str, Any]], list[Claim]]:
    """Moves every domain that a record refers to. Returns what moved with what followed, and what that shows: nothing
    where there is no such domain."""
    from ..plan_view import counted

    domains = {one.place: one for one in tree.declared() if one.address.full_kind == "railway.domain"}
    followers = {place: _followers(tree, one) for place, one in domains.items()}
    domains = {place: one for place, one in domains.items() if followers[place]}
    if not domains:
        return [], []
    moved = {place: hands.move_domain(one) for place, one in domains.items()}
    planned = runs.run("plan", "--all", "--detailed-exitcode")
    deploys = runs.deploys()
    applied = runs.run("apply", "--all", "--yes")
    deploys += runs.deploys()
    told = [_told(one, moved[place], _followed(runs, one, applied, followers[place])) for place, one in domains.items()]
    wanted = {(one.stack, str(one.address)) for several in followers.values() for one in several}
    causes = {one["cause"] for one in planned["changes"]}
    followed = sum(len(one["followed"]) for one in told)
    claim = Claim(
        "a domain's target moves on Railway: its DNS follows, cause reference",
        f"{len(told)} moved, {followed} of {len(wanted)} records followed, {counted(deploys, 'deploy')}",
        {(one["stack"], one["address"]) for one in planned["changes"]} == wanted
        and (causes, followed, deploys, applied["exit"]) == ({"reference"}, len(wanted), 0, 0),
    )
    return told, [claim]


def _told(
    domain: "Declared", moved: dict[str, str], changed: list[tuple[dict[str, Any], dict[str, Any]]]
) -> dict[str, Any]:
    """A domain that moved, and those of its records, of all that changed, which hold what it asks for now."""
    return {
        "stack": domain.stack,
        "address": str(domain.address),
        "host": name_of(domain),
        "target": moved["target"],
        "followed": [
            {"address": change["address"], "type": record["type"], "cause": change["cause"]}
            for change, record in changed
            if any(text in record["content"] for text in moved.values())
        ],
    }


def _followers(tree: "Tree", domain: "Declared") -> list["Declared"]:
    """The records that hold a domain's target or the proof that it asks for."""
    texts = tuple(f"{domain.address}.{output}" for output in ("target", "verify_value"))
    return [
        one
        for one in tree.declared()
        if one.address.full_kind == "cloudflare.record"
        and domain.place in one.needs
        and any(text in value for value in one.references.values() for text in texts)
    ]


def _followed(
    runs: Runs, domain: "Declared", applied: dict[str, Any], followers: list["Declared"]
) -> list[tuple[dict[str, Any], dict[str, Any]]]:
    """The changes of its records that were made and seen, each with the record as it lives."""
    places = {(one.stack, str(one.address)) for one in followers}
    live = runs.world.shelf("cloudflare", domain.account, "record")
    changes = [one for one in verified(applied) if (one["stack"], one["address"]) in places]
    return [(one, live[one["outcome"]["id"]]) for one in changes]
