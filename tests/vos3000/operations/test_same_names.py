"""The client's operations and the simulator's lie in modules of the same names."""

from __future__ import annotations

import re
from importlib import import_module
from inspect import getsource
from pkgutil import iter_modules

import pytest

from billing.vos3000 import operations
from billing.vos3000.supported_operations import PROBES
from simulator import operations as simulated
from simulator.contract import contract
from simulator.operations import HANDLERS

SUBJECTS = [module.name for module in iter_modules(operations.__path__)]
OPERATION = re.compile(r'"([A-Z]\w+)"')


def asked(subject: str) -> set[str]:
    """The operations that the client's module of this subject sends."""
    named = OPERATION.findall(getsource(import_module(f"{operations.__name__}.{subject}")))
    return set(named) & set(contract().operations)


@pytest.mark.parametrize("subject", SUBJECTS)
def test_the_simulator_does_a_subjects_operations_in_the_module_of_the_same_name(subject: str) -> None:
    here = getsource(import_module(f"{simulated.__name__}.{subject}"))
    named = asked(subject)
    assert named
    for operation in named:
        resource = operation.removeprefix("Get")
        assert f'operation("{operation}")' in here or f'Resource("{resource}"' in here, operation


def test_every_operation_of_the_contract_is_simulated() -> None:
    assert set(HANDLERS) == set(contract().operations)


def test_an_operation_is_sent_by_one_module_alone() -> None:
    every = [operation for subject in SUBJECTS for operation in asked(subject)]
    assert sorted(every) == sorted(set(every))
    assert set(PROBES) <= set(every)


@pytest.mark.parametrize("subject", SUBJECTS)
def test_each_operation_names_its_section_of_the_manual(subject: str) -> None:
    source = getsource(import_module(f"{operations.__name__}.{subject}")).partition("annotations\n")[2]
    for operation in asked(subject):
        section = ".".join(map(str, contract().operations[operation].section))
        assert re.search(rf"\b{re.escape(section)}\)", source), (operation, section)
