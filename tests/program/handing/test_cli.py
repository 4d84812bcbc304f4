"""With the vendor's command line: a stack goes to Pulumi and back, and nothing that lives notices."""

import json
import stat
from pathlib import Path

import pytest

from reconcile.cli.handing import _Handing, adopted_by_pulumi
from reconcile.cli.options import workshop
from reconcile.cli.screen import waiting
from reconcile.program.engine.stack import ensure
from reconcile.program.handing import NotHanded, export, import_all, put
from tests.cli.conftest import Command

from .conftest import APP, Estate

pytestmark = pytest.mark.tier("pulumi CLI")


@pytest.fixture
def standing(pulumi: Estate, trueup: Command) -> Estate:
    """Built by trueup."""
    built = trueup("apply", "-s", "app", "--yes", "--writer", "trueup")
    assert built.code == 0, built.err
    return pulumi


def test_a_stack_goes_to_pulumi_is_written_by_it_and_comes_back(standing: Estate, trueup: Command) -> None:
    before = standing.live()
    handed = trueup("hand-over", "app", "--to", "pulumi", "--yes", "--json")
    assert handed.code == 0, handed.err
    assert standing.live() == before
    assert len(handed.json["imported"]) == 11
    told = {urn.rpartition("$")[2] for urn in handed.json["told"]}
    assert told == {
        "cloudflare:index/r2BucketLifecycle:R2BucketLifecycle::receipts",
        "cloudflare:index/r2ManagedDomain:R2ManagedDomain::receipts",
        "cloudflare:index/r2CustomDomain:R2CustomDomain::files",
        "trueup:railway:Release::api",
    }
    assert standing.agrees()
    assert "pulumi has begun to write it" in trueup("apply", "-s", "app", "--yes", "--writer", "trueup").err

    # Pulumi can write what it imported and what it was only told of, and starts what runs once.
    changed = APP.replace("COLOUR: blue", "COLOUR: red").replace("2592000", "86400").replace('"1.2"', '"1.3"')
    standing.repository.write("stacks/app.yaml", changed)
    deployments = len(standing.world.shelf("railway", "acme", "deployment"))
    up = trueup("up", "-s", "app", "--yes", "--json")
    assert up.code == 0, up.err
    moved = {one["address"]: one["verb"] for one in up.json["stacks"][0]["pulumi"]["changes"]}
    assert moved == {
        "railway.variable.api/COLOUR": "update",
        "r2.lifecycle.receipts": "update",
        "r2.domain.files": "update",
    }
    assert len(standing.world.shelf("railway", "acme", "deployment")) == deployments + 1
    assert standing.agrees()

    before = standing.live()
    back = trueup("hand-over", "app", "--to", "trueup", "--yes", "--json")
    assert back.code == 0, back.err
    assert standing.live() == before
    assert (back.json["emptied"], back.json["adopted"]) == (16, [])
    assert not standing.state.get("resources")
    backup = Path(back.json["backup"])
    assert stat.S_IMODE(backup.stat().st_mode) == 0o600
    assert len(json.loads(backup.read_text())["deployment"]["resources"]) > 16
    assert trueup("plan", "-s", "app", "--detailed-exitcode").code == 0
    standing.repository.write("stacks/app.yaml", changed.replace("COLOUR: red", "COLOUR: green"))
    assert trueup("apply", "-s", "app", "--yes").code == 0
    assert not standing.state.get("resources")


def test_what_is_not_at_rest_is_not_handed_over(standing: Estate, trueup: Command) -> None:
    assert trueup("sandbox", "edit", "railway", "variable", "COLOUR", "value=red").code == 0
    refused = trueup("hand-over", "app", "--to", "pulumi", "--yes")
    assert refused.code == 11
    assert "update railway.variable.api/COLOUR" in refused.err
    assert not standing.state.get("resources")
    assert "there is no such writer" in trueup("hand-over", "app", "--to", "somebody").err


