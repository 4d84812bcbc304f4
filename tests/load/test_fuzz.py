"""Mutated stack files: whatever they hold, loading ends in a Tree or a SpecError, and soon.

TRUEUP_FUZZ_SECONDS (20) and TRUEUP_FUZZ_SEED choose how long and what.
"""

import os
import random
import re
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from reconcile.model.errors import Problem, SpecError
from reconcile.platforms import issues, kinds
from reconcile.steps.load import Kinds, Source, load

from . import rotated
from .samples import KINDS, PROJECT

SEED = int(os.environ.get("TRUEUP_FUZZ_SEED", "20270131"))
SECONDS = float(os.environ.get("TRUEUP_FUZZ_SECONDS", "20"))
SLOW_SECONDS = 5.0
STACKS = Path(__file__).parents[2] / "stacks"

BUILT_IN = {
    "_project.yaml": PROJECT,
    "_common.yaml": "account: acme\nhost: {site: {web: {greeting: base, env: {A: b}}, old: {}}}\n",
    "shared.yaml": """\
account: acme
dns:
  zone: &zones
    z: {name: a.example}
    y: {name: y.example, covers: [x-1]}
host: {site: {s: {port: 81, domains: [z, y], limits: {memory: 1, cpu: 0.5}}, t: {parent: s}}}
""",
    "a.yaml": """\
extends: common
uses: [shared]
writer: pulumi
dns:
  records:
    z:
      apex: {name: "@", type: A, content: 192.0.2.1, ttl: auto, tags: &tags [a, b]}
      www: {type: CNAME, content: "${host.site.s.target}", ttl: 300, tags: *tags}
      txt: {type: TXT, content: "$${x} ${{y}} ${host.site.web.greeting} ${host.site.s.port}"}
host: {site: {web: {env: {A: null, B: "${host.site.s.target}"}, password: "x"}, old: null}}
ignore:
  - {address: host.site.web, field: port, owner: ops, reason: test, expires: 2027-01-31}
moved:
  - {from: host.site.gone, to: host.site.web}
""",
}

ROTATED = {
    "_project.yaml": rotated.PROJECT,
    "a.yaml": rotated.legacyvideo(
        "ONE: {secret: one}, TWO: {secret: two, part: access, previous: none}",
        "ONE: {secret: one, previous: OLD}, SIX: {secret: six}",
        """\
one: {strategy: overlap, generate: {bytes: 32, as: hex}, every: 30d, window: "Sat,Sun 22:00-02:00", zone: UTC}
two: {strategy: replace, generate: {access: {bytes: 32}, refresh: {password: 20}}, cron: "0 3 1 * *", covers: [x-1]}
six: {strategy: manual, by_hand: {where: x, steps: [a], check: {post.typed: {}}}, prove: [P1, P4], soak: 1h}""",
    ),
    "b.yaml": """\
account: acme
forge:
  workflow: {go: {}}
  secret: {KEY: {secret: key, workflow: go}, PAIR: {secret: pair, part: public, workflow: go}}
secrets:
  key: {strategy: two-key, issue: {post.api-key: {scopes: [a]}}, prove: [P4, {P2: "https://x.example", times: 2}]}
  pair: {strategy: overlap, generate: {pair: rsa, bits: 3072}, accept: false, class: irreplaceable, every: 9d}
""",
}

ISSUES = {**issues(), **rotated.ISSUES}
TOKENS: list[str] = [
    *"{}[]:,#&*!|>'\"%@`?-~<=\t\n\r\\",
    *("${", "}", "$${", "${{", "<<", "---", "...", "? ", "- ", ": ", "&a ", "*a", "!!str ", "!x ", "null", "true"),
    *("1e999", ".inf", "0x1", "99999999999999999999", "\0", "\x1b", "\x85", "\u2028", "\ufeff", "\U0001f600"),
    *("extends", "uses", "ignore", "moved", "covers", "zone", "name", "dns", "host", "[" * 40, "{a: " * 40),
    *("${host.site.s.port}", "${host.site.s.target}", "${dns.zone.z.name}", '"\\0"', '"\\ud800"', "2027-13-45"),
]
ODD: list[Any] = [
    *(None, True, 0, -1, 1.5, 10**30, "", " ", "x" * 300, [], {}, [[]], {"": None}, "${", "${a.b.c.d}"),
    *("${host.site.s.target}", "@", "a/b", "A", "\x00", "\ud7ff", ["a", 1], {"name": {"name": {}}}, "*", "&x"),
]
WORD = re.compile(rb"[\w${}.-]+|\s+|.", re.DOTALL)

Mutation = Callable[[random.Random, bytes, Sequence[bytes]], bytes]


def flip(rng: random.Random, data: bytes, _: Sequence[bytes]) -> bytes:
    changed = bytearray(data)
    for _i in range(rng.randint(1, 4)):
        changed[rng.randrange(len(changed))] ^= 1 << rng.randrange(8)
    return bytes(changed)


def truncate(rng: random.Random, data: bytes, _: Sequence[bytes]) -> bytes:
    at = rng.randrange(len(data))
    return data[:at] if rng.random() < 0.5 else data[at:]


def splice(rng: random.Random, data: bytes, others: Sequence[bytes]) -> bytes:
    other = rng.choice(others)
    start = rng.randrange(len(other))
    at = rng.randrange(len(data))
    return data[:at] + other[start : start + rng.randint(1, 400)] + data[at + rng.randint(0, 40) :]


