"""What a repository's own railway.json or railway.toml decides, as told by the deployment that took it.

The file is read at a deployment and wins there over the settings, which it does not write. So the settings do not show
it; the deployment's `meta` does: `configFile` its path, `fileServiceManifest` what it says, `propertyFileMapping` each
key that it sets, an explicit null among them. While a deployment is being built these are not filled in yet. Railway
stops reading such files on 2026-12-01 (docs of 2026-08).
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

Raw = Mapping[str, Any]
STOPS = "2026-12-01"
SOME = "railway.json or railway.toml"
"""The file's name, where Railway does not tell which."""
FIELDS: Mapping[str, tuple[str, ...]] = {
    "build.builder": ("builder",),
    "build.buildCommand": ("build_command",),
    "deploy.startCommand": ("start_command",),
    "deploy.preDeployCommand": ("pre_deploy_command",),
    "deploy.multiRegionConfig": ("region", "replicas"),
    "deploy.region": ("region",),
    "deploy.numReplicas": ("replicas",),
    "deploy.limitOverride": ("limits",),
    "deploy.healthcheckPath": ("healthcheck_path",),
    "deploy.healthcheckTimeout": ("healthcheck_timeout",),
    "deploy.restartPolicyType": ("restart_policy",),
    "deploy.restartPolicyMaxRetries": ("restart_retries",),
    "deploy.cronSchedule": ("cron",),
    "deploy.sleepApplication": ("sleep",),
}
"""Keys of the file to the fields of an instance."""
_FINISHED = frozenset({"SUCCESS", "FAILED", "CRASHED", "REMOVED", "REMOVING", "SKIPPED", "SLEEPING"})


@dataclass(frozen=True)
class File:
    """A file that the running deployment took, or that the settings name."""

    name: str
    keys: frozenset[str] = frozenset()
    """`build.KEY` and `deploy.KEY` of what it sets."""
    says: Raw | None = None

    @property
    def fields(self) -> tuple[str, ...]:
        """The fields of an instance that it decides."""
        return tuple(sorted({field for key in self.keys for field in FIELDS.get(key, ())}))

    def over(self, section: str, settings: Raw) -> dict[str, Any]:
        """A section of the settings with what the file says in their place."""
        mine = {key.partition(".")[2] for key in self.keys if key.startswith(f"{section}.")}
        said = ((self.says or {}).get(section) or {}).items()
        kept = {key: value for key, value in settings.items() if key not in mine}
        return {**kept, **{key: value for key, value in said if key in mine and value is not None}}

    def without(self, node: Raw) -> dict[str, Any]:
        """An instance's resulting settings without those that the file decides."""
        mine = {key.partition(".")[2] for key in self.keys}
        placed = {"region", "numReplicas"} if "multiRegionConfig" in mine else set()
        return {key: value for key, value in node.items() if key not in mine | placed}


def taken(blob: Raw, node: Raw) -> File | None:
    """The file of an instance; None where none is known."""
    named = blob.get("configFile") or node.get("railwayConfigFile")
    for meta in _deployed(node):
        mapping = meta.get("propertyFileMapping") or {}
        keys = frozenset(".".join(str(key).split(".")[:2]) for key in mapping)
        if keys:
            return File(str(meta.get("configFile") or named or SOME), keys, meta.get("fileServiceManifest") or {})
    return File(str(named)) if named else None


def _deployed(node: Raw) -> Iterator[Raw]:
    """What is told of the latest deployment; while it is being built, of those that run meanwhile too."""
    latest = node.get("latestDeployment") or {}
    told = [latest]
    if latest.get("status") not in _FINISHED:
        told += node.get("activeDeployments") or []
    for one in told:
        meta = one.get("meta")
        if isinstance(meta, Mapping):
            yield meta
