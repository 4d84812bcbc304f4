"""The typed Pulumi classes of what our own provider builds: one module a platform. Made by `trueup schema --sdk`."""

from . import index, railway, vercel

__all__ = ["index", "railway", "vercel"]
