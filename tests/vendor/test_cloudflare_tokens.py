"""Tokens of the sandbox's Cloudflare, by the vendor's own client, and every exchange against its schema."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cloudflare
import pytest

from reconcile.model.secret import SecretText
from reconcile.platforms import pretends
from reconcile.sandbox.serve import Served, serve
from reconcile.sandbox.world import AccountSeed, World
from tests.vendor.cloudflare_tokens import end, every_call
from tests.vendor.openapi import Document

pytestmark = pytest.mark.tier("vendor-client")
ACCOUNT = "a" * 32
SPEC = Path(__file__).parents[2].parent / "shared" / "specs" / "cloudflare.json"


@pytest.fixture
def served() -> Iterator[Served]:
    seeds = [AccountSeed("acme", "cloudflare", ACCOUNT, SecretText("token-of-acme"))]
    served = serve(World({"cloudflare": pretends()["cloudflare"]}, seeds, record_bodies=True))
    yield served
    served.stop()


def _client(served: Served, token: str = "token-of-acme") -> cloudflare.Cloudflare:
    url = served.platform_urls["cloudflare"]
    return cloudflare.Cloudflare(api_token=token, base_url=url, max_retries=0, _strict_response_validation=True)


def test_a_token_is_made_verified_by_itself_and_ended(served: Served) -> None:
    client = _client(served)
    made = every_call(client, ACCOUNT)
    values = {owner: token.value for owner, token in made}
    mine: Any = _client(served, values["user"]).user.tokens.verify()
    assert mine.id == made[0][1].id
    own: Any = _client(served, values["account"]).accounts.tokens.verify(account_id=ACCOUNT)
    assert (own.id, own.status) == (made[1][1].id, "active")
    with pytest.raises(cloudflare.AuthenticationError):
        _client(served, values["account"]).user.tokens.verify()
    with pytest.raises(cloudflare.PermissionDeniedError):
        _client(served, values["user"]).user.tokens.list()
    end(client, ACCOUNT, made)
    with pytest.raises(cloudflare.AuthenticationError):
        _client(served, values["user"]).user.tokens.verify()
    with pytest.raises(cloudflare.NotFoundError):
        client.user.tokens.get(made[0][1].id)
    with pytest.raises(cloudflare.NotFoundError):
        client.user.tokens.delete(made[0][1].id)


def test_what_is_no_policy_and_what_is_one_too_many_is_refused(served: Served) -> None:
    client = _client(served)
    with pytest.raises(cloudflare.BadRequestError):
        client.user.tokens.create(name="odd", policies=[{"effect": "allow", "permission_groups": [], "resources": {}}])
    (group,) = client.user.tokens.permission_groups.list(name="DNS Read")
    policy: Any = {"effect": "allow", "permission_groups": [{"id": group.id}], "resources": {"a": "*"}}
    for number in range(50):
        client.user.tokens.create(name=f"one-{number}", policies=[policy])
    with pytest.raises(cloudflare.BadRequestError):
        client.user.tokens.create(name="one-too-many", policies=[policy])


def test_every_exchange_fits_the_vendors_schema(served: Served) -> None:
    if not SPEC.is_file():
        pytest.skip("not run: ../shared/specs/cloudflare.json is not here")
    client = _client(served)
    end(client, ACCOUNT, every_call(client, ACCOUNT))
    document = Document(SPEC, "/client/v4")
    wrong = [line for call in served.world.calls() for line in document.check(call) or ()]
    assert wrong == [] and len(served.world.calls()) >= 12
