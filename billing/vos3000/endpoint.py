"""Where a switch is and how it wants to be asked."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path
from typing import TypeAlias
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from .allowed_networks import Network
from .errors import NOT_FOUND

Json: TypeAlias = "bool | int | float | str | Sequence[Json] | Mapping[str, Json] | None"

DIRECTORY = "/external/server"
CONTENT_TYPE = "text/html;charset=UTF-8"
SHA256_HEX = re.compile(r"[0-9a-f]{64}")
PLAIN_DIRECTORY = re.compile(r"(/[\w.~-]+)*", re.ASCII)
PLAIN_SUFFIX = re.compile(r"(\.[A-Za-z0-9]+)?")
PLAIN_CONTENT_TYPE = re.compile(r"[\w.+-]+/[\w.+-]+( ?; ?[\w-]+=[\w.-]+)*", re.ASCII)


class SettingFlaw(Enum):
    """What is wrong with how a switch is to be asked."""

    ADDRESS_UNREADABLE = "The address is not readable."
    ADDRESS_NOT_HTTP = "The address is not http://HOST:PORT or https://HOST:PORT."
    ADDRESS_NOT_PLAIN = "The address has a user, a query, a fragment or a space."
    SUFFIX = "The suffix is neither empty nor like .jsp."
    DIRECTORY = "The directory is not like /external/server."
    CONTENT_TYPE = "The content type is not like text/html;charset=UTF-8."
    FINGERPRINT = "The fingerprint is not the SHA-256 of a certificate."


class BadSetting(ValueError):
    """A setting with which no switch can be asked; `flaw` says what is wrong with it."""

    def __init__(self, flaw: SettingFlaw) -> None:
        super().__init__(flaw.value)
        self.flaw = flaw


@dataclass(frozen=True)
class Endpoint:
    """One switch. An operation is asked for by its name between `directory` and `suffix`; times are seconds.

    A `url` that ends with a directory of its own is taken as it is, and `directory` is not put behind it.

    TLS is verified by the system's authorities, by `ca_file`, or by `fingerprint`: the SHA-256 of the switch's own
    certificate in hex, colons optional, which then is all that counts. Nothing is sent to an address outside of
    `networks`, if any is named. `read_timeout` is the longest silence,
    `total_timeout` the longest wait for one whole answer; GetCdr, which the vendor calls slow, has its own two.
    `sure_refusals` are the codes after which a write is surely not done. `extra_body` goes into every request.
    """

    url: str
    time_zone: ZoneInfo
    directory: str = DIRECTORY
    suffix: str = ""
    content_type: str = CONTENT_TYPE
    ca_file: Path | None = None
    fingerprint: str | None = None
    networks: tuple[Network, ...] = ()
    extra_body: Mapping[str, Json] = field(default_factory=dict, repr=False)
    sure_refusals: frozenset[int] = frozenset({NOT_FOUND})
    connect_timeout: float = 3.05
    read_timeout: float = 10.0
    total_timeout: float = 30.0
    cdr_read_timeout: float = 60.0
    cdr_total_timeout: float = 900.0

    def __post_init__(self) -> None:
        _check_url(self.url)
        _check_plain(self.directory, self.suffix, self.content_type)
        if self.fingerprint is not None:
            object.__setattr__(self, "fingerprint", _plain_fingerprint(self.fingerprint))

    @property
    def names_directory(self) -> bool:
        """Whether the address itself ends with a directory."""
        return bool(urlsplit(self.url).path.strip("/"))

    def address(self, operation: str) -> str:
        base = self.url.rstrip("/")
        if not self.names_directory:
            base += self.directory.rstrip("/")
        return f"{base}/{operation}{self.suffix}"


def _check_plain(directory: str, suffix: str, content_type: str) -> None:
    if not PLAIN_DIRECTORY.fullmatch(directory.rstrip("/")) or ".." in directory:
        raise BadSetting(SettingFlaw.DIRECTORY)
    if not PLAIN_SUFFIX.fullmatch(suffix):
        raise BadSetting(SettingFlaw.SUFFIX)
    if not PLAIN_CONTENT_TYPE.fullmatch(content_type):
        raise BadSetting(SettingFlaw.CONTENT_TYPE)


def _check_url(url: str) -> None:
    """Refuse early what could otherwise fail only when a payment is about to leave."""
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError as error:
        raise BadSetting(SettingFlaw.ADDRESS_UNREADABLE) from error
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise BadSetting(SettingFlaw.ADDRESS_NOT_HTTP)
    if parts.username is not None or parts.query or parts.fragment or re.search(r"\s", url):
        raise BadSetting(SettingFlaw.ADDRESS_NOT_PLAIN)


def _plain_fingerprint(fingerprint: str) -> str:
    plain = fingerprint.replace(":", "").strip().lower()
    if not SHA256_HEX.fullmatch(plain):
        raise BadSetting(SettingFlaw.FINGERPRINT)
    return plain
