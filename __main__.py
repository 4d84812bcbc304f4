"""The Pulumi program: everything that Pulumi builds of the chosen stack."""

import pulumi

from reconcile.declare import declare

estate = declare(pulumi.get_stack())
