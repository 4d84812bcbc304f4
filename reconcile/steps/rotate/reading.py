"""What platforms show of rotated secrets, against what the books say they should hold."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from ...model.memory import TOUCHED, Memory
from ...model.observation import Container, Observation, Seen
from ...model.rotated import Consumer, Secret
from ...model.rotation import UNREADABLE, Astray, State, Version
from ...model.secret import SecretText
from ...model.spec import Declared, Place, Tree
from ..plan.seen import Fingerprint
from .desired import holds

FIELD = "value"
"""The field of a variable that holds a part of a secret."""

Live = Mapping[tuple[str, str, tuple[str, ...]], Seen]


def live_in(observations: Iterable[Observation]) -> Live:
    """Everything seen, by account, kind and strongest key."""
    return {(one.account, seen.kind, seen.key): seen for one in observations for seen in one.seen}


def seen_at(one: Declared, live: Live) -> Seen | None:
    return live.get((one.account, one.resource.kind, one.resource.keys()[0]))


def listing_of(one: Declared) -> Container:
    return Container(one.resource.kind, one.resource.container())


def print_of(place: Place, seen: Seen | None, memory: Memory, fingerprint: Fingerprint) -> str | None:
    """The fingerprint of what stands at a place; None: nothing does.

    What nobody can read is what we wrote, as long as nobody wrote there since; else UNREADABLE.
    """
    if seen is None:
        return None
    value = getattr(seen.resource, FIELD)
    if value is not None:
        return fingerprint(value.reveal() if isinstance(value, SecretText) else str(value))
    applied = memory.applied.get(place)
    touched = seen.resource.touched_at()
    if applied is not None and touched and applied.prints.get(TOUCHED) == touched:
        return applied.prints.get(FIELD, UNREADABLE)
    return UNREADABLE


def astray(
    tree: Tree,
    stacks: Sequence[str],
    observations: Sequence[Observation],
    memory: Memory,
    states: Mapping[str, State],
    fingerprint: Fingerprint,
) -> tuple[Astray, ...]:
    """Consumers in some stacks that do not hold what they should. What was not read is not told, and neither is what a
    rotation under way is about to write."""
    live = live_in(observations)
    read = {(one.account, container) for one in observations for container in one.read}
    found: list[Astray] = []
    for secret in tree.secrets.values():
        state = states.get(secret.name, State(secret.name))
        if state.rotation is not None and state.rotation.phase != "soak":
            continue
        for consumer in secret.consumers:
            one = tree.stacks[consumer.stack].declared.get(consumer.address)
            if one is not None and consumer.stack in stacks and (one.account, listing_of(one)) in read:
                print_ = print_of(consumer.place, seen_at(one, live), memory, fingerprint)
                found.extend(_judged(secret, state, consumer, print_, one))
    return tuple(found)


def _judged(secret: Secret, state: State, consumer: Consumer, print_: str | None, one: Declared) -> Iterator[Astray]:
    wanted = holds(secret, state).current
    version: Version | None = state.version(wanted) if wanted is not None else state.current
    expected = version.prints.get(consumer.part) if version is not None else None
    if print_ == expected and print_ is not None:
        return
    if print_ is None:
        verdict = "missing" if version is not None else "has no value yet"
    elif version is None or expected is None:
        # What was there before us is taken over, whatever it is.
        return
    else:
        verdict = "touched, value unknown" if print_ == UNREADABLE else "another value"
    yield Astray(secret.name, consumer.place, consumer.account, verdict, one.at)
