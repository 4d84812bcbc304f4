"""Stack files as they would be with one more: for judging a file that is not written."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ..model.errors import Problem
from .load import Source


@dataclass(frozen=True)
class _Overlay:
    under: Source
    file: str
    data: bytes

    @property
    def root(self) -> Path:
        return self.under.root

    @property
    def folder(self) -> str:
        return self.under.folder

    def revision(self) -> str:
        """Never a commit: what it holds is nowhere written down."""
        return "dirty:not-written"

    def files(self) -> Mapping[str, bytes]:
        return {**self.under.files(), self.file: self.data}

    def refused(self) -> Sequence[Problem]:
        return self.under.refused()


def with_file(source: Source, file: str, data: bytes) -> Source:
    """The same files and one more, `file` being its name in `files()`."""
    return _Overlay(source, file, data)
