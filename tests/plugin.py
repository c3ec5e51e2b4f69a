"""Loaded before Django's settings: gives the test run its own PostgreSQL and Redis where the environment names none."""

from __future__ import annotations

import contextlib
import gc
import os
import sys

import pytest
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling

from portal import local

_services = contextlib.ExitStack()

# They run the whole portal, or a browser, which are heavy: one of them after another, and they come first.
HEAVY = ("tests/browser/", "tests/portal/test_demo.py", "tests/access/test_policy.py")


class HeavyTogether(LoadScopeScheduling):  # type: ignore[misc]  # xdist ships no types
    """Each worker takes the next test as it gets free; the heavy ones, which share a demo, are all one worker's."""

    def _split_scope(self, nodeid: str) -> str:
        return "heavy" if nodeid.startswith(HEAVY) else nodeid


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> HeavyTogether:
    # xdist's own groups are not seen by this pytest, whose node ids xdist cannot mark any more.
    return HeavyTogether(config, log)


@pytest.hookimpl(tryfirst=True)
def pytest_load_initial_conftests() -> None:
    os.environ["DEBUG"] = "1"
    os.environ.pop("PUBLIC_URL", None)
    # Every worker would write each assertion again, and every program that a test starts would compile the project.
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    sys.dont_write_bytecode = False
    # WhiteNoise warns where nothing was collected yet; the tests take static files from where they stand.
    static = local.FOLDER / "test" / "static"
    static.mkdir(parents=True, exist_ok=True)
    os.environ["STATIC_ROOT"] = str(static)
    if "PYTEST_XDIST_WORKER" not in os.environ:
        _services.enter_context(local.services(local.FOLDER / "test", shared=True))


@pytest.hookimpl(trylast=True)
def pytest_collection_finish() -> None:
    """What is loaded by now stays until the end: to look through it for garbage takes a twentieth of all time."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(10_000, 20, 20)


def pytest_unconfigure() -> None:
    _services.close()
