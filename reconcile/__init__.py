"""Trueup: desired state in a repository, live platforms beside it, and the loop that keeps them alike."""

__version__ = "0.1.0"
