"""Finding out by `manage.py switch --probe` how a switch wants to be asked, and saying what is wrong."""

from __future__ import annotations

import json
from ipaddress import ip_network
from pathlib import Path

import pytest
from pytest_django import Settings

from accounts.models import AuditEntry, Switch
from simulator.process import SimulatorProcess
from tests.support.certificates import Identity, make_identity
from tests.support.commands import Ran, run
from tests.support.rawserver import RawServer, Reply, reply

pytestmark = pytest.mark.django_db
HTML = "<html><body>Welcome</body></html>"


def probe(url: str, *options: str) -> Ran:
    return run("switch", "main", url, *options, "--probe", "--json")


def codes(ran: Ran) -> list[str]:
    return [finding["code"] for finding in ran.data["findings"]]


def said(ran: Ran) -> str:
    return " ".join(finding["text"] for finding in ran.data["findings"])


@pytest.fixture(scope="module")
def identity(tmp_path_factory: pytest.TempPathFactory) -> Identity:
    return make_identity(tmp_path_factory.mktemp("tls"), "switch", address="127.0.0.1")


@pytest.mark.parametrize(
    ("variant", "fields"),
    [
        (["--suffix=.jsp"], {"suffix": ".jsp"}),
        (["--directory=/external_new/server"], {"directory": "/external_new/server"}),
        (["--content-type=text/plain"], {"content_type": "text/plain;charset=UTF-8"}),
        (["--content-type=application/json"], {"content_type": "application/json;charset=UTF-8"}),
        (
            ["--directory=/external_new/server", "--suffix=.jsp", "--content-type=text/plain"],
            {"directory": "/external_new/server", "suffix": ".jsp", "content_type": "text/plain;charset=UTF-8"},
        ),
        (["--directory=/external/test/server"], {"directory": "/external/test/server"}),
    ],
)
def test_how_it_wants_to_be_asked_is_found_by_reads_alone_and_kept(variant: list[str], fields: dict[str, str]) -> None:
    with SimulatorProcess("--quiet-world", *variant) as odd:
        ran = probe(odd.url)
        assert set(odd.control.stats().requests) <= {name for name in odd.control.stats().requests if name[:3] == "Get"}
    assert (ran.code, ran.data["answers"], ran.data["chosen"]) == (0, True, fields)
    assert len(ran.data["operations"]) == 10
    switch = Switch.objects.get()
    assert {name: getattr(switch, name) for name in fields} == fields
    assert set(fields) <= set(AuditEntry.objects.get().changes)


def test_what_answers_as_it_is_set_is_left_so(simulator: SimulatorProcess) -> None:
    ran = probe(simulator.url)
    assert (ran.data["chosen"], codes(ran)[0]) == ({}, "way.answers")
    assert f"{simulator.url}/external/server/GetCustomer" in said(ran)


def test_people_read_what_was_chosen_and_why() -> None:
    with SimulatorProcess("--quiet-world", "--suffix=.jsp") as odd:
        out = run("switch", "main", odd.url, "--probe").out
    assert f"It answers at {odd.url}/external/server/GetCustomer.jsp: nothing else that was tried did." in out
    assert "Answering: GetCustomer, " in out


def test_a_directory_of_any_name_is_a_setting() -> None:
    with SimulatorProcess("--quiet-world", "--directory=/of/ours") as odd:
        named = run("switch", "one", odd.url, "--directory=of/ours/", "--probe", "--json")
        within = run("switch", "two", f"{odd.url}/of/ours/", "--probe", "--json")
    assert named.data["answers"]
    assert within.data["answers"]
    assert named.data["chosen"] == within.data["chosen"] == {}
    assert Switch.objects.get(name="one").directory == "/of/ours"


def test_an_address_with_a_directory_of_another_name_is_found_at_the_right_one(simulator: SimulatorProcess) -> None:
    ran = probe(f"{simulator.url}/external_old/server")
    assert ran.data["chosen"] == {"url": simulator.url}


