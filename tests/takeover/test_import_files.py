"""railway.json, railway.toml and .env into the entry of an instance."""

import json
from pathlib import Path

import pytest

from tests.stories.estate import Estate
from tests.takeover.repository import Said, trueup

PROJECT = """
project: library
ledger: {id: 0a1b2c3d, home: .trueup/ledger.db}
from_env: [SENTRY_DSN]
accounts:
  acme:
    railway: {id: 11111111-2222-3333-4444-555555555555, credentials: {token: ACME_RAILWAY_TOKEN}, tier: pro}
"""
SHARED = """\
account: acme
railway:
  project: {shop: {}}
  environment: {production: {project: shop}, staging: {project: shop}}
  service: {api: {project: shop}, worker: {project: shop}}
"""
STACK = """\
account: acme
uses: [shop]
railway:
  instance:
    api:   # answers
      service: api
      environment: production
      start_command: npm run serve
      # What it knows.
      variables:
        NODE_ENV: production

        # The last.
        PORT: 3000
    worker: {service: worker, environment: production}

  domain: {}
"""
CONFIG = {
    "$schema": "https://railway.com/railway.schema.json",
    "build": {"builder": "DOCKERFILE", "dockerfilePath": "docker/api", "watchPatterns": ["src/**"]},
    "deploy": {
        "startCommand": "npm start",
        "preDeployCommand": ["npm run check", "npm run migrate"],
        "healthcheckPath": "/health",
        "healthcheckTimeout": 120,
        "restartPolicyType": "ON_FAILURE",
        "restartPolicyMaxRetries": 3,
        "multiRegionConfig": {"europe-west4-drams3a": {"numReplicas": 2}},
        "overlapSeconds": 60,
        "cronSchedule": None,
    },
    "environments": {"staging": {"deploy": {"startCommand": "npm run staging"}}, "pr": {"deploy": {}}},
}


class Files:
    def __init__(self, root: Path) -> None:
        self.root = root
        self.estate = Estate(root, "account: acme\n", project=PROJECT)
        for stack, text in (("shop", SHARED), ("shop-production", STACK)):
            (root / "stacks" / f"{stack}.yaml").write_text(text)

    def give(self, name: str, text: str) -> str:
        path = self.root / name
        path.write_text(text)
        return str(path)

    def do(self, *arguments: str) -> Said:
        return trueup("import", *arguments, "--dir", str(self.root))

    @property
    def stack(self) -> str:
        return (self.root / "stacks" / "shop-production.yaml").read_text()


@pytest.fixture
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Files:
    monkeypatch.delenv("TRUEUP_SANDBOX", raising=False)
    return Files(tmp_path / "shop")


HERE = ("--service", "api", "--environment", "production")


def test_a_railway_json_gives_the_lines_that_its_instance_lacks(files: Files) -> None:
    said = files.do(files.give("railway.json", json.dumps(CONFIG, indent=2)), *HERE)

    assert said.code == 0, said.err
    assert (
        said.out.splitlines()
        == [
            "# into railway.instance.api (stacks/shop-production.yaml:5); --write puts it there",
            "region: europe-west",
            "replicas: 2",
            "builder: DOCKERFILE",
            "pre_deploy_command: npm run check && npm run migrate",
            "healthcheck_path: /health",
            "healthcheck_timeout: 120",
            "restart_retries: 3",
        ]
        or said.out.splitlines()
    )
    assert files.stack == STACK


