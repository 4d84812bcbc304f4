"""A ledger kept as one object of an S3 bucket, on Amazon's own or another's (R2, MinIO): written conditionally only.

Credentials come from the environment and from nowhere else; the address is reviewed configuration.
"""

import hashlib
import os
import random
import re
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from sqlalchemy import Engine

from ..model.errors import LedgerBroken, LedgerError
from .home import SnapshotHome, SwapLost, Version

KEY_ID, SECRET, SESSION = "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"
ENDPOINTS = ("AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL")
REGIONS = ("AWS_REGION", "AWS_DEFAULT_REGION")
DEFAULT_REGION = "us-east-1"

_FORM = "write it as s3://BUCKET/KEY, for another vendor than Amazon s3://BUCKET/KEY?endpoint=https://HOST&region=auto"
_BUCKET = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
_CODE = re.compile(r"[A-Za-z][A-Za-z0-9.]{1,60}")
_LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})
_DIGEST = "sha256"
_SQLITE = b"SQLite format 3\0"
_NO_LEDGER = b"An endpoint that ignores conditional writes was told to write this; it is no ledger of trueup.\n"
_NOBODYS_ETAG = '"00000000000000000000000000000000"'
_ATTEMPTS = 3
_CONNECT_SECONDS, _READ_SECONDS = 5, 15
_LONGEST_PAUSE = 1.0

_MAKING = threading.Lock()

_MOVED_ON = frozenset({409, 412})
_REFUSED = frozenset({"AccessDenied", "ExpiredToken", "InvalidAccessKeyId", "InvalidToken", "Unauthorized"})
_ELSEWHERE = frozenset({"AuthorizationHeaderMalformed", "IllegalLocationConstraintException", "PermanentRedirect"})


class LedgerDenied(LedgerError):
    """The credential for the ledger's home is missing, is refused, or lacks a right."""

    exit_code = 14


@dataclass(frozen=True, slots=True)
class ObjectAddress:
    """Where the object is. `endpoint` "": Amazon's own."""

    bucket: str
    key: str
    endpoint: str
    region: str

    @classmethod
    def read(cls, text: str, environment: Mapping[str, str]) -> "ObjectAddress":
        """From `s3://bucket/key?endpoint=…&region=…`; what it leaves out, from the environment. Raises LedgerError."""
        try:
            parts = urlsplit(text)
            told = dict(parse_qsl(parts.query, strict_parsing=True)) if parts.query else {}
        except ValueError:
            # The text may hold what should not be repeated.
            raise LedgerError("the ledger's home is no valid s3:// address", advice=_FORM) from None
        bucket, key = parts.netloc, parts.path.removeprefix("/")
        if not _BUCKET.fullmatch(bucket) or not key or key.endswith("/") or parts.fragment:
            raise LedgerError("the ledger's home is no valid s3:// address", advice=_FORM)
        if told.keys() - {"endpoint", "region"}:
            advice = f"{_FORM}; credentials go into {KEY_ID} and {SECRET}"
            raise LedgerError("the ledger's s3:// address says more than endpoint and region", advice=advice)
        endpoint = told.get("endpoint") or _first(environment, ENDPOINTS)
        region = told.get("region") or _first(environment, REGIONS) or DEFAULT_REGION
        return cls(bucket, key, _checked(endpoint), region)

    def __str__(self) -> str:
        at = f" at {urlsplit(self.endpoint).netloc}" if self.endpoint else ""
        return f"s3://{self.bucket}/{self.key}{at}"


