"""Who holds a secret, what must start to read it, and where its second value stands."""

from pathlib import Path

import pytest

from reconcile.model.resource import Address

from .rotated import GENERATED, consumer, legacyvideo, line_of, loaded, one_secret, only, place, refused, secret

API, WORKER = place("a", "railway.instance.api"), place("a", "railway.instance.worker")
HELD = "API_SECRET: {secret: api-secret}"
SHARED_HEAD = """\
account: acme
railway:
  project: {lv: {name: legacyvideo}}
  service: {api: {project: lv}, worker: {project: lv}}
"""


def shared(api: str, worker: str, entry: str = "{secret: s}", secrets: str = GENERATED) -> str:
    return f"""{SHARED_HEAD}\
  environment: {{production: {{project: lv, variables: {{KEY: {entry}}}}}}}
  instance:
    api: {{service: api, environment: production, variables: {{{api}}}}}
    worker: {{service: worker, environment: production, variables: {{{worker}}}}}
secrets:
  s: {secrets}
"""


def test_api_and_worker_hold_one_secret_of_their_stack(tmp_path: Path) -> None:
    tree = loaded(tmp_path, a=legacyvideo(HELD, HELD, f"api-secret: {GENERATED}"))
    found = tree.secrets["api-secret"]
    assert found.consumers == (
        consumer("a", "railway.variable.api/API_SECRET", API, "railway.variable.api/API_SECRET_PREVIOUS"),
        consumer("a", "railway.variable.worker/API_SECRET", WORKER, "railway.variable.worker/API_SECRET_PREVIOUS"),
    )
    assert found.units == (API, WORKER)
    assert found.parts == ("value",)


def test_api_and_worker_hold_one_secret_over_two_stacks(tmp_path: Path) -> None:
    base = """\
account: acme
railway:
  project: {lv: {name: legacyvideo}}
  environment: {production: {project: lv}}
"""
    one = "account: acme\nuses: [base]\nrailway:\n  service: {%s: {project: lv}}\n  instance:\n"
    one += "    %s: {service: %s, environment: production, variables: {API_SECRET: {secret: api-secret}}}\n"
    tree = loaded(
        tmp_path,
        base=base,
        api=one % ("api", "api", "api") + f"secrets:\n  api-secret: {GENERATED}\n",
        worker=one % ("worker", "worker", "worker"),
    )
    found = tree.secrets["api-secret"]
    assert (found.stack, [each.stack for each in found.consumers]) == ("api", ["api", "worker"])
    assert found.units == (place("api", "railway.instance.api"), place("worker", "railway.instance.worker"))
    second = Address.parse("railway.variable.worker/API_SECRET_PREVIOUS")
    assert second in tree.stacks["worker"].declared
    assert second not in tree.stacks["api"].declared


def test_the_second_value_is_declared_beside_and_is_nothing_the_stack_said(tmp_path: Path) -> None:
    spec = loaded(tmp_path, a=one_secret(GENERATED)).stacks["a"]
    first, second = (Address.parse(f"railway.variable.api/{name}") for name in ("KEY", "KEY_PREVIOUS"))
    one = spec.declared[second]
    assert (one.beside, one.resource.rotated, one.resource.only_seen) == (first, True, True)
    assert one.resource.keys() == (("legacyvideo/production/api", "KEY_PREVIOUS"),)
    assert (one.covers, one.at, one.needs) == ((), spec.declared[first].at, spec.declared[first].needs)
    assert [each.address for each in spec.said if each.address.kind == "variable"] == [first]


@pytest.mark.parametrize(
    ("entry", "variable", "previous"),
    [
        (GENERATED, "{secret: s}", "KEY_PREVIOUS"),
        (GENERATED, "{secret: s, previous: KEY_OLD}", "KEY_OLD"),
        (GENERATED, "{secret: s, previous: none}", None),
        ("{strategy: migrate, generate: {bytes: 32}, hook: h}", "{secret: s}", "KEY_PREVIOUS"),
        ("{strategy: replace, generate: {bytes: 32}}", "{secret: s}", None),
        ("{strategy: replace, generate: {bytes: 32}}", "{secret: s, previous: none}", None),
        ("{strategy: two-key, issue: {post.api-key: {scopes: [a]}}}", "{secret: s}", None),
    ],
)
def test_where_the_second_value_stands(tmp_path: Path, entry: str, variable: str, previous: str | None) -> None:
    (found,) = secret(tmp_path, entry, variable).consumers
    assert found.previous == (Address.parse(f"railway.variable.api/{previous}") if previous else None)


def test_parts_go_to_variables_of_their_own(tmp_path: Path) -> None:
    held = "ACCESS: {secret: jwt, part: access}, REFRESH: {secret: jwt, part: refresh}"
    secrets = "jwt: {strategy: replace, generate: {access: {bytes: 32}, refresh: {bytes: 48}}}"
    found = loaded(tmp_path, a=legacyvideo(held, "", secrets)).secrets["jwt"]
    assert [(each.address.leaf, each.part) for each in found.consumers] == [
        ("ACCESS", "access"),
        ("REFRESH", "refresh"),
    ]
    assert found.units == (API,)


