"""An entry of `secrets:` is read into what it says, and whatever is wrong with it is told where it stands."""

import datetime as dt
from pathlib import Path

import pytest

from reconcile.model.rotated import ByHand, Generate, Issue, Probe, Window
from reconcile.platforms import issues, platforms

from .rotated import GENERATED, legacyvideo, line_of, loaded, one_secret, only, refused, secret, wrong


def hours(count: float) -> dt.timedelta:
    return dt.timedelta(hours=count)


def test_an_entry_that_says_little_has_the_usual_rest(tmp_path: Path) -> None:
    found = secret(tmp_path, GENERATED)
    assert (found.name, found.stack, found.account, found.strategy) == ("s", "a", "acme", "overlap")
    assert found.source == {"value": Generate("bytes", "base64", 32)}
    assert (found.soak, found.levels, found.irreplaceable, found.skip_accept) == (hours(24), {"P0", "P1"}, False, False)
    assert (found.schedule.every, found.schedule.cron, found.schedule.zone) == (None, "", "UTC")


def test_an_entry_that_says_everything_is_read_whole(tmp_path: Path) -> None:
    found = secret(
        tmp_path,
        "{strategy: overlap, generate: {bytes: 48, as: base64url}, every: 365d, max_age: 400d, jitter: 3d, soak: 90m,"
        " window: 'Sun 02:00-04:00', zone: Europe/Berlin, class: irreplaceable, accept: false, says: sessions end,"
        " route: on-call, covers: [x-1, x-2], prove: [P1, {P2: 'https://x.example/health', shows: {ok: true}, times: 2,"
        " unit: railway.instance.api}, {P3: 'https://x.example/keys', shows: key}]}",
    )
    assert found.source == {"value": Generate("bytes", "base64url", 48)}
    schedule = found.schedule
    assert (schedule.every, schedule.max_age, schedule.jitter) == (hours(365 * 24), hours(400 * 24), hours(72))
    assert schedule.window == Window(frozenset({6}), dt.time(2), dt.time(4))
    assert schedule.zone == "Europe/Berlin"
    assert (found.soak, found.irreplaceable, found.skip_accept) == (hours(1.5), True, True)
    assert (found.says, found.route, found.covers) == ("sessions end", "on-call", ("x-1", "x-2"))
    assert found.levels == {"P0", "P1", "P2", "P3"}
    assert found.probes == (
        Probe("P2", "https://x.example/health", "railway.instance.api", 2, {"ok": True}),
        Probe("P3", "https://x.example/keys", shows={"key": True}),
    )


def test_a_secret_knows_where_it_is_declared(tmp_path: Path) -> None:
    text = one_secret(GENERATED)
    found = loaded(tmp_path, a=text).secrets["s"].at
    assert (found.file, found.line) == ("stacks/a.yaml", line_of(text, "  s:"))


@pytest.mark.parametrize(
    ("said", "days", "begins", "ends"),
    [
        ("02:00-04:00", set(), 2, 4),
        ("Sun 02:00-04:00", {6}, 2, 4),
        ("Mon-Fri 01:00-05:00", {0, 1, 2, 3, 4}, 1, 5),
        ("Sat-Mon 01:00-05:00", {5, 6, 0}, 1, 5),
        ("Tue,Thu-Fri 01:00-05:00", {1, 3, 4}, 1, 5),
        ("Sat,Sun 22:00-06:00", {5, 6}, 22, 6),
    ],
)
def test_a_window_is_days_and_hours(tmp_path: Path, said: str, days: set[int], begins: int, ends: int) -> None:
    found = secret(tmp_path, f"{{strategy: overlap, generate: {{bytes: 32}}, window: '{said}'}}").schedule.window
    assert found == Window(frozenset(days), dt.time(begins), dt.time(ends))


