"""The demo's figures are those of its run: one thing more in a stack changes them; one that fails is said to."""

import json
import os
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from reconcile.cli.demo.pulumi import NOT_FOUND
from reconcile.cli.demo.rotating import peers
from reconcile.cli.demo.shown import show
from reconcile.program.engine.find import VARIABLE, find, version_of
from tests.sampled import only_proof

from .conftest import PROJECT, WEB, Command, Repository

ROOT = Path(__file__).parents[2]
WHOLE = f"""{PROJECT.rstrip()}
    railway: {{id: fef65949-87cf-45fa-a2db-f9616722e802, credentials: {{token: ACME_RAILWAY_TOKEN}}, tier: hobby}}
    vercel: {{id: team_Yh3kTqVb81NcRwZs5LxJm0Dg, credentials: {{token: ACME_VERCEL_TOKEN}}, tier: pro}}
    r2: {{id: a0000000000000000000000000000001, credentials: {{token: ACME_R2_TOKEN}}}}
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
FRONT = """
account: acme
uses: [web]
vercel:
  project: {front: {name: front, git: {repo: example/shop, branch: main}}}
  variables: {front: {COLOUR: blue}}
  domain:
    apex: {project: front, host: shop.example}
    front: {project: front, host: front.shop.example}
r2:
  bucket: {files: {name: shop-files}}
  public-access: {files: {bucket: files, enabled: false}}
cloudflare:
  records:
    main:
      apex: {name: "@", type: A, content: "${vercel.domain.apex.ipv4}"}
      front: {type: CNAME, content: "${vercel.domain.front.target}"}
"""
LATER = """
account: acme
vercel:
  project: {later: {name: later}}
r2:
  bucket: {papers: {name: shop-papers}}
  public-access: {papers: {bucket: papers, enabled: false}}
