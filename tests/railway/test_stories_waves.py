"""Variables that wait for what another resource gives: when their service is written."""

from pathlib import Path

import pytest

from tests.crash import both

from .estate import proved, settled


@pytest.fixture
def moved(tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> both.Shop:
    """A shop with a new service, one of whose variables is the target of another service's new domain."""
    estate = both.ready(tmp_path, 1, tmp_path_factory.getbasetemp())
    lines = '        PLAIN_00: plain\n        HOST: "${railway.domain.admin.target}"'
    before, worker = both.PRODUCTION_AFTER.replace("MORE", "        PLAIN_00: plain", 1).split("MORE")
    estate.write("production", before + lines + worker)
    return estate


def test_a_variable_takes_what_another_services_domain_gives(moved: both.Shop) -> None:
    proved(moved.apply())
    assert moved.value("worker", "HOST") == moved.one("domain", name="admin.shop.example")["target"]
    settled(moved.plan())


def test_a_service_with_a_variable_that_waits_is_deployed_once(moved: both.Shop) -> None:
    proved(moved.apply())
    assert sorted(one["service"] for one in moved.shelf("deployment")[1:]) == ["api", "worker"]
