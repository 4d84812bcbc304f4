"""demo: the main job on the sandbox, told in a screenful.

Every figure comes from the JSON of the commands it runs or from the sandbox's call log.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from . import options as opt
from .leaving import Leave

if TYPE_CHECKING:
    from ..model.resource import Resource
    from ..model.spec import Declared, Spec, Tree
    from ..sandbox.world import World


def add_to(app: typer.Typer) -> None:
    app.command()(demo)


def demo(
    as_json: opt.Json = False,
    keep: Annotated[bool, typer.Option("--keep", help="Leave the pretend world running at the end.")] = False,
    no_color: opt.NoColor = False,
    directory: opt.Directory = Path(),
) -> None:
    """Take over a live estate, find what was edited behind our back, put it back. On the sandbox; no account."""
    from ..assemble import Workshop, begin_world
    from ..model.errors import ReconcileError
    from ..sandbox.serve import serve
    from ..settings import Settings

    root = directory.resolve()
    with Workshop(Settings(root)) as shop:
        tree = shop.tree
    if not any(_records(spec) for spec in tree.stacks.values()):
        raise ReconcileError(
            "no stack here declares a DNS record, so there is no story to tell",
            advice="run it where stacks/ declares some: a clone of the product, or after `trueup import`",
        )
    world = begin_world(root)
    with tempfile.TemporaryDirectory(prefix="trueup-demo-") as folder:
        ready = Path(folder) / "ready.json"
        served = serve(world, ready_file=ready, ledger=Path(folder) / "ledger.db")
        try:
            told = _Story(root, ready, world, tree).tell()
            if as_json:
                print(json.dumps(told, indent=2, ensure_ascii=False))
            else:
                _show(told, no_color=no_color)
            if keep:
                typer.echo(f"the world stays until Ctrl-C: {served.page_url}\n  export TRUEUP_SANDBOX={ready}")
                served.wait()
        except KeyboardInterrupt:
            raise Leave(0) from None
        finally:
            served.stop()
    raise Leave(0 if told["ended_well"] else 1)


@dataclass
class _Story:
    """The demo's acts, each a command a user would type."""

    root: Path
    ready: Path
    world: "World"
    tree: "Tree"
    acts: list[dict[str, Any]] = field(default_factory=list)

    def tell(self) -> dict[str, Any]:
        made = {name: self._make_by_hand(spec) for name, spec in self.tree.stacks.items()}
        foreign = {name: self._make_foreign(spec) for name, spec in self.tree.stacks.items()}
        self._run("plan", "--all")
        adopted = self._run("adopt", "--all", "--yes")
        quiet = self._run("drift")
        edits = [edit for spec in self.tree.stacks.values() for edit in self._edit(spec)]
        drift = self._run("drift", "--detailed-exitcode")
        healed = self._run("apply", "--all", "--drift-only", "--yes")
        after = self._run("drift", "--detailed-exitcode")
        plan = self._run("plan", "--all", "--detailed-exitcode")
        counts = {
            "made_by_hand": Counter(made),
            "taken_over": _by_stack(adopted["adopted"]),
            "foreign": Counter(foreign),
            "edits": _by_stack(edits),
            "drift": _by_stack(drift["changes"]),
            "put_back": _by_stack(one for one in healed["changes"] if (one["outcome"] or {}).get("verified")),
        }
        return {
            "schema": "trueup.demo/1",
            "systems": {name: {title: count[name] for title, count in counts.items()} for name in self.tree.stacks},
            "adopted": adopted,
            "edits": edits,
            "drift": drift["changes"],
            "unmanaged": after["unmanaged"],
            "acts": self.acts,
            "writes": sum(one["method"] not in ("GET", "HEAD") for one in self.world.calls()),
            "ended_well": bool(
                counts["taken_over"] == counts["made_by_hand"]
                and quiet["exit"] == 0
                and drift["exit"] == 2
                and {one["address"] for one in drift["changes"]} == {one["address"] for one in edits}
                and counts["put_back"] == counts["edits"]
                and after["exit"] == plan["exit"] == 0
                and len(after["unmanaged"]) == sum(foreign.values())
            ),
        }

    def _run(self, *words: str) -> dict[str, Any]:
        """One command in a process of its own, as JSON, with its calls counted by the sandbox."""
        self.acts.append({"command": " ".join(("trueup", *words))})
        calls = len(self.world.calls())
        began = time.monotonic()
        ended = subprocess.run(
            [sys.executable, "-m", "reconcile", *words, "--json", "--dir", str(self.root)],
            env={**os.environ, "TRUEUP_SANDBOX": str(self.ready)},
            capture_output=True,
            text=True,
            check=False,
        )
        self.acts[-1] |= {
            "exit": ended.returncode,
            "calls": len(self.world.calls()) - calls,
            "seconds": round(time.monotonic() - began, 2),
        }
        try:
            found: dict[str, Any] = json.loads(ended.stdout)
        except ValueError:
            sys.stderr.write(ended.stderr)
            raise Leave(ended.returncode or 1) from None
        if "schema" in found and found["schema"] == "trueup.error/1":
            sys.stderr.write(ended.stderr)
            raise Leave(ended.returncode)
        return found

    def _make_by_hand(self, spec: "Spec") -> int:
        """Everything that a stack declares, typed into the console without a mark of ours."""
        count = 0
        for one in spec.declared.values():
            if not one.resource.only_seen:
                self.world.create(*_place(one), one.account, _typed(one.resource))
                count += 1
        return count

    def _make_foreign(self, spec: "Spec") -> int:
        """Something that no stack declares: it must be shown, and left alone."""
        records = _records(spec)
        if not records:
            return 0
        zone = getattr(records[0].resource, "zone")  # noqa: B009 - a field of some kinds only
        fields = {"name": f"old-campaign.{zone}", "type": "TXT", "content": "nobody remembers", "zone": zone}
        self.world.create("cloudflare", "record", fields["name"], spec.account, fields)
        return 1

    def _edit(self, spec: "Spec") -> list[dict[str, str]]:
        """What somebody does at the console one evening: a new address, a shorter TTL, a deletion."""
        records = _records(spec)
        address = next((one for one in records if getattr(one.resource, "type", "") in ("A", "CNAME")), None)
        ttl = next((one for one in reversed(records) if not getattr(one.resource, "proxied", True)), None)
        gone = next((one for one in records if one not in (address, ttl)), None)
        edits = []
        if address is not None:
            kind = getattr(address.resource, "type", "")
            value = "203.0.113.99" if kind == "A" else "parked.example.org"
            edits.append(self._by_hand("edit", address, content=value))
        if ttl is not None and ttl is not address:
            edits.append(self._by_hand("edit", ttl, ttl="86400"))
        if gone is not None:
            edits.append(self._by_hand("delete", gone))
        return edits

    def _by_hand(self, verb: str, one: "Declared", **fields: str) -> dict[str, str]:
        platform, kind, _ = _place(one)
        id = self._id_of(one)
        (self.world.edit if verb == "edit" else self.world.delete)(platform, kind, id, one.account, fields)
        what = ", ".join(f"{name} → {value}" for name, value in fields.items()) or "deleted"
        return {"stack": one.stack, "address": str(one.address), "thing": one.resource.title(), "edit": what}

    def _id_of(self, one: "Declared") -> str:
        """The live thing's id, by everything that its declaration says."""
        typed = _typed(one.resource)
        platform, kind, _ = _place(one)

        def likeness(thing: dict[str, Any]) -> int:
            shown = _flat(thing)
            return sum(shown.get(name, "").strip('"') == value.strip('"') for name, value in typed.items())

        things = self.world.things(platform, kind)[platform][one.account][kind]
        same = [thing for thing in things if (thing["name"], thing.get("type")) == (typed["name"], typed.get("type"))]
        return str(max(same, key=likeness)["id"])


