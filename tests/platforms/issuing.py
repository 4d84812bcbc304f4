"""Issuers of the platforms that make credentials, and what a person does in their dashboards."""

from collections.abc import Mapping
from typing import Any

from reconcile.model.issuing import Issuer
from reconcile.model.rotated import VALUE
from reconcile.model.secret import SecretText
from reconcile.model.spec import Access
from reconcile.platforms import issues, platforms

from .conftest import ACME, Bench

HOOK = {"url": "https://api.acme.example/hooks/stripe", "events": ("invoice.paid", "charge.refunded")}
OPTIONS: Mapping[str, Mapping[str, Any]] = {
    "sendgrid.api-key": {"scopes": ("mail.send",)},
    "resend.api-key": {"permission": "sending_access"},
    "stripe.webhook": HOOK,
    "stripe.secret-key": {},
    "plaid.secret": {},
    "clerk.secret-key": {},
}
MADE = tuple(word for word in OPTIONS if issues()[word].makes)
BY_HAND = tuple(word for word in OPTIONS if not issues()[word].makes)
SHELF: Mapping[str, str] = {"stripe.webhook": "webhook-endpoint"}
"""What the sandbox keeps a credential under, where that is not its word."""
TOLD_AS: Mapping[str, str] = {"stripe.secret-key": "key"}
"""The field in which a dashboard tells what a person made, where that is not `secret`."""


def opened(bench: Bench, name: str, tier: str = "", id: str | None = ACME) -> Any:
    """The platform of the account acme."""
    access = Access(name, id, {}, tier)
    return platforms()[name](  # type: ignore[call-arg]
        bench.client(name), "acme", access, bench.world.now, settle_seconds=0.0, sleep=lambda seconds: None
    )


def issuer(bench: Bench, kind: str, **options: Any) -> Issuer:
    name, _, word = kind.partition(".")
    found: Issuer = opened(bench, name).issuer(word, issues()[kind](**{**OPTIONS[kind], **options}))
    return found


def value(text: str) -> dict[str, SecretText]:
    return {VALUE: SecretText(text, "value")}


def shelf(bench: Bench, kind: str) -> list[dict[str, Any]]:
    """What the sandbox holds of a kind of credentials."""
    name, _, word = kind.partition(".")
    return list(bench.world.shelf(name, "acme", SHELF.get(kind, word)).values())


def taken(bench: Bench, kind: str, text: str) -> bool | None:
    """Whether the pretend vendor holds a value for one of its own that works."""
    mount = bench.world.mount(kind.partition(".")[0])
    told: bool | None = mount.pretend.takes(mount.place, "acme", text)  # type: ignore[attr-defined]
    return told


def by_hand(bench: Bench, kind: str, name: str) -> str:
    """What a person makes in the dashboard, as it is told there, once."""
    platform, _, word = kind.partition(".")
    return str(bench.world.create(platform, word, name, "acme", {})[TOLD_AS.get(kind, "secret")])
