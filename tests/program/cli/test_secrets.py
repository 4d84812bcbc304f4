"""Planted values in no file and no word of Pulumi's, also where a vendor repeats one in its refusal."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from reconcile.platforms.railway import pretend_commit
from reconcile.platforms.railway.pretend_estate import Refused

from .shop import DSN, PASSPHRASE, Shop

pytestmark = pytest.mark.tier("pulumi CLI")
ANOTHER = "https://55aa12ef77@planted.example/another"
PLAIN = "production"
"""The value of a variable that is no secret: what is looked into is where it would stand."""


def test_no_planted_value_is_in_state_history_backups_plans_logs_or_words(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    tokens = [seed.token.reveal() for seed in shop.world.seeds]
    said: dict[str, str] = {}
    plan = shop.folder / "plan.json"
    said["preview"] = shop.pulumi("preview", "--diff", "--json", "--save-plan", str(plan))
    with monkeypatch.context() as patch:
        _repeats_what_it_refuses(patch, tokens)
        said["refused"] = shop.pulumi("up", "--yes", "--skip-preview", code=1)
    assert "is no address" in said["refused"] and "***" in said["refused"], said["refused"]
    said["up"] = shop.pulumi("up", "--yes", "--diff")
    assert shop.value("DSN") == DSN
    shop.edit("DSN", ANOTHER)
    said["drift"] = shop.pulumi("preview", "--refresh", "--diff")
    assert "api/DSN" in said["drift"]
    said["drift as JSON"] = shop.pulumi("preview", "--refresh", "--json", "--diff")
    said["refresh"] = shop.pulumi("refresh", "--yes", "--diff")
    shop.environment["APP_DSN"] = DSN.replace("42", "43")
    said["another"] = shop.pulumi("up", "--yes", "--diff", "--debug")
    assert shop.value("DSN") == DSN.replace("42", "43")

    folders = [shop.folder / "state", shop.folder / "home", shop.root / "stacks"]
    files = {str(file.relative_to(shop.folder)): file.read_bytes() for file in _files([*folders, plan])}
    sinks = files | {name: text.encode() for name, text in said.items()}
    assert {"history", "backups", "stacks"} <= {Path(name).parts[2] for name in files if name.startswith("state/")}
    assert [name for name in files if name.startswith("home/logs")]
    seen = [name for name, sink in sinks.items() if PLAIN.encode() in sink]
    assert {"plan.json", "preview", "up"} <= set(seen) and [name for name in seen if "history" in name]
    planted = {"value": DSN[:40], "another": ANOTHER, "passphrase": PASSPHRASE} | {
        f"token {number}": token for number, token in enumerate(tokens)
    }
    assert _found(sinks, planted) == []


def _repeats_what_it_refuses(patch: pytest.MonkeyPatch, tokens: list[str]) -> None:
    put = pretend_commit.put_variable

    def refuse(estate: Any, environment: Any, instance: Any, name: str, body: Any) -> None:
        if name == "DSN":
            raise Refused(f"{body['value']} is no address ({tokens[0]})")
        put(estate, environment, instance, name, body)

    patch.setattr(pretend_commit, "put_variable", refuse)


def _files(places: Iterable[Path]) -> list[Path]:
    return [file for place in places for file in ([place] if place.is_file() else place.rglob("*")) if file.is_file()]


def _found(sinks: dict[str, bytes], planted: dict[str, str]) -> list[tuple[str, str]]:
    return [(sink, name) for sink, data in sinks.items() for name, value in planted.items() if value.encode() in data]
