"""What is read of an account, and what hides it."""

import pytest

from reconcile.model.observation import Container, Scope
from reconcile.model.secret import SecretText
from reconcile.platforms.vercel import Check, Domain, Project, Variable, Vercel, Webhook

from .bench import PERSON, TEAM, Bench, domain, look, make, project, seen, variable, webhook

VARIABLES = "/v10/projects/*/env"


@pytest.fixture
def bench() -> Bench:
    return Bench()


@pytest.fixture
def vercel(bench: Bench) -> Vercel:
    """A personal account with the project `web`."""
    bench.by_hand("project", "web")
    return bench.vercel()


def live(vercel: Vercel, title: str) -> Variable:
    found = seen(vercel, Variable)[title].resource
    assert isinstance(found, Variable)
    return found


def test_an_empty_account_is_read_and_says_whose_it_is(bench: Bench) -> None:
    for account, id in (("acme", PERSON), ("crew", TEAM)):
        told = look(bench.vercel(account), account)
        assert (told.seen, told.gaps, told.account_id) == ((), (), id)
        assert Container(Project.kind) in told.read and Container(Webhook.kind) in told.read


def test_nothing_asked_is_nothing_read(bench: Bench) -> None:
    told = bench.vercel().observe(Scope("acme", frozenset()))
    assert (told.seen, told.read, bench.calls()) == ((), frozenset(), [])


def test_a_project_tells_whose_it_is_without_another_call(bench: Bench, vercel: Vercel) -> None:
    told = vercel.observe(Scope("acme", frozenset({Container(Project.kind)})))
    assert told.account_id == PERSON and len(bench.calls()) == 1


def test_every_call_of_a_team_names_it_and_none_of_a_person_does(bench: Bench) -> None:
    bench.by_hand("project", "web", "crew")
    bench.by_hand("domain", "web.example", "crew", project="web")
    look(bench.vercel("crew"), "crew")
    assert len(bench.calls()) == 6 and all(f"teamId={TEAM}" in call for call in bench.calls())
    bench.world.clear_calls()
    look(bench.vercel())
    assert bench.calls() and not any("teamId" in call for call in bench.calls())


def test_a_team_that_the_token_does_not_open_is_a_missing_right(bench: Bench) -> None:
    told = look(bench.vercel("crew", id="team_other"), "crew")
    assert {gap.exit_code for gap in told.gaps} == {17} and all(gap.right for gap in told.gaps)
    assert "under scope" in told.gaps[0].reason


def test_a_dead_token_and_a_missing_right_are_told_apart_though_both_are_403(bench: Bench, vercel: Vercel) -> None:
    dead = look(bench.vercel(token="nobody"))
    assert {(gap.exit_code, gap.right) for gap in dead.gaps} == {(14, "")}
    bench.fault(f"403 GET {VARIABLES}")
    (gap,) = look(vercel).gaps
    assert (gap.kind, gap.container, gap.exit_code, bool(gap.right)) == (Variable.kind, "web", 17, True)


def test_hidden_variables_of_production_are_a_gap_over_that_projects_variables_alone(
    bench: Bench, vercel: Vercel
) -> None:
    bench.by_hand("project", "blog")
    for where in ("web", "blog"):
        bench.by_hand("variable", "A", project=where, value="1")
    bench.edit("project", "web", hiddenProductionEnvCount="1")
    told = look(vercel)
    (gap,) = told.gaps
    assert (gap.kind, gap.container, gap.exit_code) == (Variable.kind, "web", 17) and gap.reason.startswith(
        "1 variable"
    )
    assert Container(Variable.kind, "blog") in told.read and Container(Domain.kind, "web") in told.read
    assert [one.resource.container() for one in told.seen if one.kind == Variable.kind] == ["blog"]


def test_a_sensitive_value_is_never_read_and_its_writing_is_noticed(bench: Bench, vercel: Vercel) -> None:
    bench.by_hand("variable", "TOKEN", project="web", value="hush", type="sensitive")
    before = live(vercel, "web TOKEN production")
    assert before.value is None and before.prints() == {} and before.touched_at()
    bench.edit("variable", "TOKEN", value="hush again")
    assert live(vercel, "web TOKEN production").touched_at() > before.touched_at()


