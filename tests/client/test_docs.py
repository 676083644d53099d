import doctest
from types import ModuleType

import pytest

import verikit.client
from verikit.client import answers, clients
from verikit.commands.verify import cli as verify


@pytest.mark.parametrize(
    "module", [verikit.client, answers, clients, verify], ids=lambda m: m.__name__
)
def test_the_examples_in_the_docs_hold(module: ModuleType) -> None:
    outcome = doctest.testmod(module)
    assert outcome.attempted
    assert not outcome.failed


def test_everything_public_is_told() -> None:
    for name in verikit.client.__all__:
        if name != "Photo":  # an alias, told where it is made
            assert getattr(verikit.client, name).__doc__