@pytest.mark.parametrize(
    ("said", "made", "parts"),
    [
        ("{bytes: 16, as: hex}", {"value": Generate("bytes", "hex", 16)}, ["value"]),
        ("{password: 32}", {"value": Generate("password", "", 32)}, ["value"]),
        ("{password: 20, of: abcdefghij23}", {"value": Generate("password", "", 20, "abcdefghij23")}, ["value"]),
        ("{pair: ed25519}", {"value": Generate("pair", "ed25519", 0)}, ["private", "public"]),
        ("{pair: rsa}", {"value": Generate("pair", "rsa", 3072)}, ["private", "public"]),
        ("{pair: rsa, bits: 4096}", {"value": Generate("pair", "rsa", 4096)}, ["private", "public"]),
        (
            "{access: {bytes: 32}, refresh: {password: 40}}",
            {"access": Generate("bytes", "base64", 32), "refresh": Generate("password", "", 40)},
            ["access", "refresh"],
        ),
    ],
)
def test_what_is_generated_and_in_which_parts(
    tmp_path: Path, said: str, made: dict[str, Generate], parts: list[str]
) -> None:
    variables = ", ".join(f"KEY_{index}: {{secret: s, part: {part}}}" for index, part in enumerate(parts))
    text = legacyvideo(variables, "", f"s: {{strategy: overlap, generate: {said}}}")
    found = loaded(tmp_path, a=text).secrets["s"]
    assert found.source == made
    assert found.parts == tuple(parts)


def test_what_a_platform_issues_is_of_the_stacks_account_or_of_another(tmp_path: Path) -> None:
    found = secret(tmp_path, "{strategy: two-key, issue: {post.api-key: {scopes: [mail.send]}}}")
    assert found.source == Issue("acme", "post.api-key", {"scopes": ["mail.send"]})
    other = secret(
        tmp_path, "{strategy: two-key, issue: {store.credentials: {account: other}}}", "{secret: s, part: id}"
    )
    assert other.source == Issue("other", "store.credentials", {})


def test_what_a_person_gets_has_steps_and_perhaps_a_check(tmp_path: Path) -> None:
    found = secret(
        tmp_path,
        "{strategy: manual, every: 180d, by_hand: {where: 'https://x.example/keys', steps: [make one, paste it],"
        " check: {post.typed: {}}}, prove: [P1, P4, P5]}",
    )
    assert found.source == ByHand(
        "https://x.example/keys", ("make one", "paste it"), Issue("acme", "post.typed", {}), ("value",)
    )
    two = "{strategy: manual, by_hand: {steps: [make both], parts: [id, secret]}}"
    assert secret(tmp_path, two, "{secret: s, part: secret}").source == ByHand(
        steps=("make both",), parts=("id", "secret")
    )


