"""`_project.yaml`: the project's name, its ledger, its accounts, and the environment names that stacks may read."""

import re
from collections.abc import Collection, Mapping

from ...model.resource import LOGICAL_NAME
from ...model.spec import Access, Migration, Project
from .problems import Place, Problems, named
from .tree import Node

FILE = "_project.yaml"
KEYS = ("project", "ledger", "from_env", "accounts", "migrations")
NO_PROJECT = Project("", "", "", {})

_ENVIRONMENT_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")
_NAME_HINT = "lower-case letters, digits and `-`"


def read_project(node: Node, platforms: Collection[str] | None, problems: Problems) -> Project:
    """The project. `platforms` None: any name of a platform is accepted. What is wrong goes to the problems."""
    keys = fields(node, "", KEYS, problems)
    ledger = keys.get("ledger")
    home = fields(ledger, "ledger", ("id", "home"), problems) if ledger else {}
    place = ledger.at_key("ledger") if ledger else node.at_value("ledger")
    name = required_text(keys, "project", node.at_value(""), "", problems)
    if name and not LOGICAL_NAME.match(name):
        problems.add(keys["project"].at_value("project"), f"{named(name)} is no name for a project", _NAME_HINT)
    accounts = keys.get("accounts")
    return Project(
        name=name,
        ledger_id=required_text(home, "id", place, "ledger.", problems),
        ledger_home=required_text(home, "home", place, "ledger.", problems),
        accounts=_accounts(accounts, platforms, problems) if accounts else {},
        from_env=_environment_names(keys.get("from_env"), problems),
        migrations=_migrations(keys.get("migrations"), problems),
    )


def fields(node: Node, path: str, keys: Collection[str], problems: Problems) -> Mapping[str, Node]:
    """The map at a path, less the keys it may not have; empty where it is no map."""
    if not isinstance(node.value, dict):
        problems.add(node.at_value(path), "must be a map", "valid here: " + ", ".join(f"`{key}`" for key in keys))
        return {}
    for key, inner in node.value.items():
        if key not in keys:
            place = inner.at_key(f"{path}.{key}" if path else key)
            problems.add(place, f"unknown key {named(key)}", problems.nearest(key, keys))
    return {key: inner for key, inner in node.value.items() if key in keys}


def required_text(keys: Mapping[str, Node], key: str, place: Place, prefix: str, problems: Problems) -> str:
    """The text at a key, "" with a problem where there is none. `prefix` is the path before the key, with its dot."""
    node = keys.get(key)
    if node is None:
        problems.add(place._replace(path=prefix + key), f"{named(key)} is missing")
        return ""
    return text(node, prefix + key, problems)


def text(node: Node, path: str, problems: Problems) -> str:
    """A text that says something; "" with a problem where it does not."""
    if isinstance(node.value, str) and node.value.strip():
        return node.value
    hint = "put it in quotes" if isinstance(node.value, int | float) else ""
    problems.add(node.at_value(path), "must be a text", hint)
    return ""


def texts(node: Node | None, path: str, problems: Problems) -> tuple[tuple[str, Node], ...]:
    """The texts of a list, each with its node; empty for None, and with a problem for what is no list."""
    if node is None:
        return ()
    if not isinstance(node.value, list):
        problems.add(node.at_value(path), "must be a list of texts", "write it as `[a, b]`")
        return ()
    found = ((text(inner, f"{path}.{index}", problems), inner) for index, inner in enumerate(node.value))
    return tuple((value, inner) for value, inner in found if value)


def _environment_names(node: Node | None, problems: Problems) -> tuple[str, ...]:
    names = texts(node, "from_env", problems)
    for name, inner in names:
        _check_environment_name(name, inner.at_value("from_env"), problems)
    return tuple(name for name, _ in names)


def _check_environment_name(name: str, place: Place, problems: Problems) -> None:
    # Never shown: who writes something else here has most likely pasted the credential itself.
    if not _ENVIRONMENT_NAME.match(name):
        problems.add(place, "must be the name of an environment variable", "the value itself is never written here")


def _migrations(node: Node | None, problems: Problems) -> Mapping[str, Migration]:
    if node is None:
        return {}
    if not isinstance(node.value, dict):
        problems.add(node.at_value("migrations"), "must be a map of migrations")
        return {}
    found = {}
    for name, inner in node.value.items():
        path = f"migrations.{name}"
        keys = fields(inner, path, ("run", "left", "field", "token"), problems)
        place = inner.at_value(path)
        run, left = (required_text(keys, key, place, f"{path}.", problems) for key in ("run", "left"))
        for key, url in (("run", run), ("left", left)):
            if url and not url.startswith("https://"):
                problems.add(keys[key].at_value(f"{path}.{key}"), "must be an https:// address")
        at = keys.get("field")
        token = keys.get("token")
        variable = text(token, f"{path}.token", problems) if token is not None else ""
        if token is not None and variable:
            _check_environment_name(variable, token.at_value(f"{path}.token"), problems)
        found[name] = Migration(run, left, text(at, f"{path}.field", problems) if at is not None else "left", variable)
    return found


def _accounts(node: Node, platforms: Collection[str] | None, problems: Problems) -> Mapping[str, Mapping[str, Access]]:
    if not isinstance(node.value, dict):
        problems.add(node.at_value("accounts"), "must be a map of accounts")
        return {}
    result = {}
    for account, on in node.value.items():
        path = f"accounts.{account}"
        if not LOGICAL_NAME.match(account):
            problems.add(on.at_key(path), f"{named(account)} is no name for an account", _NAME_HINT)
        if not isinstance(on.value, dict):
            problems.add(on.at_value(path), "must be a map of platforms")
            continue
        for platform, inner in on.value.items():
            if platforms is not None and platform not in platforms:
                hint = problems.nearest(platform, platforms)
                problems.add(inner.at_key(f"{path}.{platform}"), f"unknown platform {named(platform)}", hint)
        result[account] = {
            platform: _access(platform, inner, f"{path}.{platform}", problems) for platform, inner in on.value.items()
        }
    return result


def _access(platform: str, node: Node, path: str, problems: Problems) -> Access:
    keys = fields(node, path, ("id", "credentials", "tier"), problems)
    credentials = {}
    wanted = keys.get("credentials")
    if wanted is not None and not isinstance(wanted.value, dict):
        problems.add(wanted.at_value(f"{path}.credentials"), "must be a map", "`{token: NAME_OF_A_VARIABLE}`")
    elif wanted is not None and isinstance(wanted.value, dict):
        for name, inner in wanted.value.items():
            place = inner.at_value(f"{path}.credentials.{name}")
            credentials[name] = text(inner, place.path, problems)
            if credentials[name]:
                _check_environment_name(credentials[name], place, problems)
    pinned = keys.get("id")
    tier = keys.get("tier")
    return Access(
        platform=platform,
        id=text(pinned, f"{path}.id", problems) if pinned and pinned.value is not None else None,
        credentials=credentials,
        tier=text(tier, f"{path}.tier", problems) if tier and tier.value is not None else "",
    )
