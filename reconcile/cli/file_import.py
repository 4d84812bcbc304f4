"""import of a file: railway.json, railway.toml or .env, into the entry of the instance that it is about."""

import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from .imported import SCHEMA
from .leaving import Leave

if TYPE_CHECKING:
    from ..assemble import Workshop
    from ..model.resource import Resource
    from ..model.spec import Declared

INSTANCE, SERVICE, ENVIRONMENT = "railway.instance", "railway.service", "railway.environment"
VARIABLE = "railway.variable"


@dataclass(frozen=True)
class Asked:
    """What the command was given. `account` is one that has Railway; names are logical ones or Railway's own."""

    file: Path
    account: str
    service: str | None
    environment: str | None
    from_env: bool
    write: bool
    as_json: bool


@dataclass(frozen=True)
class Lines:
    """What to write into an entry, below `section` where one is named; and what a person must know."""

    lines: Sequence[str]
    section: str = ""
    left_out: Sequence[str] = ()
    findings: Sequence[str] = ()


def is_file(source: str | None) -> bool:
    """Whether a source is a file, by its name."""
    name = Path(source or "").name
    return name.endswith((".json", ".toml", ".env")) or name == ".env" or name.startswith(".env.")


def is_config(file: Path) -> bool:
    return file.suffix in (".json", ".toml")


def instance_at(shop: "Workshop", asked: Asked) -> "tuple[Declared, Declared, Declared | None]":
    """The service, the environment and, where one is declared, the instance. Raises ReconcileError."""
    service = _one(shop, asked.account, SERVICE, asked.service, "--service")
    environment = _one(shop, asked.account, ENVIRONMENT, asked.environment, "--environment")
    key = (environment.resource.referred_as(), getattr(service.resource, "name", ""))
    found = [one for one in _declared(shop, asked.account, INSTANCE) if one.resource.keys()[0] == key]
    return service, environment, found[0] if found else None


def config_lines(shop: "Workshop", asked: Asked) -> "tuple[Lines, Resource, Declared | None]":
    """What a railway.json or railway.toml adds to its instance; the instance as the file has it; and the declared one.

    Raises SpecError, ReconcileError.
    """
    from pydantic import ValidationError

    from ..model.errors import Problem, SpecError
    from ..steps.draft import entry_lines
    from ..steps.railway_file import LAST_DAY, read_config

    service, environment, declared = instance_at(shop, asked)
    config = read_config(asked.file.name, _read(asked.file), getattr(environment.resource, "name", ""))
    place = {"service": service.resource.referred_as(), "environment": environment.resource.referred_as()}
    try:
        wanted = shop.kinds[INSTANCE].declared({**place, **config.values})
    except ValidationError as error:
        told = [(str(one["loc"][0]) if one["loc"] else "", one["msg"]) for one in error.errors()]
        raise SpecError(
            [Problem(config.file, config.lines.get(name, 0), name, message) for name, message in told]
        ) from None
    held = declared.resource if declared is not None else None
    differing = [
        f"{config.file}:{line}: {name} is {getattr(wanted, name)!r} there and {getattr(held, name)!r} in the stack: "
        f"Railway runs with the file's word until {LAST_DAY}"
        for name, line in config.lines.items()
        if held is not None and name in held.model_fields_set and getattr(held, name) != getattr(wanted, name)
    ]
    said = held.model_fields_set if held is not None else frozenset()
    new = [line for name, line in entry_lines(wanted).items() if name in config.values and name not in said]
    last = (
        f"{config.file}: Railway stops reading it on {LAST_DAY}; once the stack says it, take it out of the repository"
    )
    return Lines(new, "", config.lacking, (*differing, last)), wanted, declared


def variable_lines(shop: "Workshop", asked: Asked) -> "tuple[Lines, Declared]":
    """What a .env adds to the variables of its instance. Raises SpecError, ReconcileError."""
    from ..model.errors import ReconcileError
    from ..steps.dotenv import read_dotenv

    service, environment, declared = instance_at(shop, asked)
    if declared is None:
        raise ReconcileError(
            f"no instance of {service.address} in {environment.address} is declared",
            advice="`trueup import railway` declares what lives; or write its entry, then import the file again",
        )
    name = asked.file.name
    there = {
        getattr(one.resource, "name", ""): one.at
        for one in _declared(shop, asked.account, VARIABLE)
        if one.resource.keys()[0][0] == declared.resource.referred_as()
    }
    lines, left_out, named, by_hand = [], [], [], 0
    for one in read_dotenv(name, _read(asked.file)):
        if one.name in there:
            left_out.append(f"{name}:{one.line}: {one.name} is declared in {there[one.name]}")
        elif one.name.startswith("RAILWAY_"):
            left_out.append(f"{name}:{one.line}: {one.name} is Railway's own")
        else:
            line, hidden = _variable(shop, declared, one, from_env=asked.from_env)
            lines.append(line)
            if hidden and asked.from_env:
                named.append(one.name)
            elif hidden:
                by_hand += 1
    findings = []
    if by_hand:
        findings.append(f"{by_hand} may not stand in a file: set them once in Railway, or take them --from-env")
    missing = [one for one in named if one not in shop.project.from_env]
    if missing:
        findings.append(f"add to `from_env` in _project.yaml: {', '.join(missing)}")
    return Lines(lines, "variables", left_out, findings), declared


