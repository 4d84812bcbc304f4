"""What a turn has the lease of."""

from dataclasses import replace

from reconcile.model.resource import Address
from reconcile.model.spec import Place
from reconcile.rotation.turning import stacks_of
from tests.rotation.machine.cases import consumer

from .secrets_of_tests import a_secret


def test_a_stack_that_only_has_what_reads_a_shared_variable_is_leased_too() -> None:
    reader = Place("app", Address("railway", "instance", "api"))
    shared = replace(consumer("api"), stack="base", unit=reader, shared=True)
    secret = replace(a_secret(consumers=(shared,)), stack="keys")
    assert stacks_of([secret]) == {"keys", "base", "app"}
