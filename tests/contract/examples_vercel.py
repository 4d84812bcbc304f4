"""Rich examples of Vercel's kinds."""

from collections.abc import Mapping
from typing import Any

_BLOCKS = ("build-start", "deployment-start", "deployment-alias", "deployment-promotion", "none")
_REQUIRES = ("build-ready", "deployment-url", "none")

EXAMPLES: Mapping[str, Mapping[str, Mapping[str, Any]]] = {
    "vercel.project": {
        "whole": {
            "name": "whole",
            "framework": "nextjs",
            "root_directory": "apps/web",
            "build_command": "npm run build",
            "dev_command": "npm run dev",
            "install_command": "npm ci",
            "output_directory": "dist",
            "ignore_command": "git diff --quiet HEAD^ HEAD .",
            "node_version": "24.x",
            "git": {"repo": "example/web", "branch": "main", "type": "github"},
            "auto_assign_domains": False,
            "system_variables": False,
            "directory_listing": True,
            "fork_protection": False,
            "outside_files": False,
            "protection": "preview",
            "function_regions": ("fra1", "iad1"),
        },
        "plain": {"name": "plain"},
        "found-out": {"name": "found-out", "framework": "", "build_command": "", "root_directory": ""},
        "open": {"name": "open", "git": {"repo": "example/open", "branch": "release"}, "protection": "none"},
    },
    "vercel.variable": {
        "NEXT_PUBLIC_API_URL": {"name": "NEXT_PUBLIC_API_URL", "value": "https://api.example.com"},
        "ENCRYPTED": {
            "name": "ENCRYPTED",
            "value": "on",
            "type": "encrypted",
            "targets": ("production", "preview"),
            "comment": "shown to nobody by the listing of projects",
        },
        "PLAIN": {"name": "PLAIN", "value": "1", "type": "plain", "targets": ("development",)},
        "STAGING": {"name": "API", "value": "staging", "targets": ("preview",), "branch": "staging"},
        "API": {"name": "API", "value": "production"},
    },
    "vercel.domain": {
        "apex": {"host": "contract.example"},
        "www": {"host": "www.contract.example", "redirect": "contract.example", "redirect_status": 308},
        "staging": {"host": "staging.contract.example", "branch": "staging"},
    },
    "vercel.check": {
        f"check-{number}": {
            "name": f"tests {number}",
            "github": "tests",
            "requires": _REQUIRES[number % 3],
            "blocks": word,
            "targets": ("production",),
            "timeout": 600,
            "rerequestable": False,
        }
        for number, word in enumerate(_BLOCKS)
    },
    "vercel.webhook": {
        "errors": {"url": "https://hooks.example.com/vercel", "events": ("deployment.error", "deployment.canceled")},
        "domains": {"url": "https://hooks.example.com/domains", "events": ("project.domain.unverified",)},
    },
}
