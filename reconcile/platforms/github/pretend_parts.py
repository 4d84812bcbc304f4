"""The forms in which GitHub answers, and a repository's key pair.

Fields are those that GitHub's description requires, at what a fresh private repository has.
"""

import base64
import hashlib
from collections.abc import Mapping
from typing import Any

from ...model.pretend import Thing, Told

API, WEB = "https://api.github.com", "https://github.com"
DOCS = "https://docs.github.com/rest"
_REPO = (
    *("assignees", "blobs", "branches", "collaborators", "comments", "commits", "compare", "contents"),
    *("contributors", "deployments", "downloads", "events", "forks", "hooks", "issue_comment", "issue_events"),
    *("issues", "keys", "labels", "languages", "merges", "milestones", "notifications", "pulls", "releases"),
    *("stargazers", "statuses", "subscribers", "subscription", "tags", "teams", "trees", "archive"),
    *("git_commits", "git_refs", "git_tags"),
)
_USER = (
    *("avatar", "events", "followers", "following", "gists", "html", "organizations", "received_events", "repos"),
    *("starred", "subscriptions"),
)


class Refused(Exception):
    """What the vendor refuses, in its own words."""

    def __init__(self, status: int, message: str, doc: str = "", **more: Any) -> None:
        super().__init__(message)
        self.told = error(status, message, doc, **more)


def error(status: int, message: str, doc: str = "", **more: Any) -> Told:
    return Told(status, {"message": message, **more, "documentation_url": f"{DOCS}{doc}", "status": str(status)})


def node(kind: str, id: object) -> str:
    return base64.b64encode(f"{kind}{id}".encode()).decode().rstrip("=")


def number(text: str) -> int:
    """An id that a name always has."""
    return int(hashlib.sha256(text.encode()).hexdigest()[:8], 16) + 1


def user(login: str) -> Thing:
    url = f"{API}/users/{login}"
    person: Thing = {"login": login, "id": number(login), "node_id": node("U", login), "gravatar_id": "", "url": url}
    person |= {f"{word}_url": f"{url}/{word}" for word in _USER}
    return {**person, "type": "User", "site_admin": False, "user_view_type": "public"}


def repository(thing: Thing, *, whole: bool) -> Thing:
    """In its short form, as a run tells it, or `whole`."""
    owner, _, name = thing["name"].partition("/")
    url, web = f"{API}/repos/{thing['name']}", f"{WEB}/{thing['name']}"
    told: Thing = {"id": thing["id"], "node_id": node("R", thing["id"]), "name": name, "full_name": thing["name"]}
    told |= {"owner": user(owner), "private": True, "html_url": web, "description": None, "fork": False, "url": url}
    told |= {f"{word}_url": f"{url}/{word}" for word in _REPO}
    if not whole:
        return told
    told |= {"clone_url": f"{web}.git", "git_url": f"git://github.com/{thing['name']}.git", "svn_url": web}
    told |= {"ssh_url": f"git@github.com:{thing['name']}.git", "mirror_url": None, "homepage": None, "language": None}
    counts = ("forks", "forks_count", "open_issues", "open_issues_count", "size", "stargazers_count", "watchers")
    told |= dict.fromkeys((*counts, "watchers_count", "network_count", "subscribers_count"), 0)
    told |= dict.fromkeys(("has_issues", "has_projects", "has_wiki", "has_downloads"), True)
    told |= dict.fromkeys(("has_pages", "has_discussions", "disabled"), False)
    told |= {"license": None, "default_branch": thing["default_branch"], "archived": thing["archived"]}
    told |= dict.fromkeys(("pushed_at", "created_at", "updated_at"), thing["created_at"])
    return {**told, "visibility": "private", "permissions": {"admin": True, "push": True, "pull": True}}


def environment(thing: Thing) -> Thing:
    name = f"{thing['repository']}/environments/{thing['name']}"
    told = {"id": thing["id"], "node_id": node("EN", thing["id"]), "name": thing["name"], "url": f"{API}/repos/{name}"}
    told |= {"html_url": f"{WEB}/{name}", "created_at": thing["created_at"], "updated_at": thing["created_at"]}
    return {**told, "protection_rules": [], "deployment_branch_policy": None}


def workflow(thing: Thing) -> Thing:
    path = f".github/workflows/{thing['name']}"
    url = f"{API}/repos/{thing['repository']}/actions/workflows/{thing['id']}"
    web = f"{WEB}/{thing['repository']}"
    told = {"id": thing["id"], "node_id": node("W", thing["id"]), "name": thing["name"].partition(".")[0].title()}
    told |= {"path": path, "state": thing["state"], "url": url, "html_url": f"{web}/blob/main/{path}"}
    told |= {"badge_url": f"{web}/workflows/{told['name']}/badge.svg"}
    return {**told, "created_at": thing["created_at"], "updated_at": thing["created_at"]}


