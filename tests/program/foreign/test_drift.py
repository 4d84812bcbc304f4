"""A program that we did not write, beside what lives."""

import textwrap

import pytest

from reconcile.model.errors import ReconcileError
from tests.r2.conftest import ID

from .conftest import PROGRAM, Theirs


def test_what_lives_as_the_program_says_is_in_line_and_an_unknown_type_is_named(theirs: Theirs) -> None:
    theirs.write(PROGRAM)
    told = theirs.drift(detailed=True)
    assert told.statuses() == {
        "suffix": "not observed",
        "www": "in line",
        "photos": "in line",
        "token": "in line",
    }
    assert (told.code, told.document["runs"]) == (0, 1)
    assert told.document["counts"]["not observed"] == 1
    assert told.document["not_observed"] == {"random:index/randomId:RandomId": 1}
    declared = textwrap.dedent(PROGRAM).splitlines()[int(told.by_name["www"]["at"].rpartition(":")[2]) - 1]
    assert declared.startswith("www = ")
    assert "hush-hush" not in told.printed


def test_a_hand_edit_is_drift_with_what_lives_and_what_the_program_says(theirs: Theirs) -> None:
    theirs.say('record("www")\nbucket("photos")\nMade("random:index/randomId:RandomId", "suffix", byteLength=4)')
    theirs.shop.edit("www.shop.example", "A", content="192.0.2.66")
    told = theirs.drift()
    assert told.statuses() == {"www": "drifted", "photos": "in line", "suffix": "not observed"}
    assert told.by_name["www"]["fields"] == {"content": {"before": "192.0.2.66", "after": "192.0.2.1"}}
    assert told.code == 0
    assert theirs.drift(detailed=True).code == 2
    printed = theirs.printed()
    assert "~ cloudflare.record.www  drifted" in printed
    assert "content: '192.0.2.66' → '192.0.2.1'" in printed
    assert "not observed: random:index/randomId:RandomId × 1" in printed
    assert "1 in line, 1 drifted, 0 missing, 0 not seen, 1 not observed" in printed


def test_what_somebody_deleted_is_missing(theirs: Theirs) -> None:
    theirs.say('record("www")\nbucket("photos")')
    theirs.shop.delete("www.shop.example", "A")
    theirs.shop.world.delete("r2", "bucket", "shop-photos", "acme", {})
    told = theirs.drift(detailed=True)
    assert told.statuses() == {"www": "missing", "photos": "missing"}
    assert told.code == 2


def test_what_stands_in_a_deleted_bucket_is_missing_with_it(theirs: Theirs) -> None:
    theirs.say(
        f"""
        cors = "cloudflare:index/r2BucketCors:R2BucketCors"
        rules = [{{"allowed": {{"origins": ["https://shop.example"], "methods": ["GET"]}}}}]
        Made(cors, "cors", accountId="{ID}", bucketName=bucket("photos").name, rules=rules)
        """
    )
    assert theirs.drift().statuses() == {"photos": "in line", "cors": "missing"}
    theirs.shop.world.delete("r2", "bucket", "shop-photos", "acme", {})
    assert theirs.drift().statuses() == {"photos": "missing", "cors": "missing"}


def test_a_listing_that_cannot_be_read_is_a_gap_and_nothing_is_missing(theirs: Theirs) -> None:
    theirs.say('record("www")\nbucket("photos")')
    theirs.shop.fault("403 GET /zones/*/dns_records times=always")
    told = theirs.drift(detailed=True)
    assert told.statuses() == {"www": "not seen", "photos": "in line"}
    assert told.code == 17
    assert "403" in told.by_name["www"]["why"]


def test_zones_that_cannot_be_read_leave_what_stands_in_them_unseen(theirs: Theirs) -> None:
    theirs.say(
        """
        later = pulumi.runtime.invoke_output("cloudflare:index/getZone:getZone", {"filter": {"name": "shop.example"}})
        record("www")
        record("_token", zone=later.apply(lambda zone: zone["id"]))
        bucket("photos")
        """
    )
    theirs.shop.fault("403 GET /zones times=always")
    told = theirs.drift()
    assert told.statuses() == {"www": "not seen", "_token": "not seen", "photos": "in line"}
    assert "403" in told.by_name["www"]["why"]
    assert told.code == 17


