"""What a rotation would be held for in its midst, told before it begins."""

from collections.abc import Iterator
from urllib.parse import urlsplit

from ..model.errors import Problem
from ..model.spec import Tree
from .probes import hosts_of


def unreachable(tree: Tree) -> Iterator[Problem]:
    """Hooks that are not registered, and hosts that may not be asked."""
    hosts = hosts_of(tree)
    for one in tree.secrets.values():
        at = (one.at.file, one.at.line, f"secrets.{one.name}")
        if one.hook and one.hook not in tree.project.migrations:
            yield Problem(*at, f"no hook {one.hook} is registered", "register it under `migrations:` of _project.yaml")
        for probe in one.probes:
            host = urlsplit(probe.url).hostname or ""
            if host not in hosts:
                yield Problem(*at, f"{probe.level} asks {host}, which no stack declares", "declare its DNS or domain")
