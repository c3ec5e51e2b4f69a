"""Settings are read by a start of `manage.py` each time: they end it when they are wrong."""

from __future__ import annotations

import re
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import pytest

import portal.settings
from tests.support.demo import CHECKOUT
from tests.support.processes import PRODUCTION
from tests.support.starts import Manage, many_starts


@pytest.fixture(scope="module")
def manage() -> Iterator[Manage]:
    with many_starts() as manage:
        yield manage


def test_the_deployment_check_has_nothing_to_say_of_production(manage: Manage) -> None:
    checked = manage("check", "--deploy", "--fail-level", "DEBUG", **PRODUCTION)

    assert checked.returncode == 0, checked.stderr
    assert "no issues" in checked.stdout


@pytest.mark.parametrize("name", ["SECRET_KEY", "DATABASE_URL", "REDIS_URL"])
def test_a_missing_variable_is_one_plain_line(manage: Manage, name: str) -> None:
    checked = manage("check", **{key: value for key, value in PRODUCTION.items() if key != name})

    assert checked.returncode == 1
    assert checked.stderr.strip() == f"The environment variable {name} is wrong or missing: it must be set."


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SECRET_KEY", "short"),
        ("DATABASE_URL", "mysql://host/db"),
        ("DATABASE_URL", "postgresql://host"),
        ("REDIS_URL", "http://redis"),
        ("ALLOWED_HOSTS", ""),
        ("PUBLIC_URL", "portal.example.com"),
        ("EMAIL_URL", "mail.example.com"),
        ("PORT", "80a"),
        ("WORKER_CONCURRENCY", "0"),
        ("LOG_LEVEL", "LOUD"),
        ("DEBUG", "perhaps"),
        ("BEHIND_PROXY", "-1"),
        ("SWITCH_NETWORKS", "10.0.0.0/33"),
        ("PDF_FONTS", "/no/such/folder"),
        ("CALL_RETENTION_MONTHS", "2"),
        ("CALL_RETENTION_MONTHS", "-3"),
    ],
)
def test_a_wrong_variable_is_one_plain_line(manage: Manage, name: str, value: str) -> None:
    checked = manage("check", **{**PRODUCTION, name: value})

    assert checked.returncode == 1
    assert checked.stderr.startswith(f"The environment variable {name} is wrong or missing: ")
    assert checked.stderr.count("\n") <= 1


@pytest.mark.parametrize(
    ("changes", "name"),
    [
        ({"PAYMENT_PROVIDER": "paypal"}, "PAYMENT_PROVIDER"),
        ({"PAYMENT_PROVIDER": "demo"}, "PAYMENT_PROVIDER"),
        ({"PAYMENT_PROVIDER": "stripe"}, "STRIPE_SECRET_KEY"),
        ({"PAYMENT_PROVIDER": "stripe", "STRIPE_SECRET_KEY": "pk_live_1"}, "STRIPE_SECRET_KEY"),
        ({"PAYMENT_PROVIDER": "stripe", "STRIPE_SECRET_KEY": "sk_live_1"}, "STRIPE_WEBHOOK_SECRET"),
    ],
)
def test_a_provider_of_payments_that_cannot_be_used_ends_the_start(
    manage: Manage, changes: dict[str, str], name: str
) -> None:
    checked = manage("check", **PRODUCTION, **changes)

    assert checked.returncode == 1
    assert checked.stderr.startswith(f"The environment variable {name} is wrong or missing: ")


def test_a_provider_of_payments_that_can_be_used_starts(manage: Manage) -> None:
    stripe = {"PAYMENT_PROVIDER": "stripe", "STRIPE_SECRET_KEY": "sk_live_1", "STRIPE_WEBHOOK_SECRET": "whsec_1"}
    assert manage("check", **PRODUCTION, **stripe).returncode == 0
    assert (
        manage("check", **{**PRODUCTION, "PUBLIC_URL": "http://localhost:8000", "PAYMENT_PROVIDER": "demo"}).returncode
        == 0
    )


def test_a_secret_may_stand_in_a_mounted_file(manage: Manage, tmp_path: Path) -> None:
    secret = tmp_path / "secret_key"
    secret.write_text(f"{PRODUCTION['SECRET_KEY']}\n")
    others = {key: value for key, value in PRODUCTION.items() if key != "SECRET_KEY"}

    told = manage(
        "shell",
        "-c",
        "from django.conf import settings; print(settings.SECRET_KEY)",
        **others,
        SECRET_KEY_FILE=str(secret),
    )
    assert told.stdout.splitlines()[-1] == PRODUCTION["SECRET_KEY"]
    missing = manage("check", **others, SECRET_KEY_FILE=str(tmp_path / "nowhere"))
    assert missing.returncode == 1
    assert missing.stderr.startswith(
        "The environment variable SECRET_KEY is wrong or missing: The value of SECRET_KEY_FILE"
    )


def test_every_setting_of_a_part_is_gathered() -> None:
    folder = CHECKOUT / "portal" / "settings"
    parts = [import_module(f"portal.settings.{file.stem}") for file in folder.glob("*.py") if file.stem != "__init__"]
    said = {name for part in parts for name in vars(part) if name.isupper()} - {"NONE", "SELF"}
    assert said == {name for name in vars(portal.settings) if name.isupper()}


def test_the_example_lists_every_variable_that_is_read() -> None:
    read = re.compile(r"""env\.\w+\(\s*["']([A-Z_]+)["']|environ(?:\.get\(|\[)["']([A-Z_]+)["']""")
    portal = CHECKOUT / "portal"
    programs = (portal / name for name in ("gunicorn.py", "celery.py", "healthcheck.py"))
    sources = [*(portal / "settings").glob("*.py"), *programs]
    names = {first or second for source in sources for first, second in read.findall(source.read_text())}
    listed = set(re.findall(r"^#?([A-Z_]+)=", (CHECKOUT / ".env.example").read_text(), re.MULTILINE))
    compose = set(re.findall(r"\$\{([A-Z_]+)", (CHECKOUT / "docker-compose.yml").read_text()))

    assert listed == names | compose