def test_a_secret_is_compared_and_told_nowhere(theirs: Theirs) -> None:
    theirs.say(
        """
        record("_token", type="TXT", content=Output.secret('"hush-hush"'))
        record("www", content=Output.secret("192.0.2.1"))
        """
    )
    assert theirs.drift().statuses() == {"_token": "in line", "www": "in line"}
    theirs.shop.edit("_token.shop.example", "TXT", content='"overheard"')
    told = theirs.drift()
    assert told.by_name["_token"]["fields"] == {"content": {"hidden": True, "changed": True}}
    for text in (told.printed, theirs.printed()):
        assert "hush-hush" not in text and "overheard" not in text and "192.0.2.1" not in text


def test_what_is_named_by_a_secret_is_found_and_not_named(theirs: Theirs) -> None:
    theirs.say(
        f"""
        name, account = Output.secret("shop-photos"), Output.secret("{ID}")
        Made("cloudflare:index/r2Bucket:R2Bucket", "photos", accountId=account, name=name)
        access = "cloudflare:index/r2ManagedDomain:R2ManagedDomain"
        Made(access, "open", accountId=account, bucketName=name, enabled=False)
        """
    )
    told = theirs.drift()
    assert told.statuses() == {"photos": "in line", "open": "in line"}
    theirs.shop.fault("403 GET /accounts/** times=always", "r2")
    blind = theirs.drift()
    assert blind.statuses() == {"photos": "not seen", "open": "not seen"}
    assert "shop-photos" not in told.printed + blind.printed and ID not in told.printed + blind.printed


def test_what_the_program_ignores_is_shown_as_accepted(theirs: Theirs) -> None:
    theirs.say(
        """
        record("www", ResourceOptions(ignore_changes=["ttl", "settings.flattenCname"]))
        """
    )
    theirs.shop.edit("www.shop.example", "A", ttl="600")
    told = theirs.drift(detailed=True)
    assert (told.statuses(), told.code) == ({"www": "in line"}, 0)
    assert told.by_name["www"]["accepted"] == {"ttl": {"before": 600, "after": 300}}
    assert "accepted by ignoreChanges: ttl: 600 → 300" in theirs.printed()


def test_what_is_imported_is_the_one_of_that_id(theirs: Theirs) -> None:
    theirs.shop.create("www.shop.example", "A", "192.0.2.2", ttl="300")
    zone = theirs.shop.live("zone")[0]["id"]
    (id,) = [one["id"] for one in theirs.shop.live() if one["content"] == "192.0.2.2"]
    theirs.say(
        f"""
        record("www", ResourceOptions(import_="{zone}/{id}"))
        record("gone", ResourceOptions(import_="{zone}/0123"))
        bucket("photos", ResourceOptions(import_="{ID}/shop-photos/default"))
        """
    )
    told = theirs.drift()
    assert told.statuses() == {"www": "drifted", "gone": "missing", "photos": "in line"}
    assert told.by_name["www"]["fields"] == {"content": {"before": "192.0.2.2", "after": "192.0.2.1"}}
    assert "which it imports, is not there" in told.by_name["gone"]["why"]


def test_what_waits_for_an_unknown_thing_is_not_compared_and_that_is_said(theirs: Theirs) -> None:
    theirs.say(
        """
        made = Made("random:index/randomId:RandomId", "suffix", hex=None)
        record("www", content=made.hex, ttl=600)
        record("other", name=made.hex.apply(lambda hex: f"{hex}.shop.example"))
        """
    )
    told = theirs.drift()
    assert told.statuses() == {"suffix": "not observed", "www": "drifted", "other": "not seen"}
    assert told.by_name["www"]["not_compared"] == ["content"]
    assert list(told.by_name["www"]["fields"]) == ["ttl"]
    assert told.code == 17


