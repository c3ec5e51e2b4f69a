from collections.abc import Iterator

import pytest

from simulator.process import SimulatorProcess
from tests.simulator.asking import Asking


@pytest.fixture(scope="session")
def quiet_process() -> Iterator[SimulatorProcess]:
    with SimulatorProcess("--quiet-world") as process:
        yield process


@pytest.fixture
def simulator(quiet_process: SimulatorProcess) -> Iterator[SimulatorProcess]:
    """A quiet world, fresh for each test."""
    quiet_process.control.resume()
    quiet_process.control.reset()
    yield quiet_process
    quiet_process.control.resume()


@pytest.fixture
def switch(simulator: SimulatorProcess) -> Asking:
    return Asking(simulator.url)


@pytest.fixture(scope="session")
def odd_process() -> Iterator[SimulatorProcess]:
    """As many other ways of an installation as fit into one."""
    with SimulatorProcess(
        "--quiet-world",
        "--suffix=.jsp",
        "--version=2.1.4",
        "--timezone=Asia/Shanghai",
        "--extra-field=loginName=web",
        "--extra-field=loginPassword=secret",
        "--deduction-sign=1",
        "--day-rule=stop",
        "--empty-lists=keep",
    ) as process:
        yield process
