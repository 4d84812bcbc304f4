"""Pipes: how a request reaches a platform, how often, and what its answer means."""

from reconcile.wire.budget import Budget, CallLimit
from reconcile.wire.calls import Call, CallLog, CallRecord
from reconcile.wire.client import Client
from reconcile.wire.pool import Pool
from reconcile.wire.redact import Redactor

__all__ = ["Budget", "Call", "CallLimit", "CallLog", "CallRecord", "Client", "Pool", "Redactor"]