def _variable(shop: "Workshop", declared: "Declared", setting: Any, *, from_env: bool) -> tuple[str, bool]:
    """The line of a variable, and whether its value is kept back."""
    from ..model.secrecy import may_stand
    from ..steps.draft import entry_line
    from ..steps.flow import flow

    hidden = setting.expands or not may_stand(setting.name, setting.value.reveal())
    if hidden:
        return f"{setting.name}: {flow({'from_env': setting.name} if from_env else {'exists': True})}", True
    instance = declared.resource.referred_as()
    values = {"instance": instance, "name": setting.name, "value": setting.value.reveal()}
    return entry_line(shop.kinds[VARIABLE].declared(values), setting.name), False


def put(shop: "Workshop", asked: Asked, lines: Lines, declared: "Declared") -> NoReturn:
    """Shows the lines, or writes them; either way only where the stacks then load. Raises SpecError, ReconcileError."""
    from ..model.errors import ReconcileError
    from ..steps.insert import with_lines
    from ..steps.load import load, working_tree
    from ..steps.overlay import with_file

    source = working_tree(shop.settings.root, shop.settings.stacks_dir)
    file = declared.at.file
    shared = Path(file).name.startswith("_")
    whole = source.files()[file].decode()
    text = with_lines(whole, declared.at.line, lines.lines, lines.section) if lines.lines and not shared else None
    if text is not None and not any(one.startswith("add to `from_env`") for one in lines.findings):
        tree = load(with_file(source, file, text.encode()), shop.kinds, shop.issues)
        more = len(tree.stacks[declared.stack].declared) - len(shop.tree.stacks[declared.stack].declared)
        text = text if more == (len(lines.lines) if lines.section else 0) else None
    else:
        text = None
    if asked.write and lines.lines and text is None:
        why = "a base that other stacks extend" if shared else "no entry that lines can be put into as things stand"
        raise ReconcileError(
            f"{declared.at} is not written: {why}", advice="; ".join(lines.findings) or "add the lines"
        )
    if asked.write and text is not None:
        (source.root / file).write_text(text, encoding="utf-8")
    _tell(asked, lines, declared)


def _tell(asked: Asked, lines: Lines, declared: "Declared") -> NoReturn:
    if asked.as_json:
        document = {
            "schema": SCHEMA,
            "account": asked.account,
            "into": {"stack": declared.stack, "address": str(declared.address), "at": str(declared.at)},
            "section": lines.section,
            "lines": list(lines.lines),
            "wrote": asked.write and bool(lines.lines),
            "left_out": list(lines.left_out),
            "findings": list(lines.findings),
            "exit": 0,
        }
        print(json.dumps(document, indent=2, ensure_ascii=False))
        raise Leave(0)
    for text in lines.left_out:
        print(f"left out: {text}", file=sys.stderr)
    for text in lines.findings:
        print(f"to know: {text}", file=sys.stderr)
    place = f"{declared.address} ({declared.at})"
    if not lines.lines:
        print(f"nothing to add to {place}")
    elif asked.write:
        print(f"wrote {len(lines.lines)} lines into {place}")
    else:
        print(f"# into {place}; --write puts it there")
        print(f"{lines.section}:" if lines.section else "", end="\n" if lines.section else "")
        for one in lines.lines:
            print(f"  {one}" if lines.section else one)
    raise Leave(0)


def _declared(shop: "Workshop", account: str, kind: str) -> "list[Declared]":
    return [one for one in shop.tree.declared() if one.account == account and one.address.full_kind == kind]


def _one(shop: "Workshop", account: str, kind: str, name: str | None, option: str) -> "Declared":
    """The one of a kind that is called so, logically or by Railway; without a name the only one there is."""
    from ..model.errors import ReconcileError

    there = _declared(shop, account, kind)
    found = [one for one in there if name in (None, one.address.leaf, getattr(one.resource, "name", ""))]
    if len(found) == 1:
        return found[0]
    known = ", ".join(sorted({one.address.leaf for one in there})) or "none"
    word = kind.partition(".")[2]
    raise ReconcileError(
        f"no {word} is meant" if name is None else f"no single {word} is called {name!r}",
        advice=f"give {option}; account {account} declares: {known}",
    )


def _read(file: Path) -> bytes:
    from ..model.errors import ReconcileError

    try:
        return file.read_bytes()
    except OSError as error:
        raise ReconcileError(f"{file} cannot be read: {error.strerror}", advice="give the path of a file") from error
