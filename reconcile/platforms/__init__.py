"""Places: every module in this folder is a platform, and the folder is the registry.

A platform's module holds one class with `name`, `kinds`, `observe`, `apply` and `predict`, and a `class Pretend`.
"""

import importlib
import inspect
import pkgutil
from collections.abc import Iterator, Mapping
from functools import cache
from types import MappingProxyType, ModuleType
from typing import cast

from ..model.issuing import IssueOptions
from ..model.platform import Platform
from ..model.pretend import PretendPlatform
from ..model.resource import Resource

_VERBS = ("name", "kinds", "observe", "apply", "predict")


@cache
def platforms() -> Mapping[str, type[Platform]]:
    """Every platform by its name. The modules are imported at the first call, not with this package."""
    return MappingProxyType({name: _platform(module) for name, module in _modules()})


@cache
def kinds() -> Mapping[str, type[Resource]]:
    """Every kind of every platform, by its full name: `cloudflare.record`."""
    return MappingProxyType({kind.kind: kind for platform in platforms().values() for kind in platform.kinds})


@cache
def issues() -> Mapping[str, type[IssueOptions]]:
    """Every kind of credential that a platform makes or checks, by its full word: `sendgrid.api-key`."""
    found: dict[str, type[IssueOptions]] = {}
    for name, platform in platforms().items():
        words: Mapping[str, type[IssueOptions]] = getattr(platform, "issues", {})
        found.update((f"{name}.{word}", options) for word, options in words.items())
    return MappingProxyType(found)


@cache
def pretends() -> Mapping[str, type[PretendPlatform]]:
    """What the sandbox serves, by the platform's name."""
    found: dict[str, type[PretendPlatform]] = {}
    for name, module in _modules():
        pretend = getattr(module, "Pretend", None)
        if pretend is None:
            raise TypeError(f"platform {name} has no class Pretend")
        found[name] = pretend
    return MappingProxyType(found)


def _modules() -> Iterator[tuple[str, ModuleType]]:
    for found in sorted(pkgutil.iter_modules(__path__), key=lambda one: one.name):
        module = importlib.import_module(f"{__name__}.{found.name}")
        yield _platform(module).name, module


def _platform(module: ModuleType) -> type[Platform]:
    """The one platform class that a module defines. Raises TypeError where there is none, or more than one."""
    own = [
        value
        for value in vars(module).values()
        if inspect.isclass(value)
        and (value.__module__ == module.__name__ or value.__module__.startswith(f"{module.__name__}."))
        and all(hasattr(value, verb) for verb in _VERBS)
    ]
    if len(own) != 1:
        raise TypeError(f"{module.__name__} holds {len(own)} platform classes; one is expected")
    return cast(type[Platform], own[0])
