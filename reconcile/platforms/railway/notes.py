"""What a person must know of an environment besides what is seen in it: files that decide, changes that wait."""

from collections.abc import Collection, Iterator

from .files import SOME, STOPS
from .kinds import Instance
from .reading import Reading


def notes_of(reading: Reading, kinds: Collection[str]) -> Iterator[str]:
    """One sentence each. Files are told where instances are asked for."""
    waiting = reading.raw.get("unmergedChangesCount") or 0
    if waiting:
        some = "a staged change waits" if waiting == 1 else f"{waiting} staged changes wait"
        yield (
            f"{reading.place.path}: {some} for a person at Railway's dashboard; they are left alone and count as not "
            "there: deploy or discard them"
        )
    if Instance.kind not in kinds:
        return
    for one in reading.seen:
        if isinstance(one.resource, Instance) and one.resource.config_file:
            yield _of_file(one.resource)


def _of_file(instance: Instance) -> str:
    sets = ", ".join(instance.config_sets)
    does = f"decides {sets} at each deployment, so they are not compared" if sets else "may decide what is deployed"
    return (
        f"{instance.referred_as()}: {instance.config_file} in its repository {does}; Railway stops reading "
        f"railway.json and railway.toml on {STOPS}: take it over with `trueup import{_path(instance)}`, then delete it"
    )


def _path(instance: Instance) -> str:
    """The file as a person in the repository names it."""
    name = str(instance.config_file).lstrip("/")
    return "" if name == SOME else f" {name}"