def test_an_encrypted_value_is_read_and_one_that_the_listing_leaves_encrypted_by_its_id(
    bench: Bench, vercel: Vercel
) -> None:
    bench.by_hand("variable", "A", project="web", value="1", type="encrypted")
    for more in (0, 1):
        bench.world.clear_calls()
        found = live(vercel, "web A production").value
        assert isinstance(found, SecretText) and found.is_same("1")
        assert len(bench.calls("GET", "/v1/projects/")) == more
        bench.edit("project", "web", undecrypted="true")


def test_one_name_may_stand_for_several_targets_and_branches(bench: Bench, vercel: Vercel) -> None:
    bench.by_hand("variable", "A", project="web", value="1")
    bench.by_hand("variable", "A", project="web", value="2", target="preview,development")
    bench.by_hand("variable", "A", project="web", value="3", target="preview", gitBranch="next")
    assert sorted(seen(vercel, Variable)) == [
        "web A preview next",
        "web A preview+development",
        "web A production",
    ]


@pytest.mark.parametrize(
    ("kind", "name", "fields", "whose"),
    [
        ("variable", "A", {"configurationId": "icfg_1"}, "an integration"),
        ("domain", "web.vercel.app", {}, "Vercel"),
        ("check", "build", {"sourceKind": "vercel"}, "Vercel"),
    ],
)
def test_what_others_made_is_known_as_theirs(
    bench: Bench, vercel: Vercel, kind: str, name: str, fields: dict[str, str], whose: str
) -> None:
    bench.by_hand(kind, name, project="web")
    if fields:
        bench.edit(kind, name, **fields)
    (found,) = [one for one in look(vercel).seen if one.kind == f"vercel.{kind}"]
    assert found.managed == whose


def test_what_stands_in_a_renamed_project_is_found_under_the_stacks_name_for_it(bench: Bench, vercel: Vercel) -> None:
    bench.by_hand("variable", "A", project="web", value="1")
    (id,) = bench.world.shelf("vercel", "acme", "project")
    bench.edit("project", "web", name="site")
    scope = frozenset({Container(Project.kind), Container(Variable.kind, "web")})
    told = vercel.observe(Scope("acme", scope, frozenset({(Project.kind, "web", id)})))
    assert {(one.kind, one.key[0]) for one in told.seen} == {(Project.kind, "site"), (Variable.kind, "web")}
    unknown = vercel.observe(Scope("acme", scope))
    assert [one.kind for one in unknown.seen] == [Project.kind] and unknown.read == scope


def test_a_domain_gives_what_its_records_must_hold(bench: Bench, vercel: Vercel) -> None:
    make(vercel, domain(), domain("www.web.example", redirect="web.example"))
    found = [one.resource for one in seen(vercel, Domain).values()]
    assert all(isinstance(one, Domain) for one in found)
    apex, www = found
    assert isinstance(apex, Domain) and isinstance(www, Domain)
    assert apex.target == www.target and str(apex.target).endswith(".vercel-dns-017.com")
    assert (apex.ipv4, apex.misconfigured, apex.verified) == ("216.198.79.1", True, True)
    assert (apex.verify_name, apex.verify_value) == ("_vercel.web.example", None)


def test_a_domain_of_another_account_asks_for_a_txt_and_says_so(bench: Bench, vercel: Vercel) -> None:
    bench.by_hand("project", "theirs", "crew")
    bench.by_hand("domain", "www.web.example", "crew", project="theirs")
    make(vercel, domain("www.web.example"))
    told = look(vercel)
    (found,) = [one.resource for one in told.seen if isinstance(one.resource, Domain)]
    assert not found.verified and found.verify_name == "_vercel.web.example"
    assert str(found.verify_value).startswith("vc-domain-verify=www.web.example,")
    assert told.notes == ("www.web.example is not verified: Vercel waits for a TXT at _vercel.web.example",)
    bench.edit("domain", "www.web.example", verified="true")
    assert look(vercel).notes == ()


