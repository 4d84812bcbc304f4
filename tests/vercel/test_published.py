"""What we send and what the sandbox answers, held against Vercel's published descriptions."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from reconcile.model.secret import SecretText
from reconcile.platforms.vercel import Variable
from tests.conftest import CLOSING
from tests.vendor.openapi import Document

from .bench import Bench, change, check, domain, done, look, make, project, seen, variable, webhook

pytestmark = pytest.mark.tier("specs")

SPECS = Path(__file__).parents[2].parent / "shared" / "specs"
UNDESCRIBED = ("/link", "/branch")
"""Calls that neither document knows; the Terraform provider makes them."""


@pytest.fixture(scope="module")
def calls() -> list[dict[str, Any]]:
    """Every call that the product makes, on a team."""
    bench = Bench()
    vercel = bench.vercel("crew")
    git = {"repo": "example/web", "branch": "main"}
    web = project(framework="nextjs", git=git, node_version="22.x", auto_assign_domains=False, protection="none")
    (made,) = make(vercel, web)
    make(vercel, project("blog", function_regions=["fra1"], build_command=""))
    other = project(framework="", git={"repo": "example/site", "branch": "release"}, protection="preview")
    (made,) = done(vercel, change(other, made))
    secret = SecretText("hush", "secret")
    wanted = [variable(), variable("B", secret), variable("C", "2", targets=["preview"], branch="next")]
    make(vercel, *wanted, variable("D", "3", type="encrypted"))
    make(vercel, domain(), domain("www.web.example", redirect="web.example", redirect_status=308), check())
    (hook,) = make(vercel, webhook(projects=["web"]))
    live = seen(vercel, Variable, "crew")
    done(vercel, change(variable("A", "9"), live["web API production"]))
    done(vercel, change(variable("C", "4", targets=["preview"], branch="next"), live["web C preview next"]))
    bench.world.edit("vercel", "project", "web", "crew", {"undecrypted": "true"})
    look(vercel, "crew")
    for kind in (domain, check):
        found = next(one for one in look(vercel, "crew").seen if one.kind == kind().kind)
        told = {"branch": "next"} if kind is domain else {"timeout": 60}
        done(vercel, change(kind(**told), found))
        done(vercel, change(None, found))
    done(vercel, *(change(None, one) for one in live.values() if one.resource.title() != "web A production"))
    done(vercel, change(None, hook))
    look(bench.vercel("acme"))
    done(vercel, change(None, made))
    return bench.world.calls()


@pytest.mark.parametrize("name", ["vercel-2025-10.json", "vercel.json"])
def test_every_exchange_fits_the_published_description(
    calls: list[dict[str, Any]], name: str, record_property: Callable[[str, object], None]
) -> None:
    if not (SPECS / name).is_file():
        pytest.skip(f"not run: ../shared/specs/{name} is not here")
    document = Document(SPECS / name, "")
    wrong: list[str] = []
    checked = 0
    for call in calls:
        path = str(call["path"]).partition("?")[0]
        if path.endswith(UNDESCRIBED) or (name != "vercel.json" and "/checks" in path):
            continue
        found = document.check(call)
        wrong += ["no schema describes it"] if found is None else found
        checked += 1
    record_property(CLOSING, f"specs: {name}: validated {checked - len(set(wrong))} of {len(calls)} exchanges")
    assert not wrong, "\n".join(sorted(set(wrong)))
    assert checked > 30
