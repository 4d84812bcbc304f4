"""What `init` writes into a new repository, and the one line of it that `recover` changes."""

import secrets

import yaml

from ..model.errors import Problem, SpecError
from .draft import SCHEMA_LINE, slug
from .flow import flow

PROJECT = "stacks/_project.yaml"
EXAMPLE = "stacks/example.yaml"
POLICIES = "policies/README.md"
PACK = "policies/PulumiPolicy.yaml"
PACK_PROGRAM = "policies/__main__.py"
PULUMI = "Pulumi.yaml"
PROGRAM = "__main__.py"
IGNORED = (".trueup/", ".env")
LEDGER_HOME = ".trueup/ledger.db"


def new_ledger_id() -> str:
    """16 hex digits with a letter first, so that no reader of YAML takes it for a number."""
    return "a" + secrets.token_hex(8)[1:]


def project_name(folder: str) -> str:
    """A folder's name as a project's."""
    return slug(folder) or "project"


def project_file(name: str, ledger_id: str) -> str:
    """`_project.yaml` with one account, and comments that show how to open it."""
    return f"""\
# Project-wide: whose accounts these stacks act in, and where the ledger is. Never taken from a pull request.
project: {flow(name)}
ledger: {{id: {flow(ledger_id)}, home: {LEDGER_HOME}}}      # or postgresql://HOST/DATABASE, s3://BUCKET/KEY
from_env: []                                        # the only environment names that a stack may read
accounts:
  # An account spans platforms. A credential is the NAME of an environment variable, never a value;
  # `trueup doctor` says which rights it needs and where to get it. In place of `{{}}`:
  #   cloudflare: {{credentials: {{token: CLOUDFLARE_API_TOKEN}}}}
  #   betterstack: {{credentials: {{token: BETTERSTACK_TOKEN}}}}
  example: {{}}
"""


def example_file() -> str:
    """A stack that declares nothing yet: it plans without an account."""
    return f"""\
{SCHEMA_LINE}
# One stack: desired state, data only. `trueup import` writes such a file from what lives already.
account: example
writer: trueup
# cloudflare:
#   zone:
#     example-com: {{name: example.com}}              # looked up: a zone is added by hand
#   records:                                        # by zone; the address is cloudflare.record.example-com/www
#     example-com:
#       www: {{type: CNAME, content: example.com}}    # the name is the logical name where it is left out
#       mail: {{name: "@", type: MX, content: mx.example.net, priority: 10}}
"""


def pack_file() -> str:
    """What makes the rules a policy pack of Pulumi's, in the program's own environment."""
    return """\
description: The rules on a resource, shipped and this repository's own, for `pulumi preview --policy-pack policies`.
runtime:
  name: python
  options: {virtualenv: ../.venv}
version: 0.1.0
"""


def pack_program() -> str:
    """The policy pack."""
    return '''\
"""The rules of this repository as Pulumi's policy pack; rules themselves stand in the other files."""

from pathlib import Path

from reconcile.program.analyzer import serve

serve(Path(__file__).parent)
'''


def pulumi_file(name: str) -> str:
    """The Pulumi project, for stacks that say `writer: pulumi`; its own settings stand beside the stack files."""
    return f"""\
name: {flow(name)}
description: Every stack in stacks/, as a Pulumi program.
runtime:
  name: python
  options: {{virtualenv: .venv, toolchain: pip}}
stackConfigDir: stacks
plugins:
  providers:
    - {{name: trueup, path: .venv/bin}}
"""


def program_file() -> str:
    """The Pulumi program. What else a stack needs may stand below: `estate` holds what was declared, by address."""
    return '''\
"""The Pulumi program: everything that Pulumi builds of the chosen stack."""

import pulumi

from reconcile.declare import declare

estate = declare(pulumi.get_stack())
'''


def policies_file() -> str:
    """How a rule of this repository is written."""
    return '''\
# Rules of this repository

Every `*.py` here may hold rules; they join the ones that ship. A rule is a pure function from a plan to
`(decision, change, reason)` triples: `warn`, `hold` (needs a person's approval) or `deny`. A `@resource_rule` sees one
declared resource and gives `(decision, reason)` pairs; those reach `pulumi preview --policy-pack policies` too.

```python
from reconcile.model.verdict import rule


@rule
def no_wildcards(plan):
    """A wildcard hides what is missing."""
    for change in plan.changes:
        if change.verb == "create" and getattr(change.after, "name", "").startswith("*."):
            yield "hold", change, "a wildcard record"
```
'''


def ignore_lines(existing: str) -> str:
    """What `.gitignore` lacks, as text to append; "" where it lacks nothing."""
    have = {line.strip() for line in existing.splitlines()}
    missing = [one for one in IGNORED if one not in have and one.rstrip("/") not in have]
    gap = "" if not existing or existing.endswith("\n") else "\n"
    return gap + "".join(f"{one}\n" for one in missing) if missing else ""


def with_ledger_id(data: bytes, ledger_id: str, file: str = PROJECT) -> bytes:
    """The project file with another ledger id and nothing else changed, not a byte. Raises SpecError."""
    text = data.decode()
    body = text.removeprefix("\ufeff")
    found = _value_at(body, ("ledger", "id"))
    if found is None:
        raise SpecError([Problem(file, 0, "ledger.id", "no such line to change", "write `ledger: {id: …, home: …}`")])
    start, end = found.start_mark.index, found.end_mark.index
    return (text[: len(text) - len(body)] + body[:start] + flow(ledger_id) + body[end:]).encode()


def _value_at(text: str, path: tuple[str, ...]) -> yaml.Node | None:
    node = yaml.compose(text, Loader=yaml.SafeLoader)
    for key in path:
        if not isinstance(node, yaml.MappingNode):
            return None
        node = next((value for name, value in node.value if name.value == key), None)
    return node if isinstance(node, yaml.ScalarNode) else None
