"""From an applied world to the stack files of an empty repository, over Railway and DNS."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.railway.estate import BY_HAND, built, changed, settled
from tests.takeover.full import ACCOUNTS, Full, edited_and_found

__all__ = ["built"]


@pytest.fixture
def full(built: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Full]:
    made = Full(tmp_path / "full", built)
    monkeypatch.setenv("TRUEUP_SANDBOX", str(made.root / "ready.json"))
    yield made
    made.served.stop()


@pytest.fixture
def taken(full: Full) -> Full:
    """Every account imported and adopted."""
    for account in ACCOUNTS:
        said = full.do("import", "--account", account)
        assert said.code == 0, (account, said.err, said.out)
    full.adopt()
    return full


def test_every_account_is_imported_and_nothing_is_left_to_do(taken: Full) -> None:
    judged = taken.plan()

    settled(judged)
    assert judged.plan.unmanaged == ()


@pytest.mark.proof
def test_each_declared_field_edited_behind_our_back_is_found(taken: Full) -> None:
    with taken.workshop() as shop:
        declared = [one for one in shop.tree.declared() if not one.resource.lookup]
    assert edited_and_found(taken, declared) > 300


def test_a_secret_that_must_exist_and_is_deleted_is_found(taken: Full) -> None:
    with taken.workshop() as shop:
        declared = [one for one in shop.tree.declared() if one.resource.only_seen]
    assert len(declared) > 20
    with taken.put_back():
        for account in ACCOUNTS:
            for id, one in list(taken.world.shelf("railway", account, "variable").items()):
                if one["value"].startswith(BY_HAND):
                    taken.world.delete("railway", "variable", id, account, {})
        told = {gap.reason for gap in taken.plan().plan.gaps}
    missing = [one for one in declared if any(str(one.address) in reason for reason in told)]
    assert len(missing) > 15, told


PLANTED = {
    "JWT_SECRET": "hunter2-is-short",
    "SETTING": "9f2b7a61d8e34c5f8a1b0c2d3e4f5a6b",
    "MAIL": "smtp://mailer:c0rrecthorse@mail.example:587",
    "ANOTHER": "sk_live_4eC39HqLyjWDarjtT1zdp7dc",
    "BLOB": "-----BEGIN KEY-----\nMIIEvQIBADANBgkqhkiG9w0BAQEFAASC\n-----END KEY-----",
    "HALF": "postgres://${{USER}}:sommer2026@db.example/x",
    "SEALED": "sealed-for-ever",
}


def test_no_value_of_a_secret_stands_in_a_file_or_in_what_is_said(full: Full) -> None:
    at = {"project": "bilko", "environment": "production", "service": "Postgres"}
    for name, value in PLANTED.items():
        more = {"isSealed": "true"} if name == "SEALED" else {}
        full.world.create("railway", "variable", name, "bilko", {**at, "value": value, **more})
        if name != "SEALED":
            shared = {"project": "bilko", "environment": "production", "value": value}
            full.world.create("railway", "shared-variable", name, "bilko", shared)
    values = {
        one["value"]
        for account in ACCOUNTS
        for one in full.shelf("variable", account)
        if one["value"].startswith(BY_HAND) or one["name"] in PLANTED
    }
    spoken = ""
    for account in ACCOUNTS:
        for options in (("--json",), ("--stdout",), ("--into", f"stacks/more-{account}.yaml")):
            said = full.do("import", "--account", account, *options)
            assert said.code == 0, said.err
            spoken += said.out + said.err
    spoken += "".join(full.files().values())

    assert values >= set(PLANTED.values()) and len(values) > 25
    assert all(f"        {name}: {{exists: true}}\n" in spoken for name in PLANTED)
    pieces = {piece for value in values for piece in value.splitlines()} | {"c0rrecthorse", "sommer2026"}
    assert [piece for piece in pieces if piece in spoken] == []


def test_of_several_environments_each_has_a_stack_that_uses_what_they_share(full: Full) -> None:
    said = full.do("import", "railway", "--account", "bilko")

    assert said.code == 0, said.err
    files = full.files()
    assert sorted(files) == ["bilko", "bilko-production", "bilko-staging"]
    assert "next: `trueup adopt --stack bilko --stack bilko-production --stack bilko-staging`" in said.out
    assert "uses:" not in files["bilko"]
    assert "  service:\n    api: {project: bilko}\n    postgres: {project: bilko, name: Postgres}\n" in files["bilko"]
    for name in ("bilko-production", "bilko-staging"):
        assert "uses: [bilko]" in files[name]


def test_an_instance_reads_as_a_person_would_have_written_it(full: Full) -> None:
    full.do("import", "railway", "--account", "bilko")

    assert """\
  instance:
    api:
      service: api
      environment: production
      source: {repo: example/bilko, branch: main, check_suites: true}
      region: europe-west
      builder: RAILPACK
      healthcheck_path: /health
      variables:
        AWS_ACCESS_KEY_ID: {exists: true}
        AWS_SECRET_ACCESS_KEY: {exists: true}
        DATABASE_URL: "${{Postgres.DATABASE_URL}}"
        JWT_REFRESH_SECRET: {exists: true}
        JWT_SECRET: {exists: true}
        NODE_ENV: production
        PORT: 3000
