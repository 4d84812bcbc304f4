"""What must hold of every stack, whichever engine builds it. Each scenario leaves the world as it found it."""

from collections.abc import Callable, Collection, Iterable, Iterator
from typing import Any

import pytest

from reconcile.model.resource import Address
from reconcile.model.spec import Declared
from reconcile.program.graph import is_built
from reconcile.program.standin.shapes import SHAPES
from reconcile.program.tokens import PACKAGE, Urn, component_of
from tests.contract.edits import cases, exempt
from tests.contract.test_proof import Person
from tests.sampled import only_proof

from .mini import Adopted, make_urn
from .mini.told import CHANGED, DONE, FAILED
from .site import PROJECT, Site, counts, deploys, written

_UNREAD = {kind for kind, shape in SHAPES.items() if shape.blind}
"""What the vendor's provider never reads again: only drift sees an edit."""
_NAMES = ("name", "type", "host")
"""Fields that a thing is found by: edited where it has nothing else."""


def stands(site: Site, stack: str) -> None:
    """Builds a stack and those that it uses, where they are not built yet."""
    for used in site.tree.stacks[stack].uses:
        stands(site, used)
    if stack not in site.standing:
        comes_up(site, stack)
        site.standing.add(stack)


def comes_up(site: Site, stack: str) -> None:
    """Everything is created, and the ledger knows it: neither engine nor drift has anything to do then."""
    told = site.engine(stack).up()
    assert (told.code, told.error) == (DONE, "")
    assert {one.op for one in told.ops} == {"create"}
    assert site.things(told.of("create")) == _built(site, stack)
    # What only a person can set.
    site.estate.by_hand(stack)
    is_at_rest(site, stack)
    plan = site.estate.plan(stack).plan
    assert [str(one.address) for one in plan.changes if one.kind.in_pulumi] == []
    assert [str(one.address) for one in plan.adopt] == []


def is_at_rest(site: Site, stack: str) -> None:
    told = site.engine(stack).preview(refresh=True, expect_no_changes=True)
    assert (told.code, told.error, told.changes) == (DONE, "", ())
    assert site.drifted(stack) == []


def is_quiet_the_second_time(site: Site, stack: str) -> None:
    """A second up changes nothing, and no platform hears of a writing."""
    site.estate.world.clear_calls()
    before = deploys(site)
    told = site.engine(stack).up()
    assert (told.code, told.error, told.changes) == (DONE, "", ())
    assert written(site) == [] and deploys(site) == before


def what_is_edited_or_deleted_by_hand_is_seen_by_both_and_repaired(site: Site, stack: str) -> None:
    """One thing of each kind edited at a console, another deleted: a refreshing preview and drift name the same.

    Then one is repaired alone, as the loop repairs what it was approved for, and then the others.
    """
    edited = _edit_one_of_each_kind(site, stack)
    gone = _delete_one_of_each_kind(site, stack, edited)
    updated, created = _names(edited), _names(gone)
    assert updated
    told = site.engine(stack).preview(refresh=True, expect_no_changes=True)
    assert (told.code, told.error) == (CHANGED, "")
    assert site.things(told.of("create")) == created
    assert site.things(told.of("update", "replace")) == updated
    assert site.drifted(stack) == sorted(updated + created)
    assert set(updated + created) <= set(site.things(one.urn for one in told.refreshed))

    first = edited[0]
    told = site.engine(stack).up(refresh=True, targets=[site.urn(first.place)])
    assert (told.code, told.error) == (DONE, "")
    assert [site.address(one.urn) for one in told.changes] == [str(first.address)]
    left = [one for one in updated if one != str(first.address)]
    assert site.drifted(stack) == sorted(left + created)

    told = site.engine(stack).up(refresh=True)
    assert (told.code, told.error) == (DONE, "")
    assert (site.things(told.of("create")), site.things(told.of("update", "replace"))) == (created, left)
    is_at_rest(site, stack)


def what_is_edited_by_hand_is_put_back_by(site: Site, stack: str, apply: Callable[[], None]) -> None:
    """`apply` is a command of the product's. One thing of each kind is edited at a console, and then as it was."""
    edited = _names(_edit_one_of_each_kind(site, stack))
    assert edited and site.drifted(stack) == edited
    apply()
    is_at_rest(site, stack)


