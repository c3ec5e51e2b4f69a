"""Settings with which no switch can be asked are refused for a reason that names the file, if one is to blame."""

from __future__ import annotations

from pathlib import Path

import pytest

from billing.switches.models import SettingReason
from billing.switches.services import clients
from billing.switches.services.clients import SettingsRefused
from billing.vos3000 import SettingFlaw
from tests.support.factories import SwitchFactory
from tests.support.refusals import refused


@pytest.mark.parametrize(
    ("settings", "reason"),
    [
        ({"url": "http://a:x"}, SettingReason.ADDRESS_UNREADABLE),
        ({"url": "ftp://a.example"}, SettingReason.ADDRESS_NOT_HTTP),
        ({"url": "http://a:b@c.example"}, SettingReason.ADDRESS_NOT_PLAIN),
        ({"suffix": "/.."}, SettingReason.SUFFIX),
        ({"fingerprint": "abc"}, SettingReason.FINGERPRINT),
    ],
)
def test_each_flaw_of_a_setting_has_its_reason(settings: dict[str, str], reason: SettingReason) -> None:
    with refused(SettingsRefused, reason):
        clients.check(SwitchFactory.build(**settings))


def test_no_flaw_is_without_words() -> None:
    assert {flaw.name for flaw in SettingFlaw} <= set(SettingReason.names)


def test_a_certificate_that_is_not_there_is_named() -> None:
    with refused(SettingsRefused, SettingReason.FILE_MISSING, file="/nowhere/ca.pem"):
        clients.check(SwitchFactory.build(ca_file="/nowhere/ca.pem"))


def test_a_body_that_is_not_there_is_named_with_the_error() -> None:
    figures = {"file": "/nowhere/body.json", "error": "No such file or directory"}
    with refused(SettingsRefused, SettingReason.FILE_UNREADABLE, **figures):
        clients.check(SwitchFactory.build(extra_body_file="/nowhere/body.json"))


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"[1]", SettingReason.NOT_JSON_OBJECT),
        (b'"text"', SettingReason.NOT_JSON_OBJECT),
        (b"not json", SettingReason.NOT_JSON),
        (b"\xff\xfe", SettingReason.NOT_JSON),
    ],
)
def test_a_body_that_is_no_object_is_named(tmp_path: Path, content: bytes, reason: SettingReason) -> None:
    body = tmp_path / "body.json"
    body.write_bytes(content)
    with refused(SettingsRefused, reason, file=str(body)):
        clients.check(SwitchFactory.build(extra_body_file=str(body)))
