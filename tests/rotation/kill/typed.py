"""The command line in a process of its own, with everything imported before that process begins."""

import os
import sys
from collections.abc import Sequence
from typing import NoReturn

from reconcile import assemble
from reconcile.cli import main, plan_view, writing
from reconcile.cli.rotate import going
from reconcile.platforms import platforms

LOADED = (assemble, plan_view, writing, going, platforms())
"""What a command imports only when it runs."""


def typed(words: Sequence[str], ready_file: str) -> NoReturn:
    """Ends the process as the console script would."""
    nowhere = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(nowhere, stream)
    os.environ["TRUEUP_SANDBOX"] = ready_file
    sys.argv = ["trueup", *words]
    main()
