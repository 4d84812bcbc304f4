"""Desired and seen to ordered changes. Pure: values in, a Plan out."""

from .applied import last_applied
from .inputs import Mode
from .make import make_plan

__all__ = ["Mode", "last_applied", "make_plan"]