def test_what_has_no_counterpart_or_differs_is_told_with_its_line_and_never_dropped(files: Files) -> None:
    said = files.do(files.give("railway.json", json.dumps(CONFIG, indent=2)), *HERE, "--json")

    assert said.json["left_out"] == [
        "railway.json:5: build.dockerfilePath: no field here: the variable RAILWAY_DOCKERFILE_PATH does the same",
        "railway.json:6: build.watchPatterns: no counterpart here: set it in Railway",
        "railway.json:25: deploy.overlapSeconds: no field here: "
        "the variable RAILWAY_DEPLOYMENT_OVERLAP_SECONDS does the same",
        "railway.json:29: environments.staging not read: for --environment staging",
        "railway.json:34: environments.pr not read: pull request environments are Railway's",
    ]
    differs, last = said.json["findings"]
    assert differs == (
        "railway.json:11: start_command is 'npm start' there and 'npm run serve' in the stack: "
        "Railway runs with the file's word until 2026-12-01"
    )
    assert "Railway stops reading it on 2026-12-01" in last


def test_with_write_the_lines_stand_in_the_entry_and_the_rest_stays_to_the_letter(files: Files) -> None:
    said = files.do(files.give("railway.json", json.dumps({"deploy": {"healthcheckPath": "/h"}})), *HERE, "--write")

    assert said.code == 0, said.err
    assert files.stack == STACK.replace("serve\n", "serve\n      healthcheck_path: /h\n")


def test_a_railway_toml_of_an_instance_that_nobody_declares_becomes_a_stack(files: Files) -> None:
    toml = """\
[deploy]
numReplicas = 2 # two
drainingSeconds = 5

[environments.staging.deploy]
cronSchedule = "0 3 * * *"
restartPolicyType = "NEVER"
"""
    said = files.do(files.give("railway.toml", toml), "--service", "worker", "--environment", "staging")

    assert said.code == 0, said.err
    assert "railway.toml:3: deploy.drainingSeconds" in said.err and "2026-12-01" in said.err
    text = (files.root / "stacks" / "acme.yaml").read_text()
    assert "uses: [shop]" in text
    assert (
        "    worker: {service: worker, environment: staging, replicas: 2, restart_policy: NEVER, "
        'cron: "0 3 * * *"}\n' in text
    )


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("railway.json", '{"deploy": {\n"healthcheckTimeout": "soon"}}', "railway.json:2:"),
        ("railway.json", "{", "railway.json:1: no JSON"),
        ("railway.json", "[]", "must be a map"),
        ("railway.toml", "a = 1\n= 2\n", "railway.toml:2: no TOML"),
    ],
)
def test_a_config_that_cannot_be_read_is_refused_with_its_line(
    files: Files, name: str, text: str, message: str
) -> None:
    said = files.do(files.give(name, text), *HERE)

    assert said.code != 0
    assert message in said.err


ENV = """\
# how it runs
export LOG_LEVEL=info   # a comment
PORT=4000
JWT_SECRET="s3cr3t-value-with \\"quotes\\""
DATABASE_URL='postgres://u:hunter22@db.example/shop'
SENTRY_DSN=https://9f2b7a61d8e34c5f@sentry.example/1
GREETING="hello
world"
PRIVATE_KEY="-----BEGIN-----
abcdef
-----END-----"
EMPTY=
ALSO=$LOG_LEVEL
RAILWAY_TOKEN=x
"""
SECRETS = ("s3cr3t", "hunter22", "9f2b7a61d8e34c5f", "abcdef")


def test_a_dotenv_becomes_variables_and_secrets_only_must_exist(files: Files) -> None:
    said = files.do(files.give(".env", ENV), *HERE)

    assert said.code == 0, said.err
    assert said.out.splitlines() == [
        "# into railway.instance.api (stacks/shop-production.yaml:5); --write puts it there",
        "variables:",
        "  LOG_LEVEL: info",
        "  JWT_SECRET: {exists: true}",
        "  DATABASE_URL: {exists: true}",
        "  SENTRY_DSN: {exists: true}",
        "  GREETING: {exists: true}",
        "  PRIVATE_KEY: {exists: true}",
        '  EMPTY: ""',
        "  ALSO: {exists: true}",
    ]
    assert ".env:3: PORT is declared in stacks/shop-production.yaml:14" in said.err
    assert "RAILWAY_TOKEN is Railway's own" in said.err
    assert not any(secret in said.out + said.err for secret in SECRETS)


