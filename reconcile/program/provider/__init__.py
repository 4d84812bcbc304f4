"""The provider `pulumi-resource-trueup`: what the engine asks of each resource, answered through our platforms.

`asked` is one request in our words, `check` and `difference` judge inputs without a call, `listing` reads an account
once for all who ask, `books` are the ledger as a provider uses it, `desk` gathers what is to be written at once,
`finding` decides what becomes of each, `told` is the form of an answer, `reading` answers refreshes and imports,
`releases` and `ownership` are the two types that are no thing on a platform, `refusing` the one line of an error,
`servicer` what stands on the wire.
"""
