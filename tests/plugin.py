"""Loaded before Django's settings: gives the test run its own PostgreSQL and Redis where the environment names none."""

from __future__ import annotations

import contextlib
import os

import pytest
from xdist.remote import Producer
from xdist.scheduler import LoadFileScheduling

from portal import local

_services = contextlib.ExitStack()

# They run the whole portal, which is heavy: one of them after another.
OF_THE_DEMO = ("tests/browser/", "tests/portal/test_demo.py")


class FilesTogether(LoadFileScheduling):  # type: ignore[misc]  # xdist ships no types
    """A file's tests stay on one worker, and all that run a demo too."""

    def _split_scope(self, nodeid: str) -> str:
        return "demo" if nodeid.startswith(OF_THE_DEMO) else super()._split_scope(nodeid)


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> FilesTogether:
    # xdist's own groups are not seen by this pytest, whose node ids xdist cannot mark any more.
    return FilesTogether(config, log)


@pytest.hookimpl(tryfirst=True)
def pytest_load_initial_conftests() -> None:
    os.environ["DEBUG"] = "1"
    os.environ.pop("PUBLIC_URL", None)
    # WhiteNoise warns where nothing was collected yet; the tests take static files from where they stand.
    static = local.FOLDER / "test" / "static"
    static.mkdir(parents=True, exist_ok=True)
    os.environ["STATIC_ROOT"] = str(static)
    if "PYTEST_XDIST_WORKER" not in os.environ:
        _services.enter_context(local.services(local.FOLDER / "test", shared=True))


def pytest_unconfigure() -> None:
    _services.close()