def test_with_write_the_variables_stand_below_the_others(files: Files) -> None:
    said = files.do(files.give(".env.production", "LOG_LEVEL=info\n"), *HERE, "--write")

    assert said.code == 0, said.err
    assert files.stack == STACK.replace("PORT: 3000\n", "PORT: 3000\n        LOG_LEVEL: info\n")


def test_an_entry_without_variables_gets_them_at_its_end(files: Files) -> None:
    plain = "account: acme\nuses: [shop]\nrailway:\n  instance:\n    api:\n      service: api\n"
    plain += "      environment: production\n      # Until here.\n\n  # Nothing else.\n"
    (files.root / "stacks" / "shop-production.yaml").write_text(plain)

    said = files.do(files.give(".env", "LOG_LEVEL=info\nTOKEN=x\n"), *HERE, "--write")

    assert said.code == 0, said.err
    more = "      variables:\n        LOG_LEVEL: info\n        TOKEN: {exists: true}\n"
    assert files.stack == plain.replace("# Until here.\n", "# Until here.\n" + more)


def test_an_instance_of_a_base_is_left_to_a_person(files: Files) -> None:
    """A line more there would be one in every stack that extends it."""
    base = STACK.replace("account: acme\n", "")
    (files.root / "stacks" / "_base.yaml").write_text(base)
    (files.root / "stacks" / "shop-production.yaml").write_text("account: acme\nextends: base\n")

    said = files.do(files.give(".env", "LOG_LEVEL=info\n"), *HERE, "--write")

    assert said.code == 1 and "a base that other stacks extend" in said.err
    assert (files.root / "stacks" / "_base.yaml").read_text() == base


def test_secrets_may_come_from_the_runner_where_the_project_allows_their_names(files: Files) -> None:
    path = files.give(".env", "SENTRY_DSN=https://9f2b7a61d8e34c5f@sentry.example/1\n")

    said = files.do(path, *HERE, "--from-env", "--write")

    assert said.code == 0, said.err
    assert "SENTRY_DSN: {from_env: SENTRY_DSN}\n" in files.stack
    refused = files.do(files.give(".env", "API_KEY=9f2b7a61d8e34c5f\n"), *HERE, "--from-env", "--write")
    assert refused.code == 1 and "add to `from_env` in _project.yaml: API_KEY" in refused.err
    assert "API_KEY" not in files.stack


def test_an_entry_on_one_line_is_left_to_a_person(files: Files) -> None:
    path = files.give(".env", "LOG_LEVEL=info\n")

    said = files.do(path, "--service", "worker", "--environment", "production")
    refused = files.do(path, "--service", "worker", "--environment", "production", "--write")

    assert said.code == 0 and "  LOG_LEVEL: info" in said.out
    assert refused.code == 1 and "is not written" in refused.err
    assert files.stack == STACK


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ("--service api", "no environment is meant"),
        ("--service nobody --environment production", "no single service is called 'nobody'"),
        ("--service api --environment staging", "no instance of railway.service.api"),
    ],
)
def test_a_file_needs_an_instance_that_it_is_about(files: Files, arguments: str, message: str) -> None:
    said = files.do(files.give(".env", "A=b\n"), *arguments.split())

    assert said.code == 1
    assert message in said.err


def test_a_dotenv_that_cannot_be_read_is_refused_by_line_and_never_quoted(files: Files) -> None:
    said = files.do(files.give(".env", "A=1\nhunter22 is no line\nB='hunter22\nMIIEvQIBADANBgkqhk==\n"), *HERE)

    assert said.code != 0
    assert ".env:2: a line that sets nothing" in said.err
    assert ".env:3: B begins with a quote that never ends" in said.err
    assert ".env:4: a line that may be a piece of a longer value" in said.err
    assert "hunter22" not in said.out + said.err and "MIIE" not in said.out + said.err
