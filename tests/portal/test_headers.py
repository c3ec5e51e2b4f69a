"""What every answer carries, so that a browser helps to keep people safe."""

from __future__ import annotations

import pytest
from django.test import Client

from tests.support.processes import PRODUCTION, manage
from tests.support.raw import as_sent

HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Embedder-Policy": "require-corp",
}


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["/account/login/", "/a/unknown/", "/no/page/", "/healthz", "/staff/login/"])
def test_every_answer_is_locked_to_the_portal_itself(client: Client, path: str) -> None:
    answer = client.get(path)

    assert {name: answer.headers.get(name) for name in HEADERS} == HEADERS
    assert "no-store" in answer.headers["Cache-Control"]
    assert "camera=()" in answer.headers["Permissions-Policy"]


@pytest.mark.django_db
def test_the_policy_starts_from_nothing_and_lets_nothing_inline(client: Client) -> None:
    policy = client.get("/account/login/").headers["Content-Security-Policy"]
    rules = dict(rule.strip().split(" ", 1) for rule in policy.split(";"))

    assert rules["default-src"] == rules["base-uri"] == rules["frame-ancestors"] == "'none'"
    assert rules["script-src"] == rules["style-src"] == rules["form-action"] == "'self'"
    assert "unsafe" not in policy


@pytest.mark.django_db
def test_htmx_is_kept_to_what_the_policy_allows(client: Client) -> None:
    page = as_sent(client.get("/account/login/").content)

    for switched_off in ('"allowEval":false', '"allowScriptTags":false', '"includeIndicatorStyles":false'):
        assert switched_off in page
    assert '"historyCacheSize":0' in page
    assert '"selfRequestsOnly":true' in page


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["/account/login/", "/a/unknown/", "/healthz"])
def test_nothing_answers_to_trace(client: Client, path: str) -> None:
    assert "echo me" not in as_sent(client.trace(path, headers={"X-Secret": "echo me"}).content)


def test_over_https_cookies_are_the_hosts_alone_and_browsers_stay_with_https() -> None:
    names = ("SESSION_COOKIE_NAME", "CSRF_COOKIE_NAME", "BROWSER_COOKIE_NAME", "SESSION_COOKIE_SECURE")
    more = ("CSRF_COOKIE_SECURE", "SESSION_COOKIE_HTTPONLY", "SESSION_COOKIE_SAMESITE", "SECURE_HSTS_SECONDS")
    code = f"from django.conf import settings; print([getattr(settings, name) for name in {names + more}])"
    told = manage("shell", "-v", "0", "-c", code, **PRODUCTION).stdout

    cookies = ["__Host-session", "__Host-csrf", "__Host-browser", True, True, True, "Lax", 31536000]
    assert told.splitlines()[-1] == str(cookies)
