"""Cloudflare: zones and DNS records. API: REST v4; facts from its OpenAPI of August 2024 and its client of 2026.

Cloudflare is one package, for its records have 21 types: `record` holds the nouns, `canonical` their forms, `platform`
reads and `batch` writes, `pretend` is the vendor as the sandbox plays it.
"""

from .platform import Cloudflare
from .pretend import Pretend
from .record import Record, Zone

__all__ = ["Cloudflare", "Pretend", "Record", "Zone"]
