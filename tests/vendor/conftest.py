"""The scripted run, told once for all tests of this folder."""

from pathlib import Path

import pytest

from tests.vendor.scripted import Scripted


@pytest.fixture(scope="session")
def scripted(tmp_path_factory: pytest.TempPathFactory) -> Scripted:
    root: Path = tmp_path_factory.mktemp("scripted")
    return Scripted(root).run()
