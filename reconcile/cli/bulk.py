"""import --for-pulumi: the file by which Pulumi's own command line takes over what lives and is declared."""

import json
import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from .handing import adopted_by_pulumi
from .plan_view import counted

if TYPE_CHECKING:
    from ..assemble import Workshop
    from ..program.adoption import Adoption

STANDARD = "import.json"


def write_bulk_file(shop: "Workshop", stack: str, out: Path | None) -> int:
    """Writes or prints the file, and says which lines to run. Returns the exit code. Raises ReconcileError."""
    from ..model.errors import ReconcileError
    from ..program.adoption import bulk_file

    wanted, looked = adopted_by_pulumi(shop, stack)
    if not wanted.imports:
        raise ReconcileError(
            f"nothing of {stack} lives that Pulumi could import", advice="`trueup up` has Pulumi make what is declared"
        )
    text = json.dumps(bulk_file(wanted), indent=2) + "\n"
    if out is None:
        print(text, end="")
    else:
        try:
            with out.open("x", encoding="utf-8") as file:
                file.write(text)
        except OSError as error:
            raise ReconcileError(f"{out}: {error.strerror}", advice="give another file with --out") from error
        print(f"wrote {out}: {len(wanted.imports)} to import")
    stream = sys.stderr if out is None else sys.stdout
    for line in _lines(wanted, stack, out or Path(STANDARD)):
        print(line, file=stream)
    for gap in looked.gaps:
        print(f"not seen: {gap.kind} {gap.container} of account {gap.account}: {gap.reason}", file=sys.stderr)
    return looked.exit_code


def _lines(wanted: "Adoption", stack: str, file: Path) -> list[str]:
    """What to run, and what that leaves over."""
    words = ["pulumi", "import", "--file", str(file), "--generate-code=false", "--protect=false", "--stack", stack]
    proof = ["pulumi", "preview", "--refresh", "--stack", stack]
    lines = ["run:", f"  {shlex.join(words)}", f"  {shlex.join(proof)}", "the preview must import and update nothing;"]
    left = ", ".join(sorted(str(place.address) for place in wanted.told))
    if left:
        lines.append(f"it still creates what no provider imports: {left}")
    if wanted.starts:
        lines.append(f"it still creates {counted(len(wanted.starts), 'release')}: what runs is deployed once more")
    if left or wanted.starts:
        lines.append(
            f"`trueup hand-over {stack} --to pulumi` does all of it, and writes those into the state as they live"
        )
    absent = ", ".join(sorted(str(place.address) for place in wanted.absent))
    if absent:
        lines.append(f"does not live, so `pulumi up` makes it: {absent}")
    return lines
