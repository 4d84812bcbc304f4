"""The demo's figures are those of its run: one thing more in a stack changes them; one that fails is said to."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from reconcile.cli.demo.shown import show

from .conftest import PROJECT, WEB, Command, Repository

ROOT = Path(__file__).parents[2]
WITH_RAILWAY = f"""{PROJECT.rstrip()}
    railway: {{id: fef65949-87cf-45fa-a2db-f9616722e802, credentials: {{token: ACME_RAILWAY_TOKEN}}, tier: hobby}}
from_env: [SHOP_DSN]
"""
APP = """
account: acme
railway:
  project: {shop: {name: shop}}
  service: {api: {project: shop}}
"""
RUNNING = """
account: acme
uses: [app, web]
railway:
  environment: {production: {project: shop}}
  instance:
    api:
      service: api
      environment: production
      source: {image: "example/shop:1"}
      variables:
        MODE: {value: production}
        PASSWORD: {exists: true}
        DSN: {from_env: SHOP_DSN}
  domain:
    api: {instance: api, host: api.shop.example, port: 3000}
cloudflare:
  records:
    main:
      api: {type: CNAME, content: "${railway.domain.api.target}"}
"""
MORE = (
    RUNNING.replace("        PASSWORD", "        COLOUR: {value: blue}\n        PASSWORD").replace(
        "cloudflare:", "    shop: {instance: api, host: buy.shop.example, port: 3000}\ncloudflare:"
    )
    + """\
      buy: {type: CNAME, content: "${railway.domain.shop.target}"}
      buy-verify: {name: _railway-verify.buy, type: TXT, content: "${railway.domain.shop.verify_value}"}
"""
)
SIDE = """
account: acme
cloudflare:
  zone: {side: {name: side.example}}
  records:
    side:
      apex: {name: "@", type: A, content: 192.0.2.60}
      www: {type: CNAME, content: side.example}
      mail: {name: "@", type: MX, content: mx.example.net, priority: 10}
      spf: {name: "@", type: TXT, content: "v=spf1 -all"}
"""
DEPLOYS = {"apply --stack running --drift-only --yes": [1, 1, 1, 0], "apply --stack running --yes": [1]}
"""What the commands of the variables' act deploy: the last heal follows one that was killed."""


def _demo(root: Path, *words: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "reconcile", "demo", "--dir", str(root), *words]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


def _told(root: Path) -> dict[str, Any]:
    ended = _demo(root, "--json")
    assert ended.returncode == 0, ended.stderr
    assert ended.stderr == ""
    told: dict[str, Any] = json.loads(ended.stdout)
    return told


@pytest.fixture(scope="module")
def stories(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, Any], dict[str, Any]]:
    """The demo of a small repository, and after a zone, two records, a variable and a domain were added."""
    repository = Repository(tmp_path_factory.mktemp("demo"))
    for name, text in {"_project": WITH_RAILWAY, "app": APP, "running": RUNNING}.items():
        repository.write(f"stacks/{name}.yaml", text)
    before = _told(repository.root)
    repository.write("stacks/running.yaml", MORE)
    repository.write("stacks/side.yaml", SIDE)
    return before, _told(repository.root)


def _row(told: dict[str, Any], stack: str) -> dict[str, int]:
    return {name: count for name, count in told["stacks"][stack].items() if name != "account" and count}


def _figure(told: dict[str, Any], words: str) -> str:
    (found,) = [one["figure"] for one in told["claims"] if words in one["claim"]]
    return str(found)


def test_the_figures_follow_a_zone_that_is_added(stories: tuple[dict[str, Any], dict[str, Any]]) -> None:
    before, after = stories
    row = {"made_by_hand": 3, "taken_over": 3, "edits": 2, "drift": 2, "put_back": 2, "foreign": 1}
    assert _row(before, "web") == _row(after, "web") == row
    assert _row(after, "side") == {
        "made_by_hand": 4,
        "taken_over": 4,
        "foreign": 1,
        "edits": 3,
        "drift": 3,
        "put_back": 3,
    }
    assert [_figure(told, "is taken over") for told in stories] == ["3 of 3", "7 of 7"]
    assert [_figure(told, "edited by hand: found") for told in stories] == [
        "2 of 2 found, 2 put back",
        "5 of 5 found, 5 put back",
    ]


def test_the_figures_follow_a_variable_and_a_domain_that_are_added(
    stories: tuple[dict[str, Any], dict[str, Any]],
) -> None:
    before, after = stories
    # The environment and the instance, two variables, the domain, its record; then a variable, a domain, its records.
    assert _row(before, "running") == {"planned": 6, "built": 6, "by_person": 1, "foreign": 1}
    assert _row(after, "running") == {"planned": 10, "built": 10, "by_person": 1, "foreign": 1}
    assert _row(before, "app") == _row(after, "app") == {"planned": 2, "built": 2, "foreign": 3}
    assert [_figure(told, "target moves") for told in stories] == [
        "1 moved, 1 of 1 records followed, 0 deploys",
        "2 moved, 3 of 3 records followed, 0 deploys",
    ]
    assert [[one["host"] for one in told["moved"]] for told in stories] == [
        ["api.shop.example"],
        ["api.shop.example", "buy.shop.example"],
    ]
    assert [_figure(told, "no stack declares") for told in stories] == ["5 of 5 shown", "6 of 6 shown"]


def test_the_deploys_are_those_that_the_sandbox_counted(stories: tuple[dict[str, Any], dict[str, Any]]) -> None:
    for told in stories:
        deploys: dict[str, list[int]] = {}
        for act in told["acts"]:
            deploys.setdefault(act["command"].removeprefix("trueup "), []).append(act["deploys"])
        assert {command: deploys[command] for command in DEPLOYS} == DEPLOYS
        assert [act["command"] for act in told["acts"] if act.get("killed")] == [
            "trueup apply --stack running --drift-only --yes"
        ]
        assert [(one["count"], one["as_declared"], one["deploys"]) for one in told["variables"]] == [
            (1, 1, 1),
            (20, 20, 1),
            (20, 20, 1),
            (20, 20, 1),
        ]


def test_the_screen_shows_the_figures_of_the_run(
    stories: tuple[dict[str, Any], dict[str, Any]], capsys: pytest.CaptureFixture[str]
) -> None:
    _, after = stories
    show(after, no_color=True)
    shown = capsys.readouterr().out
    assert "1 system in 4 stacks" in shown
    assert len(shown.splitlines()) < 65
    for one in after["claims"]:
        assert any(one["claim"] in line and one["figure"] in line and "✓" in line for line in shown.splitlines())
    assert f"All {len(after['claims'])} claims held" in shown
    assert "buy.shop.example" in shown


def test_a_claim_that_does_not_hold_is_named_and_the_demo_fails(repository: Repository) -> None:
    repository.write("stacks/web.yaml", WEB.replace("field: ttl", "field: content"))
    ended = _demo(repository.root)
    assert ended.returncode == 1
    # The edit of www's address is accepted, so it is neither drift nor put back.
    assert "✗  DNS edited by hand" in ended.stdout
    assert "1 of 2 found, 1 put back" in ended.stdout
    assert "NOT FOUND" in ended.stdout
    assert "1 of 3 claims did not hold" in ended.stdout
    assert ended.stderr.startswith("error: not so: DNS edited by hand")


def test_where_nothing_is_declared_there_is_no_story(repository: Repository, trueup: Command) -> None:
    repository.write("stacks/web.yaml", "account: acme\n")
    told = trueup("demo")
    assert told.code == 1
    assert told.err.startswith("error: no stack here declares a DNS record")
