"""Every address of the resolver, and what comes of a request to it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from django.urls import Resolver404, URLPattern, URLResolver, get_resolver, resolve

from billing.services import redis as redis_service
from tests.access.world import World
from tests.support.pages import FRAGMENT

if TYPE_CHECKING:
    from django.test.client import _MonkeyPatchedWSGIResponse as Answer

LOGIN = "account_login"
FILES = ("calls_file", "export_ask", "export_file", "export_end")


@dataclass(frozen=True, kw_only=True)
class Step:
    page: str
    about: str
    address: str
    role: str
    method: str
    expected: str
    data: dict[str, str] | None = None
    fragment: bool = False


def every_url(patterns: Iterable[Any] | None = None, route: str = "", space: str = "") -> Iterator[str]:
    """Names with their namespaces; the whole route of what has no name."""
    for pattern in get_resolver().url_patterns if patterns is None else patterns:
        inner = f"{route}{pattern.pattern}"
        if isinstance(pattern, URLResolver):
            names = f"{space}{pattern.namespace}:" if pattern.namespace else space
            yield from every_url(pattern.url_patterns, inner, names)
        elif isinstance(pattern, URLPattern):
            yield f"{space}{pattern.name}" if pattern.name else inner


def surprises(world: World, steps: Iterable[Step]) -> list[str]:
    return [
        f"{step.method} {step.page} of {step.about} as {step.role}"
        f"{' (fragment)' if step.fragment else ''}: {found}, not {step.expected}"
        for step in steps
        if (found := _outcome(_take(world, step))) != step.expected
    ]


def _take(world: World, step: Step) -> Answer:
    client = world.client(step.role)
    headers = FRAGMENT if step.fragment else {}
    if step.method == "GET":
        answer = client.get(step.address, headers=headers)
    else:
        answer = client.post(step.address, step.data or {}, headers=headers)
    if step.page in FILES:
        answer.getvalue()  # the client closes a file once it was read
        forget_steps()
    if step.page.endswith("logout"):
        del world.clients[step.role]
    return answer


def forget_steps() -> None:
    """Towards files: one person takes more of these steps here than anybody may in a minute."""
    redis = redis_service.connection()
    for key in redis.scan_iter("guesses:export:*"):
        redis.delete(key)


def _outcome(answer: Answer) -> str:
    """In the words of the table."""
    target = answer.headers.get("HX-Redirect") or answer.headers.get("Location")
    if target:
        return "login" if _name(target) == LOGIN else f"→{_name(target)}"
    if answer.status_code != 200:
        return str(answer.status_code)
    return "refused" if _has_errors(answer) else "page"


def _name(address: str) -> str:
    path = urlsplit(address).path
    try:
        found = resolve(path)
    except Resolver404:
        return address
    return found.view_name if found.url_name else path


def _has_errors(answer: Answer) -> bool:
    context: Any = answer.context
    if context is None:
        return False
    shown = context.get("form") or getattr(context.get("adminform"), "form", None)
    return shown is not None and shown.is_bound and not shown.is_valid()