def what_is_protected_is_refused(site: Site, stack: str) -> None:
    """A destroy deletes nothing where one thing must stay; where nothing must, it is not tried."""
    with site.estate.workshop() as shop:
        kinds = {type(one.resource) for one in shop.tree.stacks[stack].declared.values() if is_built(one)}
    if not any(kind.protected for kind in kinds):
        return
    site.estate.world.clear_calls()
    before = site.ids(stack)
    told = site.engine(stack).destroy()
    assert told.code == FAILED and "protected" in told.error
    assert site.ids(stack) == before and written(site) == []


def what_the_engine_forgot_is_found_again_and_nothing_is_made_twice(site: Site, stack: str) -> None:
    """As after a kill: all that our provider builds exists, and the state knows none of it. What is ours by mark or
    ledger is taken, not doubled. What a vendor's provider would do is the vendor's matter."""
    held = {platform: counts(site.estate.everything(platform)) for platform in site.estate.world.platforms}
    ids = site.ids(stack)
    site.forget(stack, [urn for urn in ids if Urn.parse(urn).type.startswith(f"{PACKAGE}:")])
    told = site.engine(stack).up()
    assert (told.code, told.error) == (DONE, "")
    assert {platform: counts(site.estate.everything(platform)) for platform in site.estate.world.platforms} == held
    assert site.ids(stack) == ids
    is_at_rest(site, stack)


def what_lives_is_taken_over_by_an_import(site: Site, stack: str) -> None:
    """Each by its id, into a state that knows none of them: the program then has nothing to do."""
    wanted = dict(_importable(site, stack))
    site.forget(stack, list(wanted))
    site.estate.world.clear_calls()
    told = site.engine(stack).import_(wanted.values(), protect=False)
    assert (told.code, told.error) == (DONE, "")
    assert {one.urn for one in told.ops if one.op == "import"} == set(wanted)
    told = site.engine(stack).preview(expect_no_changes=True)
    assert (told.code, told.error, told.changes) == (DONE, "", ())
    assert written(site) == []
    is_at_rest(site, stack)


def what_is_made_half_way_is_finished_by_the_next_up(site: Site, stack: str) -> None:
    """`stack` is not built yet and has a domain at Railway. Its making is taken and cannot be looked at: the engine
    learns the ids all the same, and makes nothing twice."""
    for fault in ("reset after {}CustomDomainCreate", "500 before {}PerService times=5"):
        site.estate.fault(fault.format("POST /graphql/v2?query="), "railway")
    told = site.engine(stack).up()
    assert told.code == FAILED and "what was made is kept" in told.error
    half = site.ids(stack)
    site.estate.world.clear_faults()
    told = site.engine(stack).up()
    assert (told.code, told.error) == (DONE, "")
    assert site.things(told.of("update")) != []
    assert {urn: id for urn, id in site.ids(stack).items() if urn in half} == half
    site.estate.by_hand(stack)
    is_at_rest(site, stack)
    assert site.engine(stack).up(expect_no_changes=True).code == DONE


def what_cannot_be_changed_is_replaced_with_all_that_follows(site: Site, stack: str) -> None:
    """A domain of another name is another domain; the names in DNS that lead to it follow its target."""
    (domain,) = [one for one in site.tree.stacks[stack].declared.values() if one.address.full_kind == "railway.domain"]
    host = f"moved.{domain.resource.host}"  # type: ignore[attr-defined]
    followers = [str(one.address) for one in site.tree.stacks[stack].declared.values()
                 if any("railway.domain" in text and not text.endswith((".host}", ".port}"))
                        for text in one.references.values())]  # fmt: skip

    def rename(held: dict[str, Any]) -> None:
        held["railway"]["domain"][domain.address.name]["host"] = host

    site.estate.change(stack, rename)
    previewed = site.engine(stack).preview()
    told = site.engine(stack).up()
    assert (told.code, told.error) == (DONE, "")
    assert set(previewed.changes) == set(told.changes)
    assert site.things(told.of("replace")) == [str(domain.address)]
    assert site.things(told.of("update")) == sorted(followers)
    hosts = [one["domain"] for one in site.estate.shelf("domain", domain.account)]
    assert host in hosts and domain.resource.host not in hosts  # type: ignore[attr-defined]
    is_at_rest(site, stack)


def a_name_of_another_type_takes_the_place_of_the_old_one(site: Site, stack: str) -> None:
    """A CNAME stands beside nothing: it goes before the address comes."""
    one = next(one for one in site.tree.stacks[stack].declared.values()
               if getattr(one.resource, "type", "") == "CNAME" and not one.references)  # fmt: skip
    group, _, leaf = one.address.name.partition("/")

    def turn(held: dict[str, Any]) -> None:
        records = held["cloudflare"]["records"][group]
        records[leaf] = {**records[leaf], "type": "A", "content": "192.0.2.77"}

    site.estate.change(stack, turn)
    told = site.engine(stack).up()
    assert (told.code, told.error) == (DONE, "")
    assert site.things(told.of("replace")) == [str(one.address)]
    is_at_rest(site, stack)


