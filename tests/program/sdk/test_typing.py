"""What a type checker says of programs that use the classes: that is what an editor shows while one is written."""

import os
import subprocess
import sys
from pathlib import Path

REPOSITORY = Path(__file__).parents[3]
GOOD = """\
import pulumi

from reconcile.sdk import railway, vercel

project = railway.Project("shop", account="acme", name="shop", opts=pulumi.ResourceOptions(protect=True))
instance = railway.Instance(
    "api",
    account="acme",
    service="shop/api",
    environment="shop/production",
    source={"repo": "acme/api", "branch": "main"},
    limits={"cpu": 2, "memory_gb": pulumi.Output.from_input(4.0)},
    restart_policy="ALWAYS",
    replicas=2,
)
domain = railway.Domain("api", account=project.account, instance="shop/production/api", host="api.example")
vercel.Domain("www", account="acme", project="web", host="example", redirect=domain.target)
vercel.Variable(
    "web/KEY",
    account="acme",
    project="web",
    name="KEY",
    value=pulumi.Config().require_secret("key"),
    targets=["production", domain.target],
)
vercel.Project("web", account="acme", name="web", framework="made-up")
railway.Volume("data", account="acme", instance="shop/production/api", name="data", mount="/d", backups=["DAILY"])
name: pulumi.Output[str] = domain.target.apply(lambda target: target.removesuffix("."))
branch: pulumi.Output[str | None] = instance.source.apply(lambda source: source.branch if source else None)
"""
BAD = """\
from reconcile.sdk import railway

railway.Service("a", account="acme", project="shop", name="a", nmae="a")
railway.Service("b", account="acme", name="b")
railway.Instance("c", account="acme", service="s", environment="e", replicas="two")
railway.Instance("d", account="acme", service="s", environment="e", source={"repo": "a/b", "brunch": "main"})
railway.Instance("e", account="acme", service="s", environment="e", restart_policy="SOMETIMES")
railway.Volume("f", account="acme", instance="i", name="f", mount="/d", backups=["HOURLY"])
print(railway.Project("g", account="acme", name="g").nonsense)
"""


def test_a_checker_takes_a_good_program_and_names_each_wrong_line(tmp_path: Path) -> None:
    (tmp_path / "good.py").write_text(GOOD)
    (tmp_path / "bad.py").write_text(BAD)
    order = ["--strict", "--no-error-summary", "--no-pretty", "--no-incremental", "--config-file="]
    done = subprocess.run(
        [sys.executable, "-m", "mypy", *order, "--follow-imports=silent", "good.py", "bad.py"],
        cwd=tmp_path,
        env={**os.environ, "MYPYPATH": str(REPOSITORY)},
        capture_output=True,
        text=True,
    )
    errors = [line for line in done.stdout.splitlines() if ": error: " in line]
    assert [line for line in errors if not line.startswith("bad.py:")] == []
    assert sorted({int(line.split(":")[1]) for line in errors}) == [3, 4, 5, 6, 7, 8, 9]
