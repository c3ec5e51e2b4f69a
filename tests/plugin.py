"""Loaded before Django's settings: gives the test run its own PostgreSQL and Redis where the environment names none."""

from __future__ import annotations

import contextlib
import os

import pytest

from portal import local

_services = contextlib.ExitStack()


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
