"""What stands on the sandbox's GitHub before anybody asks, and what a person does there by hand."""

from collections.abc import Callable, Mapping, Sequence

from ...model.pretend import Thing, World
from ...model.spec import Declared
from .pretend_parts import new_key, number
from .pretend_runs import RUN_SECONDS, queue

STATES = ("active", "disabled_manually", "disabled_inactivity")
ENDS = ("success", "failure", "cancelled", "timed_out", "skipped", "startup_failure")
BRANCHES = ("main",)


def seeded(world: World, account: str, wanted: Sequence[Declared]) -> None:
    """What stacks look up. Repositories first: the others stand in them."""
    by_kind: dict[str, list[Declared]] = {}
    for one in wanted:
        by_kind.setdefault(one.address.kind, []).append(one)
    for one in by_kind.get("repository", ()):
        new_repository(world, account, _text(one, "name"))
    for one in by_kind.get("environment", ()):
        new_environment(world, account, _text(one, "repository"), _text(one, "name"))
    for one in by_kind.get("workflow", ()):
        does = new_workflow(world, account, _text(one, "repository"), _text(one, "file"))
        does |= {name: getattr(one.resource, name) for name in ("host", "path")}
        does["inputs"] = sorted(getattr(one.resource, "inputs", None) or {})
        _branch(world, account, does["repository"], _text(one, "ref"))
    for kind in ("secret", "environment-secret", "host-variable"):
        for one in by_kind.get(kind, ()):
            _reading(world, account, one)


def _reading(world: World, account: str, one: Declared) -> None:
    """Has a workflow read a secret that a stack says it needs."""
    path, _, _ = str(getattr(one.resource, "workflow", None) or "").partition("@")
    place, _, file = path.rpartition("/")
    works = world.shelf(account, "workflow").values()
    does = next((two for two in works if (two["repository"], two["name"]) == (place, file)), None)
    if does is None:
        return
    name = _text(one, "name")
    if one.address.kind == "host-variable":
        does["reads"] |= {name: (getattr(one.resource, "reads", None) or name).upper()}
    elif name not in does["reads"].values():
        does["reads"] |= {name: name}
    if one.address.kind == "environment-secret":
        does["environment"] = _text(one, "environment").partition(":")[2]


def new_repository(world: World, account: str, name: str) -> Thing:
    shelf = world.shelf(account, "repository")
    id = str(number(name))
    if id not in shelf:
        thing: Thing = {"id": int(id), "name": name, "default_branch": "main", "branches": list(BRANCHES)}
        shelf[id] = {**thing, "archived": False, "created_at": now(world), **new_key()}
    return shelf[id]


def new_environment(world: World, account: str, repository: str, name: str) -> Thing:
    shelf = world.shelf(account, "environment")
    id = str(number(f"{repository}:{name}"))
    if id not in shelf:
        thing: Thing = {"id": int(id), "name": name, "repository": repository, "created_at": now(world)}
        shelf[id] = {**thing, **new_key()}
    return shelf[id]


def new_workflow(world: World, account: str, repository: str, file: str) -> Thing:
    shelf = world.shelf(account, "workflow")
    id = str(number(f"{repository}/{file}"))
    if id not in shelf:
        thing: Thing = {"id": int(id), "name": file, "repository": repository, "state": "active", "dispatch": True}
        thing |= {"reads": {}, "inputs": [], "host": None, "path": None, "environment": "", "ill": False}
        thing |= {"seconds": RUN_SECONDS, "conclusion": "success", "created_at": now(world)}
        shelf[id] = thing
    return shelf[id]


def new_secret(world: World, account: str, kind: str, owner: Thing, name: str, value: str) -> Thing:
    """`owner` is a repository, or an environment of one."""
    inside = kind == "environment-secret"
    where = (
        {"repository": owner["repository"], "environment": owner["name"]} if inside else {"repository": owner["name"]}
    )
    id = world.new_id()
    thing = {"id": id, "name": name, **where, "value": value, "created_at": now(world), "updated_at": now(world)}
    world.shelf(account, kind)[id] = thing
    return thing


def made(world: World, account: str, kind: str, fields: Mapping[str, str]) -> Thing:
    """Raises ValueError."""
    try:
        name, rest = fields["name"], {word: text for word, text in fields.items() if word != "name"}
        if kind == "repository":
            thing = new_repository(world, account, name)
        elif kind == "environment":
            thing = new_environment(world, account, _place(world, account, rest.pop("repository"))["name"], name)
        elif kind == "workflow":
            thing = new_workflow(world, account, _place(world, account, rest.pop("repository"))["name"], name)
        elif kind == "host-variable":
            raise ValueError("a workflow writes what stands on a host: let it run")
        else:
            owner = _place(world, account, rest.pop("repository"))
            if kind == "environment-secret":
                owner = new_environment(world, account, owner["name"], rest.pop("environment"))
            thing = new_secret(world, account, kind, owner, name.upper(), rest.pop("value"))
    except KeyError as missing:
        raise ValueError(f"a {kind} made by hand needs {missing}=…") from None
    return by_hand(world, account, kind, str(thing["id"]), rest) if rest else thing


def by_hand(world: World, account: str, kind: str, id: str, fields: Mapping[str, str]) -> Thing:
    """Raises ValueError on a field that a thing does not have."""
    thing = world.shelf(account, kind)[id]
    forms = _FORMS[kind]
    for name, text in fields.items():
        if name == "pushed" and kind == "workflow":
            queue(world, account, thing, text, "push")
        elif name not in forms:
            raise ValueError(f"a {kind} has no field {name!r} to edit; it has {', '.join(forms) or 'none'}")
        else:
            thing[name] = forms[name](text)
    if kind in ("secret", "environment-secret"):
        thing["updated_at"] = now(world)
    return thing


def now(world: World) -> str:
    """GitHub tells time in whole seconds."""
    return world.now().strftime("%Y-%m-%dT%H:%M:%SZ")


def _one_of(*words: str) -> Callable[[str], str]:
    def chosen(text: str) -> str:
        if text not in words:
            raise ValueError(f"{text!r} is none of {', '.join(words)}")
        return text

    return chosen


def _yes(text: str) -> bool:
    return text == "true"


def _reads(text: str) -> dict[str, str]:
    """`A,B=C`: A from the secret A, B from C."""
    pairs = (one.partition("=") for one in text.split(",") if one)
    return {name: of or name for name, _, of in pairs}


_FORMS: Mapping[str, Mapping[str, Callable[[str], object]]] = {
    "repository": {"archived": _yes, "branches": lambda text: text.split(",")},
    "environment": {},
    "workflow": {
        "state": _one_of(*STATES),
        "conclusion": _one_of(*ENDS),
        "seconds": int,
        "dispatch": _yes,
        "reads": _reads,
        "ill": _yes,
        "environment": str,
        "host": str,
    },
    "secret": {"value": str},
    "environment-secret": {"value": str},
    "host-variable": {"value": str},
}


def _place(world: World, account: str, name: str) -> Thing:
    found = next((one for one in world.shelf(account, "repository").values() if one["name"] == name), None)
    if found is None:
        raise ValueError(f"there is no repository {name!r}")
    return found


def _branch(world: World, account: str, repository: str, ref: str) -> None:
    place = _place(world, account, repository)
    if ref not in place["branches"]:
        place["branches"].append(ref)


def _text(one: Declared, name: str) -> str:
    return str(getattr(one.resource, name))
