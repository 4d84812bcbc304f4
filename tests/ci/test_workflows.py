"""The three workflows that a user copies: their own commands, run against the sandbox."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from reconcile.assemble import Workshop
from reconcile.cli.beginning import install_line
from reconcile.reference.ci import secrets_of, workflow
from reconcile.settings import Settings

from .workflows import ROOT, WORKFLOWS, Runner, read, used

PROJECT = """\
project: shop
ledger: {id: 0f3c9a1e, home: .trueup/ledger.db}
accounts:
  acme: {cloudflare: {id: a0000000000000000000000000000001, credentials: {token: ACME_CLOUDFLARE_TOKEN}}}
"""
WEB = """\
account: acme
cloudflare:
  zone: {main: {name: shop.example}}
  records:
    main:
      www: {type: A, content: 192.0.2.1}
"""
NAMES = ("preview", "up", "drift")


def git(where: Path, *words: str) -> str:
    who = ["-c", "user.name=t", "-c", "user.email=t@example.com", "-c", "init.defaultBranch=main"]
    done = subprocess.run(["git", *who, *words], cwd=where, check=True, capture_output=True, text=True)
    return done.stdout.strip()


def write(root: Path, name: str, text: str) -> None:
    (root / name).parent.mkdir(parents=True, exist_ok=True)
    (root / name).write_text(text)


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """What a user has: stack files, and the set-up of this product."""
    root = tmp_path / "repository"
    root.mkdir()
    write(root, "stacks/_project.yaml", PROJECT)
    write(root, "stacks/web.yaml", WEB)
    for name in ("Makefile", "pyproject.toml", "requirements.lock"):
        shutil.copy2(ROOT / name, root / name)
    write(root, ".gitignore", ".venv\n.trueup/\n")
    git(root, "init", "--quiet")
    git(root, "add", "--all")
    git(root, "commit", "--quiet", "--message", "base")
    return root


@pytest.fixture
def world(repository: Path, tmp_path: Path) -> Iterator[Path]:
    """A sandbox in a process of its own; its ready file."""
    ready = tmp_path / "world.json"
    command = [sys.executable, "-m", "reconcile", "sandbox", "--ready-file", str(ready), "-C", str(repository)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, start_new_session=True)
    try:
        deadline = time.monotonic() + 60
        while not ready.exists():
            assert process.poll() is None and time.monotonic() < deadline, "the sandbox did not start"
            time.sleep(0.05)
        yield ready
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(timeout=30)


def checkout(repository: Path, into: Path) -> Path:
    """The base, as the runner's own checkout, with the environment that `make` would set up."""
    git(into.parent, "clone", "--quiet", str(repository), into.name)
    for name in ("Makefile", "pyproject.toml", "requirements.lock"):
        # A fresh clone is newer than anything: the environment of these tests is the one they ask for.
        os.utime(into / name, (0, 0))
    (into / ".venv").symlink_to(Path(sys.prefix))
    return into


@pytest.fixture
def runner(repository: Path, world: Path, tmp_path: Path) -> Runner:
    environment = {"TRUEUP_SANDBOX": str(world)}
    return Runner(checkout(repository, tmp_path / "checkout"), tmp_path / "temp", environment=environment)


def proposed(repository: Path, **files: str) -> dict[str, str]:
    """A pull request with these files, as GitHub tells of it: `github.sha` is the merge that it tries."""
    git(repository, "checkout", "--quiet", "-b", "change")
    for name, text in files.items():
        write(repository, name.replace("__", "/", 1), text)
    git(repository, "add", "--all")
    git(repository, "commit", "--quiet", "--message", "change")
    head = git(repository, "rev-parse", "HEAD")
    base = git(repository, "rev-parse", "main")
    git(repository, "checkout", "--quiet", "main")
    return {"github.sha": head, "github.event.pull_request.base.sha": base}


def changed_ttl() -> str:
    return WEB.replace("192.0.2.1", "192.0.2.1, ttl: 300")