def test_the_state_of_the_latest_production_deployment_is_told(bench: Bench, vercel: Vercel) -> None:
    bench.edit("project", "web", readyState="ERROR")
    (found,) = [one.resource for one in seen(vercel, Project).values()]
    assert isinstance(found, Project) and found.deployment == "ERROR"


@pytest.mark.parametrize("moved", ["", "one is gone", "one is new"])
def test_domains_come_in_pages_and_pages_that_move_hide_them(
    bench: Bench, vercel: Vercel, monkeypatch: pytest.MonkeyPatch, moved: str
) -> None:
    monkeypatch.setattr(Vercel, "per_page", 2)
    for number in range(5):
        bench.by_hand("domain", f"n{number}.example", project="web")
    shelf = bench.world.shelf("vercel", "acme", "domain")

    def move(number: int, moment: str) -> None:
        if moment == "before" and "until=" in str(bench.world.calls()[-1]["path"]) and len(shelf) == 5:
            first, rest = shelf["n0.example"], {host: one for host, one in shelf.items() if host != "n0.example"}
            shelf.clear()
            shelf.update(rest if moved == "one is gone" else {"new.example": {**first, "name": "new.example"}, **rest})
            shelf.update({} if moved == "one is gone" else {"n0.example": first})

    bench.world.on_call = move if moved else None
    told = look(vercel)
    gaps = [gap for gap in told.gaps if gap.kind == Domain.kind]
    assert bool(gaps) == bool(moved) and all("page shifted" in gap.reason for gap in gaps)
    assert moved or len([one for one in told.seen if one.kind == Domain.kind]) == 5


def test_two_webhooks_of_one_address_and_projects_hide_them(bench: Bench, vercel: Vercel) -> None:
    for _ in range(2):
        bench.by_hand("webhook", "https://hooks.example.com/a", events="deployment.error")
    (gap,) = look(vercel).gaps
    assert gap.kind == Webhook.kind and "more than one webhook" in gap.reason


@pytest.mark.parametrize(("fault", "exit_code"), [("401", 14), ("403", 17), ("500", 17), ("truncate after", 17)])
@pytest.mark.parametrize(
    ("kind", "path"), [(Webhook, "/v1/webhooks"), (Check, "/v2/projects/*/checks"), (Domain, "/v6/domains/*/config")]
)
def test_a_listing_that_fails_is_a_gap_of_its_own(
    bench: Bench, vercel: Vercel, fault: str, exit_code: int, kind: type, path: str
) -> None:
    make(vercel, domain())
    word, _, when = fault.partition(" ")
    bench.fault(f"{word} {when} GET {path} times=always")
    told = look(vercel)
    assert [(gap.kind, gap.exit_code) for gap in told.gaps] == [(kind.kind, exit_code)]  # type: ignore[attr-defined]
    assert kind.kind not in {one.kind for one in told.read}  # type: ignore[attr-defined]


def test_a_project_linked_elsewhere_is_read(bench: Bench, vercel: Vercel) -> None:
    for host in ("gitlab", "bitbucket"):
        make(vercel, project(host, git={"repo": "example/site", "branch": "main", "type": host}))
        found = seen(vercel, Project)[host].resource
        assert isinstance(found, Project) and found.git is not None
        assert (found.git.type, found.git.repo, found.git.branch) == (host, "example/site", "main")


def test_a_webhook_names_its_projects(bench: Bench, vercel: Vercel) -> None:
    (made,) = make(vercel, webhook(projects=["web"]))
    assert isinstance(made.resource, Webhook) and made.resource.secret is not None
    (found,) = [one.resource for one in seen(bench.vercel(), Webhook).values()]
    assert isinstance(found, Webhook) and (found.projects, found.secret) == (("web",), None)


def test_a_variable_made_by_hand_carries_no_mark_and_ours_does(bench: Bench, vercel: Vercel) -> None:
    make(vercel, variable())
    bench.by_hand("variable", "B", project="web", value="1", comment="by a person")
    owners = {one.key[1]: one.owner for one in look(vercel).seen if one.kind == Variable.kind}
    assert str(owners["API"]) == "trueup:library/test/x" and owners["B"] is None
