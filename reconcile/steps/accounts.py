"""Whether each credential opens the account that the repository is pinned to."""

from collections.abc import Iterable, Mapping

from ..model.errors import WrongAccount
from ..model.observation import Observation
from ..model.spec import Project


def accounts_seen(
    observations: Iterable[Observation], project: Project, pins: Mapping[tuple[str, str], str]
) -> dict[tuple[str, str], str]:
    """The platforms' ids of the accounts that answered. Raises WrongAccount where one is not the pinned one."""
    found = {}
    for one in observations:
        if one.account_id is None:
            continue
        access = project.accounts.get(one.account, {}).get(one.platform)
        pinned = pins.get((one.account, one.platform)) or (access.id if access else None)
        if pinned is not None and pinned != one.account_id:
            raise WrongAccount(
                f"the credential of account {one.account} opens {one.platform} account {one.account_id}, "
                f"but this repository is pinned to {pinned}"
            )
        found[one.account, one.platform] = one.account_id
    return found