class S3Object:
    """The object, read and written as SnapshotHome wants it; its ETag is its version."""

    def __init__(
        self, address: ObjectAddress, environment: Mapping[str, str], *, pause: Callable[[float], None] = time.sleep
    ) -> None:
        self.address = address
        self._environment = environment
        self._pause = pause
        self._lost_in_a_row = 0
        self._opened: Any = None

    def load(self, known: Version) -> tuple[bytes | None, Version]:
        """Raises LedgerError where the answer is not surely the object, or surely that there is none."""
        conditional = {"IfNoneMatch": known} if known is not None else {}
        client = self._client()
        try:
            answer = client.get_object(Bucket=self.address.bucket, Key=self.address.key, **conditional)
            content, etag = answer["Body"].read(), answer.get("ETag")
        except self._failures() as error:
            status, code = _status(error)
            if status == 304 and known is not None:
                return None, known
            if code == "NoSuchKey":
                return None, None
            raise self._told(error, "read") from None
        if not etag or (content and not content.startswith(_SQLITE)):
            raise LedgerBroken(
                f"what {self.address} answers is no ledger",
                advice="look what the bucket holds there; `trueup ledger restore` brings a backup to another key",
            )
        digest = answer.get("Metadata", {}).get(_DIGEST)
        if digest is not None and digest != hashlib.sha256(content).hexdigest():
            raise LedgerError(f"the ledger from {self.address} came damaged", advice="run the same command again")
        return content, etag

    def save(self, content: bytes, expected: Version) -> Version:
        """Raises SwapLost, after a pause that grows with every loss, where the object is in another version."""
        condition = {"IfMatch": expected} if expected is not None else {"IfNoneMatch": "*"}
        try:
            version = self._put(content, condition)
        except SwapLost:
            self._lost_in_a_row += 1
            # Two that keep in step would take each other's turn again and again.
            self._pause(random.uniform(0, min(_LONGEST_PAUSE, 0.02 * 2**self._lost_in_a_row)))
            raise
        self._lost_in_a_row = 0
        if expected is None:
            # Where this is not refused, it takes the place of the ledger just begun, and is never opened as one.
            self._must_be_refused({"IfNoneMatch": "*"})
        return version

    def refuse_without_conditions(self) -> None:
        """Raises LedgerError where the endpoint writes what must not be written. Only for a key that holds nothing."""
        self._must_be_refused({"IfMatch": _NOBODYS_ETAG})

    def _must_be_refused(self, condition: Mapping[str, str]) -> None:
        try:
            self._put(_NO_LEDGER, condition)
        except SwapLost:
            return
        raise self._unconditional()

    def _put(self, content: bytes, condition: Mapping[str, str]) -> str:
        client = self._client()
        try:
            answer = client.put_object(
                Bucket=self.address.bucket,
                Key=self.address.key,
                Body=content,
                ContentType="application/vnd.sqlite3",
                Metadata={_DIGEST: hashlib.sha256(content).hexdigest()},
                **condition,
            )
        except self._failures() as error:
            status, code = _status(error)
            # An object that is gone has no version to be matched.
            if status in _MOVED_ON or code == "NoSuchKey":
                raise SwapLost from None
            if status == 501 or code == "NotImplemented":
                raise self._unconditional() from None
            raise self._told(error, "write") from None
        if not answer.get("ETag"):
            raise LedgerError(f"{self.address} did not say whether it saved", advice="run the same command again")
        return str(answer["ETag"])

    def _client(self) -> Any:
        if self._opened is None:
            self._opened = _client(self.address, self._environment)
        return self._opened

    def _failures(self) -> tuple[type[Exception], ...]:
        from botocore.exceptions import BotoCoreError, ClientError  # type: ignore[import-untyped]

        return ClientError, BotoCoreError

    def _unconditional(self) -> LedgerError:
        return LedgerError(
            f"{self.address} does not obey conditional writes: two runs could overwrite each other's ledger",
            advice="use S3, R2 or another store that obeys If-Match and If-None-Match, or a postgresql:// ledger",
        )

    def _told(self, error: Exception, did: str) -> LedgerError:
        """In our words: the vendor's may repeat what was sent."""
        status, code = _status(error)
        bucket = self.address.bucket
        if code == "NoSuchBucket":
            advice = "make the bucket (versioning on, public access off), or correct `ledger: {home: …}`"
            return LedgerError(f"there is no bucket {bucket} for the ledger {self.address}", advice=advice)
        if status in (401, 403) or code in _REFUSED:
            return LedgerDenied(
                f"the credential may not {did} the ledger {self.address} [{status} {code}]",
                advice=f"its key needs s3:GetObject and s3:PutObject on that object and s3:ListBucket on {bucket} "
                "(without it an absent object answers 403 too); on R2 Object Read & Write",
            )
        if status in (301, 307) or code in _ELSEWHERE:
            advice = f"say it: s3://{bucket}/{self.address.key}?region=REGION"
            return LedgerError(
                f"bucket {bucket} is not in region {self.address.region} [{status} {code}]", advice=advice
            )
        said = f"{status} {code}".strip() if status else type(error).__name__
        return LedgerError(
            f"the ledger {self.address} could not be {'read' if did == 'read' else 'written'} [{said}]",
            advice="run the same command again; nothing is written over what others saved",
        )


