"""Why an `up` ended badly: what failed is told, and not all that waited for it; a plan that moved is stale."""

from pathlib import Path

import pytest

from reconcile.model.errors import ReconcileError, StalePlan
from reconcile.program.engine.command import EngineFailed
from reconcile.program.engine.stack import up

from .test_command import engine

URN = "urn:pulumi:app::trueup::trueup:platform:Railway$trueup:railway:Service::"
MISSED = [f"error: expected resource operations for {URN}{n} but none were seen" for n in range(600)]


def ended(tmp_path: Path, *lines: str) -> ReconcileError:
    (tmp_path / "said").write_text("Diagnostics:\n" + "".join(f"    {line}\n" for line in lines))
    one = engine(tmp_path, f"print(open({str(tmp_path / 'said')!r}).read()); raise SystemExit(1)")
    with pytest.raises(ReconcileError) as told:
        up(one, "app")
    return told.value


def test_what_failed_is_told_with_its_code_and_not_what_waited_for_it(tmp_path: Path) -> None:
    failed = "error: create of railway.project.shop failed: the token is refused [trueup 14]; renew it"
    found = ended(tmp_path, *MISSED[:300], failed, *MISSED[300:])
    assert isinstance(found, EngineFailed) and found.exit_code == 14
    assert "the token is refused" in str(found) and "expected resource operations" not in str(found)


def test_without_a_code_of_ours_it_just_failed(tmp_path: Path) -> None:
    found = ended(tmp_path, "error: failed to make http request: 500", *MISSED)
    assert (type(found), found.exit_code) == (EngineFailed, 1)


def test_a_program_that_refused_is_told_once(tmp_path: Path) -> None:
    more = "error: an unhandled error occurred: program exited with non-zero exit code: 1"
    found = ended(tmp_path, "error: API_KEY is not set [trueup 1]; set it", more)
    assert "API_KEY is not set" in str(found) and "unhandled" not in str(found)
    assert "program exited" in str(ended(tmp_path, more))


def test_a_wrong_passphrase_says_what_to_do(tmp_path: Path) -> None:
    assert (
        "PULUMI_CONFIG_PASSPHRASE" in ended(tmp_path, "error: get stack secrets manager: incorrect passphrase").advice
    )


def test_hundreds_of_failures_are_five_and_how_many_more(tmp_path: Path) -> None:
    found = ended(tmp_path, *(f"error: create of railway.service.s{n} failed [trueup 15]" for n in range(500)))
    assert found.exit_code == 15
    assert str(found).endswith(" and 495 more") and len(str(found)) < 500


@pytest.mark.parametrize(
    "lines",
    [
        MISSED[:2],
        ["error: resource urn:x violates plan: properties changed", *MISSED[:2]],
        ["error: resource urn:x violates plan: properties changed", "error: create failed"],
    ],
)
def test_a_plan_that_no_longer_fits_is_stale(lines: list[str], tmp_path: Path) -> None:
    found = ended(tmp_path, *lines)
    assert isinstance(found, StalePlan) and found.exit_code == 11
