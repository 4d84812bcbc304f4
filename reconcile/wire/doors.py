"""How a connection to a platform is opened: trust, proxies, redirects, cookies.

Certificates are always verified. Proxies and an own CA come from the environment (HTTPS_PROXY, NO_PROXY,
SSL_CERT_FILE, SSL_CERT_DIR); loopback is never proxied. Redirects are never followed and cookies never kept.
"""

import ipaddress
import os
import re
import ssl
from contextlib import suppress
from functools import lru_cache
from http.cookiejar import CookieJar, DefaultCookiePolicy

import httpx

from reconcile import __version__
from reconcile.model.errors import Denied, ReconcileError
from reconcile.model.secret import SecretText

LONGEST_CONNECT_SECONDS = 10.0
# The coordinating threads call too, beside the pool's.
CONNECTIONS_BESIDE_POOL = 4

_HOST = re.compile(rb"[A-Za-z0-9._-]+|[0-9A-Fa-f:.]+")


def open_door(
    base_url: str,
    authorization: SecretText | None,
    pool_size: int,
    timeout_seconds: float,
    transport: httpx.BaseTransport | None = None,
) -> httpx.Client:
    """A client whose every request carries the authorization.

    Raises ValueError for a base url that is not plain http(s), Denied for an authorization no header can carry,
    ReconcileError for a proxy or CA setting that cannot be used.
    """
    url = _checked(base_url)
    headers = {"user-agent": f"trueup/{__version__}", "accept": "application/json"}
    if authorization is not None:
        headers["authorization"] = _header_value(authorization)
    limits = httpx.Limits(
        max_connections=pool_size + CONNECTIONS_BESIDE_POOL, max_keepalive_connections=pool_size, keepalive_expiry=30.0
    )
    try:
        trust = _trust(os.environ.get("SSL_CERT_FILE", ""), os.environ.get("SSL_CERT_DIR", ""), url.scheme)
    except OSError:
        raise ReconcileError(
            "SSL_CERT_FILE or SSL_CERT_DIR names certificates that cannot be read",
            advice="name a readable PEM file, or unset it",
        ) from None
    if transport is None and _is_loopback(url.host):
        # A transport of our own has no mounts from the environment, hence no proxy.
        transport = httpx.HTTPTransport(verify=trust, limits=limits)
    # Raised below and outside: the library's text quotes the proxy's password.
    with suppress(ValueError, ImportError, httpx.InvalidURL):
        return httpx.Client(
            headers=headers,
            timeout=httpx.Timeout(timeout_seconds, connect=min(timeout_seconds, LONGEST_CONNECT_SECONDS)),
            limits=limits,
            transport=transport,
            verify=trust,
            follow_redirects=False,
            cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[])),
        )
    raise ReconcileError(
        "the proxy named by the environment cannot be used",
        advice="HTTP_PROXY, HTTPS_PROXY and ALL_PROXY take http:// or https:// addresses",
    )


def _checked(base_url: str) -> httpx.URL:
    try:
        url = httpx.URL(base_url)
    except httpx.InvalidURL:
        url = httpx.URL("")
    plain = url.scheme in ("http", "https") and _HOST.fullmatch(url.raw_host)
    if not plain or url.userinfo or url.query or url.fragment:
        raise ValueError("a base url is http(s)://host[:port][/path], without user, query and fragment")
    return url


def _header_value(authorization: SecretText) -> str:
    # A line end from the file that the variable was read from is no part of the credential.
    value = authorization.reveal().strip()
    if not value or not value.isascii() or not value.isprintable():
        raise Denied(
            "the credential is empty or holds characters that no HTTP header can carry",
            advice="set it again: one line of printable ASCII, no quotes around it",
        )
    return value


def _is_loopback(host: str) -> bool:
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


@lru_cache(maxsize=8)
def _trust(cert_file: str, cert_dir: str, scheme: str) -> ssl.SSLContext:
    """One context for all clients of a run: reading the CA bundle takes 20 ms. Raises OSError."""
    if scheme == "http":
        # Never used; it trusts nobody, so that a mistake would fail and not pass.
        return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    # httpx reads the two variables itself; they are arguments here as the key of the cache.
    return httpx.create_ssl_context()