GEN = "generate: {bytes: 32}"
WRONG: list[tuple[str, str, str, str]] = [
    (f"{{{GEN}}}", "strategy", "`strategy` is missing", "one of overlap, replace"),
    (f"{{strategy: overlp, {GEN}}}", "strategy", "`overlp` is no strategy", "did you mean `overlap`?"),
    ("{strategy: overlap}", "", "says not where its values come from", "say one of `generate`, `issue`, `by_hand`"),
    (f"{{strategy: overlap, {GEN}, evry: 3d}}", "evry", "unknown key `evry`", "did you mean `every`?"),
    ("{strategy: overlap, generate: {bytes: 8}}", "generate.bytes", "must be a whole number from 16 to 1024", ""),
    ("{strategy: overlap, generate: {bytes: true}}", "generate.bytes", "must be a whole number from 16 to 1024", ""),
    (
        "{strategy: overlap, generate: {bytes: 32, as: base46}}",
        "generate.as",
        "must be one of base64, base64url, hex",
        "did you mean `base64`?",
    ),
    ("{strategy: overlap, generate: {pair: ed25519, bits: 2048}}", "generate.bits", "`bits` is for rsa", "remove it"),
    (
        "{strategy: overlap, generate: {pair: rsa, bits: 1024}}",
        "generate.bits",
        "must be one of 2048, 3072, 4096, not 1024",
        "",
    ),
    (
        "{strategy: overlap, generate: {password: 32, of: abc}}",
        "generate.of",
        "must be at least ten different visible characters of ASCII",
        "",
    ),
    ("{strategy: overlap, generate: 32}", "generate", "must be a map", "`{bytes: 32, as: base64}`"),
    (
        "{strategy: overlap, generate: {a: {bytes: 32}, b: {pair: rsa}}}",
        "generate.b",
        "a key pair has parts of its own",
        "make it a secret of its own",
    ),
    (f"{{strategy: overlap, {GEN}, every: 90}}", "every", "must be a duration", "as `365d`, `24h` or `90m`"),
    (f"{{strategy: overlap, {GEN}, every: 1y}}", "every", "must be a duration", "as `365d`, `24h` or `90m`"),
    (f"{{strategy: overlap, {GEN}, every: 0d}}", "every", "must be more than nothing", ""),
    (f"{{strategy: overlap, {GEN}, every: 9d, cron: '0 3 1 * *'}}", "cron", "`cron` beside `every`", "keep one"),
    (f"{{strategy: overlap, {GEN}, every: 9d, max_age: 8d}}", "max_age", "is less than `every`", ""),
    (f"{{strategy: overlap, {GEN}, every: 9d, jitter: 9d}}", "jitter", "must be less than `every`", ""),
    (f"{{strategy: overlap, {GEN}, jitter: 9d}}", "jitter", "`jitter` puts off what is due", ""),
    (f"{{strategy: overlap, {GEN}, cron: '0 3 1 *'}}", "cron", "is no cron line", "five fields"),
    (f"{{strategy: overlap, {GEN}, cron: '0 3 30 2 *'}}", "cron", "", "five fields"),
    (
        f"{{strategy: overlap, {GEN}, zone: Europe/Berlni}}",
        "zone",
        "unknown time zone `Europe/Berlni`",
        "did you mean `Europe/Berlin`?",
    ),
    (f"{{strategy: overlap, {GEN}, zone: Europe}}", "zone", "unknown time zone `Europe`", ""),
    (f"{{strategy: overlap, {GEN}, zone: ../UTC}}", "zone", "unknown time zone `../UTC`", ""),
    (f"{{strategy: overlap, {GEN}, window: Sunday}}", "window", "must be a window of time", "as `Sun 02:00-04:00`"),
    (f"{{strategy: overlap, {GEN}, window: 'Son 02:00-04:00'}}", "window", "`Son` is no day", "did you mean"),
    (f"{{strategy: overlap, {GEN}, window: '25:00-26:00'}}", "window", "names no time of a day", "hours 00 to 23"),
    (f"{{strategy: overlap, {GEN}, window: '02:00-02:00'}}", "window", "ends where it begins", "leave `window` out"),
    (
        f"{{strategy: overlap, {GEN}, class: irreplacable}}",
        "class",
        "must be replaceable or irreplaceable",
        "did you mean",
    ),
    (f"{{strategy: overlap, {GEN}, accept: maybe}}", "accept", "must be true or false", ""),
    (f"{{strategy: replace, {GEN}, accept: false}}", "accept", "`replace` does not ask it", "is for `overlap`"),
    (f"{{strategy: overlap, {GEN}, hook: h}}", "hook", "`hook` is for `migrate`, not for `overlap`", "remove it"),
    (f"{{strategy: migrate, {GEN}}}", "hook", "`hook` is missing", "registered name"),
    (f"{{strategy: manual, {GEN}}}", "strategy", "`manual` needs `by_hand`, not `generate`", "goes with `overlap`"),
    (f"{{strategy: two-key, {GEN}}}", "strategy", "`two-key` needs `issue`, not `generate`", "goes with `overlap`"),
    (
        "{strategy: overlap, issue: {post.api-key: {scopes: [a]}}}",
        "strategy",
        "`overlap` needs `generate`, not `issue`",
        "goes with `two-key`",
    ),
    (
        "{strategy: two-key, issue: {post.token: {}}}",
        "strategy",
        "`two-key` needs two values at once",
        "use `roll`",
    ),
    ("{strategy: roll, issue: {post.api-key: {scopes: [a]}}}", "strategy", "`roll` is for what ends", "use `two-key`"),
    ("{strategy: two-key, issue: {post.typed: {}}}", "issue", "a post.typed is made by a person", "by_hand"),
    (
        "{strategy: two-key, issue: {post.apikey: {}}}",
        "issue.post.apikey",
        "unknown kind of credential `post.apikey`",
        "did you mean `post.api-key`?",
    ),
    ("{strategy: two-key, issue: post.api-key}", "issue", "must name one kind of credential", "{sendgrid.api-key: {}}"),
    ("{strategy: two-key, issue: {post.api-key: {}}}", "issue.post.api-key", "field `scopes` is missing", ""),
    (
        "{strategy: two-key, issue: {post.api-key: {scopes: [a], lable: x}}}",
        "issue.post.api-key.lable",
        "unknown key `lable`",
        "did you mean `label`?",
    ),
    (
        "{strategy: two-key, issue: {post.api-key: {scopes: [everything]}}}",
        "issue.post.api-key.scopes",
        "no key of everything is made",
        "",
    ),
    (
        "{strategy: two-key, issue: {post.api-key: {scopes: [a], account: otter}}}",
        "issue.post.api-key.account",
        "unknown account `otter`",
        "did you mean `other`?",
    ),
    (
        "{strategy: two-key, issue: {store.credentials: {}}}",
        "issue.store.credentials",
        "account `acme` has no store",
        "accounts.acme",
    ),
    ("{strategy: manual, by_hand: {where: x}}", "by_hand", "says not what to do", "steps"),
    (f"{{strategy: overlap, {GEN}, prove: P1}}", "prove", "must be a list of levels", "P2"),
    (f"{{strategy: overlap, {GEN}, prove: [P9]}}", "prove.0", "`P9` is no level of proof", "did you mean"),
    (f"{{strategy: overlap, {GEN}, prove: [P2]}}", "prove.0", "`P2` asks an address", "write `{P2: https://…}`"),
    (f"{{strategy: overlap, {GEN}, prove: [P4]}}", "prove.0", "`P4` asks who issued the value", "P3"),
    (
        f"{{strategy: overlap, {GEN}, prove: [{{P2: 'http://x.example'}}]}}",
        "prove.0.P2",
        "must be an address",
        "it begins with `https://`",
    ),
    (
        f"{{strategy: overlap, {GEN}, prove: [{{P2: 'https://x.example', time: 2}}]}}",
        "prove.0.time",
        "unknown key `time`",
        "did you mean `times`?",
    ),
    (
        f"{{strategy: overlap, {GEN}, prove: [{{P2: 'https://x.example', unit: railway.instance.apy}}]}}",
        "prove.0.unit",
        "`railway.instance.apy` holds nothing of this secret",
        "did you mean `railway.instance.api`?",
    ),
    (f"{{strategy: overlap, {GEN}, covers: x-1}}", "covers", "must be a list of texts", ""),
]


