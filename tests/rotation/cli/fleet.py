"""Stacks with more than one secret, and an application that holds two keys and moves its own data."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

PROJECT = """
project: library
ledger: {id: 0a1b2c3d, home: .trueup/ledger.db}
accounts:
  acme:
    railway: {id: a0000000-0000-0000-0000-000000000001, credentials: {token: ACME_RAILWAY_TOKEN}, tier: pro}
    sendgrid: {credentials: {token: ACME_SENDGRID_TOKEN}}
migrations:
  reencrypt: {run: "https://api.shop.example/migrate", left: "https://api.shop.example/left"}
"""

_ESTATE = """
railway:
  project: {shop: {name: shop}}
  environment: {production: {project: shop}}
  service: {api: {project: shop}, worker: {project: shop}}
  domain:
    api: {instance: api, host: api.shop.example, port: 3000}
  instance:
    api:
      service: api
      environment: production
      source: {repo: example/shop, branch: main}
      healthcheck_path: /health
      variables: {API}
    worker:
      service: worker
      environment: production
      source: {repo: example/shop, branch: main}
      healthcheck_path: /health
      variables: {WORKER}
"""


def stack(secrets: str, api: str, worker: str = "{}") -> str:
    """A shop of two services, with these variables."""
    return f"account: acme\nsecrets:\n{secrets}\n{_ESTATE.replace('{API}', api).replace('{WORKER}', worker)}"


SESSION = "  session: {strategy: overlap, generate: {bytes: 32, as: base64}, every: 30d, soak: 1h}"
JWT = (
    "  jwt: {strategy: overlap, generate: {access: {bytes: 32, as: base64}, refresh: {bytes: 32, as: base64}},"
    ' every: 365d, soak: 1h, says: "all sessions end"}'
)
MAIL = "  mail: {strategy: two-key, issue: {sendgrid.api-key: {}}, every: 180d, soak: 1h, prove: [P0, P1, P4, P5]}"
BANK = '  bank: {strategy: manual, by_hand: {where: "https://dashboard.bank.example", steps: [make one]}, every: 180d}'
MASTER = (
    "  master: {strategy: migrate, generate: {bytes: 32, as: hex}, every: 90d, soak: 24h, hook: reencrypt,"
    " class: irreplaceable}"
)
HOLDS_ALL = (
    "{API_SECRET: {secret: session}, JWT_SECRET: {secret: jwt, part: access},"
    " JWT_REFRESH_SECRET: {secret: jwt, part: refresh}}"
)
FLEET = stack(
    "\n".join((SESSION, JWT, MAIL)), HOLDS_ALL, "{API_SECRET: {secret: session}, SENDGRID_API_KEY: {secret: mail}}"
)
BANKING = stack(BANK, "{BANK_SECRET: {secret: bank}}")
VAULTED = stack(MASTER, "{MASTER_ENCRYPTION_KEY: {secret: master}}")


class Application:
    """Rows under an old key. `POST /migrate` moves half of them; `GET /left` counts those that were not."""

    def __init__(self, rows: int) -> None:
        self.left = rows
        self.asked: list[str] = []
        self.bodies: list[bytes] = []

    def answer(self, method: str, path: str) -> object:
        self.asked.append(f"{method} {path.rpartition('/')[2]}")
        if method == "POST":
            self.left //= 2
        return {"left": self.left}


@contextmanager
def answering(application: Application) -> Iterator[str]:
    """Serves it on loopback; yields where."""

    class Handler(BaseHTTPRequestHandler):
        def _answer(self) -> None:
            application.bodies.append(self.rfile.read(int(self.headers.get("content-length") or 0)))
            body = json.dumps(application.answer(self.command, self.path)).encode()
            self.send_response(200)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_GET = do_POST = _answer

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/"
    finally:
        server.shutdown()
        server.server_close()
