"""Loading: the files in `stacks/` to a Tree of typed resources, or to every problem they have at once."""

from .load import load, load_project
from .opener import Source, at_revision, working_tree
from .stack import Kinds

__all__ = ["Kinds", "Source", "at_revision", "load", "load_project", "working_tree"]
