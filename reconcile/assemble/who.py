"""Who runs this."""

import getpass
import os

from ..model.errors import ReconcileError


def whoami() -> str:
    """Who runs this, for the ledger: CI's actor, else the login name."""
    actor = os.environ.get("GITHUB_ACTOR") or os.environ.get("GITLAB_USER_LOGIN")
    if actor:
        return actor
    try:
        return getpass.getuser()
    except (KeyError, OSError) as error:
        raise ReconcileError("no login name for this user id", advice="set LOGNAME") from error
