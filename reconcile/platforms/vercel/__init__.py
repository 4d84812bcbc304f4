"""Vercel: projects, their environment variables, domains and checks, and the account's webhooks.

API: REST. Facts are those of Vercel's API description (2025-10), of the vendor's SDK 1.28 for what came later, of the
Terraform provider for the calls that neither describes (git link, production branch), and of answers that others
recorded.

    kinds       projects and variables: what stack files say, and how answers say it
    attached    domains, checks and webhooks, the same
    project     the several calls that one project takes
    variable    the one call that many variables take
    platform    reading and writing
    pretend     Vercel as the sandbox has it
"""

from .attached import Check, Domain, Webhook
from .kinds import Git, Project, Variable
from .platform import Vercel
from .pretend import Pretend

__all__ = ["Check", "Domain", "Git", "Pretend", "Project", "Variable", "Vercel", "Webhook"]