def what_leaves_the_stack_file_is_deleted_and_forgotten(site: Site, stack: str) -> None:
    gone = list(_one_of_each_kind(_leaves(site, stack)))
    assert gone

    def leave_out(held: dict[str, Any]) -> None:
        for one in gone:
            _take_out(held, one)

    names = sorted(str(one.address) for one in gone)
    site.estate.change(stack, leave_out)
    told = site.engine(stack).up()
    assert (told.code, told.error) == (DONE, "")
    assert site.things(told.of("delete")) == names
    assert {one.place for one in gone}.isdisjoint(row.place for row in site.estate.memory().owned)
    is_at_rest(site, stack)


def a_thing_that_moved_stays(site: Site, stack: str) -> None:
    """Its name changes, nothing else: no platform hears of it but of our mark."""
    one = next(one for one in _leaves(site, stack) if one.address.full_kind == "cloudflare.record")
    group, _, leaf = one.address.name.partition("/")
    after = f"cloudflare.record.{group}/{leaf}-renamed"

    def move(held: dict[str, Any]) -> None:
        records = held["cloudflare"]["records"][group]
        records[f"{leaf}-renamed"] = {"name": leaf, **records.pop(leaf)}
        held["moved"] = [{"from": str(one.address), "to": after}]

    id = site.ids(stack)[site.urn(one.place)]
    site.estate.change(stack, move)
    told = site.engine(stack).up()
    assert (told.code, told.error) == (DONE, "")
    assert [(one.op, site.address(one.urn)) for one in told.changes if site.address(one.urn)] == [("update", after)]
    assert id in site.ids(stack).values()
    is_at_rest(site, stack)


def a_protected_thing_that_leaves_the_stack_file_is_refused(site: Site, stack: str) -> None:
    one = next(one for one in site.tree.stacks[stack].declared.values() if one.address.full_kind == "railway.volume")
    site.estate.change(stack, lambda held: _take_out(held, one))
    site.estate.world.clear_calls()
    for told in (site.engine(stack).preview(), site.engine(stack).up()):
        assert told.code == FAILED and "protected" in told.error
    assert written(site) == []


def no_secret_is_read_anywhere(site: Site, stack: str, planted: Iterable[str], said: str) -> None:
    """`said`: whatever was printed meanwhile."""
    ledger = b"".join(path.read_bytes() for path in site.estate.root.glob("world.ledger.db*") if path.suffix != ".key")
    told = site.engine(stack).preview(refresh=True)
    sinks = {
        "state": site.remembered(stack).encode(),
        "answer": repr(told).encode(),
        "said": said.encode(),
        "ledger": ledger,
    }
    found = [(name, value[:4]) for name, sink in sinks.items() for value in planted if value.encode() in sink]
    assert found == []


Scenario = Callable[[Site, str], None]
OF_EVERY_STACK: tuple[Scenario, ...] = (
    is_quiet_the_second_time,
    what_is_edited_or_deleted_by_hand_is_seen_by_both_and_repaired,
    what_is_protected_is_refused,
)


def of_every_stack(stacks: Collection[str]) -> list[Any]:
    """Each with each stack. The longest always with every second one, with all of them by `make proof`."""
    longest = what_is_edited_or_deleted_by_hand_is_seen_by_both_and_repaired
    return [
        only_proof(scenario, stack) if scenario is longest and number % 2 else pytest.param(scenario, stack)
        for scenario in OF_EVERY_STACK
        for number, stack in enumerate(stacks)
    ]


OF_ONE_OF_A_SORT: tuple[Scenario, ...] = (
    what_lives_is_taken_over_by_an_import,
    what_the_engine_forgot_is_found_again_and_nothing_is_made_twice,
)


def name_of(one: object) -> str:
    """Of a scenario, or of a stack: what a test of it is called."""
    return str(getattr(one, "__name__", one))


def _built(site: Site, stack: str) -> list[str]:
    """Sorted addresses of what Pulumi is to build of a stack."""
    return sorted(str(one.address) for one in site.tree.stacks[stack].declared.values() if is_built(one))


