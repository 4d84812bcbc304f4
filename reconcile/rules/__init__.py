"""The rules that ship: pure functions from a plan, or from one resource, to verdicts; one theme a file.

A repository's `policies/` adds its own.
"""

import importlib
import importlib.util
import pkgutil
import sys
from pathlib import Path
from types import ModuleType

from ..model.errors import Problem, SpecError
from ..model.verdict import Rule, is_plan_rule, is_resource_rule


def shipped() -> tuple[Rule, ...]:
    """Every rule of this package, by file and name."""
    modules = [importlib.import_module(f"{__name__}.{found.name}") for found in pkgutil.iter_modules(__path__)]
    return tuple(one for module in modules for one in _rules_of(module))


def of_repository(folder: Path) -> tuple[Rule, ...]:
    """The rules of a repository's `policies/` folder; none where it has none. Raises SpecError where a file fails."""
    found: list[Rule] = []
    for path in sorted(folder.glob("*.py")) if folder.is_dir() else ():
        if path.name.startswith("_"):
            continue
        name = f"_policies_{path.stem}"
        spec = importlib.util.spec_from_file_location(name, path)
        assert spec is not None and spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        sys.modules[name] = module
        try:
            spec.loader.exec_module(module)
        except Exception as error:
            text = f"this policy file does not load: {type(error).__name__}: {error}"
            raise SpecError([Problem(f"policies/{path.name}", 0, "", text)]) from error
        found.extend(_rules_of(module))
    return tuple(found)


def _rules_of(module: ModuleType) -> list[Rule]:
    own = (value for value in vars(module).values() if getattr(value, "__module__", "") == module.__name__)
    return [value for value in own if is_plan_rule(value) or is_resource_rule(value)]
