"""How much of the runbooks the stacks hold: each obligation line with its status, and why.

Obligations stand in docs/coverage/<system>.yaml; a declared resource says `covers: [id]`. That alone is a claim: a line
is held only if the resource may hold such a line (`MAY_HOLD`) and a test has edited it behind our back and seen the
drift. Those tests write docs/coverage/proved.yaml. What people do through a command stands in procedures.yaml there.
Secrets under `secrets:` claim as resources do.
"""

import difflib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal, get_args

import yaml
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from reconcile.model.errors import Problem, SpecError
from reconcile.model.spec import Tree
from reconcile.reference.claims import MAY_HOLD, Claim, asked_by_us, claims_of, fits, proof_of

__all__ = ["MAY_HOLD", "Line", "Obligation", "Procedure", "Report", "coverage", "proof_of"]

Status = Literal["held", "claimed", "procedure", "human", "open"]
STATUSES: tuple[Status, ...] = get_args(Status)

FOLDER = Path("docs/coverage")
PROVED = "proved.yaml"
PROCEDURES = "procedures.yaml"
LARGEST_BYTES = 8 * 1024 * 1024

BY_DECLARING = frozenset({"declared", "rotated"})
BY_PEOPLE = frozenset({"human", "out"})


class Obligation(BaseModel):
    """One line of a runbook. `on` is the platform, "none" where the runbook needs none."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    id: str = Field(pattern=r"^[a-z0-9-]+-[0-9]{3}$")
    at: str = Field(min_length=1)
    """Heading of the runbook that the line stands under."""
    kind: str = Field(min_length=1)
    says: str = Field(min_length=1)
    on: str = Field(min_length=1)
    hold: Literal[
        "declared",
        "rotated",
        "probed",
        "scheduled",
        "command",
        "generated",
        "alert-native",
        "alert-evaluated",
        "human",
        "out",
    ]
    work: Literal["core", "breadth", "rotation", "alerts", "loop", "operations", "pulumi"]
    """The part of the product that holds it."""

    @property
    def system(self) -> str:
        return self.id.rpartition("-")[0]


class Procedure(BaseModel):
    """How people meet an obligation: through a command of ours that a test tries."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    command: str = Field(pattern=r"^[a-z][a-z -]*$")
    """Without the product's name."""
    test: str = Field(pattern=r"^tests/[a-z_/]+\.py::test_\w+$")
    because: str = ""
    """Why a command meets a line whose `hold` is not `command`; without it such a line stays as it is."""


@dataclass(frozen=True, slots=True)
class Line:
    """An obligation and where it stands today. `reason` is one sentence for a person."""

    obligation: Obligation
    status: Status
    reason: str


@dataclass(frozen=True)
class Report:
    """All lines by system, in runbook order. `problems`: `covers:` that cannot be what they say."""

    systems: Mapping[str, tuple[Line, ...]]
    problems: tuple[Problem, ...] = ()

    def counts(self, system: str | None = None) -> dict[Status, int]:
        """Lines by status, zeros included; of one system, or of all. Raises KeyError on an unknown system."""
        chosen = self.systems.values() if system is None else [self.systems[system]]
        found = Counter(line.status for lines in chosen for line in lines)
        return {status: found[status] for status in STATUSES}

    def as_json(self) -> dict[str, Any]:
        """The document of `coverage --json`."""
        systems = {
            name: {
                "lines": [
                    {"id": line.obligation.id, "work": line.obligation.work, "status": line.status} for line in lines
                ]
            }
            for name, lines in self.systems.items()
        }
        return {
            "schema": "trueup.coverage/1",
            "systems": systems,
            "counts": self.counts(),
            "problems": [str(problem) for problem in self.problems],
        }