@pytest.mark.parametrize(("entry", "path", "message", "hint"), WRONG, ids=[f"{one[2]} {one[1]}" for one in WRONG])
def test_what_is_wrong_is_told_where_it_stands(tmp_path: Path, entry: str, path: str, message: str, hint: str) -> None:
    found = wrong(tmp_path, entry)
    assert found.file == "stacks/a.yaml"
    assert found.line == line_of(one_secret(entry), "  s:")
    assert found.path == ".".join(filter(None, ("secrets.s", path)))
    assert message in found.message
    assert hint in found.hint


def test_everything_wrong_is_told_at_once_each_in_its_line(tmp_path: Path) -> None:
    text = legacyvideo(
        "KEY: {secret: s}",
        "",
        "s:\n  strategy: roll\n  generate: {byts: 32}\n  every: soon\n  zone: Mars\n  hook: h\n  colour: red",
    )
    found = [(one.line, one.path.rpartition(".")[2]) for one in refused(tmp_path, a=text)]
    wanted = [("strategy", "strategy"), ("generate", "generate"), ("generate", "byts"), ("every", "every")]
    wanted += [("zone", "zone"), ("hook", "hook"), ("colour", "colour")]
    assert sorted(found) == sorted((line_of(text, f"{line}:"), key) for line, key in wanted)


