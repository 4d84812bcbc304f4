"""Stack files to a Tree, or to every problem they have."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from types import MappingProxyType

from ...model.resource import LOGICAL_NAME
from ...model.spec import Declared, Project, Spec, Tree
from .consumers import join, refuse_values
from .declare import Declarer
from .extends import extend
from .links import Linker, in_order
from .notes import read_ignores, read_moved
from .opener import Source
from .owners import refuse_two_owners
from .problems import Place, Problems, named
from .project import FILE, NO_PROJECT, read_project
from .secrets import read_secrets
from .sources import Issues
from .stack import Catalogue, Kinds, Stack, catalogue, check_keys, nested_kinds, read_stack
from .tree import Node, read_map, size_of

VALUE_LIMIT = 2_000_000
NO_ISSUES: Issues = MappingProxyType({})


def load(source: Source, kinds: Kinds, issues: Issues = NO_ISSUES) -> Tree:
    """Everything the repository wants. Raises SpecError with all problems at once, sorted by file and line.

    `issues` are the kinds of credentials that platforms make or check.
    """
    problems = Problems()
    problems.extend(source.refused())
    known = catalogue(kinds)
    # Some platforms hold nothing that a stack declares, and only make credentials.
    platforms = {*known, *(kind.partition(".")[0] for kind in issues)}
    project = _project(source, problems, platforms)
    stacks = _stacks(source, known, nested_kinds(kinds), problems)
    _check_uses(stacks, problems)
    _check_accounts(stacks, project, kinds, problems)
    entries = read_secrets(stacks, project, issues, problems)
    linker = Linker(stacks, kinds, problems)
    drafts = [draft for stack in stacks.values() for draft in stack.all()]
    for draft in drafts:
        linker.link(draft)
    refuse_values(drafts, problems)
    declarer = Declarer(linker, problems, project.from_env if project else None)
    for draft in in_order(drafts, problems):
        declarer.declare(draft)
    refuse_two_owners(drafts, problems)
    secrets, beside = join(stacks, entries, problems)
    specs = {name: _spec(stack, kinds, problems, beside.get(name, ())) for name, stack in sorted(stacks.items())}
    problems.raise_all()
    # A resource that was left out without a word would be planned as a delete.
    assert project is not None
    assert all(draft.declared is not None for draft in drafts)
    return Tree(project, specs, source.revision(), secrets)


def load_project(source: Source) -> Project:
    """`_project.yaml` alone. Raises SpecError."""
    problems = Problems()
    file = f"{source.folder}/{FILE}"
    problems.extend(problem for problem in source.refused() if problem.file in (file, source.folder))
    project = _project(source, problems, None)
    problems.raise_all()
    assert project is not None
    return project


def _project(source: Source, problems: Problems, platforms: Collection[str] | None) -> Project | None:
    """None where the file could not be read."""
    file = f"{source.folder}/{FILE}"
    data = source.files().get(file)
    if data is None:
        if not any(problem.file in (file, source.folder) for problem in source.refused()):
            problems.add(Place(file), "no such file", "`trueup init` writes it")
        return None
    node = read_map(file, data, problems)
    return read_project(node, platforms, problems) if node else None


def _stacks(source: Source, known: Catalogue, nested: Catalogue, problems: Problems) -> dict[str, Stack]:
    bases: dict[str, Node | None] = {}
    nodes: dict[str, Node] = {}
    for file, data in source.files().items():
        stem = file.removeprefix(source.folder + "/").removesuffix(".yaml")
        if file == f"{source.folder}/{FILE}":
            continue
        node = read_map(file, data, problems)
        if stem.startswith("_"):
            bases[stem[1:]] = node
            if node is not None:
                _check_base(node, known, problems)
        elif not LOGICAL_NAME.match(stem):
            problems.add(Place(file), f"{named(stem)} is no name for a stack", "lower-case letters, digits and `-`")
        elif node is not None:
            nodes[stem] = node
    return _read_stacks(nodes, bases, known, nested, problems)


def _read_stacks(
    nodes: Mapping[str, Node],
    bases: Mapping[str, Node | None],
    known: Catalogue,
    nested: Catalogue,
    problems: Problems,
) -> dict[str, Stack]:
    """The stacks with their bases; none from where on they hold more than can be planned."""
    # A base counts with each stack that extends it: a thousand small files can make one large base a thousand times.
    sizes = {name: size_of(base) for name, base in bases.items() if base is not None}
    total = 0
    stacks: dict[str, Stack] = {}
    for name, node in nodes.items():
        extended = extend(node, bases, problems)
        assert isinstance(node.value, dict)
        wish = node.value.get("extends")
        total += size_of(node) + (sizes.get(wish.value, 0) if wish and isinstance(wish.value, str) else 0)
        if total > VALUE_LIMIT:
            problems.add(Place(node.file), f"the stacks up to here hold more than {VALUE_LIMIT:,} values", "hold fewer")
            break
        stacks[name] = read_stack(name, extended, known, nested, problems)
    return stacks


def _check_base(node: Node, known: Catalogue, problems: Problems) -> None:
    keys = check_keys(node, known, problems)
    if "extends" in keys:
        problems.add(keys["extends"].at_key("extends"), "a base cannot extend another", "merge the two bases")


def _check_uses(stacks: Mapping[str, Stack], problems: Problems) -> None:
    for stack in stacks.values():
        for used in stack.uses:
            if used == stack.name:
                problems.add(stack.uses_at, "a stack cannot use itself", "remove it")
            elif used not in stacks:
                others = [name for name in stacks if name != stack.name]
                problems.add(stack.uses_at, f"unknown stack {named(used)}", problems.nearest(used, others))
    for circle in _circles(stacks):
        shown = " -> ".join((*circle, circle[0]))
        problems.add(stacks[circle[0]].uses_at, f"stacks that use each other: {shown}", "one must not use the other")


def _circles(stacks: Mapping[str, Stack]) -> Iterable[tuple[str, ...]]:
    """Each circle of `uses` that a walk meets, once, from its first name in the alphabet on."""
    done: dict[str, bool] = {}
    found: dict[tuple[str, ...], None] = {}
    for start in sorted(stacks):
        if start in done:
            continue
        path = [(start, iter(stacks[start].uses))]
        done[start] = False
        while path:
            name, rest = path[-1]
            used = next(rest, None)
            if used is None:
                done[name] = True
                path.pop()
            elif used in stacks and used != name:
                if used not in done:
                    done[used] = False
                    path.append((used, iter(stacks[used].uses)))
                elif not done[used]:
                    names = [one for one, _ in path]
                    circle = names[names.index(used) :]
                    first = circle.index(min(circle))
                    found[(*circle[first:], *circle[:first])] = None
    return found


def _check_accounts(stacks: Mapping[str, Stack], project: Project | None, kinds: Kinds, problems: Problems) -> None:
    """A stack's account is the project's, and holds every platform that the stack declares something on."""
    accounts = (project or NO_PROJECT).accounts
    for stack in stacks.values():
        if project is None or not stack.account:
            continue
        assert isinstance(stack.node.value, dict)
        account = stack.node.value["account"]
        if stack.account not in accounts:
            hint = problems.nearest(stack.account, accounts, "declare it in _project.yaml")
            problems.add(account.at_value("account"), f"unknown account {named(stack.account)}", hint)
            continue
        platforms = dict.fromkeys(kind.partition(".")[0] for kind, drafts in stack.drafts.items() if drafts)
        for platform in platforms:
            if platform not in accounts[stack.account]:
                place = stack.node.value[platform].at_key(platform)
                message = f"account {named(stack.account)} has no {platform}"
                problems.add(place, message, f"add it in _project.yaml, accounts.{stack.account}")


def _spec(stack: Stack, kinds: Kinds, problems: Problems, beside: Sequence[Declared]) -> Spec:
    return Spec(
        name=stack.name,
        account=stack.account,
        writer=stack.writer,
        uses=stack.uses,
        declared={
            **{draft.address: draft.declared for draft in stack.all() if draft.declared is not None},
            **{one.address: one for one in beside},
        },
        ignores=read_ignores(stack, problems),
        moved=read_moved(stack, kinds, problems),
    )