""" in full.files()["bilko-production"]


def test_a_project_of_one_environment_has_one_stack(full: Full) -> None:
    said = full.do("import", "railway", "--account", "vendhub", "--into", "stacks/machines.yaml")

    assert said.code == 0, said.err
    assert list(full.files()) == ["machines"]


def test_what_is_there_is_never_overwritten_and_then_nothing_is_written(full: Full) -> None:
    (full.root / "stacks" / "bilko-staging.yaml").write_text("account: bilko\n")

    said = full.do("import", "railway", "--account", "bilko")

    assert said.code == 1 and "bilko-staging.yaml is there already" in said.err
    assert full.files() == {"bilko-staging": "account: bilko\n"}


def test_a_record_imported_with_the_domain_follows_it(taken: Full) -> None:
    domain = taken.one("domain", domain="api.bilko.io")
    taken.world.edit("railway", "domain", domain["id"], "bilko", {"target": "moved.up.railway.app"})

    (change,) = taken.plan("bilko-production").plan.changes

    assert (change.cause, str(change.address)) == ("reference", "cloudflare.record.bilko-io/api")


def test_a_record_declared_already_is_told_with_its_line_and_left_alone(full: Full) -> None:
    assert full.do("import", "cloudflare", "--account", "bilko", "--into", "stacks/dns.yaml").code == 0
    before = full.files()["dns"]

    said = full.do("import", "railway", "--account", "bilko")

    assert said.code == 0, said.err
    lines = before.splitlines()
    line = next(number for number, text in enumerate(lines, 1) if text.lstrip().startswith("api: {type: CNAME"))
    assert f"stacks/dns.yaml:{line}: cloudflare.record.bilko-io/api holds what railway.domain.api tells" in said.err
    assert 'content: "${railway.domain.api.target}"' in said.err and "uses: [bilko-production]" in said.err
    assert full.files()["dns"] == before


def test_a_record_of_several_lines_is_told_with_the_line_of_the_field(full: Full) -> None:
    target = full.one("domain", domain="api.bilko.io")["target"]
    lines = ["account: bilko", "cloudflare:", "  zone: {z: {name: bilko.io}}", "  records:", "    z:", "      api:"]
    lines += ["        # Leads to Railway.", "        type: CNAME", f"        content: {target}"]
    (full.root / "stacks" / "dns.yaml").write_text("\n".join(lines) + "\n")

    said = full.do("import", "railway", "--account", "bilko")

    assert f"stacks/dns.yaml:{len(lines)}: cloudflare.record.z/api holds" in said.err


def test_a_record_imported_after_its_domain_uses_the_stack_that_declares_it(full: Full) -> None:
    assert full.do("import", "railway", "--account", "vendhub", "--into", "stacks/app.yaml").code == 0

    said = full.do("import", "--account", "vendhub", "--into", "stacks/dns.yaml")

    assert said.code == 0, said.err
    assert "uses: [app]" in full.files()["dns"] and "${railway.domain.app.target}" in full.files()["dns"]


def test_a_record_whose_domain_has_a_name_that_two_stacks_use_stays_plain_and_is_told(full: Full) -> None:
    assert full.do("import", "railway", "--account", "bilko", "--into", "stacks/app.yaml").code == 0

    said = full.do("import", "--account", "bilko", "--into", "stacks/dns.yaml")

    assert said.code == 0, said.err
    assert "${railway" not in full.files()["dns"]
    assert "its content is the target of railway.domain api.bilko.io; several stacks call one so" in said.err


def test_one_secret_with_two_consumers_is_told_without_its_value(full: Full) -> None:
    shared = "c0rrect-horse-9f2b7a61d8e34c5f"
    for service in ("api", "worker"):
        one = full.one("variable", "legacyvideo", service=service, name="API_SECRET")
        full.world.edit("railway", "variable", one["id"], "legacyvideo", {"value": shared})

    said = full.do("import", "--account", "legacyvideo")

    assert (
        "one secret with two consumers: railway.variable legacyvideo/production/api API_SECRET, "
        "railway.variable legacyvideo/production/worker API_SECRET" in said.err
    )
    assert said.err.count("consumers") == 1
    assert shared not in said.out + said.err + "".join(full.files().values())


def test_a_variable_of_an_instance_declared_already_is_told_with_the_line_to_add(full: Full) -> None:
    full.do("import", "railway", "--account", "bilko")
    at = {"project": "bilko", "environment": "production", "service": "api"}
    full.world.create("railway", "variable", "LOG_LEVEL", "bilko", {**at, "value": "info"})

    said = full.do("import", "railway", "--account", "bilko", "--into", "stacks/more.yaml")

    assert (
        "it belongs to railway.instance.api of stack bilko-production: add `LOG_LEVEL: info` to its variables"
        in said.err
    )
    assert "more" not in full.files()


def test_only_one_project_is_imported_where_it_is_named(full: Full) -> None:
    full.world.create("railway", "project", "sideline", "bilko", {})

    said = full.do("import", "railway", "--account", "bilko", "--project", "sideline", "--json")

    assert said.code == 0, said.err
    assert said.json["written"]["railway.project"] == 1
    assert "bilko" not in full.files()["bilko"].replace("account: bilko", "")


def test_a_second_import_finds_nothing(taken: Full) -> None:
    said = taken.do("import", "--account", "bilko", "--into", "stacks/again.yaml")

    assert (said.code, said.out) == (0, "nothing to import: nothing lives there that no stack declares\n")


def test_a_zone_is_imported_without_what_runs(full: Full) -> None:
    full.world.clear_calls()

    said = full.do("import", "--account", "bilko", "--zone", "bilko.io", "--json")

    assert said.code == 0 and set(said.json["written"]) == {"cloudflare.zone", "cloudflare.record"}
    assert full.operations() == []


def test_a_kind_brings_what_it_stands_in(full: Full) -> None:
    said = full.do("import", "--account", "bilko", "--kind", "railway.domain", "--json")

    assert said.code == 0, said.err
    counts = {"project": 1, "environment": 2, "service": 1, "instance": 2, "domain": 2}
    assert said.json["written"] == {f"railway.{kind}": count for kind, count in counts.items()}


def test_a_project_that_cannot_be_read_is_said_and_the_rest_is_imported(full: Full) -> None:
    full.world.fault("railway", "400 before POST /graphql/v2 times=9")

    said = full.do("import", "railway", "--account", "vendhub")

    assert said.code == 17
    assert "could not be read" in said.err and full.files() == {}


def test_what_a_config_file_decides_is_imported_and_holds_when_the_file_is_read_no_more(full: Full) -> None:
    pretend = full.world.mount("railway").pretend
    pretend.files_until = "9999-12-31"  # type: ignore[attr-defined]
    id = full.one("instance", environment="production", service="api")["id"]
    file = {"deploy": {"startCommand": "from-the-file", "healthcheckPath": "/from-the-file"}}
    full.world.edit("railway", "instance", id, "bilko", {"repositoryFile": json.dumps(file)})

    said = full.do("import", "--account", "bilko")

    assert said.code == 0, said.err
    assert "to know: bilko/production/api: /railway.json" in said.err
    text = full.files()["bilko-production"]
    assert "start_command: from-the-file" in text and "healthcheck_path: /from-the-file" in text
    full.adopt()
    assert full.plan().plan.changes == ()
    pretend.files_until = "2000-01-01"  # type: ignore[attr-defined]
    full.edit_variable("api", "PORT", value="3001")
    full.apply()  # the next deployment is the first without the file
    assert changed(full.plan()) == [("bilko-production", "update", "drift", "railway.instance.api")]
    full.apply()
    settled(full.plan())
    deploy = full.one("instance", environment="production", service="api")["config"]["deploy"]
    assert (deploy["startCommand"], deploy["healthcheckPath"]) == ("from-the-file", "/from-the-file")


def test_what_runs_in_several_regions_is_told_and_left_as_it_lives(full: Full) -> None:
    one = full.one("instance", "vendhub", environment="production", service="app")
    one["config"]["deploy"]["multiRegionConfig"] = {"us-west2": {"numReplicas": 1}, "asia": {"numReplicas": 1}}

    said = full.do("import", "--account", "vendhub")

    assert said.code == 0, said.err
    assert "it runs in asia and us-west2, and an entry has one region" in said.err
    assert "region" not in full.files()["vendhub"]


def test_files_that_use_each_other_never_take_the_names_of_stacks(full: Full) -> None:
    (full.root / "stacks" / "bilko-staging.yaml").write_text("account: bilko\n")
    (full.root / "apart").mkdir()

    said = full.do("import", "railway", "--account", "bilko", "--into", "apart/bilko.yaml")

    assert said.code == 1 and "is there already" in said.err
    assert list((full.root / "apart").iterdir()) == []
