from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path

import pytest

from accounts.models import Switch
from simulator.process import SimulatorProcess
from tests.billing.commands import run

pytestmark = pytest.mark.django_db
READS = {"GetCustomer", "GetAllCustomers", "GetPayHistory", "GetConsumption", "GetCdr", "GetReportCustomerFee"}


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


@pytest.mark.parametrize(
    "options",
    [
        ["main", "ftp://a.example"],
        ["main", "http://user:word@a.example"],
        ["main", "no address"],
        ["not a name", "http://a.example"],
        ["main", "http://a.example", "--timezone", "Mars/Olympus"],
        ["main", "http://a.example", "--timezone", "localtime"],
        ["main", "http://a.example", "--currency", "dollars"],
        ["main", "http://a.example", "--suffix", "jsp/../"],
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


def test_a_probe_finds_the_operations_behind_a_suffix_and_with_extra_fields(tmp_path: Path) -> None:
    body = tmp_path / "body.json"
    body.write_text(json.dumps({"loginName": "portal"}))
    with SimulatorProcess("--quiet-world", "--suffix", ".jsp", "--extra-field", "loginName=portal") as behind:
        plain = run("switch", "main", behind.url, "--probe", "--json")
        named = run("switch", "main", behind.url, "--suffix=.jsp", "--extra-body", str(body), "--probe", "--json")
    assert plain.data["operations"] == []
    assert set(named.data["operations"]) == READS


def test_a_probe_of_a_dead_switch_still_keeps_the_switch() -> None:
    ran = run("switch", "main", "http://127.0.0.1:9", "--probe", "--json")
    assert (ran.code, ran.data["operations"]) == (0, [])
    assert Switch.objects.exists()