def run(thing: Thing, place: Thing, does: Thing) -> Thing:
    """`place` is its repository, `does` its workflow."""
    owner = place["name"].partition("/")[0]
    url = f"{API}/repos/{place['name']}/actions/runs/{thing['id']}"
    sha = commit(thing["ref"])
    told: Thing = {
        "id": thing["id"],
        "node_id": node("WFR", thing["id"]),
        "name": does["name"].partition(".")[0].title(),
    }
    told |= {"head_branch": thing["ref"], "head_sha": sha, "path": f".github/workflows/{does['name']}"}
    told |= {"display_title": "Deploy", "run_number": thing["number"], "run_attempt": thing["attempt"]}
    told |= {"event": thing["event"], "status": thing["status"], "conclusion": thing["conclusion"]}
    told |= {"workflow_id": does["id"], "check_suite_id": thing["id"], "check_suite_node_id": node("CS", thing["id"])}
    told |= {"url": url, "html_url": f"{WEB}/{place['name']}/actions/runs/{thing['id']}", "pull_requests": []}
    told |= {f"{word}_url": f"{url}/{word}" for word in ("jobs", "logs", "check_suite", "artifacts", "cancel", "rerun")}
    told |= {"workflow_url": workflow(does)["url"], "previous_attempt_url": None, "referenced_workflows": []}
    told |= {"created_at": seconds(thing["created"]), "updated_at": seconds(thing["moved"])}
    told |= {"run_started_at": seconds(thing["started"]), "actor": user(owner), "triggering_actor": user(owner)}
    person = {"name": owner, "email": "person@example.com"}
    told |= {"head_commit": {"id": sha, "tree_id": sha, "message": "Deploy", "timestamp": place["created_at"]}}
    told["head_commit"] |= {"author": person, "committer": person}
    short = repository(place, whole=False)
    return {**told, "repository": short, "head_repository": short}


def file(does: Thing, ref: str) -> Thing:
    """The workflow's file, as its contents are told."""
    text = source(does)
    path = f".github/workflows/{does['name']}"
    sha = hashlib.sha1(f"blob {len(text)}\0{text}".encode()).hexdigest()
    url = f"{API}/repos/{does['repository']}/contents/{path}?ref={ref}"
    git, web = f"{API}/repos/{does['repository']}/git/blobs/{sha}", f"{WEB}/{does['repository']}/blob/{ref}/{path}"
    told = {"type": "file", "encoding": "base64", "size": len(text), "name": does["name"], "path": path, "sha": sha}
    told |= {"content": base64.encodebytes(text.encode()).decode(), "url": url, "git_url": git, "html_url": web}
    return {**told, "download_url": None, "_links": {"self": url, "git": git, "html": web}}


def source(does: Thing) -> str:
    """What a workflow says that gives secrets to what it deploys."""
    lines = [f"name: {does['name'].partition('.')[0].title()}", "on:", "  push: {branches: [main]}"]
    lines += ["  workflow_dispatch:"] if does["dispatch"] else []
    lines += ["jobs:", "  deploy:", "    runs-on: ubuntu-latest"]
    lines += [f"    environment: {does['environment']}"] if does["environment"] else []
    lines += ["    steps:", "      - run: ./deploy.sh", "        env:"]
    lines += [f"          {name}: ${{{{ secrets.{of} }}}}" for name, of in does["reads"].items()]
    return "\n".join(lines) + "\n"


def secret(thing: Thing) -> Thing:
    return {"name": thing["name"], "created_at": thing["created_at"], "updated_at": thing["updated_at"]}


def commit(ref: str) -> str:
    return hashlib.sha1(ref.encode()).hexdigest()


def seconds(moment: str) -> str:
    """GitHub tells time in whole seconds."""
    return moment[:19] + "Z"


def new_key() -> Mapping[str, str]:
    """The key pair of a repository or an environment."""
    from nacl.public import PrivateKey

    pair = PrivateKey.generate()
    public = base64.b64encode(bytes(pair.public_key)).decode()
    key_id = str(int(hashlib.sha256(public.encode()).hexdigest()[:15], 16))
    return {"key_id": key_id, "key": public, "private_key": base64.b64encode(bytes(pair)).decode()}


def opened(owner: Thing, sealed: str) -> str:
    """What is in a sealed box. Raises Refused."""
    from nacl.exceptions import CryptoError
    from nacl.public import PrivateKey, SealedBox

    try:
        box = SealedBox(PrivateKey(base64.b64decode(owner["private_key"])))
        return box.decrypt(base64.b64decode(sealed, validate=True)).decode()
    except (CryptoError, ValueError, TypeError):
        raise Refused(422, "The encrypted value is not sealed with the key that key_id names.") from None