def _by_stack(told: Iterable[dict[str, Any]]) -> Counter[str]:
    return Counter(one["stack"] for one in told)


def _records(spec: "Spec") -> list["Declared"]:
    return [one for one in spec.declared.values() if one.address.full_kind == "cloudflare.record"]


def _place(one: "Declared") -> tuple[str, str, str]:
    return one.address.platform, one.address.kind, str(getattr(one.resource, "name", one.address.leaf))


def _typed(resource: "Resource") -> dict[str, str]:
    """The fields of a resource as a person types them; what was left out stays out."""
    return _flat(resource.model_dump(mode="json", exclude_none=True, include=set(resource.comparable())))


def _flat(values: dict[str, Any]) -> dict[str, str]:
    """Fields as text, their parts as `data.port`, lists with commas."""
    flat: dict[str, str] = {}
    for name, value in values.items():
        parts = {f"{name}.{part}": inner for part, inner in value.items()} if isinstance(value, dict) else {name: value}
        for key, inner in parts.items():
            if isinstance(inner, list):
                flat[key] = ",".join(map(str, inner))
            else:
                flat[key] = inner if isinstance(inner, str) else json.dumps(inner)
    return flat


def _show(told: dict[str, Any], *, no_color: bool) -> None:
    from rich.table import Table

    from .plain import plain
    from .plan_view import counted
    from .screen import console

    screen = console(no_color=no_color)
    systems = told["systems"]
    screen.print(
        f"\n[bold]The DNS of {counted(len(systems), 'system')}, made by hand in a pretend Cloudflare, "
        "is taken over, edited behind our back, and put back.[/]\n"
    )
    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in (
        "system",
        "made by hand",
        "taken over",
        "edited by hand",
        "drift found",
        "put back",
        "not ours, left alone",
    ):
        table.add_column(name, justify="left" if name == "system" else "right")
    for name, row in systems.items():
        cells = (row["made_by_hand"], row["taken_over"], row["edits"], row["drift"], row["put_back"], row["foreign"])
        table.add_row(name, *map(str, cells))
    screen.print(table)
    screen.print("\n[bold]What was edited, and found[/]")
    found = {change["address"]: change for change in told["drift"]}
    for edit in told["edits"]:
        change = found.get(edit["address"])
        verdict = f"{_glyph(change['verb'])} {change['cause']}" if change else "NOT FOUND"
        screen.print(f"  {plain(edit['thing']):<44.44} {plain(edit['edit']):<36.36} {verdict}")
    screen.print("\n[bold]The commands, as you would type them[/]")
    for act in told["acts"]:
        screen.print(
            f"  {act['command']:<48} exit {act['exit']}  {act['calls']:>3} API calls  {act['seconds']:>5.2f} s"
        )
    _show_end(screen.print, told, systems)


def _show_end(say: Any, told: dict[str, Any], systems: dict[str, Any]) -> None:
    total = Counter[str]()
    for row in systems.values():
        total.update(row)
    calls = sum(act["calls"] for act in told["acts"])
    seconds = sum(act["seconds"] for act in told["acts"])
    say(
        f"\n[bold]{total['taken_over']} taken over, {total['drift']} of {total['edits']} hand edits found, "
        f"{total['put_back']} put back in {told['writes']} writes, "
        f"{len(told['unmanaged'])} unmanaged left alone: {calls} API calls, {seconds:.1f} s.[/]"
    )
    say("All is as declared." if told["ended_well"] else "[red]The story did not end as it should; see above.[/]")
    say("[dim]Next: `trueup sandbox` to play in it yourself, docs/tutorial.md for the first five minutes.[/]")


def _glyph(verb: str) -> str:
    from .plan_view import GLYPH

    return GLYPH[verb]
