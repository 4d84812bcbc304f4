"""The S3 side of the sandbox, driven by boto3: whose key opens what."""

import hashlib
import io
import sys
from collections.abc import Callable
from typing import Any

import boto3
import httpx
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from reconcile.platforms.r2.pretend_tokens import PERMISSIONS
from reconcile.sandbox.serve import Served

from .conftest import ID, Shop

BUCKET = "shop-receipts"
GROUP = {name: id for id, name in PERMISSIONS.items()}
Open = Callable[..., Any]


@pytest.fixture
def opened(served: Served) -> Open:
    """A boto3 client; without a key the account's own, as the shell exports it."""
    return lambda id="", secret="", place="default": _client(served, id, secret, place)


def _client(served: Served, id: str, secret: str, place: str) -> Any:
    env = served.ready.env
    return boto3.client(
        "s3",
        endpoint_url=env["AWS_ENDPOINT_URL_S3"].replace("/s3/default", f"/s3/{place}"),
        aws_access_key_id=id or env["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=secret or env["AWS_SECRET_ACCESS_KEY"],
        region_name=env["AWS_REGION"],
        config=Config(retries={"max_attempts": 1}),
    )


def _token(served: Served, group: str, resource: str) -> tuple[str, str]:
    """An access key, made as the vendor's control API makes it."""
    policy = {"effect": "allow", "permission_groups": [{"id": GROUP[group]}], "resources": {resource: "*"}}
    answer = httpx.post(
        f"{served.platform_urls['r2']}/accounts/{ID}/tokens",
        json={"name": "by a test", "policies": [policy]},
        headers={"Authorization": f"Bearer {served.ready.accounts['acme']['r2'].token}"},
    )
    told = answer.json()["result"]
    return told["id"], hashlib.sha256(told["value"].encode()).hexdigest()


def _refused(act: Callable[[], Any]) -> tuple[str, int]:
    with pytest.raises(ClientError) as refused:
        act()
    answer = refused.value.response
    return answer["Error"]["Code"], answer["ResponseMetadata"]["HTTPStatusCode"]


def test_an_object_is_put_read_listed_and_deleted(opened: Open) -> None:
    s3 = opened()
    s3.put_object(Bucket=BUCKET, Key="receipts/2026 ž+a.pdf", Body=b"paid")
    s3.upload_fileobj(io.BytesIO(b"q" * 100), BUCKET, "large")
    assert s3.get_object(Bucket=BUCKET, Key="receipts/2026 ž+a.pdf")["Body"].read() == b"paid"
    assert [one["Key"] for one in s3.list_objects_v2(Bucket=BUCKET, Prefix="receipts/")["Contents"]] == [
        "receipts/2026 ž+a.pdf"
    ]
    assert [one["Name"] for one in s3.list_buckets()["Buckets"]] == [BUCKET]
    s3.delete_objects(Bucket=BUCKET, Delete={"Objects": [{"Key": "large"}]})
    s3.delete_object(Bucket=BUCKET, Key="receipts/2026 ž+a.pdf")
    assert s3.list_objects_v2(Bucket=BUCKET)["KeyCount"] == 0


def test_a_signed_link_opens_one_object_until_it_is_altered(opened: Open) -> None:
    s3 = opened()
    s3.put_object(Bucket=BUCKET, Key="one", Body=b"1")
    link = s3.generate_presigned_url("get_object", {"Bucket": BUCKET, "Key": "one"}, ExpiresIn=60)
    assert httpx.get(link).content == b"1"
    assert httpx.get(link.replace("/one?", "/other?")).status_code == 403
    assert httpx.get(link.partition("?")[0]).status_code == 401


def test_a_wrong_secret_and_a_key_of_nobody_open_nothing(opened: Open) -> None:
    assert _refused(lambda: opened(secret="0" * 64).list_objects_v2(Bucket=BUCKET)) == ("SignatureDoesNotMatch", 403)
    assert _refused(lambda: opened(id="f" * 32).list_objects_v2(Bucket=BUCKET)) == ("Unauthorized", 401)


def test_a_token_for_reading_one_bucket_reads_that_bucket_alone(served: Served, opened: Open) -> None:
    opened().put_object(Bucket=BUCKET, Key="one", Body=b"1")
    one = f"com.cloudflare.edge.r2.bucket.{ID}_default_{BUCKET}"
    s3 = opened(*_token(served, "Workers R2 Storage Bucket Item Read", one))
    assert s3.get_object(Bucket=BUCKET, Key="one")["Body"].read() == b"1"
    assert _refused(lambda: s3.put_object(Bucket=BUCKET, Key="one", Body=b"2")) == ("AccessDenied", 403)
    assert _refused(lambda: s3.delete_object(Bucket=BUCKET, Key="one")) == ("AccessDenied", 403)
    assert _refused(s3.list_buckets) == ("AccessDenied", 403)
    assert _refused(lambda: s3.list_objects_v2(Bucket="another-bucket")) == ("AccessDenied", 403)
    there = opened(*_token(served, "Workers R2 Storage Bucket Item Read", one), place="eu")
    assert _refused(lambda: there.list_objects_v2(Bucket=BUCKET)) == ("AccessDenied", 403)


def test_a_token_for_writing_objects_makes_and_deletes_no_bucket(served: Served, opened: Open) -> None:
    one = f"com.cloudflare.edge.r2.bucket.{ID}_default_{BUCKET}"
    s3 = opened(*_token(served, "Workers R2 Storage Bucket Item Write", one))
    s3.put_object(Bucket=BUCKET, Key="one", Body=b"1")
    assert _refused(lambda: s3.delete_bucket(Bucket=BUCKET)) == ("AccessDenied", 403)
    assert _refused(lambda: s3.create_bucket(Bucket="more-of-them")) == ("AccessDenied", 403)


def test_a_revoked_token_opens_nothing(served: Served, opened: Open) -> None:
    id, secret = _token(served, "Workers R2 Storage Read", f"com.cloudflare.api.account.{ID}")
    assert opened(id, secret).list_buckets()["Buckets"]
    token = served.ready.accounts["acme"]["r2"].token
    url = f"{served.platform_urls['r2']}/accounts/{ID}/tokens/{id}"
    assert httpx.delete(url, headers={"Authorization": f"Bearer {token}"}).status_code == 200
    assert _refused(opened(id, secret).list_buckets) == ("Unauthorized", 401)


def test_each_jurisdiction_has_its_own_bucket_of_one_name(opened: Open) -> None:
    opened().put_object(Bucket=BUCKET, Key="one", Body=b"here")
    assert opened(place="eu").list_objects_v2(Bucket=BUCKET)["KeyCount"] == 0
    assert _refused(lambda: opened(place="us").list_objects_v2(Bucket=BUCKET)) == ("NoSuchBucket", 404)
    assert _refused(lambda: opened(place="nowhere").list_objects_v2(Bucket=BUCKET)) == ("Unauthorized", 401)


def test_a_bucket_made_over_s3_is_the_control_apis_too_and_goes_only_when_empty(shop: Shop, opened: Open) -> None:
    s3 = opened()
    s3.create_bucket(Bucket="made-over-s3")
    assert "made-over-s3" in {one["name"] for one in shop.r2("bucket")}
    assert _refused(lambda: s3.create_bucket(Bucket="made-over-s3")) == ("BucketAlreadyOwnedByYou", 409)
    s3.put_object(Bucket="made-over-s3", Key="one", Body=b"1")
    assert _refused(lambda: s3.delete_bucket(Bucket="made-over-s3")) == ("BucketNotEmpty", 409)
    s3.delete_object(Bucket="made-over-s3", Key="one")
    s3.delete_bucket(Bucket="made-over-s3")
    assert "made-over-s3" not in {one["name"] for one in shop.r2("bucket")}


def test_settings_are_told_by_the_control_api_alone(opened: Open) -> None:
    assert _refused(lambda: opened().get_bucket_cors(Bucket=BUCKET)) == ("NotImplemented", 501)
    assert _refused(lambda: opened().get_bucket_acl(Bucket=BUCKET)) == ("NotImplemented", 501)


def test_without_its_library_the_s3_side_says_so_in_one_line(monkeypatch: Any, opened: Open) -> None:
    monkeypatch.setitem(sys.modules, "moto.server", None)
    with pytest.raises(ClientError, match="is not installed: pip install"):
        opened().list_buckets()


def test_the_calls_are_in_the_worlds_log(shop: Shop, opened: Open) -> None:
    opened().put_object(Bucket=BUCKET, Key="one", Body=b"1")
    told = shop.world.calls()[-1]
    assert (told["platform"], told["account"], told["method"], told["status"]) == ("r2", "acme", "PUT", 200)
    assert told["path"] == f"/s3/default/{BUCKET}/one"


def test_objects_end_with_the_process_and_buckets_do_not(shop: Shop, opened: Open) -> None:
    opened().put_object(Bucket=BUCKET, Key="one", Body=b"1")
    (told,) = [one["objects"] for one in shop.r2("bucket") if one["id"] == BUCKET]
    assert told == 1
    shop.world.mount("r2").__post_init__()
    assert {one["objects"] for one in shop.r2("bucket")} == {0}
