from .conftest import Command, Repository


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