class Hand(Person):
    """A person at the consoles, who also finds what stands there unasked."""

    def id_of(self, one: Declared) -> str:
        if one.resource.standing:
            return next(row.id for row in self.memory.owned if row.place == one.place)
        return super().id_of(one)


def _one_of_each_kind(declared: Iterable[Declared]) -> Iterator[Declared]:
    """The first of each, told apart by what a record is of."""
    seen = set()
    for one in declared:
        what = (one.address.full_kind, getattr(one.resource, "type", ""))
        if what not in seen:
            seen.add(what)
            yield one


def _edit_one_of_each_kind(site: Site, stack: str) -> list[Declared]:
    """Edits what a console can edit, and returns it."""
    hand = Hand(site.estate, site.tree)
    built = [one for one in hand.tree.stacks[stack].declared.values() if is_built(one)]
    built = [one for one in built if one.address.full_kind not in _UNREAD]
    parts = [(one, _cases(hand, one)) for one in built]
    valued = [(one, [each for each in found if each.partition(".")[0] not in _NAMES]) for one, found in parts]
    # Where nothing has more than a name, a name is edited; what holds others keeps its own.
    chosen = valued if any(found for _, found in valued) else [(one, found) for one, found in parts if one.needs]
    case = {one.place: found[0] for one, found in chosen if found}
    edited = list(_one_of_each_kind(one for one, found in chosen if found))
    for one in edited:
        hand.edit(one, hand.sample(one), case[one.place])
    return edited


def _delete_one_of_each_kind(site: Site, stack: str, but: Iterable[Declared]) -> list[Declared]:
    """Deletes what nothing stands in, the last of each kind, and returns it."""
    hand = Hand(site.estate, site.tree)
    spared = {one.place for one in but}
    leaves = [one for one in _leaves(site, stack) if one.place not in spared]
    gone = list(_one_of_each_kind(reversed(leaves)))
    for one in gone:
        hand.delete(one)
    return gone


def _names(declared: Iterable[Declared]) -> list[str]:
    return sorted(str(one.address) for one in declared)


def _cases(hand: Hand, one: Declared) -> list[str]:
    sample = hand.sample(one)
    found = [case for case in cases(sample) if case.partition(".")[0] in sample.values]
    return [case for case in found if not exempt(one.resource, case.partition(".")[0])]


def _leaves(site: Site, stack: str) -> Iterator[Declared]:
    """What Pulumi builds, nothing stands in or refers to, and may be deleted."""
    declared = [one for one in site.tree.declared() if is_built(one)]
    needed = {place for one in declared for place in one.needs}
    for one in declared:
        kind = type(one.resource)
        if one.stack == stack and one.place not in needed and not kind.protected and not kind.standing:
            yield one


def _importable(site: Site, stack: str) -> Iterator[tuple[str, Adopted]]:
    """By URN, what has an id to import by: our own kinds, and those of a vendor's that can be."""
    memory = site.estate.memory()
    zones = {str(zone["name"]): str(zone["id"]) for zone in site.estate.live("zone", account=_account(site, stack))}
    for urn, id in site.ids(stack).items():
        parsed, address = Urn.parse(urn), site.address(urn)
        if not address or parsed.type.endswith(":Release"):
            continue
        one = site.tree.stacks[stack].declared[Address.parse(address)]
        bridge = type(one.resource).bridge
        if bridge is not None:
            if bridge.import_id is None:
                continue
            remote = next(row.id for row in memory.owned if row.place == one.place)
            accounts = {(seed.account, seed.platform): seed.id for seed in site.estate.world.seeds}
            account = accounts[one.account, one.address.platform]
            id = bridge.import_id(one.resource, remote, account, zones.__getitem__)
        parent = make_urn(stack, PROJECT, "", component_of(one.address.platform), one.address.platform)
        yield urn, Adopted(parsed.type, parsed.name, id, parent)


def _account(site: Site, stack: str) -> str:
    return site.tree.stacks[stack].account


def _take_out(held: dict[str, Any], one: Declared) -> None:
    """Removes an entry from a parsed stack file, with sections that it leaves empty."""
    kind, group, leaf = type(one.resource), *one.address.name.rpartition("/")[::2]
    inside = held[one.address.platform]
    word = kind.section or one.address.kind
    if kind.nested:
        outer = kind.refers()[kind.group_by].partition(".")[2]
        inside = inside[outer][group]
    section = inside[word]
    within = section[group] if group and not kind.nested else section
    del within[leaf]
    if not within and within is not section:
        del section[group]
    if not section:
        del inside[word]
