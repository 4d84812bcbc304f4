"""Cloudflare R2: buckets, their rule sets, and what opens them to the public. API: REST v4; facts from the OpenAPI of
its client 5.9 (2026), its documentation of R2, and integration tests that others run against the live API.

The jurisdiction is a header of every call. A listing shows one only, and in a wrong one a bucket is not found, which is
no absence.
"""

from .kinds import Bucket, Cors, Domain, Lifecycle, Lock, PublicAccess
from .platform import R2
from .pretend import Pretend

__all__ = ["R2", "Bucket", "Cors", "Domain", "Lifecycle", "Lock", "Pretend", "PublicAccess"]
