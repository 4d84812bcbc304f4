"""What a command may do, as the processes that Pulumi starts read it: our provider makes calls and takes leases too."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from ...settings import LOCK_TIMEOUT, LOG_FILE, MAX_CALLS, PARALLELISM

if TYPE_CHECKING:
    from ..acting import Act


def limits_of(one: "Act") -> Mapping[str, str]:
    """Of `--max-calls` what is left by now: how many calls a provider made nobody tells us."""
    settings = one.shop.settings
    told = {PARALLELISM: str(settings.parallelism), LOCK_TIMEOUT: str(one.wish.lock_timeout)}
    if settings.max_calls is not None:
        told[MAX_CALLS] = str(max(0, settings.max_calls - one.shop.calls.count()))
    if settings.log_file is not None:
        told[LOG_FILE] = str(settings.log_file.resolve())
    return told