def test_what_starts_for_a_variable_on_vercel_is_its_project(tmp_path: Path) -> None:
    text = f"""\
account: acme
vercel:
  project: {{site: {{}}}}
  variables:
    site:
      KEY: {{secret: s, targets: [production]}}
      KEY_OF_PREVIEWS: {{name: KEY, secret: s, targets: [preview]}}
secrets: {{s: {GENERATED}}}
"""
    found = loaded(tmp_path, a=text)
    site = place("a", "vercel.project.site")
    assert found.secrets["s"].consumers == (
        consumer("a", "vercel.variable.site/KEY", site, "vercel.variable.site/KEY_PREVIOUS"),
        consumer("a", "vercel.variable.site/KEY_OF_PREVIEWS", site, "vercel.variable.site/KEY_OF_PREVIEWS_PREVIOUS"),
    )
    second = found.stacks["a"].declared[Address.parse("vercel.variable.site/KEY_OF_PREVIEWS_PREVIOUS")].resource
    assert second.keys()[0] == ("site", "KEY_PREVIOUS", "preview", "")


def test_what_starts_may_be_named_by_a_field(tmp_path: Path) -> None:
    text = "account: acme\nforge:\n  workflow: {deploy: {}}\n  secret: {KEY: {secret: s, workflow: deploy}}\n"
    found = loaded(tmp_path, a=text + f"secrets: {{s: {GENERATED}}}\n").secrets["s"]
    assert found.units == (place("a", "forge.workflow.deploy"),)


def test_a_value_that_starts_nothing_reaches_nothing(tmp_path: Path) -> None:
    text = f"account: acme\nforge:\n  secret: {{KEY: {{secret: s}}}}\nsecrets: {{s: {GENERATED}}}\n"
    found = only(tmp_path, a=text)
    assert (found.line, found.hint) == (3, "say it by `workflow`")


def test_a_shared_variable_has_a_consumer_for_each_instance_that_reads_it(tmp_path: Path) -> None:
    reads = 'KEY: "${{shared.KEY}}", KEY_PREVIOUS: "${{ shared.KEY_PREVIOUS }}"'
    found = loaded(tmp_path, a=shared(reads, reads)).secrets["s"]
    assert [str(each) for each in found.consumers] == [
        "a railway.shared-variable.production/KEY for railway.instance.api",
        "a railway.shared-variable.production/KEY for railway.instance.worker",
    ]
    assert found.units == (API, WORKER)
    assert len({each.place for each in found.consumers}) == 1


def test_an_instance_that_reads_no_second_value_is_told(tmp_path: Path) -> None:
    both = 'KEY: "${{shared.KEY}}", KEY_PREVIOUS: "${{shared.KEY_PREVIOUS}}"'
    text = shared(both, 'KEY: "${{shared.KEY}}"')
    found = only(tmp_path, a=text)
    assert found.path == "railway.instance.worker.variables.KEY"
    assert found.message == "reads `KEY` and not `KEY_PREVIOUS`, where the second accepted value stands"
    alone = 'KEY: "${{shared.KEY}}"'
    assert loaded(tmp_path, a=shared(alone, alone, "{secret: s, previous: none}")).secrets["s"].units == (API, WORKER)


def test_a_shared_variable_that_nothing_reads_is_told(tmp_path: Path) -> None:
    found = only(tmp_path, a=shared('OTHER: "${{shared.KEY_2}}"', ""))
    assert found.message == "nothing declared reads `KEY`"


@pytest.mark.parametrize(
    "form", ["value: x", "literal: x, because: y", "from_env: SOMETHING", "exists: true"], ids=lambda form: form[:7]
)
def test_a_value_beside_a_secret_is_refused_with_both_places(tmp_path: Path, form: str) -> None:
    text = legacyvideo(f"\n  KEY: {{\n    secret: s,\n    {form}}}", "", f"s: {GENERATED}")
    found = only(tmp_path, a=text)
    key = form.partition(":")[0]
    assert (found.line, found.path) == (line_of(text, form), f"railway.instance.api.variables.KEY.{key}")
    assert found.message.startswith(f"`{key}` beside `secret` (stacks/a.yaml:{line_of(text, 'secret: s')})")


def test_a_value_from_a_base_is_refused_where_it_stands(tmp_path: Path) -> None:
    base = "railway: {instance: {api: {variables: {KEY: {value: x}}}}}\n"
    found = only(tmp_path, _base=base, a="extends: base\n" + one_secret(GENERATED))
    assert found.file == "stacks/_base.yaml"
    assert "stacks/a.yaml:" in found.message


