"""Finding out how a switch wants to be asked: its directory, suffix, content type and TLS, by one harmless read.

The settings as they are come first. Nothing is ever sent where the switch did not prove itself by TLS that it is asked
to speak, and a certificate is never trusted because it was shown.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from enum import Enum, auto
from urllib.parse import urlsplit

from billing.lib.reasons import Because
from billing.switches.services.findings import Finding
from billing.vos3000 import (
    Admission,
    Client,
    Endpoint,
    Malformed,
    OutOfReach,
    SwitchError,
    UnexpectedStatus,
    Unreachable,
    Untrusted,
)
from billing.vos3000.endpoint import CONTENT_TYPE, DIRECTORY
from billing.vos3000.errors import NOT_FOUND
from billing.vos3000.supported_operations import NO_ONE
from billing.vos3000.tls import shown_fingerprint

READ = "GetCustomer"
TRIAL_DIRECTORY = "/external/test/server"
DIRECTORIES = (DIRECTORY, "/external_new/server", TRIAL_DIRECTORY)
SUFFIXES = ("", ".jsp")
CONTENT_TYPES = (CONTENT_TYPE, "application/json;charset=UTF-8", "text/plain;charset=UTF-8")
# Where builds that are too old for this interface have pages with a login instead.
OLDER_DIRECTORIES = ("/thirdparty", "/internal")
FORBIDDEN, ABSENT, OTHER_TYPE = 403, 404, 415


class Outcome(Enum):
    """How one attempt ended."""

    ANSWERED = auto()
    REFUSED = auto()
    BLOCKED = auto()
    ABSENT = auto()
    OTHER_TYPE = auto()
    UNREADABLE = auto()
    ERROR_PAGE = auto()
    UNTRUSTED = auto()
    OUT_OF_REACH = auto()
    NOT_REACHED = auto()
    NO_ANSWER = auto()


FOUND = (Outcome.ANSWERED, Outcome.REFUSED)
NO_WAY = {
    Outcome.NOT_REACHED: Finding.NOT_REACHED,
    Outcome.OUT_OF_REACH: Finding.OUT_OF_REACH,
    Outcome.NO_ANSWER: Finding.NO_ANSWER,
}


@dataclass(frozen=True)
class Attempt:
    """One way to ask, and how that ended; `code` is that of a refusal."""

    endpoint: Endpoint
    outcome: Outcome
    code: int = 0

    @property
    def address(self) -> str:
        return self.endpoint.address(READ)


@dataclass(frozen=True)
class Discovered:
    """The way on which the switch answers, or None; and in both cases what is to be said about it."""

    endpoint: Endpoint | None
    findings: tuple[Because, ...]


def discover(endpoint: Endpoint, admission: Admission) -> Discovered:
    """Try the endpoint as it is, then every other way that is known from the field, until one is answered."""
    first = _try(endpoint, admission)
    if first.outcome in FOUND:
        return Discovered(endpoint, (Because(Finding.ANSWERS, {"address": first.address}), *_fields(first)))
    if _is_about_tls(first):
        return _other_scheme(first, admission)
    if first.outcome in NO_WAY:
        return Discovered(None, (Because(NO_WAY[first.outcome], {"place": _place(endpoint)}),))
    attempts = [first]
    for attempt in _elsewhere(first, admission):
        attempts.append(attempt)
        if attempt.outcome in FOUND and not _is_way_around(attempts):
            return _chosen(endpoint, attempt)
    return Discovered(None, (_why_not(attempts, admission),))


def _is_way_around(attempts: list[Attempt]) -> bool:
    """Whether the directory for trying out answers where the real one does not let this machine in."""
    blocked = any(attempt.outcome is Outcome.BLOCKED for attempt in attempts)
    return blocked and attempts[-1].endpoint.directory == TRIAL_DIRECTORY


def _try(endpoint: Endpoint, admission: Admission) -> Attempt:
    try:
        with closing(Client(endpoint, admission)) as client:
            answer = client.ask(READ, {"accounts": [NO_ONE]})
    except SwitchError as error:
        return Attempt(endpoint, _outcome(error))
    outcome = Outcome.ANSWERED if answer.code in (0, NOT_FOUND) else Outcome.REFUSED
    return Attempt(endpoint, outcome, answer.code)


def _outcome(error: SwitchError) -> Outcome:
    match error:
        case UnexpectedStatus(status=status):
            pages = {FORBIDDEN: Outcome.BLOCKED, ABSENT: Outcome.ABSENT, OTHER_TYPE: Outcome.OTHER_TYPE}
            return pages.get(status, Outcome.ERROR_PAGE)
        case Malformed():
            return Outcome.UNREADABLE
        case Untrusted():
            return Outcome.UNTRUSTED
        case OutOfReach():
            return Outcome.OUT_OF_REACH
        case Unreachable():
            return Outcome.NOT_REACHED
        case _:
            return Outcome.NO_ANSWER


def _fields(attempt: Attempt) -> tuple[Because, ...]:
    return (Because(Finding.WANTS_FIELDS, {"code": attempt.code}),) if attempt.outcome is Outcome.REFUSED else ()


def _is_about_tls(attempt: Attempt) -> bool:
    """Whether the other end may speak TLS where none was tried, or the other way round."""
    if attempt.outcome is Outcome.UNTRUSTED:
        return True
    broken = attempt.outcome in (Outcome.NO_ANSWER, Outcome.ERROR_PAGE)
    return broken and not _is_https(attempt.endpoint) and shown_fingerprint(attempt.endpoint) is not None


def _other_scheme(first: Attempt, admission: Admission) -> Discovered:
    endpoint, shown = first.endpoint, shown_fingerprint(first.endpoint)
    if shown is None:
        return Discovered(None, (Because(Finding.NO_TLS, {"place": _place(endpoint)}),))
    colons = ":".join(shown[at : at + 2] for at in range(0, len(shown), 2)).upper()
    if _is_https(endpoint):
        pinned = endpoint.fingerprint is not None or endpoint.ca_file is not None
        return Discovered(None, (Because(Finding.WRONG_PIN if pinned else Finding.NO_PIN, {"shown": colons}),))
    found = discover(replace(endpoint, url=f"https:{endpoint.url.partition(':')[2]}"), admission)
    if found.endpoint is None:
        return found
    return Discovered(found.endpoint, (Because(Finding.SPEAKS_TLS), *found.findings))


def _elsewhere(first: Attempt, admission: Admission) -> Iterator[Attempt]:
    """Try other content types where the first one was not understood, then each directory and suffix."""
    yield from _other_types(first, admission)
    for endpoint in _layouts(first.endpoint):
        attempt = _try(endpoint, admission)
        yield attempt
        yield from _other_types(attempt, admission)


def _layouts(endpoint: Endpoint) -> Iterator[Endpoint]:
    root = _root(endpoint)
    places = [(endpoint.url, endpoint.directory), *((root, directory) for directory in DIRECTORIES)]
    tried = {endpoint.address(READ)}
    for url, directory in places:
        for suffix in dict.fromkeys((endpoint.suffix, *SUFFIXES)):
            other = replace(endpoint, url=url, directory=directory, suffix=suffix)
            if other.address(READ) not in tried:
                tried.add(other.address(READ))
                yield other


def _other_types(attempt: Attempt, admission: Admission) -> Iterator[Attempt]:
    if attempt.outcome not in (Outcome.OTHER_TYPE, Outcome.UNREADABLE):
        return
    for content_type in CONTENT_TYPES:
        if content_type != attempt.endpoint.content_type:
            yield _try(replace(attempt.endpoint, content_type=content_type), admission)


def _chosen(endpoint: Endpoint, attempt: Attempt) -> Discovered:
    found = attempt.endpoint
    is_same_place = attempt.address == endpoint.address(READ)
    findings = [Because(Finding.ANSWERS if is_same_place else Finding.ANSWERS_ELSEWHERE, {"address": attempt.address})]
    if found.directory == TRIAL_DIRECTORY and not found.names_directory:
        findings.append(Because(Finding.TRIAL_DIRECTORY))
    if found.content_type != endpoint.content_type:
        figures = {"type": found.content_type, "other": endpoint.content_type}
        findings.append(Because(Finding.CONTENT_TYPE, figures))
    return Discovered(found, (*findings, *_fields(attempt)))


def _why_not(attempts: list[Attempt], admission: Admission) -> Because:
    """Say why no way was answered: what came nearest to an answer tells most."""
    by_outcome = {attempt.outcome: attempt for attempt in reversed(attempts)}
    if blocked := by_outcome.get(Outcome.BLOCKED):
        return Because(Finding.BLOCKED, {"address": blocked.address})
    for outcome in (Outcome.UNREADABLE, Outcome.OTHER_TYPE):
        if near := by_outcome.get(outcome):
            return Because(Finding.UNREADABLE, {"address": near.address})
    if older := _older_directory(attempts[0].endpoint, admission):
        return Because(Finding.OLDER, {"directory": older})
    tried = dict.fromkeys(attempt.address.rpartition("/")[0] for attempt in attempts)
    return Because(Finding.NO_DIRECTORY, {"tried": ", ".join(urlsplit(place).path for place in tried)})


def _older_directory(endpoint: Endpoint, admission: Admission) -> str:
    """Find where the older interface has its pages. No field of ours goes there."""
    for directory in OLDER_DIRECTORIES:
        page = replace(endpoint, url=_root(endpoint), directory=directory, suffix=".jsp", extra_body={})
        if _try(page, admission).outcome not in (Outcome.ABSENT, Outcome.ERROR_PAGE):
            return directory
    return ""


def _is_https(endpoint: Endpoint) -> bool:
    return endpoint.url.lower().startswith("https:")


def _root(endpoint: Endpoint) -> str:
    parts = urlsplit(endpoint.url)
    return f"{parts.scheme}://{parts.netloc}"


def _place(endpoint: Endpoint) -> str:
    return urlsplit(endpoint.url).netloc