def coverage(
    obligations: Mapping[str, Sequence[Obligation]],
    tree: Tree,
    proved: AbstractSet[str],
    procedures: Mapping[str, Procedure] = MappingProxyType({}),
) -> Report:
    """Sets every obligation against what the stacks declare. `proved` holds `proof_of` names, `procedures` is by id."""
    claims: dict[str, list[Claim]] = {}
    for claim in claims_of(tree):
        for identity in dict.fromkeys(claim.covers):
            claims.setdefault(identity, []).append(claim)
    known = {line.id: line for lines in obligations.values() for line in lines}
    systems = {
        name: tuple(_stand(line, claims.get(line.id, ()), proved, procedures.get(line.id)) for line in lines)
        for name, lines in obligations.items()
    }
    return Report(systems, (*_problems(claims, known), *_unfit_procedures(procedures, known)))


def _stand(line: Obligation, claims: Sequence[Claim], proved: AbstractSet[str], procedure: Procedure | None) -> Line:
    if line.hold in BY_PEOPLE:
        return Line(line, "human", line.says)
    if procedure is not None and _by_command(line, procedure):
        return Line(line, "procedure", f"people do it with `trueup {procedure.command}`")
    if not _by_declaring(line):
        return Line(line, "open", f"held by another way than declaring ({line.hold}), which {line.work} brings")
    if not claims:
        return Line(line, "open", "no stack covers it")
    fitting = [claim for claim in claims if fits(claim, line.kind, line.on, line.hold)]
    if not fitting:
        return Line(line, "claimed", f"covered only by what cannot hold {line.kind} on {line.on}: {_named(claims)}")
    # One proved record out of three is a third of the line: the weakest claim decides.
    unproved = [claim for claim in fitting if claim.name not in proved]
    if unproved:
        return Line(line, "claimed", f"no test has seen the drift of {_named(unproved)}")
    return Line(line, "held", f"by {_named(fitting)}")


def _by_declaring(line: Obligation) -> bool:
    return line.hold in BY_DECLARING or (line.hold == "probed" and asked_by_us(line.kind, line.on, line.work))


def _by_command(line: Obligation, procedure: Procedure) -> bool:
    return line.hold == "command" or bool(procedure.because)


def _named(claims: Iterable[Claim]) -> str:
    return ", ".join(claim.name for claim in claims)


def _problems(claims: Mapping[str, Sequence[Claim]], known: Mapping[str, Obligation]) -> Iterator[Problem]:
    for identity, claimants in claims.items():
        for claim in claimants:
            message, hint = _fault(identity, claim, known)
            if message:
                yield Problem(claim.at.file, claim.at.line, f"{claim.path}.covers", message, hint)


def _fault(identity: str, claim: Claim, known: Mapping[str, Obligation]) -> tuple[str, str]:
    """What is wrong with one `covers:` entry, and a hint; empty texts where nothing is."""
    line = known.get(identity)
    if line is None:
        near = difflib.get_close_matches(identity, known, n=1)
        return f"no obligation has the id {identity!r}", f"nearest: {near[0]}" if near else ""
    if not _by_declaring(line):
        return f"{identity} is not held by declaring something (hold: {line.hold})", "remove it from `covers:`"
    if not fits(claim, line.kind, line.on, line.hold):
        return f"a {claim.kind} cannot hold {identity} ({line.kind} on {line.on})", "it counts as claimed"
    return "", ""


def _unfit_procedures(procedures: Mapping[str, Procedure], known: Mapping[str, Obligation]) -> Iterator[Problem]:
    file = (FOLDER / PROCEDURES).as_posix()
    for identity, procedure in procedures.items():
        line = known.get(identity)
        if line is None:
            yield Problem(file, 0, identity, f"no obligation has the id {identity!r}")
        elif line.hold in BY_PEOPLE or not _by_command(line, procedure):
            message = f"{identity} is not met by a command (hold: {line.hold})"
            yield Problem(file, 0, identity, message, "remove it, or say `because:`")


def read_obligations(root: Path) -> dict[str, list[Obligation]]:
    """Every docs/coverage/<system>.yaml under the root of the repository, by system; empty where there is none.

    Raises SpecError with every problem found.
    """
    found: dict[str, list[Obligation]] = {}
    problems: list[Problem] = []
    for path in sorted((root / FOLDER).glob("*.yaml")):
        if path.name in (PROVED, PROCEDURES):
            continue
        try:
            found[path.stem] = _lines(root, path)
        except SpecError as error:
            problems.extend(error.problems)
    if problems:
        raise SpecError(problems)
    return found