def test_two_sources_are_told_with_both_places(tmp_path: Path) -> None:
    text = legacyvideo(
        "KEY: {secret: s}", "", "s:\n  strategy: overlap\n  generate: {bytes: 32}\n  by_hand: {steps: [x]}"
    )
    found = only(tmp_path, a=text)
    assert found.line == line_of(text, "by_hand:")
    assert found.message == f"`by_hand` beside `generate` (stacks/a.yaml:{line_of(text, 'generate:')})"


def test_what_is_written_as_an_option_is_not_repeated(tmp_path: Path) -> None:
    found = refused(tmp_path, a=one_secret("{strategy: two-key, issue: {post.api-key: {scopes: sk_live_pasted}}}"))
    assert "pasted" not in str(found)


@pytest.mark.parametrize("name", ["Upper", "with_line", "-x"])
def test_a_name_is_a_logical_name(tmp_path: Path, name: str) -> None:
    found = only(tmp_path, a=legacyvideo("", "", f"{name}: {GENERATED}"))
    assert found.message == f"`{name}` is no name for a secret"


def test_a_section_that_is_no_map_is_told(tmp_path: Path) -> None:
    found = only(tmp_path, a=legacyvideo("", "") + "secrets: [s]\n")
    assert (found.path, found.message) == ("secrets", "must be a map by name")


def test_a_name_is_unique_over_all_stacks(tmp_path: Path) -> None:
    one, other = one_secret(GENERATED), f"account: acme\nsecrets:\n  s: {GENERATED}\n"
    found = only(tmp_path, a=one, b=other)
    assert (found.file, found.line) == ("stacks/b.yaml", 3)
    assert found.message == f"a second secret `s` (the first is stack `a`'s, stacks/a.yaml:{line_of(one, '  s:')})"


def test_a_base_that_two_stacks_extend_gives_no_secret_to_both(tmp_path: Path) -> None:
    base = f"secrets: {{s: {GENERATED}}}\n"
    stack = one_secret(GENERATED).partition("secrets:")[0] + "extends: base\n"
    found = refused(tmp_path, _base=base, a=stack, b="account: acme\nextends: base\n")
    assert [one.file for one in found] == ["stacks/_base.yaml"]
    assert found[0].message == "`s` is a secret of stacks `a` and `b`: they share this base"


def test_a_base_may_say_what_one_stack_completes(tmp_path: Path) -> None:
    base = "secrets: {s: {strategy: overlap, every: 30d, generate: {bytes: 32}}}\n"
    stack = "extends: base\n" + legacyvideo("KEY: {secret: s}", "", "s: {every: 90d}")
    found = loaded(tmp_path, _base=base, a=stack).secrets["s"]
    assert found.schedule.every == dt.timedelta(days=90)


def test_every_kind_of_credential_that_ships_is_named_by_its_platform() -> None:
    shipped = issues()
    assert {"sendgrid.api-key", "stripe.webhook", "r2.credentials"} <= shipped.keys()
    assert {kind.partition(".")[0] for kind in shipped} <= platforms().keys()
    assert all(options.parts for options in shipped.values())
