"""octoDNS's zone files, as `import --octodns` reads them."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ..assemble import Workshop
    from ..steps.choose import Filter
    from ..steps.draft import Found

DNS = "cloudflare"
"""The platform whose provider of octoDNS is meant."""


def domain(shop: "Workshop", zone: str) -> str:
    """A zone's name as the platform writes it. Raises ReconcileError."""
    from pydantic import ValidationError

    from ..model.errors import ReconcileError

    try:
        return shop.kinds[f"{DNS}.zone"].declared({"name": zone.removesuffix(".")}).title()
    except ValidationError as error:
        raise ReconcileError(f"{zone!r} is no zone", advice="a domain, as in --zone example.com") from error


def zone_files(place: Path, zones: Sequence[str] | None) -> dict[str, dict[str, bytes]]:
    """The content of each zone's files, by zone and file name. Raises ReconcileError.

    octoDNS keeps a zone in `example.com.yaml`, in the files of a folder `example.com.`, or in both.
    """
    from ..model.errors import ReconcileError

    try:
        if place.is_file():
            if len(zones or ()) > 1:
                raise ReconcileError(f"{place} holds one zone", advice="give one --zone, or their folder")
            return {zones[0] if zones else place.name.removesuffix(".yaml"): {str(place): place.read_bytes()}}
        found = {zone: _files_of(place, zone.removesuffix(".")) for zone in zones or _zones_in(place)}
    except OSError as error:
        raise ReconcileError(f"{place} cannot be read: {error.strerror}", advice="give a file or a folder") from error
    missing = [zone for zone, files in found.items() if not files]
    if missing or not found:
        told = ", ".join(missing) or "any zone"
        raise ReconcileError(f"{place} has no zone file for {told}", advice="octoDNS calls it example.com.yaml")
    return found


def _zones_in(folder: Path) -> list[str]:
    whole = [one.name.removesuffix(".yaml") for one in folder.glob("*.*.yaml") if not one.name.startswith("$")]
    split = [one.name.removesuffix(".") for one in folder.iterdir() if one.is_dir() and one.name.endswith(".")]
    return sorted({*whole, *split})


def _files_of(folder: Path, zone: str) -> dict[str, bytes]:
    paths = [folder / f"{zone}.yaml", folder / f"${zone}.yaml", *sorted((folder / f"{zone}.").glob("*.yaml"))]
    return {str(path): path.read_bytes() for path in paths if path.is_file()}


def read_zones(
    shop: "Workshop",
    account: str,
    files: Mapping[str, Mapping[str, bytes]],
    asked: "Filter",
    min_ttl_seconds: int,
    skip_unsupported: bool,
) -> "tuple[list[Found], list[str]]":
    """The zones and records that no stack declares, and remarks. Raises ReconcileError, SpecError."""
    from ..model.errors import ReconcileError
    from ..steps.choose import undeclared_of
    from ..steps.octodns import read_zone

    record, zone_kind = shop.kinds[f"{DNS}.record"], shop.kinds[f"{DNS}.zone"]
    resources, remarks, unsupported = [], [], []
    for given, content in files.items():
        name = domain(shop, given)
        zone = read_zone(name, content, min_ttl_seconds=min_ttl_seconds)
        made, refused = zone.declared(record)
        resources += [zone_kind.declared({"name": name}), *(one for one in made if asked.chooses(one))]
        unsupported += [f"{name}: {one}" for one in (*zone.unsupported, *refused)]
        remarks += [f"{name}: {one}" for one in zone.notes]
    if unsupported and not skip_unsupported:
        listed = "\n".join(f"  {one}" for one in unsupported)
        raise ReconcileError(
            f"{len(unsupported)} of the records have no form here:\n{listed}",
            advice="nothing was written; --skip-unsupported leaves them out",
        )
    return undeclared_of(resources, shop.tree, account), [*remarks, *(f"{one}: left out" for one in unsupported)]
