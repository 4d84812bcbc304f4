"""What becomes of a small stack that stands, when Pulumi's own commands are typed on it."""

import pytest

from .shop import APP, CHANGES_NOT_EXPECTED, Shop

pytestmark = pytest.mark.tier("pulumi CLI")


def test_a_hand_edit_is_seen_where_the_platform_is_read_and_put_back_where_it_is_written(built: Shop) -> None:
    built.edit("COLOUR", "red")
    before = built.state_file.read_bytes()
    built.pulumi("preview", "--expect-no-changes")
    assert built.previewed("--refresh") == {"Variable::api/COLOUR": "update", "Release::api": "update"}
    built.pulumi("preview", "--refresh", "--expect-no-changes", code=CHANGES_NOT_EXPECTED)
    built.pulumi("refresh", "--preview-only", "--expect-no-changes", code=CHANGES_NOT_EXPECTED)
    assert built.state_file.read_bytes() == before
    built.pulumi("up", "--refresh", "--yes", "--skip-preview")
    assert built.value("COLOUR") == "blue"
    built.agrees()


def test_a_refresh_takes_the_hand_edit_into_the_state_and_the_next_up_puts_it_back(built: Shop) -> None:
    built.edit("COLOUR", "red")
    built.edit("DSN", "another")
    built.pulumi("refresh", "--yes", "--skip-preview")
    assert built.value("COLOUR") == "red"
    assert set(built.previewed()) == {"Variable::api/COLOUR", "Variable::api/DSN", "Release::api"}
    built.up()
    assert built.value("COLOUR") == "blue" and built.value("DSN") != "another"
    built.agrees()


def test_a_platform_that_refuses_to_be_read_is_a_failure_and_no_drift(built: Shop) -> None:
    built.world.fault("railway", "403 times=always")
    before = built.ids
    said = built.pulumi("preview", "--refresh", "--expect-no-changes", code=1)
    assert "delete" not in said and "create" not in said, said
    built.pulumi("up", "--refresh", "--yes", "--skip-preview", code=1)
    assert built.ids == before
    built.world.clear_faults()
    built.agrees()


def test_what_is_deleted_by_hand_is_made_anew_with_all_that_stood_in_it(built: Shop) -> None:
    built.world.delete("railway", "service", "api", None, {})
    assert {one["name"] for one in built.live("instance")} == {"web"}
    web = built.ids["Service::web"]
    built.pulumi("preview", "--refresh", "--expect-no-changes", code=CHANGES_NOT_EXPECTED)
    built.pulumi("up", "--refresh", "--yes", "--skip-preview")
    built.everything_is_there_once()
    assert built.ids["Service::web"] == web
    built.agrees()


def test_one_thing_is_imported_by_its_id_and_what_does_not_exist_is_not(built: Shop) -> None:
    urn, id = built.urn("Variable::api/COLOUR"), built.ids["Variable::api/COLOUR"]
    parent = next(one["parent"] for one in built.deployment["resources"] if one["urn"] == urn)
    built.pulumi("state", "delete", urn, "--yes", "--target-dependents")
    built.world.clear_calls()
    words = ("--parent", f"railway={parent}", "--yes", "--skip-preview", "--generate-code=false", "--protect=false")
    said = built.pulumi("import", "trueup:railway:Variable", "api/GONE", id.replace("COLOUR", "GONE"), *words, code=1)
    assert "does not exist" in said
    assert "Variable::api/GONE" not in built.ids
    built.pulumi("import", "trueup:railway:Variable", "api/COLOUR", id, *words)
    assert built.ids["Variable::api/COLOUR"] == id
    assert "Variable::api/COLOUR" not in built.previewed()
    assert not [one for one in built.world.calls() if "Commit" in one["path"] or "Create" in one["path"]]


def test_what_is_protected_is_neither_destroyed_nor_deleted(built: Shop) -> None:
    before = built.ids
    assert "protected" in built.pulumi("destroy", "--yes", code=1)
    built.write(APP.replace(", web: {project: shop}", "").replace("    web: {service", "    # {service"))
    # As in CI, with the preview that an `up` begins with: without it Pulumi deletes the rest first.
    assert "protected" in built.pulumi("up", "--yes", code=1)
    assert built.ids == before
    built.everything_is_there_once()
    built.write(APP)
    built.agrees()


def test_what_cannot_be_changed_is_replaced_and_what_holds_its_output_follows(built: Shop) -> None:
    before, target = built.ids, built.value("TARGET")
    built.write(APP.replace("host: api.shop.example", "host: www.shop.example"))
    assert built.previewed() == {"Domain::api": "replace", "Variable::api/TARGET": "update", "Release::api": "update"}
    built.up()
    assert [one["name"] for one in built.live("domain")] == ["www.shop.example"]
    assert built.value("TARGET") != target
    changed = {name for name, id in built.ids.items() if before[name] != id}
    assert changed == {"Domain::api"}
    built.agrees()


def test_what_moved_keeps_its_id_and_is_not_made_anew(built: Shop) -> None:
    id = built.ids["Domain::api"]
    moved = APP.replace("domain: {api: {instance", "domain: {shop: {instance").replace("domain.api.", "domain.shop.")
    built.write(f"{moved}moved:\n  - {{from: railway.domain.api, to: railway.domain.shop}}\n")
    assert set(built.previewed().values()) <= {"update"}
    built.world.clear_calls()
    built.up()
    assert built.ids["Domain::shop"] == id and "Domain::api" not in built.ids
    assert not [one for one in built.world.calls() if "Domain" in one["path"]]
    built.everything_is_there_once()
    built.agrees()


def test_what_is_made_anew_because_somebody_asks_lives_afterwards(built: Shop) -> None:
    built.pulumi("up", "--yes", "--skip-preview", "--replace", built.urn("Variable::api/COLOUR"))
    built.everything_is_there_once()
    assert built.value("COLOUR") == "blue"
    built.agrees()
