"""A stand-in for the vendor's `pulumi-resource-cloudflare`, for the sandbox. It is NOT the vendor's plugin.

The plugin is a download that no package index carries, and it would not find the pretend world's several accounts. So a
sandbox answers in its place, at `PULUMI_DEBUG_PROVIDERS=cloudflare:PORT`: the resources that our stacks use, by the
vendor's schema as of its provider 5.22, written to the pretend world over HTTP with the tokens of its accounts. What it
does not know it refuses. That a program runs here says that it is well formed, and not that Cloudflare takes it.
"""

from .server import StandIn, beside, serve

__all__ = ["StandIn", "beside", "serve"]