def test_a_hand_over_that_broke_off_is_finished_by_the_next(standing: Estate, trueup: Command) -> None:
    before = standing.live()
    assert standing.engine is not None
    ensure(standing.engine, "app")
    with workshop(standing.repository.root) as shop:
        wanted, _ = adopted_by_pulumi(shop, "app")
        assert import_all(standing.engine, "app", wanted)
        assert shop.ledger().writers().get("app") != "pulumi"
    assert trueup("apply", "-s", "app", "--yes").code == 0, "trueup still writes it"
    with workshop(standing.repository.root) as shop:
        # The entry is there, and the process dies before Pulumi kept its books.
        shop.ledger().choose_writer("app", "pulumi")
    finished = trueup("hand-over", "app", "--to", "pulumi", "--yes", "--json")
    assert finished.code == 0, finished.err
    assert (finished.json["imported"], len(finished.json["told"])) == ([], 4)
    assert standing.live() == before
    assert standing.agrees()

    with workshop(standing.repository.root) as shop:
        shop.ledger().choose_writer("app", "trueup")
    assert standing.state["resources"]
    assert trueup("hand-over", "app", "--to", "trueup", "--yes").code == 0
    assert not standing.state.get("resources")
    assert standing.live() == before


def test_a_state_that_moved_while_a_person_was_asked_is_not_emptied(standing: Estate, trueup: Command) -> None:
    assert trueup("hand-over", "app", "--to", "pulumi", "--yes").code == 0
    engine = standing.engine
    assert engine is not None

    class Meanwhile(_Handing):
        def _agrees(self, told: str) -> bool:
            state = export(engine, "app")
            put(engine, "app", state.with_resources(state.resources[:-1]))
            return True

    with workshop(standing.repository.root) as shop, waiting(quiet=True) as progress:
        one = Meanwhile(shop, "app", engine, shop.reconciler(progress=progress), progress, 0.0, False)
        with pytest.raises(NotHanded, match="moved since it was read"):
            one.to_trueup()
        assert shop.ledger().writers()["app"] == "pulumi"
    assert standing.state["resources"]


def test_a_lost_ledger_is_told_by_pulumis_state(standing: Estate, trueup: Command) -> None:
    assert standing.engine is not None
    ensure(standing.engine, "app")
    with workshop(standing.repository.root) as shop:
        import_all(standing.engine, "app", adopted_by_pulumi(shop, "app")[0])
        had = shop.ledger().memory()
    for file in standing.folder.glob("world.db*"):
        if file.is_file() and file.suffix != ".key":
            file.unlink()
    assert trueup("plan", "-s", "app", "--json").json["adopt"]
    assert trueup("sandbox", "delete", "cloudflare", "record", "note.shop.example").code == 0
    told = trueup("recover", "--from-pulumi", "app")
    assert told.code == 0, told.err
    assert "main/note" in told.err
    with workshop(standing.repository.root) as shop:
        memory = shop.ledger().memory()
        assert shop.ledger().writers() == {"app": "pulumi"}
    # What was only told to the state, and what is never Pulumi's, comes back by its mark or not at all.
    recovered = {row.place: row.id for row in memory.owned}
    assert recovered.items() <= {row.place: row.id for row in had.owned}.items()
    assert {str(place.address) for place in memory.applied} >= {"railway.instance.api", "railway.variable.api/JWT"}
    instance = next(place for place in memory.applied if str(place.address) == "railway.instance.api")
    assert memory.applied[instance].fields == had.applied[instance].fields
    plan = trueup("plan", "-s", "app", "--json").json
    # Of a value that nobody reads back, nothing tells any more that it is the declared one.
    assert {one["address"]: one["verb"] for one in plan["changes"]} == {
        "cloudflare.record.main/note": "create",
        "railway.variable.api/JWT": "update",
    }
    assert not {one["address"] for one in plan["adopt"]} & {str(place.address) for place in recovered}


def test_the_bulk_file_imports_by_the_vendors_command_line(standing: Estate, trueup: Command) -> None:
    engine = standing.engine
    assert engine is not None
    before = standing.live()
    file = standing.folder / "import.json"
    wrote = trueup("import", "--for-pulumi", "app", "--out", str(file))
    assert wrote.code == 0, wrote.err
    (line,) = [line.split() for line in wrote.out.splitlines() if line.startswith("  pulumi import")]
    ensure(engine, "app")
    done = engine.run(*line[1:], "--yes")
    assert done.code == 0, done.said
    assert standing.live() == before
    # What is left is made by hand-over: nothing but imports was needed, so nothing is imported again.
    finished = trueup("hand-over", "app", "--to", "pulumi", "--yes", "--json")
    assert finished.code == 0, finished.err
    assert (finished.json["imported"], len(finished.json["told"])) == ([], 4)
    assert standing.live() == before
