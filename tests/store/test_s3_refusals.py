"""What a bucket answers that is no ledger, and what is said of it; endpoints that do not obey; addresses."""

import sys
from pathlib import Path

import pytest

from reconcile.model.errors import LedgerBroken, LedgerError
from reconcile.store import Ledger, begin_ledger, home_of, open_ledger
from reconcile.store.s3 import LedgerDenied, ObjectAddress

from .conftest import clock
from .places import S3Place
from .s3_door import Answer, Environ, Onward, S3Door, ignoring, only, refusal
from .things import owned


@pytest.fixture
def place(s3_place: S3Place) -> S3Place:
    return s3_place


@pytest.fixture
def door(s3_door: S3Door) -> S3Door:
    return s3_door


def begun(place: S3Place, id: str = "l1") -> Ledger:
    return begin_ledger(place.home(), place.root, ledger_id=id, clock=clock)


def opened(place: S3Place) -> Ledger:
    return open_ledger(place.home(), place.root, expected_id="l1", clock=clock)


def test_an_absent_object_is_not_begun_by_opening(place: S3Place, door: S3Door) -> None:
    with pytest.raises(LedgerBroken, match="no ledger"):
        opened(place)
    assert [one.method for one in door.asked] == ["GET"]


def test_an_object_that_vanishes_is_not_made_anew(place: S3Place, door: S3Door) -> None:
    with begun(place) as ledger:
        door.remove(place.bucket, place.key)
        door.asked.clear()
        with pytest.raises(LedgerBroken, match="there is no ledger"):
            ledger.own([owned(1)], [], "adopt")
        with pytest.raises(LedgerBroken, match="there is no ledger"):
            ledger.memory()
    assert [one.status for one in door.asked if one.method == "PUT"] == [404]
    assert place.content == b""


@pytest.mark.parametrize("content", [b"<html>Sign in to the hotel</html>", b"x", b"{}"])
def test_what_is_no_database_is_refused_and_left_alone(place: S3Place, door: S3Door, content: bytes) -> None:
    door.put(place.bucket, place.key, content)
    with pytest.raises(LedgerBroken, match="no ledger"):
        opened(place)
    with pytest.raises(LedgerBroken):
        begun(place)
    assert place.content == content


def test_an_empty_object_is_no_ledger_and_no_place_for_one(place: S3Place, door: S3Door) -> None:
    door.put(place.bucket, place.key, b"")
    with pytest.raises(LedgerBroken, match="holds no ledger"):
        opened(place)
    with pytest.raises(LedgerBroken, match="already"):
        begun(place)


def test_a_stranger_that_answers_in_the_buckets_place_is_no_ledger_nor_its_absence(
    place: S3Place, door: S3Door
) -> None:
    begun(place).close()
    page = [("Content-Type", "text/html")]
    for answer in (
        Answer("200 OK", page, b"<html>"),
        Answer("200 OK", [], place.content),
        Answer("404 Not Found", page, b"<html>"),
        Answer("404 Not Found", [], b""),
    ):
        door.hook = only("GET", answer)
        with pytest.raises(LedgerError):
            opened(place)
        puts = sum(one.method == "PUT" for one in door.asked)
        with pytest.raises(LedgerError):
            begun(place)
        assert sum(one.method == "PUT" for one in door.asked) == puts


def test_a_ledger_that_came_damaged_is_not_used(place: S3Place, door: S3Door) -> None:
    begun(place).close()

    def cut(environ: Environ, onward: Onward) -> Answer:
        answer = onward(environ)
        body = answer.body[:-100] + bytes(100)
        return Answer(answer.status, answer.headers, body)

    with opened(place) as ledger:
        ledger.pin("acme", "toy", "w1")
    door.hook = cut
    with pytest.raises(LedgerError, match="damaged"):
        opened(place)


@pytest.mark.parametrize(
    "status, code, kind, words",
    [
        ("404 x", "NoSuchBucket", LedgerError, "there is no bucket"),
        ("403 x", "AccessDenied", LedgerDenied, "403 AccessDenied"),
        ("403 x", "InvalidAccessKeyId", LedgerDenied, "403 InvalidAccessKeyId"),
        ("400 x", "ExpiredToken", LedgerDenied, "400 ExpiredToken"),
        ("401 x", "Unauthorized", LedgerDenied, "401 Unauthorized"),
        ("400 x", "AuthorizationHeaderMalformed", LedgerError, "not in region us-east-1"),
        ("503 x", "SlowDown", LedgerError, "503 SlowDown"),
        ("418 x", "A teapot s3same", LedgerError, "[418]"),
    ],
)
def test_a_refusal_is_told_in_our_words_with_advice(
    place: S3Place, door: S3Door, status: str, code: str, kind: type[LedgerError], words: str
) -> None:
    begun(place).close()
    for method in ("GET", "PUT"):
        door.hook = None
        with opened(place) as ledger:
            door.hook = only(method, refusal(status, code))
            with pytest.raises(kind) as caught:
                ledger.history() if method == "GET" else ledger.pin("acme", "toy", "w1")
        assert type(caught.value) is kind
        assert words in str(caught.value)
        assert place.bucket in str(caught.value)
        assert caught.value.advice
        assert "s3same" not in f"{caught.value} {caught.value.advice} {caught.value.__cause__}"


