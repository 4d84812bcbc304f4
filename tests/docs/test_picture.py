"""The picture of a plan in the README is what the product shows."""

import io
import os
from pathlib import Path

from rich.console import Console

from reconcile.cli.plan_view import show_plan
from tests.stories.estate import SHOP, Estate

PICTURE = Path(__file__).parents[2] / "docs" / "plan.svg"


def test_the_readme_shows_todays_plan(tmp_path: Path) -> None:
    estate = Estate(tmp_path)
    estate.apply()
    estate.edit("api.shop.example", "A", content="203.0.113.99")
    estate.delete("www.shop.example", "CNAME")
    estate.world.create(
        "cloudflare", "record", "old.shop.example", "acme", {"type": "TXT", "content": "who?", "zone": "shop.example"}
    )
    changed = SHOP.replace("mx.example.net", "mx2.example.net").replace(
        'content: "v=spf1 -all"', 'content: "v=spf1 ~all"'
    )
    estate.write("shop", changed + "      blog: {type: CNAME, content: blog.example.net}\n")
    screen = Console(record=True, width=118, file=io.StringIO(), highlight=False, force_terminal=True)
    show_plan(screen, estate.plan(), concise=False)
    drawn = screen.export_svg(title="trueup plan", unique_id="trueup")
    if os.environ.get("TRUEUP_WRITE_DOCS"):
        PICTURE.write_text(drawn)
    assert PICTURE.read_text() == drawn, "renew it: TRUEUP_WRITE_DOCS=1 make test"
