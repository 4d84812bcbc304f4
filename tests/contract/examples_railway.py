"""Rich examples of Railway's kinds, and what it takes to stand them somewhere.

An instance, a variable and a volume are known by where they stand: `told_id` makes our id of what the sandbox holds.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from . import examples_github, examples_r2

_KEY = "AAAAC3NzaC1lZDI1NTE5AAAA"
"""How the body of every ed25519 key begins."""
EXAMPLES: Mapping[str, Mapping[str, Mapping[str, Any]]] = {
    "railway.project": {"shop": {"name": "shop"}, "books": {"name": "the books"}},
    "railway.environment": {"staging": {"name": "staging"}, "testing": {"name": "testing"}},
    "railway.service": {"api": {"name": "api"}, "database": {"name": "Postgres"}},
    "railway.instance": {
        "whole": {
            "source": {"repo": "example/shop", "branch": "main", "check_suites": True, "root_directory": "api"},
            "region": "europe-west",
            "replicas": 2,
            "limits": {"cpu": 2, "memory_gb": 4},
            "builder": "RAILPACK",
            "build_command": "npm run build",
            "start_command": "npm start",
            "pre_deploy_command": "npx prisma migrate deploy",
            "healthcheck_path": "/health",
            "healthcheck_timeout": 120,
            "restart_policy": "ON_FAILURE",
            "restart_retries": 3,
            "sleep": True,
        },
        "image": {"source": {"image": "postgres:15"}, "region": "us-west", "restart_policy": "ALWAYS"},
        "job": {
            "source": {"repo": "example/shop", "branch": "main"},
            "builder": "DOCKERFILE",
            "cron": "0 3 * * *",
            "restart_policy": "NEVER",
        },
    },
    "railway.variable": {
        "PLAIN": {"name": "PLAIN", "value": "production"},
        "REFERRING": {"name": "REFERRING", "value": "${{Postgres.DATABASE_URL}}"},
        "OPEN": {"name": "OPEN", "value": "3000", "sealed": False},
    },
    "railway.shared-variable": {
        "PLAIN": {"name": "PLAIN", "value": "production"},
        "REFERRING": {"name": "REFERRING", "value": "${{Postgres.DATABASE_URL}}"},
        "OPEN": {"name": "OPEN", "value": "3000", "sealed": False},
    },
    "railway.domain": {
        "api": {"host": "api.contract.example", "port": 3000},
        "www": {"host": "www.contract.example"},
    },
    "railway.service-domain": {
        "web": {"host": "contract-web.up.railway.app", "port": 8080},
        "short": {"host": "contract-short.up.railway.app"},
    },
    "railway.tcp-proxy": {"postgres": {"port": 5432}, "redis": {"port": 6379}},
    "railway.volume": {
        "data": {"name": "data", "mount": "/data", "backups": ("DAILY", "WEEKLY")},
        "unsaved": {"name": "unsaved", "mount": "/var/lib/data", "backups": ()},
        "plain": {"name": "plain", "mount": "/plain"},
    },
    "railway.ssh-key": {
        "deploy": {"name": "deploy", "public_key": f"ssh-ed25519 {_KEY}IMwaYxJTmkEXY2bCeE1wSLrP/vqFLRR+GytTeomG6f4K"},
        "desk": {"name": "the desk", "public_key": f"ssh-ed25519 {_KEY}IJ{'0' * 42}"},
    },
}
NAMED: Mapping[str, Mapping[str, Any]] = {
    # A project comes with this one, so that nothing else stands beside what is asked about.
    "railway.environment": {"name": "production"},
    "railway.instance": {"source": {"image": "nginx:1.27"}},
}
"""What a resource that others name is made of, where its own name is not enough."""
APART = examples_r2.APART | {"railway.instance", "railway.service-domain", "railway.tcp-proxy", "railway.volume"}
"""Kinds of which one place holds one: each sample gets a service or an instance of its own."""
_IDS: Mapping[str, str] = {
    "railway.instance": "{serviceId}@{environmentId}",
    "railway.variable": "{environmentId}/{serviceId}/{name}",
    "railway.shared-variable": "{environmentId}//{name}",
    "railway.volume": "{volumeId}@{environmentId}",
    **examples_github.IDS,
}
Things = Mapping[str, Mapping[str, Any]]


def told_id(kind: str, id: str, thing: Mapping[str, Any]) -> str:
    """The product's id of a thing on a shelf of the sandbox."""
    if kind == "r2.bucket":
        return examples_r2.told_id(thing)
    return _IDS[kind].format(**thing) if kind in _IDS else id


def living(kind: str, things: Things) -> Iterator[tuple[str, str]]:
    """Our id and the shelf's, of what counts as there: a service leaves a blank instance in every environment."""
    for id, thing in things.items():
        if (kind != "railway.instance" or thing["config"]) and examples_r2.is_there(kind, thing):
            yield told_id(kind, id, thing), id


def _source(value: Mapping[str, Any]) -> dict[str, Any]:
    words = {"check_suites": "checkSuites", "root_directory": "rootDirectory"}
    return {words.get(name, name): each for name, each in value.items()}


def _limits(value: Mapping[str, Any]) -> dict[str, Any]:
    words = {"cpu": "vCPUs", "memory_gb": "memoryGB"}
    return {words[name]: each for name, each in value.items()}


_PORT = {"port": "targetPort"}
_VARIABLE = {"value": "value"}
HAND: Mapping[str, Mapping[str, str | Callable[[Mapping[str, Any]], dict[str, Any]]]] = {
    "railway.project": {"name": "name"},
    "railway.environment": {"name": "name"},
    "railway.service": {"name": "name"},
    "railway.instance": {
        "source": _source,
        "limits": _limits,
        "region": "region",
        "replicas": "numReplicas",
        "builder": "builder",
        "build_command": "buildCommand",
        "start_command": "startCommand",
        "pre_deploy_command": "preDeployCommand",
        "healthcheck_path": "healthcheckPath",
        "healthcheck_timeout": "healthcheckTimeout",
        "restart_policy": "restartPolicyType",
        "restart_retries": "restartPolicyMaxRetries",
        "cron": "cronSchedule",
        "sleep": "sleepApplication",
    },
    "railway.variable": _VARIABLE,
    "railway.shared-variable": _VARIABLE,
    "railway.domain": _PORT,
    "railway.service-domain": {"host": "domain", **_PORT},
    "railway.tcp-proxy": {"port": "applicationPort"},
    "railway.volume": {"name": "name", "mount": "mountPath", "backups": "backups"},
    "railway.ssh-key": {"name": "name", "public_key": "publicKey"},
    **examples_r2.HAND,
}
"""How Railway's console calls a field of ours, by kind: a word, or the words of its parts."""
