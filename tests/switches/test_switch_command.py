"""Adding and changing a switch by `manage.py switch`."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from accounts.models import AuditAction, AuditEntry, Switch
from simulator.process import SimulatorProcess
from tests.support.commands import run
from tests.support.factories import TopUpFactory

pytestmark = pytest.mark.django_db
READS = {
    "GetCustomer",
    "GetAllCustomers",
    "GetPayHistory",
    "GetConsumption",
    "GetCdr",
    "GetReportCustomerFee",
    "GetFeeRate",
    "GetSuiteOrder",
    "GetSuite",
    "GetPhoneCard",
}


def test_a_switch_is_added_with_what_is_named_and_sound_defaults() -> None:
    ran = run(
        "switch", "main", "https://switch.example:8443", "--timezone", "Asia/Shanghai", "--currency=CNY", "--json"
    )
    assert (ran.code, ran.data) == (
        0,
        {
            "switch": "main",
            "url": "https://switch.example:8443",
            "timezone": "Asia/Shanghai",
            "currency": "CNY",
            "operations": [],
        },
    )
    switch = Switch.objects.get()
    assert (switch.sure_refusals, switch.suffix, switch.ca_file, switch.fingerprint) == ([-10007], "", "", "")


def test_only_what_is_named_changes() -> None:
    run("switch", "main", "http://a.example", "--timezone=Asia/Shanghai", "--budget=2.5", "--refusals=-10007,-10010")
    assert run("switch", "main", "http://b.example", "--suffix", ".jsp").code == 0
    switch = Switch.objects.get()
    assert (switch.url, switch.suffix, switch.time_zone) == ("http://b.example", ".jsp", "Asia/Shanghai")
    assert (switch.requests_per_second, switch.sure_refusals) == (Decimal("2.5"), [-10007, -10010])


def test_for_people_it_says_what_stands_in_one_line() -> None:
    assert run("switch", "main", "http://a.example").out == "main: http://a.example, UTC, USD\n"


def test_one_pin_takes_the_place_of_the_other(tmp_path: Path) -> None:
    pem = tmp_path / "ca.pem"
    pem.touch()
    assert run("switch", "main", "https://a.example", "--ca-file", str(pem)).code == 0
    assert run("switch", "main", "https://a.example", "--fingerprint", "ab:" * 31 + "ab").code == 0
    switch = Switch.objects.get()
    assert (switch.ca_file, switch.fingerprint) == ("", "ab:" * 31 + "ab")


def test_no_refusal_can_be_sure() -> None:
    assert run("switch", "main", "http://a.example", "--refusals=").code == 0
    assert Switch.objects.get().sure_refusals == []


LIMITS = {
    "--limit=500": ("topup_limit", Decimal(500)),
    "--limit-per-user=2000": ("daily_limit_per_user", Decimal(2000)),
    "--limit-per-account=750.5": ("daily_limit_per_account", Decimal("750.5")),
    "--fresh-login-above=99": ("fresh_login_above", Decimal(99)),
    "--places=4": ("topup_places", 4),
    "--no-voucher-cards": ("voucher_cards", False),
    "--warn-within=60": ("warn_within", timedelta(minutes=1)),
    "--sending-deadline=120": ("sending_deadline", timedelta(minutes=2)),
    "--settling-time=900": ("settling_time", timedelta(minutes=15)),
    "--clean-looks=5": ("clean_looks", 5),
    "--first-look=2": ("first_look_after", timedelta(seconds=2)),
    "--look-factor=3": ("look_factor", 3),
    "--longest-look-pause=30": ("longest_look_pause", timedelta(seconds=30)),
    "--call-days-kept=400": ("call_days_kept", 400),
    "--failed-look-pause=20": ("failed_look_pause", timedelta(seconds=20)),
}


def test_limits_and_the_times_of_doubt_are_settings() -> None:
    assert run("switch", "main", "http://a.example", *LIMITS).code == 0
    switch = Switch.objects.get()
    assert {field: getattr(switch, field) for field, _ in LIMITS.values()} == dict(LIMITS.values())


def test_a_limit_is_taken_away_by_an_empty_value() -> None:
    run("switch", "main", "http://a.example", *LIMITS)
    optional = ("limit-per-user", "limit-per-account", "fresh-login-above", "places", "call-days-kept")
    assert run("switch", "main", "http://a.example", *(f"--{name}=" for name in optional)).code == 0
    switch = Switch.objects.get()
    limits = (switch.daily_limit_per_user, switch.daily_limit_per_account, switch.fresh_login_above)
    assert (*limits, switch.topup_places, switch.call_days_kept) == (None, None, None, None, None)
    assert switch.topup_limit == 500


@pytest.mark.parametrize(("currency", "places"), [("USD", 2), ("JPY", 0), ("KWD", 3), ("CLF", 4), ("XAF", 0)])
def test_unless_set_amounts_have_the_places_of_the_currency(currency: str, places: int) -> None:
    run("switch", "main", "http://a.example", "--currency", currency)
    assert Switch.objects.get().places == places
    run("switch", "main", "http://a.example", "--places=6")
    assert Switch.objects.get().places == 6


@pytest.mark.parametrize(
    "options",
    [
        ["main", "http://a.example", "--places=7"],
        ["main", "http://a.example", "--places=two"],
        ["main", "http://a.example", "--limit=0"],
        ["main", "http://a.example", "--limit="],
        ["main", "http://a.example", "--limit-per-user=-1"],
        ["main", "http://a.example", "--fresh-login-above=-1"],
        ["main", "http://a.example", "--warn-within=90000"],
        ["main", "http://a.example", "--settling-time=soon"],
        ["main", "http://a.example", "--first-look=61"],
        ["main", "http://a.example", "--first-look=0"],
        ["main", "http://a.example", "--look-factor=0"],
        ["main", "http://a.example", "--longest-look-pause=99999999999999"],
        ["main", "ftp://a.example"],
        ["main", "http://user:word@a.example"],
        ["main", "no address"],
        ["not a name", "http://a.example"],
        ["main", "http://a.example", "--timezone", "Mars/Olympus"],
        ["main", "http://a.example", "--timezone", "localtime"],
        ["main", "http://a.example", "--currency", "dollars"],
        ["main", "http://a.example", "--suffix", "jsp/../"],
        ["main", "http://a.example", "--directory", "/external/../server"],
        ["main", "http://a.example", "--directory", "a b"],
        ["main", "http://a.example/external_new/server", "--directory", "/external/server"],
        ["main", "http://a.example", "--content-type", "json"],
        ["main", "http://a.example", "--content-type", "text/html\r\nX: y"],
        ["main", "http://a.example", "--quiet-hours", "8-20"],
        ["main", "http://a.example", "--quiet-hours", "08:00-08:00"],
        ["main", "http://a.example", "--longest-range", "0"],
        ["main", "http://a.example", "--longest-range", "many"],
        ["main", "http://a.example", "--call-days-kept=0"],
        ["main", "http://a.example", "--call-days-kept=40000"],
        ["main", "http://a.example", "--call-days-kept=long"],
        ["main", "http://a.example", "--budget", "0"],
        ["main", "http://a.example", "--budget", "-1"],
        ["main", "http://a.example", "--budget", "NaN"],
        ["main", "http://a.example", "--budget", "much"],
        ["main", "http://a.example", "--budget", "1e30"],
        ["main", "http://a.example", "--refusals", "no"],
        ["main", "http://a.example", "--refusals=99999999999999"],
        ["main", "http://a.example", "--fingerprint", "abc"],
        ["main", "http://a.example", "--ca-file", "/nowhere/ca.pem"],
        ["main", "http://a.example", "--extra-body", "/nowhere/body.json"],
        ["main"],
        [],
    ],
)
def test_what_cannot_be_is_bad_use_and_changes_nothing(options: list[str]) -> None:
    ran = run("switch", *options, "--json")
    assert (ran.code, ran.out) == (2, "")
    assert ran.err.strip()
    assert "Traceback" not in ran.err
    assert not Switch.objects.exists()


@pytest.mark.parametrize("content", ["[1]", "not json", '"text"', b"\xff\xfe"])
def test_an_extra_body_is_a_json_object(tmp_path: Path, content: str | bytes) -> None:
    body = tmp_path / "body.json"
    body.write_bytes(content if isinstance(content, bytes) else content.encode())
    ran = run("switch", "main", "http://a.example", "--extra-body", str(body))
    assert ran.code == 2
    assert str(body) in ran.err
    assert not Switch.objects.exists()


def test_a_bad_change_leaves_the_switch_as_it_was() -> None:
    run("switch", "main", "http://a.example")
    assert run("switch", "main", "http://b.example", "--timezone", "Mars/Olympus").code == 2
    assert Switch.objects.get().url == "http://a.example"


def test_the_calendar_and_currency_of_a_switch_in_use_stay() -> None:
    run("switch", "main", "http://a.example", "--timezone", "Asia/Shanghai")
    TopUpFactory.create(account__switch=Switch.objects.get())
    for option, value in (("--timezone", "UTC"), ("--currency", "CNY")):
        ran = run("switch", "main", "http://b.example", option, value)
        assert ran.code == 2
        assert f"This stays {'Asia/Shanghai' if value == 'UTC' else 'USD'}" in ran.err
    assert run("switch", "main", "http://a.example", "--timezone", "Asia/Shanghai", "--currency=USD").code == 0
    switch = Switch.objects.get()
    assert (switch.url, switch.time_zone, switch.currency) == ("http://a.example", "Asia/Shanghai", "USD")


def test_a_switch_without_accounts_gets_another_calendar() -> None:
    run("switch", "main", "http://a.example")
    assert run("switch", "main", "http://a.example", "--timezone", "Asia/Tokyo").code == 0
    assert Switch.objects.get().time_zone == "Asia/Tokyo"


def test_a_probe_names_the_operations_that_answer(simulator: SimulatorProcess) -> None:
    ran = run("switch", "demo", simulator.url, "--probe", "--json")
    assert ran.code == 0
    assert set(ran.data["operations"]) == READS
    assert simulator.control.received("Pay") == []


def test_a_probe_of_an_older_build_leaves_out_what_it_does_not_have() -> None:
    with SimulatorProcess("--quiet-world", "--version", "2.1.4") as older:
        operations = set(run("switch", "old", older.url, "--probe", "--json").data["operations"])
    assert "GetCustomer" in operations
    assert operations < READS


def test_a_probe_of_a_dead_switch_still_keeps_the_switch() -> None:
    ran = run("switch", "main", "http://127.0.0.1:9", "--probe", "--json")
    assert (ran.code, ran.data["operations"]) == (0, [])
    assert Switch.objects.exists()


def test_the_routing_of_calls_is_kept_only_once_an_operator_says_so_and_that_is_on_record() -> None:
    kept = []
    for option in ((), ("--keep-routing",), (), ("--no-keep-routing",)):
        assert run("switch", "main", "http://a.example", *option).code == 0
        kept.append(Switch.objects.get().keep_routing)
    assert kept == [False, True, True, False]
    changed = AuditEntry.objects.filter(action=AuditAction.CHANGED).order_by("id")
    assert [list(entry.changes) for entry in changed] == [["keep_routing"], ["keep_routing"]]