class S3Home(SnapshotHome):
    """An object of a bucket that exists; the bucket is never made, listed or changed."""

    def __init__(self, text: str, environment: Mapping[str, str] | None = None) -> None:
        environment = os.environ if environment is None else environment
        self._object = S3Object(ObjectAddress.read(text, environment), environment)
        super().__init__(self._object.load, self._object.save, location=str(self._object.address))

    def begin(self) -> Engine:
        engine = super().begin()
        self._object.refuse_without_conditions()
        return engine


@cache
def _session() -> Any:
    """botocore's; it reads the vendor's model of S3, once."""
    from botocore.session import get_session  # type: ignore[import-untyped]

    return get_session()


def _client(address: ObjectAddress, environment: Mapping[str, str]) -> Any:
    try:
        # Only here: it takes longer to import than the rest of the program, and few ledgers need it.
        from botocore.config import Config  # type: ignore[import-untyped]
        from botocore.exceptions import BotoCoreError
    except ImportError as error:
        raise LedgerError(
            f"what speaks to S3 is not installed, and the ledger is {address}",
            advice="install trueup with the extra `s3` (or boto3 beside it)",
        ) from error
    id, secret = environment.get(KEY_ID, ""), environment.get(SECRET, "")
    if not id or not secret:
        raise LedgerDenied(
            f"no credential for the ledger {address}",
            advice=f"give {KEY_ID} and {SECRET} (and {SESSION} where they are temporary); files are not looked at",
        )
    config = Config(
        connect_timeout=_CONNECT_SECONDS,
        read_timeout=_READ_SECONDS,
        retries={"mode": "standard", "total_max_attempts": _ATTEMPTS},
        # Others than Amazon do not all know the checksums; the digest beside the object is ours.
        request_checksum_calculation="when_required",
        response_checksum_validation="when_required",
        ignore_configured_endpoint_urls=True,
        s3={"addressing_style": "path" if address.endpoint else "auto"},
    )
    try:
        # Of one session it is not fit for several threads.
        with _MAKING:
            return _session().create_client(
                "s3",
                region_name=address.region,
                endpoint_url=address.endpoint or None,
                aws_access_key_id=id,
                aws_secret_access_key=secret,
                aws_session_token=environment.get(SESSION) or None,
                config=config,
            )
    except (BotoCoreError, ValueError) as error:
        raise LedgerError(f"the ledger {address} cannot be asked [{type(error).__name__}]", advice=_FORM) from None


def _checked(endpoint: str) -> str:
    """An endpoint that a ledger may be sent to. Raises LedgerError."""
    if not endpoint:
        return ""
    try:
        parts = urlsplit(endpoint)
        known = bool(parts.hostname) and not (parts.username or parts.password or parts.query or parts.fragment)
    except ValueError:
        known = False
    if not known or not (parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in _LOOPBACK)):
        raise LedgerError(
            "the endpoint of the ledger's bucket is no https:// address without a login",
            advice=f"{_FORM}, or set {ENDPOINTS[0]}",
        )
    return endpoint


def _first(environment: Mapping[str, str], names: tuple[str, ...]) -> str:
    return next((environment[name] for name in names if environment.get(name)), "")


def _status(error: Exception) -> tuple[int, str]:
    """Status and code of an answer that refused; (0, "") where there was none."""
    answer: Mapping[str, Any] = getattr(error, "response", None) or {}
    code = str(answer.get("Error", {}).get("Code", ""))
    status = answer.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    return int(status), code if _CODE.fullmatch(code) else ""