def test_fields_that_a_build_wants_are_asked_for_and_may_be_given(tmp_path: Path) -> None:
    body = tmp_path / "body.json"
    body.write_text(json.dumps({"loginName": "portal"}))
    with SimulatorProcess("--quiet-world", "--suffix", ".jsp", "--extra-field", "loginName=portal") as behind:
        plain = probe(behind.url)
        given = probe(behind.url, "--extra-body", str(body))
        bodies = [request.body for request in behind.control.received("GetCustomer")]
    assert codes(plain)[:2] == ["way.answers_elsewhere", "way.wants_fields"]
    assert "--extra-body" in said(plain)
    assert codes(given)[0] == "way.answers"
    assert {"accounts": ["portal-probe"], "loginName": "portal"} in bodies
    assert "portal-probe" not in given.out, "what a body holds is not printed"


def test_an_address_that_is_not_let_in_is_told() -> None:
    with SimulatorProcess("--quiet-world", "--allow=192.0.2.1") as closed:
        ran = probe(closed.url)
    assert (ran.code, ran.data["answers"], codes(ran)) == (0, False, ["way.blocked"])
    assert "Web Access Control" in said(ran)


def test_a_directory_that_was_renamed_is_told_with_those_that_were_tried() -> None:
    with SimulatorProcess("--quiet-world", "--directory=/of/ours") as odd:
        ran = probe(odd.url)
    assert codes(ran) == ["way.no_directory"]
    assert "/external/server, /external_new/server, /external/test/server" in said(ran)


def test_the_older_interface_is_told_and_gets_no_field_of_ours(tmp_path: Path) -> None:
    body = tmp_path / "body.json"
    body.write_text(json.dumps({"password": "open sesame"}))
    with SimulatorProcess("--quiet-world", "--pages-alone") as older:
        ran = probe(older.url, "--extra-body", str(body))
    assert codes(ran) == ["way.older"]
    assert "/thirdparty" in said(ran)


@pytest.mark.parametrize("answer", [reply(HTML), reply("")])
def test_something_else_that_answers_is_no_switch(answer: Reply) -> None:
    with RawServer(*[answer] * 100) as other:
        ran = probe(other.url)
    assert codes(ran) == ["way.unreadable"]


def test_no_connection_is_told_and_the_switch_is_kept() -> None:
    ran = probe("http://127.0.0.1:9")
    assert (ran.code, ran.data["operations"], codes(ran)) == (0, [], ["way.not_reached"])
    assert "127.0.0.1:9" in said(ran)
    assert Switch.objects.exists()


def test_an_address_that_no_switch_may_have_is_told(simulator: SimulatorProcess, settings: Settings) -> None:
    settings.SWITCH_NETWORKS = (ip_network("192.0.2.0/24"),)
    assert codes(probe(simulator.url)) == ["way.out_of_reach"]


def test_tls_where_none_was_asked_for_is_told_with_the_fingerprint_and_nothing_is_sent(identity: Identity) -> None:
    with SimulatorProcess("--tls-cert", str(identity.file), "--tls-key", str(identity.key_file)) as secured:
        ran = probe(secured.url.replace("https:", "http:"))
        assert secured.control.stats().total == 0
    assert codes(ran) == ["way.no_pin"]
    assert identity.fingerprint.upper() in said(ran)
    assert Switch.objects.get().fingerprint == "", "what is shown is not trusted"


def test_tls_is_chosen_where_the_pin_is_known_already(identity: Identity) -> None:
    with SimulatorProcess("--tls-cert", str(identity.file), "--tls-key", str(identity.key_file)) as secured:
        ran = probe(secured.url.replace("https:", "http:"), "--fingerprint", identity.fingerprint)
    assert codes(ran)[:2] == ["way.speaks_tls", "way.answers"]
    assert Switch.objects.get().url == secured.url


def test_a_wrong_pin_is_told_with_what_is_shown_instead(identity: Identity) -> None:
    with SimulatorProcess("--tls-cert", str(identity.file), "--tls-key", str(identity.key_file)) as secured:
        ran = probe(secured.url, "--fingerprint", "ab:" * 31 + "ab")
        assert secured.control.stats().total == 0
    assert codes(ran) == ["way.wrong_pin"]
    assert identity.fingerprint.upper() in said(ran)


def test_a_port_without_tls_is_never_spoken_to_in_clear(simulator: SimulatorProcess) -> None:
    ran = probe(simulator.url.replace("http:", "https:"))
    assert codes(ran) == ["way.no_tls"]
    assert simulator.control.stats().total == 0
