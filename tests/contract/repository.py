"""A repository made of samples, to run whole commands in."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import yaml

from reconcile.model.resource import Resource
from reconcile.model.secret import SecretText
from reconcile.platforms import platforms
from tests.stories.estate import Estate

from .samples import Sample

FROM_ENV = "CONTRACT_VALUE"
"""The runner's variable that a sample's secret comes from: a stack file holds none."""


def of_samples(root: Path, samples: Iterable[Sample]) -> Estate:
    """One stack `shop` that declares the samples, on accounts of a paid tier."""
    stack: dict[str, Any] = {"account": "acme"}
    for sample in samples:
        for each in (*sample.beside(), sample):
            _put(stack, each)
    tokens = {
        name: {
            "credentials": {one.name: f"ACME_{name.upper()}_{one.name.upper()}" for one in platform.credentials},
            "tier": "pro",
        }
        for name, platform in platforms().items()
    }
    project: dict[str, Any] = {"project": "library", "ledger": {"id": "0a1b2c3d", "home": ".trueup/ledger.db"}}
    project["from_env"] = [FROM_ENV]
    told = yaml.safe_dump({**project, "accounts": {"acme": tokens}}, sort_keys=False)
    return Estate(root, yaml.safe_dump(stack, sort_keys=False), project=told)


def section(kind: type[Resource]) -> str:
    return kind.section or kind.kind.rpartition(".")[2]


def _put(stack: dict[str, Any], sample: Sample) -> None:
    kind, group = sample.kind, None
    named = {name: target.name for name, target in sample.targets().items()}
    place = stack.setdefault(kind.kind.partition(".")[0], {})
    if kind.group_by:
        group = named.pop(kind.group_by)
    if kind.nested:
        place = place[section(sample.targets()[kind.group_by].kind)][group].setdefault(section(kind), {})
    else:
        place = place.setdefault(section(kind), {})
        place = place if group is None else place.setdefault(group, {})
    # A reason is no field of the thing itself, so samples have none.
    reason = {"because": "an example"} if "because" in kind.model_fields else {}
    values = _plain({name: value for name, value in sample.values.items() if not isinstance(value, SecretText)})
    secret = {"from_env": FROM_ENV} if len(values) < len(sample.values) else {}
    reason = {} if secret else reason
    place.setdefault(sample.name, {**values, **secret, **named, **reason})


def _plain(values: Any) -> Any:
    if isinstance(values, tuple | list):
        return [_plain(value) for value in values]
    return {name: _plain(value) for name, value in values.items()} if hasattr(values, "items") else values
