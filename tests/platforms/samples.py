"""A record of every type, and strategies that make more of them."""

from typing import Any

from hypothesis import strategies as st

SAMPLES: dict[str, dict[str, Any]] = {
    "A": {"content": "192.0.2.7"},
    "AAAA": {"content": "2001:DB8:0:0::7"},
    "CAA": {"data": {"flags": 0, "tag": "Issue", "value": "ca.example"}},
    "CERT": {"data": {"type": 9, "key_tag": 1, "algorithm": 8, "certificate": "TUlJ Qg=="}},
    "CNAME": {"content": "Target.Example.NET."},
    "DNSKEY": {
        "data": {"flags": 257, "protocol": 3, "algorithm": 13, "public_key": "mdsswUyr3DPW 132mOi8V9xESWE8jTo0d"}
    },
    "DS": {"data": {"key_tag": 1, "algorithm": 13, "digest_type": 2, "digest": "B5BB9D8014A0"}},
    "HTTPS": {"data": {"priority": 1, "target": ".", "value": ' ipv4hint=192.0.2.1 alpn="h3,h2"'}},
    "LOC": {
        "data": {
            "lat_degrees": 37,
            "lat_minutes": 46,
            "lat_seconds": 46.5,
            "lat_direction": "N",
            "long_degrees": 122,
            "long_direction": "W",
            "size": 100,
        }
    },
    "MX": {"content": "MX.Example.net.", "priority": 10},
    "NAPTR": {
        "data": {
            "order": 30,
            "preference": 100,
            "flags": "S",
            "service": "SIP+D2T",
            "replacement": "_sip._tls.Unit.tests.",
        }
    },
    "NS": {"content": "ns1.Example.net."},
    "OPENPGPKEY": {"content": "mQEN BFit"},
    "PTR": {"content": "Host.Example.net."},
    "SMIMEA": {"data": {"usage": 3, "selector": 0, "matching_type": 1, "certificate": "AB CD"}},
    "SRV": {"data": {"priority": 0, "weight": 5, "port": 443, "target": "SIP.Example.net."}},
    "SSHFP": {"data": {"algorithm": 4, "type": 2, "fingerprint": "ABCDEF01"}},
    "SVCB": {"data": {"priority": 16, "target": "Svc.Example.net.", "value": "port=8443 no-default-alpn"}},
    "TLSA": {"data": {"usage": 3, "selector": 1, "matching_type": 1, "certificate": "D2ABDE240D7C"}},
    "TXT": {"content": '"v=spf1 " "-all"'},
    "URI": {"priority": 10, "data": {"weight": 1, "target": "https://example.net/Path"}},
}

_LABEL = st.from_regex(r"[A-Za-z0-9]([A-Za-z0-9-]{0,10}[A-Za-z0-9])?", fullmatch=True).filter(
    lambda label: label[2:4] != "--"
)
_HOST = st.lists(_LABEL, min_size=2, max_size=4).map(".".join).flatmap(lambda host: st.sampled_from([host, f"{host}."]))
_HEX = st.text("0123456789abcdefABCDEF", min_size=2, max_size=80)
_BASE64 = st.text("ABCDxyz0189+/ ", min_size=1, max_size=60).filter(str.strip)
_BYTE, _SHORT = st.integers(0, 255), st.integers(0, 65_535)
_PRINTABLE = st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs")), min_size=1, max_size=700)
_SIMPLE = st.text("abcdefghijklmnopqrstuvwxyzABC0123456789+.:/-", max_size=20)
_PARAMETERS = st.lists(
    st.sampled_from(
        ["alpn=h3", 'alpn="h3,h2"', "port=8443", "no-default-alpn", "ipv4hint=192.0.2.1", "mandatory=alpn"]
    ),
    max_size=4,
    unique_by=lambda text: text.partition("=")[0],
).map(" ".join)
_SECONDS = st.integers(0, 59_000).map(lambda thousandths: thousandths / 1_000)


