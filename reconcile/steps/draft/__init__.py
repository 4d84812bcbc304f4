"""Drafting: live things to stack files, as a person would have written them.

`names` gives logical names, `fields` what an entry says, `page` is one file, `files` several that use each other.
"""

from .files import File, draft_files
from .names import relative, slug
from .page import SCHEMA_LINE, Drafted, Follows, Found, Known, draft, entry_line, entry_lines

__all__ = [
    "SCHEMA_LINE",
    "Drafted",
    "File",
    "Follows",
    "Found",
    "Known",
    "draft",
    "draft_files",
    "entry_line",
    "entry_lines",
    "relative",
    "slug",
]
