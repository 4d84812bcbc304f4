"""Who holds a secret: new recipients, several stacks, and two services that must agree."""

import datetime as dt
import json

import pytest

from tests.rotation.live.shop import SHOP

from .conftest import Open
from .fleet import stack
from .stage import Stage

API = "shop railway.variable.api/API_SECRET"
WORKER = "shop railway.variable.worker/API_SECRET"


MORE = SHOP.replace(
    "        API_SECRET: {secret: session}\n    worker",
    "        API_SECRET: {secret: session}\n        SECOND: {secret: session}\n    worker",
)


def test_a_second_consumer_is_a_new_recipient_and_not_written_until_approved(shop: Stage) -> None:
    shop.write("shop", MORE)
    said = shop.run("apply", "--all", "--yes")
    assert said.code == 16 and "NEW RECIPIENT shop railway.variable.api/SECOND" in said.flat
    status = shop.run("status")
    assert status.code == 16 and "NEW RECIPIENT shop railway.variable.api/SECOND" in status.flat
    shop.world.advance(dt.timedelta(days=31))
    assert shop.run("rotate", "now", "session", "--yes").code == 16
    assert "SECOND" not in shop.variables("api")
    asked = shop.run("rotate", "approve", "session")
    assert asked.code == 11 and "NEW RECIPIENT: shop railway.variable.api/SECOND" in asked.flat
    digest = asked.err.partition("digest ")[2].split()[0]
    shop.write("shop", MORE.replace("SECOND:", "THIRD:"))
    stale = shop.run("rotate", "approve", "session", "--digest", digest)
    assert stale.code == 11 and "not those that were reviewed" in stale.err
    shop.write("shop", MORE)
    assert shop.run("rotate", "approve", "session", "--digest", digest).code == 0
    assert shop.runs_with("api", "SECOND") == shop.runs_with("api") == shop.runs_with("worker")
    assert shop.run("status").code == 0
    entries = shop.run("history", "--json", "--limit", "200").json["entries"]
    assert [one["detail"]["digest"] for one in entries if one["what"] == "recipients approved"] == [digest]


SITE = """
account: acme
uses: [shop]
railway:
  service: {site: {project: shop}}
  instance:
    site:
      service: site
      environment: production
      source: {repo: example/shop, branch: main}
      variables:
        SHARED_SECRET: {secret: session}
"""


def test_a_secret_of_two_stacks_is_held_equal_in_both(opened: Open) -> None:
    shop = opened(site=SITE).up()
    assert shop.runs_with("site", "SHARED_SECRET") == shop.runs_with("api")
    shop.run("rotate", "now", "session", "--yes")
    assert shop.runs_with("site", "SHARED_SECRET") == shop.runs_with("api") == shop.runs_with("worker")
    with shop.workshop() as other, other.ledger().lease(("site",), holder="another", timeout_seconds=0):
        assert shop.run("rotate", "retry", "session").code == 12, "the lease of every stack that holds it is needed"
        said = shop.run("apply", "--stack", "shop", "--yes", "--json")
        assert said.code == 12 and said.json["rotations"][0]["what"] == "lost"


# LegacyVideo

LEGACY = stack(
    "  api-secret: {strategy: overlap, generate: {bytes: 48, as: base64url}, every: 30d, soak: 1h}",
    "{API_SECRET: {secret: api-secret, sealed: true}}",
    "{API_SECRET: {secret: api-secret, sealed: true}}",
)


@pytest.mark.parametrize(
    "declared",
    [
        pytest.param(LEGACY, id="sealed"),
        pytest.param(LEGACY.replace(", sealed: true", ""), id="plain", marks=pytest.mark.proof),
    ],
)
def test_a_worker_that_disagrees_is_brought_to_the_current_value(opened: Open, declared: str) -> None:
    """legacyvideo-080, legacyvideo-081."""
    shop = opened(declared).up()
    value = shop.runs_with("api")
    assert value == shop.runs_with("worker")
    assert shop.run("rotate", "plan", "--detailed-exitcode").code == 0, "equal, by fingerprint or by what we wrote last"
    shop.by_hand("worker", "API_SECRET", "typed-by-somebody")
    said = shop.run("rotate", "plan", "--detailed-exitcode", "--json")
    assert said.code == 2
    verdict = "touched, value unknown" if declared is LEGACY else "another value"
    assert [(one["address"], one["verdict"]) for one in said.json["astray"]] == [(WORKER[5:], verdict)]
    for _ in range(3):
        assert shop.run("apply", "--all", "--yes").code == 0
    assert shop.runs_with("worker") == shop.runs_with("api") == value
    assert shop.run("rotate", "plan", "--detailed-exitcode").code == 0
    assert value not in json.dumps(said.json)
