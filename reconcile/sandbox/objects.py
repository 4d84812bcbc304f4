"""The S3 side of a pretend platform: signatures and rights are checked here, the objects are kept by `moto`.

It stands at `/s3/PLACE` of the platform's own address. Whose keys there are, and which buckets, the Pretend says
(`PretendObjects`). Objects live in this process's memory and end with it; buckets live with the world.
"""

import hashlib
import hmac
from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from http.client import HTTPMessage
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, quote, unquote, urlsplit
from xml.sax.saxutils import escape

from ..model.pretend import ObjectKey, PretendObjects
from .calls import Call, CallLog
from .shelves import Place

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

DOOR = "/s3/"
NOT_INSTALLED = "the S3 side of the sandbox is not installed: pip install 'trueup[s3]'"
_STATUS = {
    "AccessDenied": 403,
    "BucketAlreadyOwnedByYou": 409,
    "BucketNotEmpty": 409,
    "InvalidBucketName": 400,
    "NoSuchBucket": 404,
    "NotImplemented": 501,
    "SignatureDoesNotMatch": 403,
    "Unauthorized": 401,
}
_ABOUT_OBJECTS = frozenset(
    {"continuation-token", "delete", "delimiter", "encoding-type", "fetch-owner", "key-marker", "list-type", "location"}
    | {"marker", "max-keys", "max-uploads", "prefix", "start-after", "upload-id-marker", "uploads", "x-id"}
)
"""What may be asked of a bucket here; its settings are the control API's to tell."""
_SIGNED = "AWS4-HMAC-SHA256"