def test_a_credential_that_is_refused_leaves_with_its_own_code() -> None:
    assert (LedgerDenied.exit_code, LedgerError.exit_code) == (14, 1)


@pytest.mark.parametrize("missing", ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"])
def test_without_a_credential_in_the_environment_nothing_is_asked(
    place: S3Place, door: S3Door, missing: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "credentials").write_text("[default]\naws_access_key_id = A\naws_secret_access_key = B\n")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))
    monkeypatch.delenv(missing)
    with pytest.raises(LedgerDenied, match="no credential") as caught:
        opened(place)
    assert "AWS_ACCESS_KEY_ID" in caught.value.advice
    assert door.asked == []


def test_a_bucket_that_does_not_answer_is_told(tmp_path: Path, s3_door: S3Door) -> None:
    with pytest.raises(LedgerError, match="EndpointConnectionError"):
        open_ledger("s3://some-bucket/l.db?endpoint=http://127.0.0.1:1", tmp_path, expected_id="l1", clock=clock)


def test_without_the_extra_the_advice_names_it(place: S3Place, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in sys.modules if name.split(".")[0] in ("botocore", "boto3")]:
        monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(LedgerError, match="not installed") as caught:
        opened(place)
    assert "`s3`" in caught.value.advice


# An endpoint that does not obey.


@pytest.mark.parametrize("headers", [("If-Match",), ("If-None-Match",), ("If-Match", "If-None-Match")])
def test_where_conditions_are_ignored_no_ledger_is_begun(place: S3Place, door: S3Door, headers: tuple[str]) -> None:
    door.hook = ignoring(*headers)
    with pytest.raises(LedgerError, match="does not obey conditional writes") as caught:
        begun(place)
    assert "postgresql" in caught.value.advice
    # What it wrote all the same is never taken for a ledger.
    assert b"no ledger" in place.content
    with pytest.raises(LedgerBroken, match="is no ledger"):
        opened(place)


def test_where_conditions_are_not_implemented_no_ledger_is_begun(place: S3Place, door: S3Door) -> None:
    door.hook = only("PUT", refusal("501 x", "NotImplemented"))
    with pytest.raises(LedgerError, match="does not obey conditional writes"):
        begun(place)


def test_a_ledger_that_is_there_is_never_used_to_try_the_endpoint(place: S3Place, door: S3Door) -> None:
    begun(place).close()
    before = place.content
    door.hook = ignoring("If-Match", "If-None-Match")
    with pytest.raises(LedgerBroken, match="already"):
        begun(place, "l2")
    assert place.content == before


def test_of_two_that_begin_at_once_the_later_is_refused(place: S3Place, door: S3Door) -> None:
    """The same ledger id twice: both would save the same bytes."""
    inside: list[bool] = []

    def hook(environ: Environ, onward: Onward) -> Answer:
        if environ["REQUEST_METHOD"] == "PUT" and "HTTP_IF_NONE_MATCH" in environ and not inside:
            inside.append(True)
            begun(place).close()
        return onward(environ)

    door.hook = hook
    with pytest.raises(LedgerBroken, match="already"):
        begun(place)
    opened(place).close()


# The address.


def test_the_address_comes_before_the_environment() -> None:
    environment = {"AWS_ENDPOINT_URL_S3": "https://env.example", "AWS_REGION": "eu-west-1"}
    plain = ObjectAddress.read("s3://acme-ledger/trueup/ledger.db", environment)
    assert (plain.endpoint, plain.region) == ("https://env.example", "eu-west-1")
    text = "s3://acme-ledger/trueup/ledger.db?endpoint=https://0a1b.r2.cloudflarestorage.com&region=auto"
    told = ObjectAddress.read(text, environment)
    assert (told.endpoint, told.region) == ("https://0a1b.r2.cloudflarestorage.com", "auto")
    assert str(told) == "s3://acme-ledger/trueup/ledger.db at 0a1b.r2.cloudflarestorage.com"
    amazon = ObjectAddress.read("s3://acme-ledger/ledger.db", {})
    assert (amazon.endpoint, amazon.region, str(amazon)) == ("", "us-east-1", "s3://acme-ledger/ledger.db")


@pytest.mark.parametrize(
    "text",
    [
        "s3://",
        "s3://bucket",
        "s3://bucket/",
        "s3://bucket/folder/",
        "s3://UPPER/key",
        "s3://id:s3same@bucket/key",
        "s3://bucket/key#s3same",
        "s3://bucket/key?s3same",
        "s3://bucket/key?secret=s3same",
        "s3://bucket/key?endpoint=http://example.com/s3same",
        "s3://bucket/key?endpoint=https://u:s3same@example.com",
        "s3://bucket/key?endpoint=s3same",
        "s3://[s3same/key",
    ],
)
def test_an_address_that_is_none_is_refused_without_repeating_it(text: str, tmp_path: Path) -> None:
    with pytest.raises(LedgerError) as caught:
        home_of(text, tmp_path)
    assert "s3same" not in f"{caught.value} {caught.value.advice} {caught.value.__cause__}"
    assert "s3://BUCKET/KEY" in caught.value.advice


def test_the_endpoint_of_the_environment_is_used(
    place: S3Place, door: S3Door, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    begun(place).close()
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", door.url)
    with open_ledger(f"s3://{place.bucket}/{place.key}", tmp_path, expected_id="l1", clock=clock) as ledger:
        assert ledger.id == "l1"