@pytest.mark.parametrize(
    ("previous", "declared"), [("", "KEY_PREVIOUS"), (", previous: OLD", "OLD"), (", previous: KEY", "KEY")]
)
def test_a_stack_that_declares_the_second_value_is_told_both_places(
    tmp_path: Path, previous: str, declared: str
) -> None:
    other = f"\n  {declared}: {{value: x}}," if declared != "KEY" else ""
    text = legacyvideo(f"{other}\n  KEY: {{secret: s{previous}}}", "", f"s: {GENERATED}")
    found = only(tmp_path, a=text)
    assert found.line == line_of(text, f"{declared}: ")
    held = f"railway.variable.api/KEY (stacks/a.yaml:{line_of(text, 'KEY: {secret')})"
    assert found.message == f"stands where {held} holds its second value while it rotates"


def test_two_secrets_have_no_second_value_in_common(tmp_path: Path) -> None:
    held = "ONE: {secret: s, previous: OLD}, TWO: {secret: t, previous: OLD}"
    found = only(tmp_path, a=legacyvideo(held, "", f"s: {GENERATED}\nt: {GENERATED}"))
    assert found.path == "railway.instance.api.variables.TWO"
    assert "stands in OLD too" in found.message


@pytest.mark.parametrize(
    ("variable", "path", "message", "hint"),
    [
        ("{secret: t}", "secret", "no secret `t`", "valid here: `s`"),
        ("{secret: s, part: valeu}", "part", "no part `valeu`: secret `s` has parts value", "did you mean `value`?"),
        ("{secret: s, previous: not-a-name}", "previous", "`not-a-name` is no name for a variable", "`none`"),
        ("{secret: [s]}", "secret", "must be a valid string, not a list", ""),
    ],
)
def test_a_variable_that_names_what_is_not_there_is_told(
    tmp_path: Path, variable: str, path: str, message: str, hint: str
) -> None:
    text = legacyvideo(f"KEY: {variable}", HELD.replace("api-secret", "s"), f"s: {GENERATED}")
    found = only(tmp_path, a=text)
    assert found.path == f"railway.instance.api.variables.KEY.{path}"
    assert (found.message, hint in found.hint) == (message, True)


def test_which_part_is_told_where_there_are_several(tmp_path: Path) -> None:
    secrets = "s: {strategy: replace, generate: {access: {bytes: 32}, refresh: {bytes: 32}}}"
    found = only(tmp_path, a=legacyvideo("KEY: {secret: s}", "", secrets))
    assert found.message == "secret `s` has parts access, refresh: say which"


def test_a_second_value_that_the_strategy_never_needs_is_told(tmp_path: Path) -> None:
    found = only(tmp_path, a=one_secret("{strategy: replace, generate: {bytes: 32}}", "{secret: s, previous: OLD}"))
    assert found.message == "`replace` of secret `s` leaves no second value here"


@pytest.mark.parametrize("word", ["part", "previous"])
def test_part_and_previous_say_nothing_without_a_secret(tmp_path: Path, word: str) -> None:
    found = only(tmp_path, a=legacyvideo(f"KEY: {{exists: true, {word}: x}}", ""))
    assert found.message == "`part` and `previous` are for {secret: name}"


def test_a_secret_that_nothing_holds_is_told(tmp_path: Path) -> None:
    found = only(tmp_path, a=legacyvideo("", "", f"s: {GENERATED}"))
    assert (found.path, found.message) == ("secrets.s", "nothing holds secret `s`")


def test_a_person_may_be_reminded_of_what_no_field_holds(tmp_path: Path) -> None:
    text = legacyvideo("", "", "s: {strategy: manual, every: 90d, by_hand: {steps: [change it]}}")
    assert loaded(tmp_path, a=text).secrets["s"].consumers == ()


def test_what_is_wrong_with_a_secret_is_not_told_again_at_its_consumers(tmp_path: Path) -> None:
    found = refused(tmp_path, a=legacyvideo(HELD, HELD, "api-secret: {strategy: overlap, generate: {bytes: 1}}"))
    assert [one.path for one in found] == ["secrets.api-secret.generate.bytes"]


def test_a_reference_to_a_rotated_value_is_refused(tmp_path: Path) -> None:
    text = legacyvideo("KEY: {secret: s}", 'COPY: "${railway.variable.api/KEY.value}"', f"s: {GENERATED}")
    assert only(tmp_path, a=text).message == "`${railway.variable.api/KEY.value}` has no declared value"


def test_the_second_value_is_called_as_its_platform_writes_names(tmp_path: Path) -> None:
    text = "account: acme\nforge:\n  workflow: {deploy: {}}\n"
    text += "  secret: {key: {secret: s, workflow: deploy, previous: old_key}}\n"
    spec = loaded(tmp_path, a=text + f"secrets: {{s: {GENERATED}}}\n").stacks["a"]
    names = [getattr(one.resource, "name", "") for one in spec.declared.values() if one.resource.rotated]
    assert names == ["KEY", "OLD_KEY"]