def test_the_program_is_told_the_ids_of_what_lives(theirs: Theirs) -> None:
    theirs.say(
        """
        www = record("www")
        record("_token", type="TXT", content=www.id.apply(lambda id: f'"{id}"'))
        """
    )
    (www,) = [one for one in theirs.shop.live() if one["name"] == "www.shop.example"]
    theirs.shop.edit("_token.shop.example", "TXT", content=f'"{www["id"]}"')
    told = theirs.drift()
    assert (told.statuses(), told.document["runs"]) == ({"www": "in line", "_token": "in line"}, 2)
    assert told.by_name["_token"]["not_compared"] == []


def test_settings_are_read_and_what_is_encrypted_is_not_known(theirs: Theirs) -> None:
    theirs.say(
        """
        config = pulumi.Config()
        record("www", content=config.require("address"), ttl=config.require_int("ttl"))
        record("_token", type="TXT", content=config.require_secret("token").apply(lambda text: f'"{text}"'))
        """,
        project="name: theirs\nruntime: {name: python}\nconfig: {ttl: {default: 300}}\n",
        dev="config:\n  theirs:address: 192.0.2.1\n  theirs:token: {secure: AAABAJ}\n",
    )
    told = theirs.drift(stack=None)
    assert told.statuses() == {"www": "in line", "_token": "in line"}
    assert told.by_name["_token"]["not_compared"] == ["content"]
    assert told.document["warnings"] == ["encrypted settings are not known here: theirs:token"]


def test_two_of_one_name_below_different_components_are_two(theirs: Theirs) -> None:
    theirs.say(
        """
        for word, text in (("a", "www"), ("b", "_token")):
            above = pulumi.ComponentResource(f"theirs:index:{word}", word)
            more = {} if text == "www" else {"type": "TXT", "content": '"hush-hush"'}
            record("same", ResourceOptions(parent=above), name=f"{text}.shop.example", **more)
        """
    )
    told = theirs.drift()
    assert [one["status"] for one in told.document["resources"]] == ["in line", "in line"]
    assert len({one["address"] for one in told.document["resources"]}) == 2


def test_an_account_that_nobody_names_is_asked_for(theirs: Theirs) -> None:
    project = theirs.shop.root / "stacks" / "_project.yaml"
    project.write_text(project.read_text() + "  other:\n    r2: {id: b0, credentials: {token: OTHER_R2_TOKEN}}\n")
    theirs.say(
        f"""
        bucket("photos", account=Made("random:index/randomId:RandomId", "suffix", hex=None).hex)
        bucket("films", account="c0")
        Made("cloudflare:index/r2Bucket:R2Bucket", "by-id", accountId="{ID}", name="shop-photos")
        """
    )
    told = theirs.drift()
    assert told.statuses() == {
        "suffix": "not observed",
        "photos": "not seen",
        "films": "not seen",
        "by-id": "in line",
    }
    assert told.by_name["photos"]["why"] == "in which account on r2? acme, other; say --account"
    assert "c0 is none of acme, other" in told.by_name["films"]["why"]
    assert theirs.drift(account="acme").by_name["photos"]["account"] == "acme"
    with pytest.raises(ReconcileError, match="no account nobody"):
        theirs.drift(account="nobody")


def test_a_zone_of_nobody_we_know_is_not_seen(theirs: Theirs) -> None:
    theirs.say('record("www", zone="0123456789")')
    told = theirs.drift()
    assert told.by_name["www"]["why"] == "zone 0123456789 is not in acme"
    assert told.code == 17


def test_what_one_reason_hides_is_counted_where_it_is_much(theirs: Theirs) -> None:
    theirs.say('for number in range(14):\n    record(f"www-{number}", zone="0123456789")')
    lines = [line for line in theirs.printed().splitlines() if "zone 0123456789" in line]
    assert len(lines) == 11
    assert "… and 4 more not seen: zone 0123456789 is not in acme (all of them with --json)" in lines[-1]


def test_a_transform_is_the_engines_to_run_and_that_is_said(theirs: Theirs) -> None:
    theirs.say(
        """
        def with_ttl(args):
            return pulumi.ResourceTransformResult({**args.props, "ttl": 600}, args.opts)


        pulumi.runtime.register_resource_transform(with_ttl)
        record("www")
        """
    )
    (warning,) = theirs.drift().document["warnings"]
    assert warning.startswith("a transform of the program was not run")
