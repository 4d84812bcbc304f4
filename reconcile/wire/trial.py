"""Whether a platform takes a credential: one harmless call, made with it in place of the account's own."""

from collections.abc import Sequence

from reconcile.model.errors import Denied, Rejected
from reconcile.model.issuing import Found, Minted, Value
from reconcile.model.secret import SecretText
from reconcile.wire.calls import Call
from reconcile.wire.client import Client


def travels(value: SecretText) -> bool:
    """Whether a header can carry it: what cannot is nobody's credential, and is not sent."""
    text = value.reveal()
    return bool(text) and text.isascii() and text.isprintable() and text == text.strip()


def refusal(client: Client, call: Call) -> Denied | Rejected | None:
    """How the platform refuses the call, None where it does not. Raises PlatformError where it does neither."""
    try:
        client.send(call)
    except (Denied, Rejected) as refused:
        return refused
    return None


class OnlyTried:
    """Half an issuer: of credentials that a person makes and ends in a dashboard, and of which we try alone."""

    makes = False
    in_place = False
    ceiling: int | None = None

    def mint(self, name: str) -> Minted:
        raise Rejected("a person makes it, in the vendor's dashboard")

    def find(self, prefix: str) -> Sequence[Found]:
        return ()

    def revoke(self, id: str, value: Value | None) -> None:
        raise Rejected("a person ends it, in the vendor's dashboard")
