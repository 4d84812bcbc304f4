"""The folder is the registry."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

from reconcile.model.platform import Platform
from reconcile.platforms import cloudflare, kinds, platforms, pretends


def test_every_platform_is_found_by_its_name() -> None:
    assert set(platforms()) >= {"cloudflare", "betterstack"}
    assert {name: found.name for name, found in platforms().items()} == {name: name for name in platforms()}


def test_every_kind_is_found_by_its_full_name_and_names_its_platform() -> None:
    assert set(kinds()) >= {"cloudflare.zone", "cloudflare.record", "betterstack.heartbeat"}
    assert all(name == kind.kind and name.partition(".")[0] in platforms() for name, kind in kinds().items())


def test_every_platform_has_a_pretend_of_the_same_name_and_kinds() -> None:
    assert set(pretends()) == set(platforms())
    for name, pretend in pretends().items():
        words = {kind.kind.partition(".")[2] for kind in platforms()[name].kinds}
        by_hand = {word for word, options in getattr(platforms()[name], "issues", {}).items() if not options.makes}
        assert pretend.name == name
        assert set(pretend().kinds()) == words | by_hand


@pytest.mark.parametrize("name", sorted(platforms()))
def test_every_platform_tells_what_a_person_must_get_and_how_fast_it_may_be_asked(name: str) -> None:
    found: type[Platform] = platforms()[name]
    assert all(one.name and one.rights and one.where.startswith("https://") for one in found.credentials)
    rate = found.rate
    assert pretends()[name].rate == (rate.calls, rate.seconds)


def test_importing_the_package_imports_no_platform() -> None:
    code = (
        "import sys, reconcile.platforms; print(sorted(name for name in sys.modules if 'reconcile.platforms.' in name))"
    )
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert told.stdout.strip() == "[]"


@pytest.mark.parametrize(
    "file", sorted(Path(cloudflare.__file__).parent.glob("pretend*.py")), ids=lambda file: file.stem
)
def test_the_vendors_side_imports_the_nouns_and_itself_only(file: Path) -> None:
    imports = [node for node in ast.walk(ast.parse(file.read_text())) if isinstance(node, ast.ImportFrom)]
    ours = {"." * node.level + (node.module or "") for node in imports if node.level or "reconcile" in str(node.module)}
    assert ours and all(name.startswith(("...model.", ".pretend_")) for name in ours)