"""
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
ROTATED = """
account: acme
uses: [web]
secrets:
  session: {strategy: overlap, generate: {bytes: 32, as: base64}, every: 30d, window: 02:00-05:00, soak: 24h}
  keys: {strategy: manual, every: 90d, by_hand: {steps: [make a key at the vendor's], parts: [id, secret]}}
  mail: {strategy: replace, generate: {bytes: 16, as: hex}, every: 90d}
railway:
  project: {vault: {name: vault}}
  environment: {production: {project: vault}}
  service: {front: {project: vault}, worker: {project: vault}}
  instance:
    front:
      service: front
      environment: production
      source: {image: "example/front:1"}
      variables:
        TOKEN: {secret: session}
        KEY_ID: {secret: keys, part: id}
        KEY_SECRET: {secret: keys, part: secret}
        MAIL: {secret: mail}
    worker:
      service: worker
      environment: production
      source: {image: "example/worker:1"}
      variables:
        TOKEN: {secret: session}
"""
DEPLOYS = {"apply --stack running --drift-only --yes": [1, 1, 1, 0], "apply --stack running --yes": [1]}
"""What the commands of the variables' act deploy: the last heal follows one that was killed."""


def _begun(root: Path, *words: str, pulumi: Path | None = None) -> "subprocess.Popen[str]":
    """The demo of a repository, by a user without a Pulumi CLI or with this one, who has a home and a folder for what
    is temporary beside the repository."""
    home, temporary = root / "home", root / "tmp"
    home.mkdir()
    temporary.mkdir()
    folders = os.environ["PATH"].split(os.pathsep)
    environment = {name: value for name, value in os.environ.items() if name != VARIABLE}
    environment |= {
        "HOME": str(home),
        "TMPDIR": str(temporary),
        "PATH": os.pathsep.join(folder for folder in folders if not Path(folder, "pulumi").exists()),
        **({VARIABLE: str(pulumi)} if pulumi is not None else {}),
    }
    command = [sys.executable, "-m", "reconcile", "demo", "--dir", str(root), *words]
    return subprocess.Popen(
        command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def _told(tmp_path_factory: pytest.TempPathFactory, **more: str) -> dict[str, Any]:
    """What the demo of the repository says of itself, with these stacks besides."""
    repository = Repository(tmp_path_factory.mktemp("demo"))
    for name, text in {"_project": WHOLE, "app": APP, "front": FRONT, "running": RUNNING, **more}.items():
        repository.write(f"stacks/{name}.yaml", text)
    process = _begun(repository.root, "--json")
    out, error = process.communicate()
    assert (error, process.returncode) == ("", 0)
    told: dict[str, Any] = json.loads(out)
    return told


@pytest.fixture(scope="module")
def before(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The demo of a small repository."""
    return _told(tmp_path_factory)


@pytest.fixture(scope="module")
def after(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """And after a zone, records, a variable, a domain, a project and a bucket were added."""
    return _told(tmp_path_factory, running=f"writer: pulumi{MORE}", side=SIDE, later=LATER)


@pytest.fixture(scope="module")
def stories(before: dict[str, Any], after: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    return before, after


def _write(repository: Repository, stacks: dict[str, str]) -> None:
    for name, text in stacks.items():
        repository.write(f"stacks/{name}.yaml", text)


@pytest.fixture(scope="module")
def by_pulumi(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Any]]:
    """The repository and its demo where the vendor's command line is found and one stack says that it is Pulumi's."""
    found = find()
    if found is None:
        pytest.skip(f"the Pulumi CLI is not found ({VARIABLE}, PATH, ~/.pulumi/bin)")
    repository = Repository(tmp_path_factory.mktemp("demo"))
    _write(repository, {"_project": WHOLE, "app": APP, "front": FRONT, "running": f"writer: pulumi{RUNNING}"})
    # A program that would tell of itself, were it run.
    repository.write("__main__.py", "raise SystemExit('the user's own program')\n")
    process = _begun(repository.root, "--json", pulumi=found.path)
    out, error = process.communicate()
    assert (error, process.returncode) == ("", 0), out
    return repository.root, json.loads(out)


@pytest.fixture(scope="module")
def rotated(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The demo of a repository with secrets that change on schedule."""
    return _told(tmp_path_factory, rotated=ROTATED)


def _row(told: dict[str, Any], stack: str) -> dict[str, int]:
    return {name: count for name, count in told["stacks"][stack].items() if name != "account" and count}


def _figure(told: dict[str, Any], words: str) -> str:
    (found,) = [one["figure"] for one in told["claims"] if words in one["claim"]]
    return str(found)


def test_the_figures_are_those_of_what_is_declared(after: dict[str, Any]) -> None:
    assert _row(after, "running") == {"planned": 10, "built": 10, "by_person": 1, "foreign": 1}
    assert _row(after, "later") == {"planned": 3, "built": 3, "foreign": 3, "edits": 1, "drift": 1, "put_back": 1}
    assert after["built_on"]["acme"] == {"cloudflare": 5, "railway": 9, "vercel": 5, "r2": 4}
    assert {words: _figure(after, words) for words in ("is taken over", "target moves", "no stack declares")} == {
        "is taken over": "7 of 7",
        "target moves": "2 moved, 3 of 3 records followed, 0 deploys",
        "no stack declares": "11 of 11 shown",
    }


@pytest.mark.proof
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
    assert [_figure(told, "DNS edited by hand") for told in stories] == [
        "2 of 2 found, 2 put back",
        "5 of 5 found, 5 put back",
    ]


@pytest.mark.proof
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
    # The project is taken away on Vercel where another one holds what no stack declares.
    assert [[one["host"] for one in told["moved"]] for told in stories] == [
        ["api.shop.example"],
        ["api.shop.example", "buy.shop.example", "front.shop.example"],
    ]
    assert _figure(after, "project is deleted on Vercel") == "4 of 4 things made, 1 of 1 records followed"
    assert [_figure(told, "no stack declares") for told in stories] == ["8 of 8 shown", "11 of 11 shown"]


@pytest.mark.proof
def test_the_figures_follow_a_project_and_a_bucket_that_are_added(
    stories: tuple[dict[str, Any], dict[str, Any]],
) -> None:
    before, after = stories
    # Project, variable, two domains and their records; bucket and its public access.
    row = {"planned": 8, "built": 8, "edits": 3, "drift": 3, "put_back": 3}
    assert _row(before, "front") == {**row, "foreign": 3}
    # The variable that a colleague adds is in the last project.
    assert _row(after, "front") == {**row, "foreign": 2}
    assert _row(after, "later") == {"planned": 3, "built": 3, "foreign": 3, "edits": 1, "drift": 1, "put_back": 1}
    assert [told["built_on"]["acme"] for told in stories] == [
        {"cloudflare": 3, "railway": 7, "vercel": 4, "r2": 2},
        {"cloudflare": 5, "railway": 9, "vercel": 5, "r2": 4},
    ]
    for told, buckets in zip(stories, (1, 2), strict=True):
        assert _figure(told, "Vercel edited by hand") == "2 of 2 found, 2 put back"
        assert _figure(told, "R2 edited by hand") == f"{buckets} of {buckets} found, {buckets} put back"
        unmanaged = [one["kind"] for one in told["unmanaged"] if one["kind"].startswith(("vercel", "r2"))]
        assert sorted(unmanaged) == ["r2.bucket"] * buckets + ["vercel.project"] * buckets + ["vercel.variable"]


@pytest.mark.parametrize("story", [only_proof("before"), "after"])
def test_the_deploys_are_those_that_the_sandbox_counted(story: str, request: pytest.FixtureRequest) -> None:
    told = request.getfixturevalue(story)
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


def test_the_screen_shows_the_figures_of_the_run(after: dict[str, Any], capsys: pytest.CaptureFixture[str]) -> None:
    show(after, no_color=True)
    shown = capsys.readouterr().out
    assert "1 system in 6 stacks" in shown
    (row,) = [line.split() for line in shown.splitlines() if line.startswith("acme")]
    assert row[-4:] == ["5", "5", "4", "9"]
    assert len(shown.splitlines()) <= 70
    for one in after["claims"]:
        assert any(one["claim"] in line and one["figure"] in line and "✓" in line for line in shown.splitlines())
    assert f"All {len(after['claims'])} claims held" in shown
    assert "buy.shop.example" in shown


def test_without_a_pulumi_cli_it_says_in_one_line_that_trueup_wrote(
    after: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    assert after["writers"] == {"trueup": list(after["stacks"]), "pulumi": [], "why": NOT_FOUND}
    show(after, no_color=True)
    told = " ".join(capsys.readouterr().out.split())
    assert f"Written by trueup: {NOT_FOUND}. Next:" in told
    assert "`trueup doctor --install-pulumi` gets it" in told


@pytest.mark.tier("pulumi CLI")
def test_with_a_pulumi_cli_it_builds_one_stack_and_agrees_in_the_end(by_pulumi: tuple[Path, dict[str, Any]]) -> None:
    _, told = by_pulumi
    assert told["writers"]["pulumi"] == ["running"]
    assert told["writers"]["trueup"] == ["app", "front", "web"]
    # As many as trueup builds where it writes; and a variable on Railway is edited, that Pulumi puts back.
    assert _row(told, "running") == {
        "planned": 6,
        "built": 6,
        "by_person": 1,
        "foreign": 1,
        "edits": 1,
        "drift": 1,
        "put_back": 1,
    }
    # The six, the release of what runs, and the ledger's books of the record.
    assert [one["figure"] for one in told["claims"] if "Pulumi" in one["claim"] or "running" in one["claim"]] == [
        "6 of 6 by Pulumi, 0 by trueup",
        "0 and 0 to do, 8 the same",
        "1 of 1 found, 1 put back in 1 update of Pulumi's",
        "0 to do, 8 the same",
        "0 of 2 told, 1 of 1 arrived",
    ]
    assert told["ended_well"]
    commands = [act["command"] for act in told["acts"]]
    assert "trueup up -s running --yes" in commands
    assert commands.count("pulumi preview --refresh --expect-no-changes -s running") == 2


@pytest.mark.tier("pulumi CLI")
def test_with_a_pulumi_cli_it_says_who_built_what(
    by_pulumi: tuple[Path, dict[str, Any]], capsys: pytest.CaptureFixture[str]
) -> None:
    _, told = by_pulumi
    show(told, no_color=True)
    shown = " ".join(capsys.readouterr().out.split())
    found = find()
    assert found is not None
    assert f"Built by Pulumi {version_of(found)} (${VARIABLE}): running, 6 things" in shown
    assert "stand-in for pulumi-resource-cloudflare, not the vendor's plugin" in shown
    assert "Built by trueup: 10 things of the other 3 stacks" in shown


@pytest.mark.tier("pulumi CLI")
def test_of_pulumi_nothing_is_left_neither_at_home_nor_running(by_pulumi: tuple[Path, dict[str, Any]]) -> None:
    root, _ = by_pulumi
    assert list((root / "home").rglob("*")) == list((root / "tmp").rglob("*")) == []
    assert not (root / "Pulumi.yaml").exists()
    assert _running(str(root)) == []


@pytest.mark.tier("pulumi CLI")
def test_ended_while_pulumi_builds_it_sees_everything_to_its_end(repository: Repository) -> None:
    found = find()
    if found is None:
        pytest.skip(f"the Pulumi CLI is not found ({VARIABLE}, PATH, ~/.pulumi/bin)")
    _write(repository, {"_project": WHOLE, "app": APP, "running": f"writer: pulumi{RUNNING}"})
    process = _begun(repository.root, "--json", pulumi=found.path)
    locks = "trueup-demo-*/ledger.db.pulumi/state/.pulumi/locks/**/*.json"
    while not list((repository.root / "tmp").glob(locks)) and process.poll() is None:
        time.sleep(0.05)
    assert any("pulumi" in command for command in _running(str(repository.root)))
    process.terminate()
    out, error = process.communicate()
    assert (out, error, process.returncode) == ("", "", 0)
    assert list((repository.root / "tmp").iterdir()) == []
    assert _running(str(repository.root)) == []


def _running(root: str) -> list[str]:
    """Processes that a demo of this repository began."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            if f"HOME={root}/home".encode() in (folder / "environ").read_bytes():
                found.append((folder / "cmdline").read_text().replace("\0", " "))
    return found


@pytest.mark.proof
def test_a_pulumi_cli_that_fails_is_told_of_in_one_line(repository: Repository, tmp_path: Path) -> None:
    _write(repository, {"_project": WHOLE, "app": APP, "running": f"writer: pulumi{RUNNING}"})
    cli = tmp_path / "cli"
    cli.write_text(
        "#!/bin/sh\nif [ $1 = version ]; then echo v3.99.9; exit; fi\necho 'error: not today' >&2\nexit 255\n"
    )
    cli.chmod(0o755)
    process = _begun(repository.root, pulumi=cli)
    out, error = process.communicate()
    assert (out, process.returncode) == ("", 1)
    assert error.startswith("error: pulumi stack init running: not today")
    assert "Traceback" not in error
    cli.unlink()
    repository.root.joinpath("home").rmdir()
    repository.root.joinpath("tmp").rmdir()
    process = _begun(repository.root, pulumi=cli)
    out, error = process.communicate()
    assert (out, process.returncode) == ("", 1)
    assert error.startswith(f"error: ${VARIABLE} names {cli}, which is no program")


def test_secrets_get_their_first_values_from_us_or_from_a_person(rotated: dict[str, Any]) -> None:
    (given,) = [one for one in rotated["acts"] if "rotate accept" in one["command"]]
    assert (given["command"], given["exit"]) == ("trueup rotate accept keys --stdin", 0)
    assert _row(rotated, "rotated")["by_person"] == 1
    assert _figure(rotated, "have their first values") == "3 of 3 (1 given by people), 5 of 5 fields run with theirs"


def test_a_secret_rotates_when_it_is_due_and_its_old_value_ends_last(rotated: dict[str, Any]) -> None:
    told = rotated["rotated"]
    assert (told["secret"], told["strategy"]) == ("session", "overlap")
    # As the sandbox's clock went: due within the window's day, begun when it opens.
    assert told["due"][:10] <= told["began"][:10]
    assert told["began"][11:16] == "02:01" or "02:00" <= told["due"][11:16] < "05:00"
    assert [one["variable"] for one in told["consumers"]] == [
        "vault/production/front/TOKEN",
        "vault/production/worker/TOKEN",
    ]
    assert len({one["before"] for one in told["consumers"]}) == len({one["after"] for one in told["consumers"]}) == 1
    assert told["consumers"][0]["before"] != told["consumers"][0]["after"]
    # The one that was edited by hand is started once more.
    assert told["consumers"][1]["starts"] == told["consumers"][0]["starts"] + 1
    words = [one["what"] for one in told["entries"]]
    assert words[0] == "began"
    assert words[-2:] == ["revoked", "ended"]
    assert (
        _figure(rotated, "typed by hand at vault/production/worker") == "1 of 1 put back, 1 deploy, the soak began anew"
    )
    assert " 0 with a value" in _figure(rotated, "at no moment")
    assert _figure(rotated, "no output, ledger or log").startswith("0 of ")


def test_the_screen_shows_a_rotation_by_fingerprints(
    rotated: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    show(rotated, no_color=True)
    shown = capsys.readouterr().out
    first = rotated["rotated"]["consumers"][0]
    assert "A secret rotates: session, overlap" in shown
    assert f"{first['before']} → {first['after']}" in shown
    assert len(shown.splitlines()) <= 90


@pytest.mark.parametrize(
    ("moments", "held"),
    [
        ([{"a": ("1", ""), "b": ("1", "")}, {"a": ("1", "2"), "b": ("1", "")}], True),
        ([{"a": ("2", "1"), "b": ("1", "2")}], True),
        ([{"a": ("2", "1"), "b": ("1", "")}], False),
        ([{"a": ("2", ""), "b": ("1", "2")}], False),
        ([], False),
    ],
)
def test_services_of_which_one_refuses_the_others_value_are_told(
    moments: list[dict[str, tuple[str, str]]], held: bool
) -> None:
    assert peers(moments).held is held


def test_an_edit_that_the_console_refuses_ends_it_in_a_line(repository: Repository, trueup: Command) -> None:
    # What the evening makes of the first address is there already, under the same name.
    more = "      www-2: {name: www, type: A, content: 203.0.113.99}\n      note"
    repository.write("stacks/web.yaml", WEB.replace("      note", more))
    told = trueup("demo")
    assert told.code == 1
    assert told.err.startswith("error: the sandbox's console does not edit cloudflare.record ")
    assert "Traceback" not in told.err


def test_a_claim_that_does_not_hold_is_named_and_the_demo_fails(repository: Repository) -> None:
    repository.write("stacks/_project.yaml", WHOLE)
    repository.write("stacks/web.yaml", WEB.replace("field: ttl", "field: content"))
    accepted = ", owner: ops, reason: a trial, expires: 2099-01-31}"
    repository.write(
        "stacks/front.yaml",
        f"""{FRONT}
ignore:
  - {{address: vercel.variable.front/COLOUR, field: value{accepted}
  - {{address: r2.public-access.files, field: enabled{accepted}
""",
    )
    process = _begun(repository.root)
    out, error = process.communicate()
    assert process.returncode == 1
    # Three edits are accepted, one on each platform: they are neither drift nor put back.
    shown = [" ".join(line.split()) for line in out.splitlines()]
    assert [line for line in shown if line.startswith("✗")] == [
        "✗ DNS edited by hand: found, cause drift, and put back 1 of 2 found, 1 put back",
        "✗ Vercel edited by hand: found, cause drift, and put back 1 of 2 found, 1 put back",
        "✗ R2 edited by hand: found, cause drift, and put back 0 of 1 found, 0 put back",
    ]
    assert out.count("NOT FOUND") == 3
    assert "3 of 6 claims did not hold" in out
    assert error.startswith("error: not so: DNS edited by hand")
    assert "error: not so: R2 edited by hand" in error


def test_where_nothing_is_declared_there_is_no_story(repository: Repository, trueup: Command) -> None:
    repository.write("stacks/web.yaml", "account: acme\n")
    told = trueup("demo")
    assert told.code == 1
    assert told.err.startswith("error: no stack here declares a DNS record")
