"""Who makes a secret's values: this program, a platform, or a person."""

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import cast

from ..model.errors import Denied, Rejected
from ..model.issuing import Found, Issuer, Minted, Value
from ..model.platform import Issues, Platform
from ..model.rotated import ByHand, Issue, Secret
from ..steps.observe import Pair
from ..steps.rotate.generate import Generated


@dataclass(frozen=True)
class Person:
    """Somebody who gets a value where only a person can. `check` tells whether one is taken; None: nobody can."""

    check: Issuer | None
    makes: bool = False
    in_place: bool = False
    ceiling: int | None = None

    def mint(self, name: str) -> Minted:
        """Raises Rejected: the value comes by `trueup rotate accept`."""
        raise Rejected("a person makes this value", advice="`trueup rotate accept` takes it", platform="person")

    def find(self, prefix: str) -> Sequence[Found]:
        return ()

    def revoke(self, id: str, value: Value | None) -> None:
        """Done by the person, who acknowledges it."""

    def takes(self, value: Value) -> bool | None:
        return self.check.takes(value) if self.check is not None else None


def issuer_of(secret: Secret, platforms: Mapping[Pair, Platform], blind: Mapping[Pair, str]) -> Issuer:
    """Raises Denied where the platform's credential is not there."""
    source = secret.source
    if isinstance(source, Issue):
        return _of_platform(source, platforms, blind)
    if isinstance(source, ByHand):
        return Person(_of_platform(source.check, platforms, blind) if source.check is not None else None)
    return Generated(source, secrets.token_bytes)


def _of_platform(issue: Issue, platforms: Mapping[Pair, Platform], blind: Mapping[Pair, str]) -> Issuer:
    name, _, word = issue.kind.partition(".")
    pair = (issue.account, name)
    if pair not in platforms:
        why = blind.get(pair, f"the project names no account {issue.account} on {name}")
        raise Denied(why, platform=name, account=issue.account)
    platform = cast(Issues, cast(object, platforms[pair]))
    made: Issuer = platform.issuer(word, platform.issues[word].model_validate(issue.options))
    return made
