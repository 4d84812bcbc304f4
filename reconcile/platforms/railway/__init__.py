"""Railway: projects, services and what runs in each environment. API: GraphQL v2, schema of August 2026.

Railway is one package. Nouns: `kinds`. Reading: `documents` are the texts, `graph` sends them, `reader` reads few times
for much, `reading` is one environment as it was told, `sight` what is seen of a scope. Writing: `structure` what
environments share, `writing` one environment, `item` one change on its way, `changeset` the form of a commit,
`releasing` the start of what was written quietly, `cost` the requests it takes. `platform` puts them together;
`pretend` is the vendor as the sandbox plays it.
"""

from .kinds import (
    Domain,
    Environment,
    Instance,
    Project,
    Release,
    Service,
    ServiceDomain,
    SharedVariable,
    SshKey,
    TcpProxy,
    Variable,
    Volume,
)
from .platform import Railway
from .pretend import Pretend

__all__ = [
    "Domain",
    "Environment",
    "Instance",
    "Pretend",
    "Project",
    "Railway",
    "Release",
    "Service",
    "ServiceDomain",
    "SharedVariable",
    "SshKey",
    "TcpProxy",
    "Variable",
    "Volume",
]
