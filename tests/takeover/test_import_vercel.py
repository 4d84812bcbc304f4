"""From a shop that somebody clicked together on Vercel, R2, Railway and DNS to stack files in an empty repository."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.railway.estate import BY_HAND, changed, settled
from tests.takeover.full import Full, edited_and_found
from tests.takeover.shopfront import ACCOUNT, SECRET, build


@pytest.fixture
def shop(tmp_path: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Iterator[Full]:
    made = Full(tmp_path / "shop", build(tmp_path_factory.getbasetemp()))
    monkeypatch.setenv("TRUEUP_SANDBOX", str(made.root / "ready.json"))
    yield made
    made.served.stop()


@pytest.fixture
def taken(shop: Full) -> Full:
    said = shop.do("import", "--account", ACCOUNT)
    assert said.code == 0, (said.err, said.out)
    shop.adopt()
    return shop


def stack(shop: Full, name: str = ACCOUNT) -> Any:
    return yaml.safe_load(shop.files()[name])


def findings(shop: Full, *arguments: str) -> list[str]:
    """What an import tells beside the file, which it prints."""
    said = shop.do("import", *arguments, "--account", ACCOUNT, "--stdout")
    assert said.code == 0, said.err
    return [line.removeprefix("to know: ") for line in said.err.splitlines() if line.startswith("to know: ")]


def test_everything_is_imported_and_nothing_is_left_to_do(taken: Full) -> None:
    judged = taken.plan()

    settled(judged)
    assert judged.plan.unmanaged == ()
    with taken.workshop() as opened:
        kinds = {one.address.full_kind for one in opened.tree.declared()}
    words = {"vercel": "project variable domain check webhook", "r2": "bucket cors lifecycle lock domain public-access"}
    assert kinds >= {f"{platform}.{word}" for platform, told in words.items() for word in told.split()}


def test_each_declared_field_edited_behind_our_back_is_found(taken: Full) -> None:
    with taken.workshop() as opened:
        declared = [one for one in opened.tree.declared() if one.address.platform in ("vercel", "r2")]
    assert edited_and_found(taken, declared) > 80


def test_a_secret_that_must_exist_and_is_deleted_is_found(taken: Full) -> None:
    for id, one in list(taken.world.shelf("vercel", ACCOUNT, "variable").items()):
        if one["value"].startswith(SECRET):
            taken.world.delete("vercel", "variable", id, ACCOUNT, {})

    told = "\n".join(gap.reason for gap in taken.plan().plan.gaps)

    for name in ("STRIPE_KEY", "SESSION_SECRET"):
        assert f"vercel.variable.shop-web/{name}" in told


PLANTED = {
    "PUBLIC": ("plain", "https://user:c0rrecthorse@api.example.com"),
    "SETTING": ("encrypted", "9f2b7a61d8e34c5f8a1b0c2d3e4f5a6b"),
    "ANY": ("plain", "sk_live_4eC39HqLyjWDarjtT1zdp7dc"),
    "GREETING": ("sensitive", "sealed for ever"),
}


def test_no_value_of_a_secret_stands_in_a_file_or_in_what_is_said(shop: Full) -> None:
    values = {SECRET.removesuffix("vercel-"), "c0rrecthorse"}
    for name, (type_, value) in PLANTED.items():
        told = {"project": "blog", "value": value, "type": type_}
        shop.world.create("vercel", "variable", name, ACCOUNT, told)
        values.add(value)
    values |= {one["value"] for one in shop.shelf("variable", ACCOUNT) if one["value"].startswith(BY_HAND)}
    spoken = ""
    for options in (("--json",), ("--stdout",), ("vercel", "--into", "stacks/more.yaml")):
        said = shop.do("import", *options, "--account", ACCOUNT)
        assert said.code == 0, said.err
        spoken += said.out + said.err
    spoken += "".join(shop.files().values())

    assert len(values) > 6
    assert [value for value in sorted(values) if value in spoken] == []
    variables = stack(shop, ACCOUNT)["vercel"]["variables"]["blog"]
    assert {name: variables[name]["exists"] for name in PLANTED} == dict.fromkeys(PLANTED, True)
    assert variables["GREETING"]["type"] == "sensitive"


def test_one_name_for_several_targets_is_as_many_entries(shop: Full) -> None:
    shop.do("import", "vercel", "--account", ACCOUNT)

    variables = stack(shop)["vercel"]["variables"]["shop-web"]
    assert {name: one for name, one in variables.items() if name.startswith("API")} == {
        "API_production": {"name": "API", "value": "https://api.shop.example", "comment": "where the api is"},
        "API_preview": {"name": "API", "value": "https://next.shop.example", "targets": ["preview"]},
        "API_preview_staging": {
            **{"name": "API", "value": "https://staging.shop.example"},
            **{"targets": ["preview"], "branch": "staging"},
        },
    }
    assert variables["STRIPE_KEY"] == {"type": "sensitive", "exists": True}
    assert variables["SESSION_SECRET"] == {"exists": True}


def test_rules_of_a_bucket_stand_each_on_its_line(shop: Full) -> None:
    shop.do("import", "r2", "--account", ACCOUNT)

    assert """\
  cors:
    shop-files-default:
      bucket: shop-files-default
      rules:
        - {id: read, origins: [https://shop.example], methods: [GET, HEAD]}
        - {id: rule-2, origins: ["*"], methods: [PUT], headers: [content-type], expose_headers: [etag], max_age: 3600}
""" in shop.files()[ACCOUNT]


def test_records_follow_what_domains_ask_for_also_where_several_ask_for_the_same(taken: Full) -> None:
    records = stack(taken)["cloudflare"]["records"]["shop-example"]
    followed = {name: one["content"] for name, one in records.items() if one["content"].startswith("${")}
    assert followed == {
        "apex-a": "${vercel.domain.shop-web-shop-example.ipv4}",
        "www": "${vercel.domain.shop-web-www-shop-example.target}",
        "blog": "${vercel.domain.blog-blog-shop-example.target}",
        "api": "${railway.domain.api.target}",
        "railway-verify-api": "${railway.domain.api.verify_value}",
    }


def test_a_proof_of_ownership_that_is_asked_for_is_followed(shop: Full) -> None:
    shop.world.edit("vercel", "domain", "blog.shop.example", ACCOUNT, {"verified": "false"})
    shop.world.edit("vercel", "domain", "www.shop.example", ACCOUNT, {"verified": "false"})
    for one in shop.live("domain", "vercel", ACCOUNT):
        value = one["verification"][0]["value"]
        fields = {"type": "TXT", "zone": "shop.example", "content": f'"{value}"'}
        if not one["verified"]:
            shop.world.create("cloudflare", "record", "_vercel.shop.example", ACCOUNT, fields)

    said = shop.do("import", "--account", ACCOUNT)

    assert said.code == 0, said.err
    records = stack(shop)["cloudflare"]["records"]["shop-example"]
    assert {one["content"] for name, one in records.items() if name.startswith("vercel-")} == {
        "${vercel.domain.blog-blog-shop-example.verify_value}",
        "${vercel.domain.shop-web-www-shop-example.verify_value}",
    }


def test_a_record_moves_with_the_domain_that_it_was_imported_with(taken: Full) -> None:
    api = taken.one("domain", ACCOUNT, domain="api.shop.example")
    taken.world.edit("railway", "domain", api["id"], ACCOUNT, {"target": "moved.up.railway.app"})

    assert changed(taken.plan()) == [("shop", "update", "reference", "cloudflare.record.shop-example/api")]


def test_the_record_that_a_bucket_makes_itself_is_not_declared(shop: Full) -> None:
    said = shop.do("import", "--account", ACCOUNT)

    assert "left out: cloudflare.record files.shop.example CNAME public.r2.dev: managed by R2" in said.err
    assert not {"files", "old"} & stack(shop)["cloudflare"]["records"]["shop-example"].keys()


def test_what_everybody_can_read_is_told_for_people_and_for_programs(shop: Full) -> None:
    told = [
        "r2.domain files.shop.example: everybody can read what is in the bucket shop-files there",
        "r2.public-access eu/shop-files: everybody can read what is in it, at pub-",
    ]

    people = [one for one in findings(shop, "r2") if "everybody" in one]
    programs = shop.do("import", "--account", ACCOUNT, "--json").json["findings"]

    assert [one[: len(words)] for one, words in zip(people, told, strict=True)] == told
    assert set(people) <= set(programs)


def test_what_a_bucket_has_in_its_plain_state_is_told_as_what_nobody_would_miss(shop: Full) -> None:
    told = findings(shop, "r2")

    said = "as it came, and not written: declare what must stay so"
    assert f"r2.public-access of eu/shop-books, shop-files: {said}" in told
    assert f"r2.lifecycle of eu/shop-books, eu/shop-files: {said}" in told


def test_a_domain_to_which_no_record_leads_is_told_with_what_would(shop: Full) -> None:
    assert [one for one in findings(shop) if "no DNS record" in one] == []
    for name in ("shop.example", "api.shop.example", "files.shop.example"):
        shop.world.delete("cloudflare", "record", name, ACCOUNT, {"type": "A" if name == "shop.example" else "CNAME"})
    shop.world.edit("cloudflare", "record", "blog.shop.example", ACCOUNT, {"content": "old-host.example"})

    told = [one for one in findings(shop) if "no DNS record" in one]

    target = shop.shelf("domain", ACCOUNT)[0]["target"]
    blog, files, apex = (
        next(one for one in told if one.startswith(f"{kind} {host}: "))
        for kind, host in (
            ("vercel.domain", "blog.shop.example"),
            ("r2.domain", "files.shop.example"),
            ("vercel.domain", "shop.example"),
        )
    )
    assert "no DNS record leads to it: blog.shop.example leads to old-host.example instead; right would be " in blog
    assert blog.endswith(".vercel-dns-017.com or 216.198.79.1")
    assert files.endswith("no DNS record leads to it: the zone shop.example holds none at files.shop.example")
    assert "the zone shop.example holds none at shop.example; right would be " in apex
    assert apex.endswith(".vercel-dns-017.com or 216.198.79.1")
    assert (
        "railway.domain api.shop.example: no DNS record leads to it: the zone shop.example holds none at "
        f"api.shop.example; right would be {target}"
    ) in told
    assert len(told) == 4, "www and staging lead on by a name of their own; elsewhere.example is nobody's to look into"


def test_a_domain_that_vercel_reaches_needs_no_other_record(shop: Full) -> None:
    shop.world.edit("cloudflare", "record", "blog.shop.example", ACCOUNT, {"content": "cname.vercel-dns.com"})
    shop.world.edit("vercel", "domain", "blog.shop.example", ACCOUNT, {"misconfigured": "false"})

    assert [one for one in findings(shop) if "no DNS record" in one] == []


def test_where_no_zone_was_seen_nobody_says_that_a_record_is_missing(shop: Full) -> None:
    shop.world.delete("cloudflare", "record", "shop.example", ACCOUNT, {"type": "A"})
    assert [one for one in findings(shop, "vercel") if "no DNS record" in one] == []
    shop.world.fault("cloudflare", "403 before GET /zones times=always")
    said = shop.do("import", "--account", ACCOUNT, "--json")

    assert said.code == 17 and [one for one in said.json["findings"] if "no DNS record" in one] == []


def test_one_secret_on_services_of_two_platforms_is_told_without_its_value(shop: Full) -> None:
    shared = "c0rrect-horse-9f2b7a61d8e34c5f"
    api = shop.one("variable", ACCOUNT, service="api", name="SESSION_SECRET")
    shop.world.edit("railway", "variable", api["id"], ACCOUNT, {"value": shared})
    shop.world.create("vercel", "variable", "OTHER", ACCOUNT, {"project": "blog", "value": shared, "type": "encrypted"})

    said = shop.do("import", "--account", ACCOUNT)

    assert (
        "one secret with two consumers: railway.variable shop/production/api SESSION_SECRET, "
        "vercel.variable blog OTHER production" in said.err
    )
    assert said.err.count("consumers") == 1
    assert shared not in said.out + said.err + "".join(shop.files().values())


def test_only_what_is_asked_for_is_imported_with_what_it_stands_in(shop: Full) -> None:
    said = shop.do("import", "--account", ACCOUNT, "--kind", "vercel.webhook", "--name", "*two*", "--json")

    assert said.code == 0, said.err
    assert said.json["written"] == {"vercel.webhook": 1, "vercel.project": 2}


def test_a_zone_is_imported_without_asking_other_platforms(shop: Full) -> None:
    shop.world.clear_calls()

    said = shop.do("import", "--account", ACCOUNT, "--zone", "shop.example", "--json")

    assert said.code == 0 and set(said.json["written"]) == {"cloudflare.zone", "cloudflare.record"}
    assert {one["platform"] for one in shop.world.calls()} == {"cloudflare"}


def test_a_platform_that_cannot_be_read_is_said_and_the_rest_is_imported(shop: Full) -> None:
    shop.world.fault("vercel", "403 before GET /v10/projects times=always")

    said = shop.do("import", "--account", ACCOUNT)

    assert said.code == 17
    assert set(stack(shop)["vercel"]) == {"webhook"} and set(stack(shop)) >= {"r2", "railway", "cloudflare"}
    assert "vercel.project of account shop could not be read" in said.err


def test_a_second_import_finds_nothing(taken: Full) -> None:
    said = taken.do("import", "--account", ACCOUNT, "--into", "stacks/again.yaml")

    assert (said.code, said.out) == (0, "nothing to import: nothing lives there that no stack declares\n")
