"""A real Chromium in front of a whole demo of its own. Without Chromium these tests are skipped, in one line."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, sync_playwright

from tests.browser.walking import Sessions, Walk
from tests.support.chromium import CHROMIUM, QUIET
from tests.support.demo import DemoProcess


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.browser)
            # One worker for all of them: the demo they share is a whole portal.
            item.add_marker(pytest.mark.xdist_group("browser"))
            if CHROMIUM is None:
                item.add_marker(pytest.mark.skip(reason="needs Chromium: apt-get install chromium"))


@pytest.fixture(scope="package")
def chromium() -> Iterator[Browser]:
    # No longer than these tests: while Playwright runs, Django takes its thread for an asynchronous one.
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        yield browser
        browser.close()


@pytest.fixture(scope="package")
def sessions() -> Sessions:
    return {}


@pytest.fixture
def walk(chromium: Browser, demo: DemoProcess, sessions: Sessions) -> Iterator[Callable[..., Walk]]:
    """Start a walk as one of the demo's people: `walk("customer", color_scheme="dark")`."""
    contexts: list[BrowserContext] = []
    walks: list[Walk] = []

    def start(role: str, **options: Any) -> Walk:
        contexts.append(chromium.new_context(**{"viewport": {"width": 1280, "height": 900}, **options}))
        walks.append(Walk(contexts[-1].new_page(), demo.url, demo.people[role], sessions))
        return walks[-1]

    yield start
    complaints = [complaint for walk in walks for complaint in walk.complaints]
    for context in contexts:
        context.close()
    assert complaints == []
