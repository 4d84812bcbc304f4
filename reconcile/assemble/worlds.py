"""Pretend worlds, made from a repository's accounts and stacks."""

import hashlib
import secrets
from pathlib import Path
from typing import TYPE_CHECKING

from ..model.secret import SecretText
from ..platforms import pretends as known_pretends
from ..settings import Settings
from .workshop import Workshop

if TYPE_CHECKING:
    from ..sandbox.world import World


def begin_world(
    root: Path,
    *,
    state: Path | None = None,
    latency_seconds: float = 0.0,
    rate_limits: bool = False,
    empty: bool = False,
    record_bodies: bool = False,
) -> "World":
    """A pretend world with the accounts of a repository, holding what its stacks look up or pin and nothing else."""
    # Flask and waitress are the sandbox's alone: no other command waits for them.
    from ..sandbox.world import AccountSeed, World

    with Workshop(Settings(root)) as shop:
        tree = shop.tree
    seeds = [
        AccountSeed(
            account,
            platform,
            access.id or hashlib.sha256(f"{account}.{platform}".encode()).hexdigest()[:32],
            SecretText(secrets.token_hex(20), f"{account}.{platform}"),
            access.tier or "free",
        )
        for account, by_platform in tree.project.accounts.items()
        for platform, access in by_platform.items()
    ]
    world = World(
        known_pretends(),
        seeds,
        state=state,
        latency_seconds=latency_seconds,
        rate_limits=rate_limits,
        record_bodies=record_bodies,
    )
    if not empty:
        world.begin(tree.declared(), tree.project)
    return world
