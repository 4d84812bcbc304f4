"""SSH public keys of the sandbox's Railway: a workspace's own, made and deleted and never changed."""

import base64
import binascii
import hashlib
from collections.abc import Mapping

from ...model.pretend import Thing
from .pretend_estate import Estate, Refused
from .pretend_views import Args, View, paged, workspace


def add_key(estate: Estate, name: str, text: str) -> Thing:
    """A key of the workspace. Raises Refused on what is no public key, and on one that is there."""
    print = fingerprint(text)
    if next(estate.where("ssh-key", fingerprint=print), None):
        raise Refused("SSH key already exists")  # guessed
    return estate.add("ssh-key", {"name": name, "publicKey": text, "fingerprint": print})


def fingerprint(text: str) -> str:
    """As `ssh-keygen -l` shows it. Raises Refused."""
    parts = text.split()
    try:
        body = base64.b64decode(parts[1], validate=True)
    except (IndexError, binascii.Error):
        raise Refused("Invalid SSH public key") from None  # guessed
    return "SHA256:" + base64.b64encode(hashlib.sha256(body).digest()).decode().rstrip("=")


def _listed(estate: Estate, thing: Thing, args: Args) -> Thing:
    """Without a workspace it is the caller's own keys, of which a workspace's token has none."""
    if args.get("workspaceId") is None:
        return paged([], args)
    workspace(estate, args["workspaceId"])
    return paged(list(estate.shelf("ssh-key").values()), args)


def _create(estate: Estate, thing: Thing, args: Args) -> Thing:
    asked = args["input"]
    workspace(estate, asked.get("workspaceId") or estate.workspace)
    return add_key(estate, asked["name"], asked["publicKey"])


def _delete(estate: Estate, thing: Thing, args: Args) -> bool:
    found = estate.get("ssh-key", args["id"], "SSH key")
    del estate.shelf("ssh-key")[found["id"]]
    return True


QUERIES: Mapping[str, View] = {"sshPublicKeys": _listed}
MUTATIONS: Mapping[str, View] = {"sshPublicKeyCreate": _create, "sshPublicKeyDelete": _delete}
FIELDS: Mapping[str, View] = {"workspaceId": lambda estate, thing, args: estate.workspace}
