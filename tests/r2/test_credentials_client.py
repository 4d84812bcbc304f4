"""Pairs for the S3 side, at every endpoint that making one takes: by the vendor's own client, against its schema."""

import hashlib
from typing import Any

import boto3
import botocore.exceptions
import cloudflare
import pytest

from reconcile.platforms import pretends
from reconcile.sandbox.serve import Served
from tests.vendor.openapi import Document

from .conftest import ID
from .test_vendor_client import BUCKET, SPEC

pytestmark = pytest.mark.tier("vendor-client")


def _made(client: cloudflare.Cloudflare, name: str = "pair") -> Any:
    """A token as our issuer asks for it."""
    groups: Any = client.accounts.tokens.permission_groups.list(
        account_id=ID, name="Workers R2 Storage Bucket Item Write"
    )
    (group,) = groups
    resources: Any = {f"com.cloudflare.edge.r2.bucket.{ID}_default_{BUCKET}": "*"}
    policies: Any = [{"effect": "allow", "permission_groups": [{"id": group.id}], "resources": resources}]
    return client.accounts.tokens.create(account_id=ID, name=name, policies=policies)


@pytest.fixture
def client(served: Served) -> Any:
    token = served.ready.accounts["acme"]["r2"].token
    with cloudflare.Cloudflare(api_token=token, base_url=served.platform_urls["r2"], max_retries=0) as opened:
        yield opened


def test_a_pair_is_listed_read_and_ended(client: cloudflare.Cloudflare, served: Served) -> None:
    made = _made(client)
    tokens: Any = client.accounts.tokens
    assert [one.name for one in tokens.list(account_id=ID)] == ["pair"]
    read = tokens.get(made.id, account_id=ID)
    assert (read.status, getattr(read, "value", None)) == ("active", None)
    assert tokens.delete(made.id, account_id=ID).id == made.id
    assert list(tokens.list(account_id=ID)) == []
    for gone in (tokens.get, tokens.delete):
        with pytest.raises(cloudflare.NotFoundError):
            gone(made.id, account_id=ID)
    if not SPEC.is_file():
        pytest.skip("not run: ../shared/specs/cloudflare.json is not here")
    document = Document(SPEC, pretends()["r2"].prefix)
    calls = [one for one in served.world.calls() if "/tokens" in one["path"]]
    assert len(calls) >= 7 and [line for one in calls for line in document.check(one) or ()] == []


def test_a_pair_opens_the_s3_side_until_its_token_is_ended(client: cloudflare.Cloudflare, served: Served) -> None:
    made = _made(client)
    s3: Any = boto3.client(
        "s3",
        endpoint_url=served.ready.env["AWS_ENDPOINT_URL_S3"],
        aws_access_key_id=made.id,
        aws_secret_access_key=hashlib.sha256(made.value.encode()).hexdigest(),
        region_name="auto",
    )
    s3.put_object(Bucket=BUCKET, Key="a", Body=b"1")
    client.accounts.tokens.delete(made.id, account_id=ID)
    with pytest.raises(botocore.exceptions.ClientError):
        s3.put_object(Bucket=BUCKET, Key="b", Body=b"1")
