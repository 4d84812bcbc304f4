"""A moved address: the plan shows it once, until an apply recorded it."""

from reconcile.sandbox.world import World

from .conftest import WEB, Command, Repository

MOVED = WEB.replace("{job: {period: 60}}", "{night: {name: job, period: 60}}") + (
    "moved:\n  - {from: betterstack.heartbeat.job, to: betterstack.heartbeat.night}\n"
)


def test_a_move_is_shown_until_it_is_recorded(applied: World, repository: Repository, trueup: Command) -> None:
    repository.write("stacks/web.yaml", MOVED)
    told = trueup("plan")
    assert (told.code, told.out.count("moved:")) == (0, 1)
    assert "betterstack.heartbeat.job → betterstack.heartbeat.night" in " ".join(told.out.split())
    moves = [{"stack": "web", "from": "betterstack.heartbeat.job", "to": "betterstack.heartbeat.night"}]
    assert trueup("plan", "--json").json["moved"] == moves
    assert trueup("apply", "--all", "--yes").code == 0
    assert trueup("plan", "--json").json["moved"] == []
    assert "moved:" not in trueup("plan").out
