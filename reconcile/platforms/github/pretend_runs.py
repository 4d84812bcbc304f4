"""What the sandbox's workflows do: runs that move with the world's clock, and what a green one leaves on a host.

Repository secrets are read when a run is queued, environment secrets when its job starts (GitHub's docs, secrets
reference). A run writes its host's file and starts what reads it; one that fails changes nothing there.
"""

import datetime as dt
from collections.abc import Iterator

from ...model.pretend import RunningUnit, Thing, World

QUEUED_SECONDS = 2
RUN_SECONDS = 8
WELL = "success"


def move(world: World, account: str) -> None:
    """Brings every run to where it is by now, those that end first before the others."""
    shelf, now = world.shelf(account, "run"), world.now()
    left = [one for one in shelf.values() if one["status"] != "completed"]
    for run in sorted(left, key=lambda one: str(one["ends"])):
        does = world.shelf(account, "workflow").get(str(run["workflow"]))
        if run["status"] == "queued" and now >= _moment(run["begins"]):
            run |= {"status": "in_progress", "moved": run["begins"]}
            if does is not None:
                run["values"] |= _values(world, account, does, "environment-secret")
        if run["status"] == "in_progress" and now >= _moment(run["ends"]):
            ended = does["conclusion"] if does is not None else "cancelled"
            run |= {"status": "completed", "conclusion": ended, "moved": run["ends"]}
            if does is not None and ended == WELL:
                _deploy(world, account, does, run)


def queue(world: World, account: str, does: Thing, ref: str, event: str) -> Thing:
    """A new run, with the repository's secrets as they are now."""
    shelf, now = world.shelf(account, "run"), world.now()
    begins = now + dt.timedelta(seconds=QUEUED_SECONDS)
    ends = begins + dt.timedelta(seconds=does["seconds"])
    id = max((one["id"] for one in shelf.values()), default=9_000_000_000) + 1
    number = 1 + sum(one["workflow"] == does["id"] for one in shelf.values())
    run: Thing = {"id": id, "name": str(id), "repository": does["repository"], "workflow": does["id"], "ref": ref}
    run |= {"event": event, "number": number, "attempt": 1, "status": "queued", "conclusion": None}
    run |= dict.fromkeys(("created", "started", "moved"), now.isoformat(timespec="microseconds"))
    run |= {"begins": begins.isoformat(), "ends": ends.isoformat()}
    run["values"] = _values(world, account, does, "secret")
    shelf[str(id)] = run
    return run


def units(world: World, account: str) -> Iterator[RunningUnit]:
    """Every workflow on every ref that a run was green on, with what that run gave to what it deployed."""
    move(world, account)
    runs = sorted(world.shelf(account, "run").values(), key=lambda one: str(one["ends"]))
    for does in world.shelf(account, "workflow").values():
        for ref in dict.fromkeys(one["ref"] for one in runs if one["workflow"] == does["id"]):
            mine = [one for one in runs if (one["workflow"], one["ref"]) == (does["id"], ref)]
            green = [one for one in mine if one["conclusion"] == WELL]
            name = f"{does['repository']}/{does['name']}@{ref}"
            yield RunningUnit(
                "github.workflow",
                name,
                f"{green[-1]['id']}.{green[-1]['attempt']}" if green else "",
                _on_host(world, account, does, ref) if green else {},
                starting=any(one["status"] != "completed" for one in mine),
                hosts=(does["host"],) if does["host"] else (),
                well=not does["ill"],
            )


def _values(world: World, account: str, does: Thing, kind: str) -> dict[str, str]:
    """By what a workflow calls each, the value of a secret that it reads. What is not there reads as nothing."""
    found: dict[str, str] = {}
    for one in world.shelf(account, kind).values():
        here = one["repository"] == does["repository"] and one.get("environment") == does["environment"]
        if here or (kind == "secret" and one["repository"] == does["repository"]):
            found |= {name: one["value"] for name, of in does["reads"].items() if of == one["name"]}
    return found


def _deploy(world: World, account: str, does: Thing, run: Thing) -> None:
    """The whole file is written anew: what no secret gives is empty there."""
    shelf = world.shelf(account, "host-variable")
    for id in [id for id, one in shelf.items() if (one["workflow"], one["ref"]) == (does["id"], run["ref"])]:
        del shelf[id]
    for name in does["reads"]:
        id = f"{does['id']}@{run['ref']}#{name}"
        thing = {"id": id, "name": name, "workflow": does["id"], "ref": run["ref"], "host": does["host"]}
        shelf[id] = {**thing, "path": does["path"], "value": run["values"].get(name, ""), "written_at": run["ends"]}


def _on_host(world: World, account: str, does: Thing, ref: str) -> dict[str, str]:
    things = world.shelf(account, "host-variable").values()
    return {one["name"]: one["value"] for one in things if (one["workflow"], one["ref"]) == (does["id"], ref)}


def _moment(text: str) -> dt.datetime:
    return dt.datetime.fromisoformat(text)
