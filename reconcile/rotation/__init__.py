"""Rotation on live platforms: the pass over all secrets, and the ports of the machine bound to platform and ledger."""
