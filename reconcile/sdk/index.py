"""What belongs to no platform. Made by `trueup schema --sdk`."""

from collections.abc import Mapping
from typing import Any

import pulumi


class Ownership(pulumi.CustomResource):
    """Tells the ledger what vendors' own providers built. At most one a stack."""

    account: pulumi.Output[str]
    """the account of stacks/_project.yaml that it stands in"""
    built: pulumi.Output[Mapping[str, Any]]
    """what a vendor's own provider built, by address: id, fields, references"""

    def __init__(
        self,
        resource_name: str,
        *,
        account: pulumi.Input[str],
        built: pulumi.Input[Mapping[str, Any]],
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """Registers it with the engine that runs the program.

        :param account: the account of stacks/_project.yaml that it stands in
        :param built: what a vendor's own provider built, by address: id, fields, references
        """
        props: dict[str, Any] = {
            "account": account,
            "built": built,
        }
        super().__init__("trueup:index:Ownership", resource_name, props, opts)
