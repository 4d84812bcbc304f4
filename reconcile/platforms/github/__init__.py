"""GitHub: the secrets of a repository's Actions, the workflow that must run before one reaches anything, and what that
workflow writes on a host.

API: REST, GitHub's own description of it (version 2022-11-28), and its documentation pages for when a run reads which
secret. Nobody reads a value back: a listing tells a secret's name and when it was written.

    kinds       repositories, environments, workflows, secrets and host variables: what stack files say
    reading     calls that read, and what their answers mean
    sight       what is seen, listing by listing
    platform    the verbs, and writing
    runs        what a workflow's runs tell, and starting one
    pretend     GitHub as the sandbox has it
"""

from .kinds import Environment, EnvironmentSecret, HostVariable, Repository, Secret, Workflow
from .platform import GitHub
from .pretend import Pretend

__all__ = [
    "Environment",
    "EnvironmentSecret",
    "GitHub",
    "HostVariable",
    "Pretend",
    "Repository",
    "Secret",
    "Workflow",
]
