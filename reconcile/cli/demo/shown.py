"""The demo's story on a screen."""

from collections import Counter
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.console import Console

Document = dict[str, Any]
MOST_EDITS = 4
COLUMNS = {
    "by hand before": "made_by_hand",
    "taken over": "taken_over",
    "built": "built",
    "set by a person": "by_person",
    "DNS edits": "edits",
    "put back": "put_back",
    "not ours": "foreign",
}


def show(told: Document, *, no_color: bool) -> None:
    """All of it in about a screenful; `--json` has every line."""
    from ..plan_view import counted
    from ..screen import console

    screen = console(no_color=no_color)
    stacks, accounts = told["stacks"], dict.fromkeys(row["account"] for row in told["stacks"].values())
    screen.print(
        f"\n[bold]{counted(len(accounts), 'system')} in {counted(len(stacks), 'stack')}, on pretend platforms that the "
        "demo serves itself.[/]\nIt also plays the people at their consoles: each figure is from a command's --json, "
        "or counted in the sandbox.\n"
    )
    _show_systems(screen, told, list(accounts))
    _show_edits(screen, told)
    _show_moves(screen, told)
    _show_foreign(screen, told)
    _show_acts(screen, told)
    _show_claims(screen, told)


def _show_systems(screen: "Console", told: Document, accounts: list[str]) -> None:
    table = _table("system", *COLUMNS, right=True)
    for account in accounts:
        total = Counter[str]()
        for row in told["stacks"].values():
            if row["account"] == account:
                total.update({name: count for name, count in row.items() if name != "account"})
        table.add_row(account, *(str(total[name]) for name in COLUMNS.values()))
    screen.print(table)


def _show_edits(screen: "Console", told: Document) -> None:
    from ..plain import plain
    from ..plan_view import GLYPH

    if told["edits"]:
        screen.print("\n[bold]DNS edited behind our back, and found[/]")
    found = {(change["stack"], change["address"]): change for change in told["drift"]}
    for edit in told["edits"][:MOST_EDITS]:
        change = found.get((edit["stack"], edit["address"]))
        verdict = f"{GLYPH[change['verb']]} {change['cause']}" if change else "[red]NOT FOUND[/]"
        screen.print(f"  {plain(edit['thing']):<44.44} {plain(edit['edit']):<36.36} {verdict}")
    more = len(told["edits"]) - MOST_EDITS
    if more > 0:
        screen.print(f"  … and {more} more (all of them with --json)")


def _show_moves(screen: "Console", told: Document) -> None:
    from ..plain import plain

    if told["moved"]:
        screen.print("\n[bold]A domain's target moves on Railway, and its records on Cloudflare follow[/]")
    for one in told["moved"]:
        types = ", ".join(sorted(record["type"] for record in one["followed"])) or "none"
        causes = ", ".join(sorted({record["cause"] for record in one["followed"]}))
        screen.print(f"  {plain(one['host']):<44.44} target → {plain(one['target']):<27.27} {types} ~ {causes}")


def _show_foreign(screen: "Console", told: Document) -> None:
    from ..plain import plain

    kinds = Counter(one["kind"].replace(".", " ") for one in told["unmanaged"])
    if kinds:
        screen.print("\n[bold]What no stack declares: shown as unmanaged, never touched[/]")
        screen.print("  " + ", ".join(f"{plain(kind)} × {count}" for kind, count in sorted(kinds.items())))


def _show_acts(screen: "Console", told: Document) -> None:
    from ..plan_view import counted

    screen.print("\n[bold]The commands, as you would type them[/]")
    for act in told["acts"]:
        left = "killed " if act.get("killed") else f"exit {act['exit']:<2}"
        screen.print(
            f"  {act['command']:<56} {left} {act['calls']:>4} API calls {act['seconds']:>6.2f} s"
            + (f"  {counted(act['deploys'], 'deploy')}" if act["deploys"] else "")
        )
    calls = sum(act["calls"] for act in told["acts"])
    seconds = sum(act["seconds"] for act in told["acts"])
    screen.print(f"  [dim]{len(told['acts'])} commands, {calls} API calls, {seconds:.1f} s[/]")


def _show_claims(screen: "Console", told: Document) -> None:
    from ..plain import plain

    screen.print()
    table = _table("", "what that shows", "counted")
    for one in told["claims"]:
        mark = "[green]✓[/]" if one["held"] else "[red]✗[/]"
        table.add_row(mark, plain(one["claim"]), plain(one["figure"]))
    screen.print(table)
    failed = sum(not one["held"] for one in told["claims"])
    screen.print(
        f"\n[red]{failed} of {len(told['claims'])} claims did not hold: the story ends here.[/]"
        if failed
        else f"\n[bold]All {len(told['claims'])} claims held; all is as declared.[/]"
    )
    screen.print("[dim]Next: `trueup sandbox` to play in it yourself, docs/tutorial.md for the first five minutes.[/]")


def _table(*names: str, right: bool = False) -> Any:
    """The first column to the left; the others too, or to the right."""
    from rich.table import Table

    table = Table(box=None, pad_edge=False, header_style="bold")
    for number, name in enumerate(names):
        table.add_column(name, justify="right" if right and number else "left")
    return table
