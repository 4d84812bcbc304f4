"""A workflow's runs: which is the newest start, which one runs on, and starting another."""

from collections.abc import Iterable
from dataclasses import dataclass

from ...model.errors import Unavailable
from ...model.platform import Running
from .kinds import Raw

BY_HAND = "workflow_dispatch"
WAITING = frozenset(("queued", "in_progress", "requested", "waiting", "pending"))
NO_START = frozenset(("skipped", "neutral", "stale"))
"""Conclusions of a run that did nothing, so that what was there before runs on."""
UNSEEN = "unseen"
PROPOSALS = ("pull_request", "merge_group")
"""Events whose runs deploy nothing of a branch: one from a fork may carry the name of the branch all the same."""


@dataclass(frozen=True, slots=True)
class Start:
    """One attempt of one run. Running it again is another start: it reads secrets anew."""

    id: str
    at: str
    state: str


def starts_of(runs: Iterable[Raw]) -> list[Start]:
    """Newest first. Raises Unavailable where a run is told in words that nobody knows."""
    found = []
    for run in runs:
        if str(run["event"]).startswith(PROPOSALS) or run["conclusion"] in NO_START:
            continue
        at = str(run.get("run_started_at") or run["created_at"])
        found.append((at, int(run["id"]), Start(f"{run['id']}.{run.get('run_attempt') or 1}", at, _state(run))))
    return [start for _, _, start in sorted(found, key=lambda one: one[:2], reverse=True)]


def running(starts: Iterable[Start]) -> Running:
    """What a workflow does. Where no run is left to be seen nobody knows what was deployed before: runs are kept for a
    time only, so that something may run there which read its values long ago. It counts as live, by a start of which
    nothing is known but that it is none of those that will come."""
    ordered = list(starts)
    if not ordered:
        return Running(UNSEEN, "live")
    newest = ordered[0]
    well = next((one.id for one in ordered if one.state == "live"), "")
    return Running(newest.id, newest.state, newest.at, "" if well == newest.id else well)


def _state(run: Raw) -> str:
    status, conclusion = run["status"], run["conclusion"]
    if status in WAITING:
        return "starting"
    if status != "completed":
        raise Unavailable(f"run {run['id']} is {status!r}, which is no status that is known", platform="github")
    return "live" if conclusion == "success" else "failed"