def _data(**parts: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries({"data": st.fixed_dictionaries(parts)})


def _content(content: st.SearchStrategy[str]) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries({"content": content})


_CERTIFICATE = _data(usage=_BYTE, selector=_BYTE, matching_type=_BYTE, certificate=_HEX)
_SERVICE = _data(priority=_SHORT, target=_HOST | st.just("."), value=_PARAMETERS)

VALUES: dict[str, st.SearchStrategy[dict[str, Any]]] = {
    "A": _content(st.ip_addresses(v=4).map(str)),
    "AAAA": _content(st.ip_addresses(v=6).map(lambda address: address.exploded.upper())),
    "CAA": _data(flags=_BYTE, tag=st.sampled_from(["issue", "issuewild", "IODEF"]), value=_SIMPLE.filter(bool)),
    "CERT": _data(type=_SHORT, key_tag=_SHORT, algorithm=_BYTE, certificate=_BASE64),
    "CNAME": _content(_HOST),
    "DNSKEY": _data(flags=_SHORT, protocol=_BYTE, algorithm=_BYTE, public_key=_BASE64),
    "DS": _data(key_tag=_SHORT, algorithm=_BYTE, digest_type=_BYTE, digest=_HEX),
    "HTTPS": _SERVICE,
    "LOC": _data(
        lat_degrees=st.integers(0, 90),
        lat_minutes=st.integers(0, 59),
        lat_seconds=_SECONDS,
        lat_direction=st.sampled_from("NS"),
        long_degrees=st.integers(0, 180),
        long_seconds=_SECONDS,
        long_direction=st.sampled_from("EW"),
        altitude=st.integers(-100_000, 42_849_672),
        precision_horz=st.integers(0, 90_000_000),
    ),
    "MX": st.fixed_dictionaries({"content": _HOST | st.just("."), "priority": _SHORT}),
    "NAPTR": _data(order=_SHORT, preference=_SHORT, flags=_SIMPLE, service=_SIMPLE, replacement=_HOST | st.just(".")),
    "NS": _content(_HOST),
    "OPENPGPKEY": _content(_BASE64),
    "PTR": _content(_HOST),
    "SMIMEA": _CERTIFICATE,
    "SRV": _data(priority=_SHORT, weight=_SHORT, port=_SHORT, target=_HOST | st.just(".")),
    "SSHFP": _data(algorithm=_BYTE, type=_BYTE, fingerprint=_HEX),
    "SVCB": _SERVICE,
    "TLSA": _CERTIFICATE,
    "TXT": _content(_PRINTABLE),
    "URI": st.fixed_dictionaries(
        {"priority": _SHORT, "data": st.fixed_dictionaries({"weight": _SHORT, "target": _SIMPLE.filter(bool)})}
    ),
}


@st.composite
def declared(draw: st.DrawFn, kind: str) -> dict[str, Any]:
    """What a stack file may say of a record of one type, in the zone acme.example, on a paid plan."""
    values: dict[str, Any] = {"zone": "acme.example", "type": kind, **draw(VALUES[kind])}
    name = draw(_LABEL)
    values["name"] = draw(st.sampled_from(["@", name, f"{name}.acme.example", f"{name}.Acme.Example."]))
    if kind in ("A", "AAAA", "CNAME") and draw(st.booleans()):
        values["proxied"] = True
    if draw(st.booleans()):
        values["ttl"] = draw(st.sampled_from(["auto", 1, 60, 300, 86_400]))
    if draw(st.booleans()):
        values["comment"] = draw(st.sampled_from(["", "mail", "kept by ops"]))
    if draw(st.booleans()):
        values["tags"] = draw(st.lists(st.sampled_from(["team:web", "owner:ops", "x"]), max_size=3))
    if kind == "CNAME" and draw(st.booleans()):
        values["settings"] = {"flatten_cname": draw(st.booleans())}
    return values
