"""The demo's story on a screen."""

from collections import Counter
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.console import Console

Document = dict[str, Any]
MOST_EDITS = 2
"""So many are shown of each platform."""
MANY_STACKS = 3
MOVES = frozenset({"began", "issued", "phase", "committed", "revoked", "ended"})
"""Lines of the audit of a rotation that are shown; the others are what was written and started on the way."""
COLUMNS = {
    "by hand before": "made_by_hand",
    "taken over": "taken_over",
    "set by a person": "by_person",
    "edits": "edits",
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
    _show_rotation(screen, told["rotated"])
    _show_foreign(screen, told)
    _show_acts(screen, told)
    _show_claims(screen, told)


def _show_systems(screen: "Console", told: Document, accounts: list[str]) -> None:
    from .hands import TITLES

    platforms = [one for one in TITLES if any(one in built for built in told["built_on"].values())]
    names = [TITLES[one] for one in platforms]
    table = _table("system", *COLUMNS, *(f"built: {name}" for name in names[:1]), *names[1:], right=True)
    for account in accounts:
        total = Counter[str]()
        for row in told["stacks"].values():
            if row["account"] == account:
                total.update({name: count for name, count in row.items() if name != "account"})
        built = told["built_on"].get(account, {})
        figures = (*(total[name] for name in COLUMNS.values()), *(built.get(one, 0) for one in platforms))
        table.add_row(account, *map(str, figures))
    screen.print(table)


def _show_edits(screen: "Console", told: Document) -> None:
    from ..plain import plain
    from ..plan_view import GLYPH
    from .hands import TITLES

    if told["edits"]:
        screen.print("\n[bold]Edited behind our back, and found[/]")
    found = {(change["stack"], change["address"]): change for change in told["drift"]}
    shown = Counter[str]()
    for edit in told["edits"]:
        platform = edit["address"].partition(".")[0]
        shown[platform] += 1
        if shown[platform] > MOST_EDITS:
            continue
        change = found.get((edit["stack"], edit["address"]))
        verdict = f"{GLYPH[change['verb']]} {change['cause']}" if change else "[red]NOT FOUND[/]"
        where = TITLES.get(platform, platform)
        screen.print(f"  {where:<7} {plain(edit['thing']):<42.42} {plain(edit['edit']):<33.33} {verdict}")
    more = sum(max(0, count - MOST_EDITS) for count in shown.values())
    if more > 0:
        screen.print(f"  … and {more} more (all of them with --json)")


def _show_moves(screen: "Console", told: Document) -> None:
    from ..plain import plain
    from .hands import TITLES

    if told["moved"]:
        screen.print("\n[bold]A domain's target moves, and its records on Cloudflare follow[/]")
    for one in told["moved"]:
        types = ", ".join(sorted(record["type"] for record in one["followed"])) or "none"
        causes = ", ".join(sorted({record["cause"] for record in one["followed"]}))
        where = TITLES.get(one["address"].partition(".")[0], "")
        screen.print(
            f"  {where:<7} {plain(one['host']):<32.32} target → {plain(one['target']):<34.34} {types} ~ {causes}"
        )


def _show_rotation(screen: "Console", rotated: Document) -> None:
    """The fields that hold it, and of the audit what moved it on."""
    from ..plain import plain
    from ..plan_view import counted

    if not rotated:
        return
    screen.print(
        f"\n[bold]A secret rotates: {plain(rotated['secret'])}, {rotated['strategy']}[/] "
        "(values by the beginning of their fingerprints)"
    )
    for one in rotated["consumers"]:
        starts = counted(one["starts"], "start")
        screen.print(f"  {plain(one['variable']):<42} {one['before']} → {one['after']}  {starts}")
    for one in rotated["entries"]:
        detail = one["detail"]
        if one["what"] in MOVES or (one["what"] == "written" and detail.get("phase") == "soak"):
            text = detail.get("to") or detail.get("text") or detail.get("end") or f"version {_version(detail)}"
            screen.print(f"  [dim]{plain(one['at'])}[/]  {plain(one['what']):<9} {plain(text)}{_proven(detail)}")


def _version(detail: Document) -> str:
    return str(detail.get("version") or detail.get("new") or f"{detail.get('old')}, {detail.get('reason')}")


def _proven(detail: Document) -> str:
    """By what the consumers were proven, where all of them were."""
    proofs = list(detail.get("proof", {}).values())
    if not proofs or not all(one.startswith("proven") for one in proofs):
        return ""
    return f"  {len(proofs)} proven: {', '.join(one.removeprefix('proven ') for one in proofs)}"


def _show_foreign(screen: "Console", told: Document) -> None:
    from ..plain import plain

    kinds = Counter(one["kind"].replace(".", " ") for one in told["unmanaged"])
    if kinds:
        screen.print("\n[bold]What no stack declares: shown as unmanaged, never touched[/]")
        screen.print("  " + ", ".join(f"{plain(kind)} × {count}" for kind, count in sorted(kinds.items())))


def _show_acts(screen: "Console", told: Document) -> None:
    from ..plan_view import counted

    screen.print("\n[bold]The commands, as you would type them[/]")
    commands = [_shortened(act["command"]) for act in told["acts"]]
    width = max(map(len, commands), default=0)
    for act, command in zip(told["acts"], commands, strict=True):
        left = "killed " if act.get("killed") else f"exit {act['exit']:<2}"
        screen.print(
            f"  {command:<{width}} {left} {act['calls']:>4} API calls {act['seconds']:>6.2f} s"
            + (f"  {counted(act['deploys'], 'deploy')}" if act["deploys"] else "")
        )
    calls = sum(act["calls"] for act in told["acts"])
    seconds = sum(act["seconds"] for act in told["acts"])
    screen.print(f"  [dim]{len(told['acts'])} commands, {calls} API calls, {seconds:.1f} s[/]")


def _written(told: Document) -> str:
    """Who built what."""
    from ..plain import plain
    from ..plan_view import counted

    writers = told["writers"]
    things = {name: row.get("built", 0) for name, row in told["stacks"].items()}
    if not writers["pulumi"]:
        return f"Written by trueup: {plain(writers['why'])}."
    (stack,) = writers["pulumi"]
    rest = sum(things[name] for name in writers["trueup"])
    return (
        f"Built by Pulumi {plain(writers['version'])} ({plain(writers['found_by'])}): {plain(stack)}, "
        f"{counted(things[stack], 'thing')}. Cloudflare's provider was played by {writers['stand_in']}.\n"
        f"Built by trueup: {counted(rest, 'thing')} of the other {counted(len(writers['trueup']), 'stack')}."
    )


def _shortened(command: str) -> str:
    """Names the first of many stacks only."""
    before, *stacks = command.split(" -s ")
    if len(stacks) < MANY_STACKS:
        return command
    _, space, rest = stacks[-1].partition(" ")
    return f"{before} -s {stacks[0]} … ({len(stacks)}){space}{rest}"


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
    screen.print(_written(told))
    screen.print("[dim]Next: `trueup sandbox` to play in it yourself, docs/tutorial.md for the first five minutes.[/]")


def _table(*names: str, right: bool = False) -> Any:
    """The first column to the left; the others too, or to the right."""
    from rich.table import Table

    table = Table(box=None, pad_edge=False, header_style="bold")
    for number, name in enumerate(names):
        table.add_column(name, justify="right" if right and number else "left")
    return table