def insert(rng: random.Random, data: bytes, _: Sequence[bytes]) -> bytes:
    at = rng.randrange(len(data))
    return data[:at] + rng.choice(TOKENS).encode() + data[at:]


def swap(rng: random.Random, data: bytes, _: Sequence[bytes]) -> bytes:
    words = WORD.findall(data)
    one, two = rng.randrange(len(words)), rng.randrange(len(words))
    words[one], words[two] = words[two], words[one]
    return b"".join(words)


def repeat(rng: random.Random, data: bytes, _: Sequence[bytes]) -> bytes:
    lines = data.splitlines(keepends=True)
    at = rng.randrange(len(lines))
    return b"".join([*lines[:at], *lines[at : at + 1] * rng.choice((0, 2, 2, 50)), *lines[at + 1 :]])


def restructure(rng: random.Random, data: bytes, _: Sequence[bytes]) -> bytes:
    """Odd values, keys moved, renamed and dropped in the tree that the file holds."""
    try:
        tree = yaml.safe_load(data)
    except (yaml.YAMLError, ValueError, TypeError):
        return data
    for _i in range(rng.randint(1, 3)):
        _edit(rng, tree)
    text: str = yaml.safe_dump(tree, sort_keys=False, default_flow_style=rng.choice((None, True, False)))
    return text.encode()


def _edit(rng: random.Random, tree: Any) -> None:
    places = [place for place in _places(tree) if place]
    if not places:
        return
    place = rng.choice(places)
    if isinstance(place, list):
        place[rng.randrange(len(place))] = rng.choice(ODD)
        return
    key = rng.choice(list(place))
    act = rng.randrange(4)
    if act == 0:
        place[key] = rng.choice(ODD)
    elif act == 1:
        names = [name for one in places if isinstance(one, dict) for name in one]
        place[rng.choice([*names, "name", "covers", "id"])] = place.pop(key)
    elif act == 2:
        del place[key]
    else:
        place[key] = rng.choice(places)


def _places(tree: Any) -> list[Any]:
    """Every map and list of a tree, each once: edits and aliases make circles."""
    found: dict[int, Any] = {}
    waiting = [tree]
    while waiting:
        one = waiting.pop()
        if isinstance(one, dict | list) and id(one) not in found:
            found[id(one)] = one
            waiting += one.values() if isinstance(one, dict) else one
    return list(found.values())


MUTATIONS: tuple[Mutation, ...] = (flip, truncate, splice, insert, swap, repeat, restructure, restructure)


@dataclass(frozen=True)
class InMemory:
    """Stack files that were never on disk."""

    content: Mapping[str, bytes]
    root: Path = Path()
    folder: str = "stacks"

    def revision(self) -> str:
        return "dirty:" + "0" * 64

    def files(self) -> Mapping[str, bytes]:
        return self.content

    def refused(self) -> Sequence[Problem]:
        return ()


def corpora() -> list[tuple[Kinds, dict[str, bytes]]]:
    """Seeds: the built-in sample, and the stacks of this repository where they are present."""
    found: list[tuple[Kinds, dict[str, bytes]]] = [
        (KINDS, {f"stacks/{name}": text.encode() for name, text in BUILT_IN.items()})
    ]
    found.append((rotated.KINDS, {f"stacks/{name}": text.encode() for name, text in ROTATED.items()}))
    real = {f"stacks/{path.name}": path.read_bytes() for path in sorted(STACKS.glob("*.yaml"))}
    if real:
        found.append((kinds(), real))
    return found


def check(source: Source, known: Kinds) -> bool:
    """Whether it loads. Anything but a SpecError with sound problems comes out as it is."""
    try:
        load(source, known, ISSUES)
    except SpecError as error:
        files = source.files()
        assert error.problems
        assert list(error.problems) == sorted(
            error.problems, key=lambda one: (one.file, one.line, one.path, one.message)
        )
        for problem in error.problems:
            data = files.get(problem.file, b"")
            # \r alone ends a line for YAML too.
            assert 0 <= problem.line <= data.count(b"\n") + data.count(b"\r") + 1, problem
            assert str(problem).isprintable(), repr(str(problem))
        return False
    return True


def test_the_seeds_load() -> None:
    for known, files in corpora():
        load(InMemory(files), known, ISSUES)


def test_only_a_spec_error_comes_out() -> None:
    rng = random.Random(SEED)
    seeds = corpora()
    everything = [data for _, files in seeds for data in files.values()]
    accepted = refused = 0
    end = time.monotonic() + SECONDS
    while time.monotonic() < end:
        known, files = rng.choice(seeds)
        name = rng.choice(list(files))
        data = files[name]
        for _ in range(rng.choice((1, 1, 1, 2, 5))):
            data = rng.choice(MUTATIONS)(rng, data, everything) or b"\n"
        begun = time.monotonic()
        try:
            good = check(InMemory({**files, name: data}), known)
        except BaseException as error:
            raise AssertionError(f"seed {SEED}, input {accepted + refused}, {name}: {data!r}") from error
        assert time.monotonic() - begun < SLOW_SECONDS, f"seed {SEED}: slow on {name}: {data!r}"
        accepted, refused = accepted + good, refused + (not good)
    print(f"fuzz of the loader: seed {SEED}, {accepted + refused} inputs, {refused} refused, {SECONDS:g} s")
    assert accepted > 0
    assert refused > 0
