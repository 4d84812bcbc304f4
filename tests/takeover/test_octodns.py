"""octoDNS zone files: what its Cloudflare provider would write is what is declared."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml
from octodns.provider.yaml import YamlProvider
from octodns.zone import Zone
from octodns_cloudflare import CloudflareProvider  # type: ignore[import-untyped]

from reconcile.model.errors import SpecError
from reconcile.platforms import kinds
from reconcile.steps.octodns import ZoneFile, read_zone

from .repository import Repository

ZONE: Mapping[str, Any] = yaml.safe_load((Path(__file__).parent / "every_type.yaml").read_text())
"""Every type that the provider writes."""


def read(zone: Mapping[str, Any] | str, **options: Any) -> ZoneFile:
    text = zone if isinstance(zone, str) else yaml.safe_dump(dict(zone), sort_keys=False)
    return read_zone("shop.example.", {"shop.example.yaml": text.encode()}, **options)


def one(record: Mapping[str, Any], name: str = "x", **options: Any) -> Any:
    """The declared resource of a one-value record."""
    (fields,) = read({name: dict(record)}, **options).records
    return kinds()["cloudflare.record"].declared({"zone": "shop.example", **fields})


@pytest.mark.parametrize(
    ("record", "expected"),
    [
        ({"type": "A", "value": "192.0.2.1"}, {"content": "192.0.2.1", "ttl": 3600, "proxied": False}),
        ({"type": "TXT", "value": "a\\; b"}, {"content": "a; b"}),
        ({"type": "TXT", "value": 'say "hi"'}, {"content": 'say "hi"'}),
        ({"type": "TXT", "value": '"long" "er"'}, {"content": "longer"}),
        ({"type": "MX", "value": {"priority": 5, "value": "mx.example."}}, {"content": "mx.example", "priority": 5}),
        (
            {"type": "CAA", "value": {"tag": "issue", "value": ";"}},
            {"data": {"flags": 0, "tag": "issue", "value": ";"}},
        ),
        (
            {"type": "DS", "value": {"flags": 1, "protocol": 13, "algorithm": 2, "public_key": "AB"}},
            {"data": {"key_tag": 1, "algorithm": 13, "digest_type": 2, "digest": "ab"}},
        ),
        (
            {"type": "URI", "value": {"priority": 1, "weight": 2, "target": "https://shop.example/"}},
            {"priority": 1, "data": {"weight": 2, "target": "https://shop.example/"}},
        ),
        (
            {"type": "HTTPS", "value": {"svcpriority": 1, "targetname": ".", "svcparams": {"alpn": ["h3", "h2"]}}},
            {"data": {"priority": 1, "target": ".", "value": 'alpn="h3,h2"'}},
        ),
        ({"type": "SPF", "value": "v=spf1 -all"}, {"type": "TXT", "content": "v=spf1 -all"}),
    ],
)
def test_a_record_of_octodns_means_one_of_ours(record: dict[str, Any], expected: dict[str, Any]) -> None:
    made = one(record)

    assert {field: getattr(made, field) for field in expected} == expected


@pytest.mark.parametrize(
    ("record", "ttl"),
    [
        ({"ttl": 300}, 300),
        ({"ttl": 60}, 120),
        ({}, 3600),
        ({"ttl": 300, "octodns": {"cloudflare": {"auto-ttl": True}}}, 1),
        ({"ttl": 300, "octodns": {"cloudflare": {"proxied": True}}}, 1),
    ],
)
def test_the_ttl_is_the_one_that_the_provider_writes(record: dict[str, Any], ttl: int) -> None:
    assert one({"type": "A", "value": "192.0.2.1", **record}).ttl == ttl


def test_a_lower_limit_of_the_provider_can_be_given() -> None:
    assert one({"type": "A", "ttl": 60, "value": "192.0.2.1"}, min_ttl_seconds=60).ttl == 60


def test_an_alias_is_a_cname_at_the_apex_and_nothing_elsewhere() -> None:
    assert one({"type": "ALIAS", "value": "lb.example.net."}, "").type == "CNAME"
    assert "apex only" in read({"www": {"type": "ALIAS", "value": "lb.example.net."}}).unsupported[0]


def test_an_spf_beside_the_same_txt_is_left_out() -> None:
    both = {"": [{"type": "TXT", "value": "v=spf1 -all"}, {"type": "SPF", "value": "v=spf1 -all"}]}

    assert [fields["type"] for fields in read(both).records] == ["TXT"]


def test_comment_and_tags_come_along_and_a_type_that_cannot_be_proxied_is_not() -> None:
    own = {"cloudflare": {"proxied": True, "comment": "why", "tags": ["b", "a"]}}

    made = one({"type": "TXT", "value": "x", "octodns": own})

    assert (made.comment, made.tags, made.proxied) == ("why", ("a", "b"), False)


@pytest.mark.parametrize("own", [{"ignored": True}, {"excluded": ["cloudflare"]}, {"included": ["route53"]}])
def test_what_octodns_keeps_from_the_provider_is_kept_out(own: dict[str, Any]) -> None:
    done = read({"x": {"type": "A", "value": "192.0.2.1", "octodns": own}})

    assert done.records == ()
    assert len(done.notes) == 1


NO_FORM: tuple[dict[str, Any], ...] = (
    {"type": "URLFWD", "values": []},
    {"type": "DNAME", "value": "a."},
    {"type": "A", "value": "192.0.2.1", "geo": {"EU": ["192.0.2.2"]}},
)


@pytest.mark.parametrize("record", NO_FORM)
def test_what_has_no_form_here_is_listed_with_its_line(record: dict[str, Any]) -> None:
    done = read({"x": record})

    assert done.records == ()
    assert f"x {record['type']} (shop.example.yaml:2)" in done.unsupported[0]


@pytest.mark.parametrize(
    "text",
    ["x: {type: MX, value: {preference: 1}}", "x: {type: A}", "x: 5", "x: {type: SRV, value: flat}", "- a", "x: !t {}"],
)
def test_what_is_no_zone_file_is_an_error_with_its_line(text: str) -> None:
    with pytest.raises(SpecError) as caught:
        read(text)

    assert "shop.example.yaml:1" in str(caught.value)


def test_a_zone_split_into_files_is_one_zone() -> None:
    files = {f"{name}.yaml": f"{name}: {{type: A, value: 192.0.2.1}}".encode() for name in ("a", "b")}

    assert [fields["name"] for fields in read_zone("shop.example", files).records] == ["a", "b"]


class Octodns:
    """octoDNS with its Cloudflare provider, as its users run it, on a world."""

    def __init__(self, repository: Repository, folder: Path) -> None:
        self._folder = folder
        account = repository.served.ready.accounts["acme"]["cloudflare"]
        self._target = CloudflareProvider(
            "cloudflare",
            token=account.token,
            api_url=repository.served.platform_urls["cloudflare"],
            pagerules=False,
            retry_count=1,
            retry_period=0,
        )

    def sync(self, zone: Mapping[str, Any]) -> int:
        """Writes the zone file and brings the platform in line with it; returns how many records changed."""
        (self._folder / "shop.example.yaml").write_text(yaml.safe_dump(dict(zone), sort_keys=False))
        wanted = Zone("shop.example.", [])
        YamlProvider("config", str(self._folder), enforce_order=False, escaped_semicolons=True).populate(wanted)
        plan = self._target.plan(wanted)
        return self._target.apply(plan) if plan else 0


@pytest.fixture
def octodns(empty: Repository, tmp_path: Path) -> Iterator[Octodns]:
    (tmp_path / "octodns").mkdir()
    yield Octodns(empty, tmp_path / "octodns")


@pytest.mark.tier("octodns")
def test_every_type_that_octodns_wrote_imports_with_an_empty_plan(
    empty: Repository, octodns: Octodns, tmp_path: Path
) -> None:
    assert octodns.sync(ZONE) == 19

    said = empty.do("import", "--octodns", str(tmp_path / "octodns"), "--json")

    assert said.code == 0, (said.err, said.json["plan"])
    live = len(empty.records())
    assert (said.json["written"]["cloudflare.record"], said.json["plan"]) == (live, {"changes": [], "adopt": live})


@pytest.mark.tier("octodns")
def test_a_zone_of_700_records_that_octodns_wrote_imports_with_an_empty_plan(
    empty: Repository, octodns: Octodns, tmp_path: Path
) -> None:
    zone: dict[str, Any] = {}
    for index in range(350):
        own = {"cloudflare": {"proxied": index % 7 == 0, "comment": f"host {index}"}}
        zone[f"a{index}"] = {"type": "A", "ttl": 300, "value": f"192.0.2.{index % 250}", "octodns": own}
        zone[f"t{index}"] = {"type": "TXT", "ttl": 600, "value": f"key={index}\\; ok"}
    octodns.sync(zone)

    said = empty.do("import", "--octodns", str(tmp_path / "octodns" / "shop.example.yaml"))

    assert said.code == 0, said.err
    assert "plan: empty, 700 to adopt" in said.out


def test_an_import_whose_plan_is_not_empty_names_what_differs_and_keeps_the_file(
    empty: Repository, tmp_path: Path
) -> None:
    empty.make("www.shop.example", type="A", content="192.0.2.1", ttl="300")
    path = tmp_path / "shop.example.yaml"
    path.write_text("www: {type: A, ttl: 600, value: 192.0.2.1}\nnew: {type: A, value: 192.0.2.3}\n")

    said = empty.do("import", "--octodns", str(path))

    assert said.code == 1
    assert "shop-example/www: lives with ttl 300, not 600" in said.err
    assert "shop-example/new: does not live (new.shop.example A 192.0.2.3)" in said.err
    assert (empty.root / "stacks" / "acme.yaml").exists()


def test_unsupported_records_stop_the_import_unless_they_are_to_be_skipped(empty: Repository, tmp_path: Path) -> None:
    empty.make("www.shop.example", type="A", content="192.0.2.1", ttl="3600")
    path = tmp_path / "shop.example.yaml"
    path.write_text("www: {type: A, value: 192.0.2.1}\nfwd: {type: URLFWD, values: []}\n")

    refused = empty.do("import", "--octodns", str(path))
    assert refused.code == 1
    assert "fwd URLFWD" in refused.err
    assert not (empty.root / "stacks" / "acme.yaml").exists()

    skipped = empty.do("import", "--octodns", str(path), "--skip-unsupported")
    assert skipped.code == 0, skipped.err
    assert "fwd URLFWD" in (empty.root / "stacks" / "acme.yaml").read_text()