def test_the_files_are_workflows() -> None:
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.github-workflows"]
    done = subprocess.run([*command, *sorted(map(str, WORKFLOWS.glob("*.yml")))], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.skipif(shutil.which("actionlint") is None, reason="not run: actionlint is not on this machine")
def test_actionlint_has_nothing_to_say() -> None:
    done = subprocess.run(["actionlint", *sorted(map(str, WORKFLOWS.glob("*.yml")))], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("name", NAMES)
def test_no_step_puts_an_expression_into_a_shell_line(name: str) -> None:
    """A branch's name is anybody's text: what a step needs comes through its environment."""
    lines = [step["run"] for job in read(name)["jobs"].values() for step in job["steps"] if "run" in step]
    assert lines and not [line for line in lines if "${{" in line]


@pytest.mark.parametrize("name", NAMES)
def test_a_workflow_may_read_only_and_uses_known_actions(name: str) -> None:
    held = read(name)
    assert held["permissions"] == {"contents": "read"}
    assert used(held) <= {"actions/checkout@v4", "actions/setup-python@v5", "pulumi/actions@v6"}


@pytest.mark.parametrize("name", NAMES)
def test_this_repository_has_what_init_writes(name: str) -> None:
    with Workshop(Settings(ROOT)) as shop:
        expected = workflow(name, "make .venv/ready", secrets_of(shop.project))
    assert (WORKFLOWS / f"{name}.yml").read_text() == expected


def test_init_writes_the_program_and_workflows_that_are_valid_and_name_the_accounts_secrets(tmp_path: Path) -> None:
    write(tmp_path, "stacks/_project.yaml", PROJECT)
    command = [sys.executable, "-m", "reconcile", "init", "--ci", "github", "-C", str(tmp_path)]
    subprocess.run(command, check=True, capture_output=True)
    assert "declare(pulumi.get_stack())" in (tmp_path / "__main__.py").read_text()
    assert yaml.safe_load((tmp_path / "Pulumi.yaml").read_text())["stackConfigDir"] == "stacks"
    for name in ("policies/__main__.py", "policies/PulumiPolicy.yaml", "__main__.py"):
        assert (tmp_path / name).read_text() == (ROOT / name).read_text()
    written = sorted((tmp_path / ".github" / "workflows").iterdir())
    assert [one.stem for one in written] == sorted(NAMES)
    check = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.github-workflows"]
    assert subprocess.run([*check, *map(str, written)], capture_output=True).returncode == 0
    for one in written:
        assert "ACME_CLOUDFLARE_TOKEN: ${{ secrets.ACME_CLOUDFLARE_TOKEN }}" in one.read_text()
        assert "pip install trueup==" in one.read_text()


@pytest.mark.parametrize(
    ("home", "wanted"),
    [
        (".trueup/ledger.db", "trueup=="),
        ("s3://acme/ledger.db", "trueup[s3]=="),
        ("postgresql://db.example/ledger", "trueup[postgresql]=="),
    ],
)
def test_a_runner_installs_what_reaches_the_ledger(home: str, wanted: str) -> None:
    """Without the extra every job would end at its first look into the ledger."""
    steps = yaml.safe_load(workflow("up", install_line(home), []))["jobs"]["up"]["steps"]
    assert any(f"pip install {wanted}" in step.get("run", "") for step in steps)


def test_init_tells_that_workflows_without_accounts_name_no_secrets(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "reconcile", "init", "--ci", "github", "-C", str(tmp_path)]
    told = [subprocess.run(command, check=True, capture_output=True, text=True).stdout for _ in range(2)]
    assert ["name no secrets yet" in one for one in told] == [True, False]


def test_every_credential_of_the_project_reaches_the_jobs_that_need_one() -> None:
    project = yaml.safe_load((ROOT / "stacks" / "_project.yaml").read_text())
    accesses = [access for account in project["accounts"].values() for access in account.values()]
    names = {name for access in accesses for name in access["credentials"].values()} | set(project["from_env"])
    for name, job in (("preview", "preview"), ("up", "up"), ("drift", "drift")):
        assert names <= read(name)["jobs"][job]["env"].keys()


def test_a_pull_request_from_anywhere_is_validated_without_any_credential() -> None:
    held = read("preview")
    assert "env" not in held["jobs"]["validate"] and "environment" not in held["jobs"]["validate"]
    assert held["jobs"]["preview"]["if"] == "github.event.pull_request.head.repo.full_name == github.repository"
    assert "pull_request_target" not in held["on"]


def test_only_what_is_merged_by_now_is_built() -> None:
    """A run that is run again has the commit of its day, and one by hand has any branch."""
    held = read("up")["jobs"]["up"]
    (checkout,) = [step for step in held["steps"] if step.get("uses", "").startswith("actions/checkout@")]
    assert checkout["with"] == {"ref": "${{ github.ref }}"}
    assert held["if"] == "github.event_name == 'push' || github.ref_name == github.event.repository.default_branch"


def test_a_pull_request_is_shown_what_it_would_change(repository: Path, runner: Runner) -> None:
    runner.event = proposed(repository, **{"stacks__web.yaml": changed_ttl()})
    assert runner.run("preview", "validate")[0] == 0
    shutil.rmtree(runner.temp)  # another job, another machine
    code, last, said = runner.run("preview", "preview")
    assert (code, last) == (0, "Preview"), said
    assert "cloudflare.record.main/www" in runner.summary


def test_what_a_pull_request_does_wrong_is_told_with_its_line(repository: Path, runner: Runner) -> None:
    runner.event = proposed(repository, **{"stacks__web.yaml": WEB.replace("content", "contents")})
    code, last, said = runner.run("preview", "validate")
    assert (code, last) == (1, "Validate")
    assert "web.yaml:6" in said


def test_a_pull_request_redirects_nothing_and_none_of_its_code_runs(
    repository: Path, runner: Runner, tmp_path: Path
) -> None:
    ran = tmp_path / "ran"
    code = f"open({str(ran)!r}, 'w').write('run')\n"
    runner.event = proposed(
        repository,
        **{
            "stacks___project.yaml": PROJECT.replace("ACME_CLOUDFLARE_TOKEN", "STOLEN").replace("shop", "other"),
            "stacks__Pulumi.web.yaml": "config: {cloudflare:baseUrl: http://127.0.0.1:1}\n",
            "stacks__web.yaml": changed_ttl(),
            "__main__.py": code,
            "policies__evil.py": code,
            "Makefile": "all:\n",
        },
    )
    assert runner.run("preview", "preview")[0] == 0
    assert (runner.temp / "stacks" / "_project.yaml").read_text() == PROJECT
    assert sorted(one.name for one in (runner.temp / "stacks").iterdir()) == ["_project.yaml", "web.yaml"]
    assert not (runner.checkout / "stacks" / "Pulumi.web.yaml").exists()
    assert not ran.exists()
    assert "300" in runner.summary


def test_what_is_merged_is_built_and_the_next_run_has_nothing_to_do(runner: Runner, world: Path) -> None:
    code, last, said = runner.run("up", "up")
    assert (code, last) == (0, "Up"), said
    (record,) = records(world)
    assert record["content"] == "192.0.2.1"
    before = len(writes(world))
    assert runner.run("up", "up")[0] == 0
    assert len(writes(world)) == before


def test_drift_ends_in_a_summary_that_names_it_and_in_a_failure(runner: Runner, world: Path) -> None:
    assert runner.run("up", "up")[0] == 0
    assert runner.run("drift", "drift")[0] == 0
    trueup(world, "sandbox", "edit", "cloudflare", "record", "www.shop.example", "content=192.0.2.99")
    before = len(writes(world))
    code, last, _ = runner.run("drift", "drift")
    assert (code, last) == (2, "Drift")
    assert "cloudflare.record.main/www" in runner.summary and "192.0.2.99" in runner.summary
    assert "trueup apply --drift-only" in runner.summary
    assert len(writes(world)) == before


def trueup(world: Path, *words: str) -> str:
    environment = {**os.environ, "TRUEUP_SANDBOX": str(world)}
    command = [sys.executable, "-m", "reconcile", *words]
    done = subprocess.run(command, env=environment, check=True, capture_output=True, text=True)
    return done.stdout


def writes(world: Path) -> list[dict[str, object]]:
    calls = json.loads(trueup(world, "sandbox", "calls", "--json"))
    return [one for one in calls if one["method"] != "GET"]


def records(world: Path) -> list[dict[str, str]]:
    """What a person would see at the vendor's."""
    ready = json.loads(world.read_text())
    import httpx

    headers = {"Authorization": f"Bearer {ready['accounts']['acme']['cloudflare']['token']}"}
    with httpx.Client(base_url=ready["platforms"]["cloudflare"], headers=headers) as client:
        (zone,) = client.get("/zones").json()["result"]
        found: list[dict[str, str]] = client.get(f"/zones/{zone['id']}/dns_records").json()["result"]
    return found
