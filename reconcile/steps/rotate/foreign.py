"""Values that are none of ours, where data may be under them: nothing overwrites one before a person has looked."""

from collections.abc import Iterator, Mapping, Sequence

from ...model.rotated import Consumer
from ...model.rotation import Standing
from .asking import guards_data
from .desired import Holds, first_matches
from .turn import Turn


def foreign(
    turn: Turn, standings: Mapping[Consumer, Standing], writing: Sequence[Consumer], wanted: Holds
) -> tuple[str, ...]:
    """What a write to these would destroy although nobody keeps it, by consumer and fingerprint.

    Nothing where a lost value loses no data, and nothing that a person let go.
    """
    if not guards_data(turn.secret):
        return ()
    found = (
        f"{one} {print}"
        for one in writing
        for print in _overwritten(turn, one, standings[one], wanted)
        if print not in _kept(turn, one.part)
    )
    return tuple(one for one in found if one not in turn.state.overwrite)


def _overwritten(turn: Turn, consumer: Consumer, standing: Standing, wanted: Holds) -> Iterator[str]:
    if standing.current is not None and not first_matches(turn.state, consumer, standing, wanted):
        yield standing.current
    if consumer.previous is not None and standing.previous is not None:
        # Every write sets the second value, or removes it.
        yield standing.previous


def _kept(turn: Turn, part: str) -> frozenset[str]:
    """Fingerprints of what can be written again whenever it is missed."""
    return frozenset(one.prints[part] for one in turn.state.versions if one.kept and part in one.prints)


def asked_about(turn: Turn, strange: Sequence[str]) -> str:
    """What a person must decide."""
    name = turn.secret.name
    where = ", ".join(dict.fromkeys(one.rpartition(" ")[0] for one in strange))
    return (
        f"none of ours, and data may be under it: the value that {where} holds. Nothing overwrites it before a person "
        f"says so: `trueup rotate accept {name}` takes it and keeps it, `trueup rotate retry {name}` drops it"
    )