def read_proved(root: Path) -> frozenset[str]:
    """The names (`proof_of`) in docs/coverage/proved.yaml: a map of stack to addresses. Absent file: none.

    Raises SpecError.
    """
    stacks = _of_file(root, PROVED, _PROVED)
    return frozenset(f"{stack}/{address}" for stack, addresses in stacks.items() for address in addresses)


def read_procedures(root: Path) -> Mapping[str, Procedure]:
    """docs/coverage/procedures.yaml by obligation; empty where there is none. Raises SpecError."""
    return _of_file(root, PROCEDURES, _PROCEDURES)


def _of_file(root: Path, name: str, shape: TypeAdapter[dict[str, Any]]) -> dict[str, Any]:
    """A file of the folder; empty where there is none. Raises SpecError."""
    path = root / FOLDER / name
    if not path.exists():
        return {}
    file = path.relative_to(root).as_posix()
    try:
        return shape.validate_python(_parsed(_text(root, path), file) or {})
    except ValidationError as error:
        raise SpecError([Problem(file, 0, _place(one["loc"]), one["msg"]) for one in error.errors()]) from None


_PROVED: TypeAdapter[dict[str, Any]] = TypeAdapter(dict[str, list[str]])
_PROCEDURES: TypeAdapter[dict[str, Any]] = TypeAdapter(dict[str, Procedure])
_OBLIGATIONS = TypeAdapter(list[Obligation])


def _lines(root: Path, path: Path) -> list[Obligation]:
    file = path.relative_to(root).as_posix()
    text = _text(root, path)
    try:
        lines = _OBLIGATIONS.validate_python(_parsed(text, file) or [])
    except ValidationError as error:
        wrong = [
            Problem(file, _line_of(text, one["loc"]), _place(one["loc"]), one["msg"])
            for one in error.errors(include_url=False)
        ]
        raise SpecError(wrong) from None
    wrong = list(_misplaced(lines, path.stem, file, text))
    if wrong:
        raise SpecError(wrong)
    return lines


def _misplaced(lines: Sequence[Obligation], system: str, file: str, text: str) -> Iterator[Problem]:
    seen: set[str] = set()
    for index, line in enumerate(lines):
        if line.system != system:
            hint = f"ids of this file begin with {system}-"
            yield Problem(file, _line_of(text, (index,)), line.id, "the line belongs to another system", hint)
        if line.id in seen:
            yield Problem(file, _line_of(text, (index,)), line.id, "the id is given twice")
        seen.add(line.id)


def _text(root: Path, path: Path) -> str:
    """A file of the repository. Raises SpecError where it leads out of it, is too big, or is not UTF-8."""
    file = path.relative_to(root).as_posix()
    if not path.resolve().is_relative_to(root.resolve()):
        raise SpecError([Problem(file, 0, "", "the link leads out of the repository")])
    try:
        if path.stat().st_size > LARGEST_BYTES:
            raise SpecError([Problem(file, 0, "", f"larger than {LARGEST_BYTES} bytes")])
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        raise SpecError([Problem(file, 0, "", "not UTF-8")]) from None
    except OSError as error:
        raise SpecError([Problem(file, 0, "", f"cannot be read: {error.strerror}")]) from None


def _parsed(text: str, file: str) -> Any:
    try:
        return yaml.load(text, Loader=yaml.CSafeLoader)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        message = getattr(error, "problem", None) or "not YAML"
        raise SpecError([Problem(file, mark.line + 1 if mark else 0, "", message)]) from None


def _line_of(text: str, place: Sequence[str | int]) -> int:
    """Line of an entry, from 1. Composes the text again: only what is wrong pays for its line number."""
    node = yaml.compose(text, Loader=yaml.CSafeLoader)
    if place and isinstance(place[0], int) and isinstance(node, yaml.SequenceNode):
        node = node.value[place[0]]
    return int(node.start_mark.line) + 1 if node is not None else 0


def _place(place: Iterable[str | int]) -> str:
    return ".".join(str(step) for step in place)
