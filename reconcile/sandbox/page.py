"""The page a person reads: what the pretend world holds, what was asked of it, what is set to go wrong."""

import base64
import hashlib
from collections.abc import Mapping
from itertools import islice
from typing import Any

import flask

from ..model.pretend import PretendPlatform, Thing
from .control import control, stamp
from .services import services
from .world import World

_THINGS = 200
_CALLS = 50
_FACTS = ("type", "content", "value", "status", "ttl", "priority", "proxied", "comment")
_SECRET = ("secret", "token", "password", "key", "credential")

_STYLE = """
body{font:15px/1.5 system-ui,sans-serif;max-width:70rem;margin:2rem auto;padding:0 1rem;color:#1a1a1a;background:#fff}
h1{font-size:1.6rem;margin-bottom:0}h2{margin-top:2.5rem;border-bottom:2px solid #ddd}h3{margin-bottom:.3rem}
table{border-collapse:collapse;width:100%}th,td{text-align:left;padding:.2rem .8rem .2rem 0;vertical-align:top;
border-bottom:1px solid #eee;overflow-wrap:anywhere}th{font-weight:600;color:#555}
code,.id{font:13px ui-monospace,monospace}
.id,.quiet{color:#666}.bad{color:#a40000;font-weight:600}
@media(prefers-color-scheme:dark){body{color:#ddd;background:#181818}th,.id,.quiet{color:#999}th,td{border-color:#333}
.bad{color:#ff7b72}}
"""

_TEMPLATE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Trueup sandbox</title>
<meta name="viewport" content="width=device-width"><style>{{ style|safe }}</style></head><body>
<h1>A pretend world</h1>
<p class="quiet">Nothing here is real. Its clock shows <b>{{ now }}</b>. Reload to look again.</p>
{% for place in places %}<h2>{{ place.name }}</h2>
<p>Base address <code>{{ place.url }}</code></p>
{% for rule, left in place.faults %}<p class="bad">set to fail: <code>{{ rule }}</code>
{{ "always" if left is none else "%s more" % left }}</p>{% endfor %}
{% for shelf in place.shelves %}<h3>{{ shelf.account }}: {{ shelf.count }} × {{ shelf.kind }}</h3>
<table><tr><th>name</th>{% for fact in shelf.facts %}<th>{{ fact }}</th>{% endfor %}<th>id</th></tr>
{% for title, values, id in shelf.rows %}<tr><td>{{ title }}</td>
{% for value in values %}<td>{{ value }}</td>{% endfor %}
<td class="id">{{ id }}</td></tr>{% endfor %}</table>
{% if shelf.count > shelf.rows|length %}<p class="quiet">and {{ shelf.count - shelf.rows|length }} more</p>{% endif %}
{% else %}<p class="quiet">holds nothing yet</p>{% endfor %}{% endfor %}
<h2>Calls</h2>
<p>{{ count }} so far{% if calls %}; the newest first{% endif %}</p>
{% if calls %}<table>
<tr><th>at</th><th>platform</th><th>account</th><th>asked</th><th>answer</th><th>ms</th><th>fault</th></tr>
{% for call in calls %}<tr><td class="id">{{ call.at[11:23] }}</td><td>{{ call.platform }}</td>
<td>{{ call.account }}</td><td><code>{{ call.method }} {{ call.path }}</code></td>
<td{% if not 200 <= call.status < 300 %} class="bad"{% endif %}>{{ call.status or "none" }}</td>
<td>{{ "%.1f" % (call.seconds * 1000) }}</td><td>{{ call.fault }}</td></tr>{% endfor %}</table>{% endif %}
</body></html>
"""

_POLICY = "; ".join(
    (
        "default-src 'none'",
        f"style-src 'sha256-{base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()}'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
    )
)


def page(world: World, token: str, urls: Mapping[str, str]) -> flask.Flask:
    """The page at `/`, under it the control endpoints and what deployed services answer. No script, no form, nothing
    from elsewhere."""
    app = flask.Flask("sandbox.page", static_folder=None)
    app.register_blueprint(control(world, token))
    app.register_blueprint(services(world))

    @app.get("/")
    def show() -> str:
        calls = world.calls(_CALLS)
        text = flask.render_template_string(
            _TEMPLATE,
            style=_STYLE,
            now=stamp(world.now())[:19] + "Z",
            places=[_place(world, name, urls[name]) for name in world.platforms],
            calls=calls[::-1],
            count=calls[-1]["n"] if calls else 0,
        )
        # JSON can hold half of a surrogate pair; UTF-8 can not.
        return text.encode("utf-8", "replace").decode()

    @app.after_request
    def guarded(response: flask.Response) -> flask.Response:
        response.headers["Content-Security-Policy"] = _POLICY
        response.headers["X-Content-Type-Options"] = "nosniff"
        response.headers["Referrer-Policy"] = "no-referrer"
        response.headers["Cache-Control"] = "no-store"
        return response

    return app


def _place(world: World, name: str, url: str) -> dict[str, Any]:
    pretend = world.mount(name).pretend
    shelves = [
        _shelf(pretend, account, kind, things)
        for account, kinds in world.things(name)[name].items()
        for kind, things in kinds.items()
        if things
    ]
    return {"name": name, "url": url, "faults": world.faults()[name], "shelves": shelves}


def _shelf(pretend: PretendPlatform, account: str, kind: str, things: list[Thing]) -> dict[str, Any]:
    shown = list(islice(things, _THINGS))
    facts = [fact for fact in _FACTS if any(thing.get(fact) not in (None, "") for thing in shown)]
    rows = [
        (pretend.title(kind, thing), [_value(fact, thing) for fact in facts], thing.get("id", "")) for thing in shown
    ]
    return {"account": account, "kind": kind, "count": len(things), "facts": facts, "rows": rows}


def _value(fact: str, thing: Thing) -> str:
    value = thing.get(fact)
    # A console masks values that are secrets; which ones are can only be told from the words beside them.
    if fact == "value" and any(word in str(thing.get("name", "")).lower() for word in _SECRET):
        return "••••••"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "" if value is None else str(value)
