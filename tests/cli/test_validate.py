from .conftest import PROJECT, WEB, Command, Repository


def test_it_tells_what_was_read_without_a_ledger_or_credentials(repository: Repository, trueup: Command) -> None:
    told = trueup("validate")
    assert told.code == 0
    assert told.out.startswith("1 stack, 4 resources, 1 ignore rule: all valid\n")
    assert not (repository.root / ".trueup").exists()


def test_all_problems_come_at_once_with_their_places(repository: Repository, trueup: Command) -> None:
    repository.write("stacks/web.yaml", "account: acme\ncloudflare:\n  recods: {}\n")
    repository.write("stacks/other.yaml", "account: acm\n")
    repository.write("policies/broken.py", "raise ValueError('no')\n")
    told = trueup("validate", "--json")
    assert told.code == 1
    assert told.json["schema"] == "trueup.error/1"
    places = {(one["file"], one["line"]) for one in told.json["problems"]}
    assert places == {("stacks/web.yaml", 3), ("stacks/other.yaml", 1), ("policies/broken.py", 0)}
    assert told.err.count("error: ") == 3


def test_rev_reads_the_commit_and_not_the_working_tree(repository: Repository, trueup: Command) -> None:
    commit = repository.commit()
    repository.write("stacks/web.yaml", "account: nobody\n")
    assert trueup("validate").code == 1
    told = trueup("validate", "--rev", "HEAD", "--json")
    assert told.code == 0
    assert told.json["revision"] == commit
    assert told.json["stacks"] == {"web": 4}


def test_covers_that_no_obligation_has_is_a_warning(repository: Repository, trueup: Command) -> None:
    repository.write(
        "docs/coverage/shop.yaml",
        """
        - {id: shop-002, at: DNS, kind: dns, says: "www", "on": cloudflare, hold: declared, work: core}
        """,
    )
    told = trueup("validate")
    assert told.code == 0
    assert "warning: stacks/web.yaml:7: " in told.out
    assert "no obligation has the id 'shop-001'" in told.out
    assert "(nearest: shop-002)" in told.out
    (warning,) = trueup("validate", "--json").json["warnings"]
    assert "shop-001" in warning


def test_without_obligations_covers_is_not_judged(repository: Repository, trueup: Command) -> None:
    assert trueup("validate", "--json").json["warnings"] == []


def test_a_flood_of_problems_is_cut_short_and_counted(repository: Repository, trueup: Command) -> None:
    records = "".join(f"      r{n}: {{type: A, content: nowhere}}\n" for n in range(300))
    zone = "account: acme\ncloudflare:\n  zone: {main: {name: shop.example}}\n  records:\n    main:\n"
    repository.write("stacks/web.yaml", zone + records)
    told = trueup("validate", "--json")
    assert told.code == 1
    assert len(told.json["problems"]) == 200
    assert told.json["problem_count"] == 300
    assert told.err.count("error: ") == 201
    assert "and 100 more of 300 problems" in told.err


def test_what_a_rule_says_of_one_resource_is_told_with_its_place_and_hinders_nothing(
    repository: Repository, trueup: Command
) -> None:
    repository.write("stacks/web.yaml", WEB.replace("content: 192.0.2.1,", "content: 192.0.2.1, ttl: 30,"))
    told = trueup("validate")
    assert told.code == 0
    (warning,) = trueup("validate", "--json").json["warnings"]
    assert warning.startswith("stacks/web.yaml:7: deny by ttl-floor: a TTL of 30 s")
    assert warning.endswith("at cloudflare.record.main/www")


def test_what_a_rotation_would_be_held_for_in_its_midst_is_a_warning(repository: Repository, trueup: Command) -> None:
    repository.write(
        "stacks/keys.yaml",
        """
        account: acme
        secrets:
          s: {strategy: migrate, generate: {bytes: 32}, hook: h, prove: [P0, {P2: "https://nowhere.example/health"}]}
        railway:
          project: {p: {}}
          environment: {e: {project: p}}
          service: {s: {project: p}}
          instance: {s: {service: s, environment: e, variables: {KEY: {secret: s}}}}
        """,
    )
    repository.write("stacks/_project.yaml", f"{PROJECT.rstrip()}\n    railway: {{credentials: {{token: T}}}}\n")
    told = trueup("validate", "--json")
    assert told.code == 0
    hook, probe = (one for one in told.json["warnings"] if "secrets.s" in one)
    assert hook.startswith("stacks/keys.yaml:4: no hook h is registered") and "`migrations:`" in hook
    assert "P2 asks nowhere.example, which no stack declares" in probe


def test_an_account_without_a_credential_is_told_and_no_defect_of_ours(repository: Repository, trueup: Command) -> None:
    repository.write(
        "stacks/_project.yaml",
        """
        project: library
        ledger: {id: 0a1b2c3d, home: .trueup/ledger.db}
        accounts:
          acme: {cloudflare: {}, betterstack: {}}
        """,
    )
    told = trueup("doctor")
    assert told.code == 14
    assert "write `cloudflare: {credentials: {token: NAME_OF_A_VARIABLE}}`" in told.out
