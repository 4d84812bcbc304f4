"""Rich examples of GitHub's kinds. Their values come from the runner: nobody reads one back."""

from collections.abc import Mapping
from typing import Any

from reconcile.model.secret import SecretText

EXAMPLES: Mapping[str, Mapping[str, Mapping[str, Any]]] = {
    kind: {name: {"name": name, "value": SecretText(f"value of {name}", name)} for name in names}
    for kind, names in {
        "github.secret": ("PLAID_SECRET", "DOCKER_TOKEN", "_UNDER_SCORE9"),
        "github.environment-secret": ("PLAID_SECRET", "SESSION_SECRET"),
    }.items()
}
NAMED: Mapping[str, Mapping[str, Any]] = {
    "github.repository": {"name": "example/contract"},
    "github.workflow": {"file": "deploy.yml"},
}
WRITE_ONLY = "its value is read back by nobody; who wrote it since, and its failures, are asked in tests/github"
NOT_ASKED: Mapping[tuple[str, str], str] = {
    (f"github.{word}", question): WRITE_ONLY
    for word in ("secret", "environment-secret")
    for question in ("a hand edit is seen", "an update puts it back", "failures are told", "the calls are foretold")
}
MODEL_TELLS_TOO_LITTLE: Mapping[str, str] = {
    f"github.{word}": "the most is told to be somebody else's, and then nobody writes it"
    for word in ("secret", "environment-secret")
}
IDS: Mapping[str, str] = {
    "github.secret": "{repository}/{name}",
    "github.environment-secret": "{repository}:{environment}/{name}",
}
"""The product's id of a thing on a shelf of the sandbox."""
