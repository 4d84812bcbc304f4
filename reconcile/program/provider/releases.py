"""Starts: what was written quietly runs once a release follows. It is no thing that a listing shows."""

import threading

from ...model.resource import Resource


class Quietly:
    """What this process wrote, or in a preview would write, without starting what runs on it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._paths: set[tuple[str, str, str]] = set()

    def note(self, account: str, resource: Resource) -> None:
        """What runs is told of itself, of what is nested in it, and of what is nested in what it stands in."""
        platform, kind = resource.kind.partition(".")[0], type(resource)
        path = str(getattr(resource, kind.group_by)) if kind.nested else resource.referred_as()
        with self._lock:
            self._paths.add((account, platform, path))

    def concerns(self, account: str, start: Resource) -> bool:
        """Whether any of it runs where a release starts. Paths nest: what is said of `a/b` is meant for `a/b/c`."""
        platform, kind = start.kind.partition(".")[0], type(start)
        targets = [path for name in kind.refers() for path in start.named_by(name)]
        with self._lock:
            return any(
                one == target or target.startswith(f"{one}/")
                for (whose, where, one) in self._paths
                if (whose, where) == (account, platform)
                for target in targets
            )

    def clear(self) -> None:
        with self._lock:
            self._paths.clear()
