"""The pretend world: every platform's Pretend on loopback, with a clock, accounts, and faults on demand.

`world.World` holds it, `serve.serve` opens it, `client` speaks to one that runs elsewhere.
"""
