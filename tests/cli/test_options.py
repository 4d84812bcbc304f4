"""Options that are wrong are told at once, by name, and never look like nothing to do."""

import pytest

from reconcile.sandbox.world import World

from .conftest import WWW, Command, Repository


@pytest.mark.parametrize("option", ["--target", "--exclude"])
def test_an_address_that_nobody_knows_is_refused(option: str, world: World, trueup: Command) -> None:
    told = trueup("plan", option, "cloudflare.record.main/wwww")
    assert told.code == 1
    assert "declared in no stack" in told.err
    assert WWW in told.err


def test_what_is_owned_and_declared_no_more_may_be_a_target(
    applied: World, repository: Repository, trueup: Command
) -> None:
    file = repository.root / "stacks/web.yaml"
    file.write_text("".join(line for line in file.read_text().splitlines(True) if "note:" not in line))
    told = trueup("plan", "--target", "cloudflare.record.main/note", "--detailed-exitcode", "--json")
    assert told.code == 2
    assert [one["verb"] for one in told.json["changes"]] == ["delete"]


@pytest.mark.parametrize("option", ["--out", "--log-file"])
def test_a_file_that_cannot_be_written_is_one_clear_error(option: str, world: World, trueup: Command) -> None:
    told = trueup("plan", option, "no/such/folder/file")
    assert told.code == 1
    assert told.err.startswith("error: no/such/folder/file: No such file or directory\n")


@pytest.mark.parametrize("more", [("--stack", "web"), ("--all",), ("--target", WWW), ("--drift-only",)], ids=" ".join)
def test_a_plan_file_takes_no_other_choice(more: tuple[str, ...], world: World, trueup: Command) -> None:
    assert trueup("plan", "--out", "p.json").code == 0
    told = trueup("apply", "p.json", *more)
    assert told.code == 1
    assert "a PLANFILE says itself what it is about" in told.err
    assert not world.shelf("cloudflare", "acme", "record")


def test_what_is_held_is_told_with_the_way_to_release_it(
    applied: World, repository: Repository, trueup: Command
) -> None:
    stack = repository.root / "stacks/web.yaml"
    mail = '      mail: {name: "@", type: MX, content: mx.example.net, priority: 10}\n'
    stack.write_text(stack.read_text().replace("      note:", mail + "      note:"))
    assert trueup("apply", "--all", "--yes").code == 0
    stack.write_text(stack.read_text().replace("mx.example.net", "mx2.example.net"))
    assert "apply FILE --approve" in trueup("apply", "--all", "--yes").out
    told = trueup("plan", "--out", "p.json")
    assert told.code == 11
    assert "2 API calls to apply" in told.out
    assert trueup("apply", "p.json", "--approve").code == 0
    assert trueup("plan", "--detailed-exitcode").code == 0


def test_an_error_of_several_lines_keeps_them_set_in(world: World, trueup: Command) -> None:
    told = trueup("sandbox", "fault", "cloudflare", "502 nonsense")
    assert told.code == 1
    assert "\\n" not in told.err
    assert "\n    KIND [before|after]" in told.err


def test_forget_tells_one_document_of_what_it_forgot_and_where_that_is_still_declared(
    applied: World, trueup: Command
) -> None:
    told = trueup("forget", WWW, "--json", "--no-color")
    assert (told.code, told.json) == (11, {"schema": "trueup.forget/1", "forgotten": [], "exit": 11})
    told = trueup("forget", WWW, "--yes", "--json")
    assert told.code == 0 and told.json == {
        "schema": "trueup.forget/1",
        "forgotten": [{"stack": "web", "address": WWW, "declared_at": "stacks/web.yaml:7"}],
        "exit": 0,
    }


@pytest.mark.parametrize("words", [("adopt", "--all"), ("forget", WWW, "--yes"), ("import", "cloudflare", "--stdout")])
def test_whatever_waits_or_colours_can_be_told_not_to(words: tuple[str, ...], applied: World, trueup: Command) -> None:
    told = trueup(*words, "--no-color")
    assert told.code == 0, told.err
    assert "\x1b" not in told.out + told.err
