"""What a bucket is called here, and of what that is made."""

DEFAULT = "default"
"""The jurisdiction of a bucket that may be anywhere."""


def path_of(jurisdiction: str, name: str) -> str:
    """Its name, after its jurisdiction where that is not the default one."""
    return name if jurisdiction == DEFAULT else f"{jurisdiction}/{name}"


def split(path: str) -> tuple[str, str]:
    """Jurisdiction and name."""
    jurisdiction, _, name = path.rpartition("/")
    return jurisdiction or DEFAULT, name