class _Refused(Exception):
    """An S3 error code, and its words."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True)
class _Request:
    """One request as S3 reads it; `path` is what follows the place, as it came, `bucket` and `key` are decoded."""

    method: str
    place: str
    path: str
    query: str
    bucket: str
    key: str

    @property
    def words(self) -> frozenset[str]:
        told = (name for name, _ in parse_qsl(self.query, keep_blank_values=True))
        return frozenset(name for name in told if not name.startswith("X-Amz-"))

    @property
    def reads(self) -> bool:
        return self.method in ("GET", "HEAD")


@dataclass
class ObjectDoor:
    """The S3 side of one platform in one world. `tokens` are the accounts' own, by account name; `lock` guards the
    shelves, and the objects with them."""

    objects: PretendObjects
    name: str
    place: Place
    tokens: Mapping[str, str]
    lock: AbstractContextManager[object]
    log: CallLog
    changed: Callable[[], None]
    _inner: Any = field(default=None, init=False)

    def beside(self, app: "WSGIApplication") -> "WSGIApplication":
        """The platform's app, with this door in it."""

        def door(environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
            if not environ.get("PATH_INFO", "").startswith(DOOR):
                return app(environ, start_response)
            return self._answer(environ, start_response)

        return door

    def _answer(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        raw = environ.get("REQUEST_URI") or environ.get("RAW_URI") or _quoted(environ)
        request = _request(environ["REQUEST_METHOD"], raw)
        call = self.log.arrive(self.place.now(), self.name, request.method, raw)
        call.route = f"{DOOR}{{place}}"
        try:
            key = self._caller(environ, request, raw)
            call.account = key.account
            _check_right(key, request)
            with self.lock:
                return self._act(key, request, environ, _noting(start_response, call))
        except _Refused as refused:
            return _told(refused, _noting(start_response, call))

    def _caller(self, environ: "WSGIEnvironment", request: _Request, raw: str) -> ObjectKey:
        signed = _signed(environ, request)
        key = self.objects.key(self.place, request.place, signed["Credential"].split("/")[0], self.tokens)
        if request.place not in self.objects.places() or key is None:
            raise _Refused("Unauthorized", "there is no such access key here")
        if not hmac.compare_digest(_signature(environ, signed, key, raw), signed["Signature"]):
            raise _Refused("SignatureDoesNotMatch", "the request signature we calculated is not the one you sent")
        return key

    def _act(
        self, key: ObjectKey, request: _Request, environ: "WSGIEnvironment", start_response: "StartResponse"
    ) -> Iterable[bytes]:
        if request.bucket and not request.key:
            if request.words - _ABOUT_OBJECTS:
                raise _Refused("NotImplemented", "the S3 side of this sandbox knows objects only; ask the control API")
            if request.method in ("PUT", "DELETE"):
                verb = self.objects.make if request.method == "PUT" else self.objects.remove
                if request.method == "DELETE":
                    self._must_be(key, request.bucket)
                code = verb(self.place, key, request.bucket)
                if code:
                    raise _Refused(code, code)
                self.changed()
                start_response("200 OK" if request.method == "PUT" else "204 No Content", [("Content-Length", "0")])
                return []
        backend = self._synced(key)
        if request.bucket:
            self._must_be(key, request.bucket)
        body = list(self._inner(_as_moto_reads(environ, request, _store(self, key)), start_response))
        if request.bucket and not request.reads:
            self.objects.count(self.place, key, request.bucket, len(backend.buckets[request.bucket].keys))
            self.changed()
        return body

    def _must_be(self, key: ObjectKey, bucket: str) -> None:
        if bucket not in self.objects.buckets(self.place, key):
            raise _Refused("NoSuchBucket", "The specified bucket does not exist.")

    def _synced(self, key: ObjectKey) -> Any:
        """moto's backend of a place, with the buckets that the world has there and no other. Raises _Refused."""
        try:
            # Only here: it takes longer to import than all else of the sandbox.
            from moto.s3.models import s3_backends
            from moto.server import create_backend_app  # type: ignore[attr-defined]
        except ImportError:
            raise _Refused("NotImplemented", NOT_INSTALLED) from None
        if self._inner is None:
            self._inner = create_backend_app("s3")
        backend = s3_backends[_store(self, key)]["aws"]
        wanted = self.objects.buckets(self.place, key)
        for name in [name for name in backend.buckets if name not in wanted]:
            del backend.buckets[name]
        for name in wanted:
            if name not in backend.buckets:
                # A name may be had once in moto's world, and once in each place here.
                s3_backends.bucket_accounts.pop(name, None)
                backend.create_bucket(name, "us-east-1")
                s3_backends.bucket_accounts.pop(name, None)
        return backend


def _store(door: ObjectDoor, key: ObjectKey) -> str:
    """The name of moto's account that keeps a place's objects."""
    return hashlib.sha256(f"{id(door.place)} {door.name} {key.account} {key.place}".encode()).hexdigest()[:12]


def _quoted(environ: "WSGIEnvironment") -> str:
    path = quote(environ["PATH_INFO"].encode("latin-1"))
    return f"{path}?{environ['QUERY_STRING']}" if environ.get("QUERY_STRING") else path


def _request(method: str, raw: str) -> _Request:
    parts = urlsplit(raw)
    place, _, rest = parts.path.removeprefix(DOOR).partition("/")
    bucket, _, key = rest.partition("/")
    return _Request(method, place, f"/{rest}", parts.query, unquote(bucket), unquote(key))


def _check_right(key: ObjectKey, request: _Request) -> None:
    """Raises _Refused. A bucket is listed, made and deleted with a right to all of them only."""
    over_all = key.rights.get("*")
    if not request.bucket or (not request.key and request.method in ("PUT", "DELETE")):
        allowed = over_all == "admin" or (over_all == "read" and request.reads)
    else:
        right = key.rights.get(request.bucket, over_all)
        allowed = right is not None and (request.reads or right != "read")
    if not allowed:
        raise _Refused("AccessDenied", "Access Denied")


def _signed(environ: "WSGIEnvironment", request: _Request) -> dict[str, str]:
    """Credential, SignedHeaders and Signature, of the header or of a link. Raises _Refused."""
    given = environ.get("HTTP_AUTHORIZATION", "")
    if given.startswith(_SIGNED):
        parts = (part.strip().partition("=") for part in given.removeprefix(_SIGNED).split(","))
        found = {name: value for name, _, value in parts}
    else:
        query = dict(parse_qsl(request.query, keep_blank_values=True))
        found = {name.removeprefix("X-Amz-"): value for name, value in query.items()}
    if not {"Credential", "SignedHeaders", "Signature"} <= found.keys() or found["Credential"].count("/") != 4:
        raise _Refused("Unauthorized", "the request is not signed")
    return found


def _signature(environ: "WSGIEnvironment", signed: Mapping[str, str], key: ObjectKey, raw: str) -> str:
    """What the signature had to be: AWS's version 4 over exactly the headers that were signed. Raises _Refused."""
    try:
        from botocore.auth import S3SigV4Auth  # type: ignore[import-untyped]
        from botocore.awsrequest import AWSRequest  # type: ignore[import-untyped]
        from botocore.credentials import Credentials  # type: ignore[import-untyped]
    except ImportError:
        raise _Refused("NotImplemented", NOT_INSTALLED) from None
    id, _, region, service, _ = signed["Credential"].split("/")
    headers = HTTPMessage()
    for name in signed["SignedHeaders"].split(";"):
        word = name.upper().replace("-", "_")
        headers[name] = environ.get(f"HTTP_{word}") or environ.get(word, "")
    path, _, query = raw.partition("?")
    linked = "X-Amz-Signature=" in query
    if linked:
        query = "&".join(part for part in query.split("&") if not part.startswith("X-Amz-Signature="))
    url = f"http://{environ['HTTP_HOST']}{path}{f'?{query}' if query else ''}"
    asked = AWSRequest(method=environ["REQUEST_METHOD"], url=url, headers=dict(headers.items()))
    asked.context["timestamp"] = signed.get("Date", "") if linked else environ.get("HTTP_X_AMZ_DATE", "")
    content = "UNSIGNED-PAYLOAD" if linked else environ.get("HTTP_X_AMZ_CONTENT_SHA256", "")
    asked.headers["X-Amz-Content-SHA256"] = content
    auth = S3SigV4Auth(Credentials(id, key.secret), service, region)
    auth.headers_to_sign = lambda request: headers
    return str(auth.signature(auth.string_to_sign(asked, auth.canonical_request(asked)), asked))


def _as_moto_reads(environ: "WSGIEnvironment", request: _Request, store: str) -> "WSGIEnvironment":
    """The request as if it had come to S3 itself: moto reads the whole address."""
    raw = f"{request.path}?{request.query}" if request.query else request.path
    path = unquote(request.path, "latin-1")
    asked = {**environ, "SCRIPT_NAME": "", "PATH_INFO": path, "REQUEST_URI": raw, "RAW_URI": raw}
    return {**asked, "HTTP_X_MOTO_ACCOUNT_ID": store}


def _noting(start_response: Any, call: Call) -> Any:
    def start(status: str, headers: list[tuple[str, str]], *error: Any) -> Any:
        call.status = int(status.split()[0])
        return start_response(status, headers, *error)

    return start


def _told(refused: _Refused, start_response: Any) -> list[bytes]:
    code, words = refused.code, escape(str(refused))
    text = f'<?xml version="1.0" encoding="UTF-8"?><Error><Code>{code}</Code><Message>{words}</Message></Error>'
    body = text.encode()
    start_response(f"{_STATUS[code]} {code}", [("Content-Type", "application/xml"), ("Content-Length", str(len(body)))])
    return [body]
