"""Files that a worker prepares: whole, private, and never lost, whatever happens to the worker."""

from __future__ import annotations

import io
import os
import resource
import stat
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from unittest.mock import patch
from zipfile import ZipFile
from zoneinfo import ZoneInfo

import pytest
from django.db import IntegrityError, connection, transaction
from django.db.models import JSONField, Value
from django.http import QueryDict
from django.utils import timezone

from accounts.access import open_account
from accounts.models import Account, User
from billing.call_history.queries import rows as call_rows
from billing.call_history.tables import table_of
from billing.calls.services import partitions
from billing.exports.models import Export, ExportFailure, ExportState, FileKind
from billing.exports.services import files as export_files
from billing.exports.services import requests as export_requests
from billing.exports.services import upkeep as export_upkeep
from billing.exports.services import worker as export_worker
from billing.lib.advisory_locks import Locked, try_lock
from billing.lib.reasons import Because
from billing.lib.snapshots import snapshot_beside
from billing.lib.spreadsheets import csv_of
from billing.rates.models import Rate, RateGroup
from tests.support.factories import AccountFactory, CallFactory, ExportFactory, MembershipFactory
from tests.support.processes import start_worker
from tests.support.waiting import eventually

NOON = datetime(2026, 10, 14, 12, tzinfo=UTC)
KINDS = list(FileKind)
LONG_AGO = timedelta(hours=1)


@pytest.fixture(autouse=True)
def folder(settings: Any, tmp_path: Path) -> Path:
    settings.EXPORT_DIR = tmp_path / "exports"
    return tmp_path / "exports"


@pytest.fixture
def account(transactional_db: None) -> Account:
    partitions.ensure(months=[date(2026, 10, 1)])
    account: Account = AccountFactory.create()
    for minutes in range(12):
        CallFactory.create(account=account, started_at=NOON - timedelta(minutes=minutes), callee=f"=86{minutes}")
    return account


def carry_out(export: Export) -> Export:
    export_worker.carry_out(export_id=export.pk, now=timezone.now())
    export.refresh_from_db()
    return export


@contextmanager
def after_rows(number: int, act: Any) -> Iterator[None]:
    """While a worker reads, `act` is done after so many rows."""
    each = call_rows.each

    def interrupted(**arguments: Any) -> Iterator[call_rows.Row]:
        for place, row in enumerate(each(**arguments)):
            if place == number:
                act()
            yield row

    with (
        patch.object(call_rows, "each", interrupted),
        patch.object(call_rows, "AT_ONCE", 2),
        patch.object(export_worker, "LOOK_AFTER_ROWS", 1),
        patch.object(export_worker, "LOOK_AFTER_SECONDS", -1),
    ):
        yield


@contextmanager
def disk_with_room_for(size: int) -> Iterator[None]:
    """No file of this process may grow larger."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def modes(folder: Path) -> dict[str, int]:
    return {path.name: stat.S_IMODE(path.stat().st_mode) for path in (folder, *folder.iterdir())}


@pytest.mark.parametrize("kind", KINDS)
def test_a_file_holds_every_call_and_is_readable_by_the_portal_alone(
    account: Account, folder: Path, kind: FileKind
) -> None:
    export = carry_out(ExportFactory.create(account=account, kind=kind))

    assert (export.state, export.rows_done, export.rows_total, export.tries) == (ExportState.DONE, 12, 12, 1)
    assert export.ended_at is not None
    assert export.expires_at == export.ended_at + timedelta(hours=24)
    assert modes(folder) == {"exports": 0o700, f"{export.reference}.{kind}": 0o600}
    content = export_files.path_of(export).read_bytes()
    assert export.size == len(content)
    if kind == FileKind.CSV:
        table = export_requests.table(export)
        assert content.decode() == "".join(csv_of(table.columns, table.rows()))
        assert content.count(b"\"'=86") == 12
    else:
        with ZipFile(io.BytesIO(content)) as book:
            assert book.read("xl/worksheets/sheet1.xml").decode().count("<t>=86") == 12


def test_what_comes_and_goes_while_it_is_written_is_not_in_it(account: Account) -> None:
    def change() -> None:
        account.calls.filter(started_at__lt=NOON - timedelta(minutes=9)).delete()
        CallFactory.create(account=account, started_at=NOON - timedelta(hours=1))

    with after_rows(3, change):
        export = carry_out(ExportFactory.create(account=account))
    assert (export.state, export.rows_done) == (ExportState.DONE, 12)


@pytest.mark.parametrize("kind", KINDS)
def test_a_stop_is_seen_while_it_is_written_and_leaves_nothing(account: Account, folder: Path, kind: FileKind) -> None:
    export = ExportFactory.create(account=account, kind=kind)
    with after_rows(3, lambda: export_requests.end(export=export, now=timezone.now())):
        carry_out(export)
    assert (export.state, export.rows_done) == (ExportState.STOPPED, 3)
    assert list(folder.iterdir()) == []
    assert not export_worker.carry_out(export_id=export.pk, now=timezone.now())


def test_what_one_worker_is_at_another_leaves_alone(account: Account) -> None:
    export = ExportFactory.create(account=account)
    with snapshot_beside() as using:
        assert try_lock(Locked.EXPORT, export.pk, using=using)
        with patch("billing.lib.snapshots.BESIDE", "another"):
            assert not export_worker.carry_out(export_id=export.pk, now=timezone.now())
    assert export_worker.carry_out(export_id=export.pk, now=timezone.now())


def test_a_file_of_a_name_that_has_gone_from_the_rates_is_not_one_of_all_calls(account: Account) -> None:
    group = RateGroup.objects.create(switch=account.switch, name=account.rate_group, read_at=timezone.now())
    Rate.objects.create(group=group, prefix="86", area_name="China", fee=Decimal(1), period=60)
    asked = QueryDict("from=2026-10-10&to=2026-10-14&destination=China&least_fee=nothing")
    table = table_of(account=account, asked=asked, zone=ZoneInfo("UTC"), today=NOON.date())
    kept, late = (ExportFactory.create(account=account, asked=table.asked) for _ in range(2))
    assert carry_out(kept).state == ExportState.DONE
    group.delete()
    assert (carry_out(late).state, late.why) == (ExportState.FAILED, Because(ExportFailure.NAME_GONE))


def test_one_persons_files_are_made_one_after_the_other_and_hold_nobody_else_up(account: Account) -> None:
    first = ExportFactory.create(account=account)
    theirs = ExportFactory.create(account=account, asked_by=first.asked_by)
    somebody_elses = ExportFactory.create(account=account)
    begun: list[bool] = []

    def another_worker() -> None:
        # What it makes is not interrupted in its turn.
        with patch("billing.lib.snapshots.BESIDE", "another"), patch.object(call_rows, "each", each):
            now, exports_asked = timezone.now(), (theirs, somebody_elses)
            begun.extend(export_worker.carry_out(export_id=export.pk, now=now) for export in exports_asked)

    each = call_rows.each
    with after_rows(3, another_worker):
        carry_out(first)
    assert begun == [False, True]
    assert export_worker.carry_out(export_id=theirs.pk, now=timezone.now())
    assert set(Export.objects.values_list("state", flat=True)) == {ExportState.DONE}


@pytest.mark.filterwarnings(
    "ignore::pytest.PytestUnraisableExceptionWarning"
)  # a ZipFile that is thrown away complains
@pytest.mark.parametrize("kind", KINDS)
def test_a_full_disk_is_told_and_leaves_nothing(
    account: Account, folder: Path, kind: FileKind, caplog: pytest.LogCaptureFixture
) -> None:
    export = ExportFactory.create(account=account, kind=kind)
    each = call_rows.each
    many = patch.object(call_rows, "each", lambda **asked: (row for row in each(**asked) for _ in range(500)))
    with many, disk_with_room_for(10_000):
        carry_out(export)
    assert (export.state, export.why) == (ExportState.FAILED, Because(ExportFailure.NO_ROOM))
    assert list(folder.iterdir()) == []
    assert "could not be written in EXPORT_DIR" in caplog.text


def test_a_folder_that_cannot_be_written_to_is_told(account: Account, folder: Path) -> None:
    folder.write_text("no folder")
    assert carry_out(ExportFactory.create(account=account)).why == Because(ExportFailure.UNWRITABLE)


@pytest.mark.parametrize("no_reason", [None, Value(None, JSONField())], ids=["nothing", "an empty reason"])
def test_no_file_fails_without_a_reason(account: Account, no_reason: Value | None) -> None:
    export = ExportFactory.create(account=account, state=ExportState.RUNNING)
    failed = {"state": ExportState.FAILED, "ended_at": timezone.now()}
    with pytest.raises(IntegrityError, match="export_failed_says_why"), transaction.atomic():
        Export.objects.filter(pk=export.pk).update(why=no_reason, **failed)


def test_a_sweep_begins_anew_what_a_dead_worker_left_and_gives_up_after_three(account: Account, folder: Path) -> None:
    left = {"account": account, "state": ExportState.RUNNING, "asked_at": timezone.now() - LONG_AGO, "rows_done": 7}
    once, too_often = (ExportFactory.create(tries=tries, **left) for tries in (1, export_worker.MOST_TRIES))
    waiting = ExportFactory.create(account=account, asked_at=timezone.now() - LONG_AGO)
    (folder / f"{once.reference}.1").mkdir(parents=True)
    (folder / f"{once.reference}.1" / "part").write_text("half of it")

    assert export_upkeep.sweep(now=timezone.now()).startswith("3 taken up")

    for export in (once, too_often, waiting):
        export.refresh_from_db()
    assert (once.state, once.rows_done, once.tries) == (ExportState.DONE, 12, 2)
    assert waiting.state == ExportState.DONE
    given_up = Because(ExportFailure.GIVEN_UP, {"times": export_worker.MOST_TRIES})
    assert (too_often.state, too_often.why) == (ExportState.FAILED, given_up)
    assert {path.stem for path in folder.iterdir()} == {once.reference, waiting.reference}


def die(*_: Any, **__: Any) -> None:
    raise SystemExit


def put_in_place_and_die(part: Path, target: Path) -> None:
    os.replace(part, target)  # noqa: PTH105  # the method itself is what this stands for
    die()


@pytest.mark.parametrize(
    "death",
    [
        patch.object(call_rows, "count", die),
        after_rows(5, die),
        patch.object(Path, "replace", put_in_place_and_die),
    ],
    ids=["while it counts", "while it reads", "with the file in place"],
)
def test_wherever_a_worker_ends_the_next_one_makes_one_whole_file(
    account: Account, folder: Path, death: AbstractContextManager[Any]
) -> None:
    export = ExportFactory.create(account=account, asked_at=timezone.now() - LONG_AGO)
    with death, pytest.raises(SystemExit):
        carry_out(export)
    export_upkeep.sweep(now=timezone.now())
    export.refresh_from_db()
    assert (export.state, export.tries, export.rows_done) == (ExportState.DONE, 2, 12)
    assert [path.name for path in folder.iterdir()] == [f"{export.reference}.csv"]
    assert export_files.path_of(export).read_bytes().count(b"\r\n") == 13


def test_pieces_that_are_taken_at_once_are_counted_one_after_the_other(account: Account) -> None:
    user = MembershipFactory.create(account=account).user

    def take(first: str, last: str) -> bool:
        try:
            table = table_of(
                account=account, asked=QueryDict(f"from={first}&to={last}"), zone=ZoneInfo("UTC"), today=NOON.date()
            )
            access = open_account(user, account.public_id)
            export_requests.sent(
                access=access, table=table, kind=FileKind.CSV, rows=0, is_fresh=False, now=timezone.now()
            )
        except export_requests.FreshLoginWanted:
            return False
        finally:
            connection.close()
        return True

    def both_wait() -> bool:
        with connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM pg_locks WHERE NOT granted")
            return bool(cursor.fetchone()[0] == 2)

    with ThreadPoolExecutor(2) as threads:
        with transaction.atomic():
            User.objects.select_for_update().get(pk=user.pk)
            months = [("2026-08-01", "2026-08-31"), ("2026-09-01", "2026-10-01")]
            taken = [threads.submit(take, first, last) for first, last in months]
            assert eventually(both_wait, seconds=20)
        assert sorted(future.result() for future in taken) == [False, True]


def test_a_sweep_removes_what_is_no_longer_kept(account: Account, folder: Path) -> None:
    now = timezone.now()
    kept, expired = (carry_out(ExportFactory.create(account=account)) for _ in range(2))
    Export.objects.filter(pk=expired.pk).update(expires_at=now)
    (folder / "EX-0000000000.csv").write_text("of an export that is not there")
    long_ago = now - export_upkeep.ROWS_KEPT_FOR - timedelta(seconds=1)
    forgotten = ExportFactory.create(account=account, state="sent", asked_at=long_ago, ended_at=long_ago)

    export_upkeep.sweep(now=now)

    expired.refresh_from_db()
    assert expired.state == ExportState.REMOVED
    assert [path.stem for path in folder.iterdir()] == [kept.reference]
    assert not Export.objects.filter(pk=forgotten.pk).exists()


def test_an_export_survives_its_worker(account: Account, own_redis: str) -> None:
    """It is killed while it counts the calls, which somebody else's lock lets it do for long enough."""
    export = ExportFactory.create(account=account, asked_at=timezone.now() - LONG_AGO)

    def is_running() -> bool:
        export.refresh_from_db()
        return export.state == ExportState.RUNNING

    worker = start_worker(own_redis)
    try:
        with transaction.atomic():
            with connection.cursor() as cursor:
                cursor.execute("LOCK TABLE calls_call IN ACCESS EXCLUSIVE MODE")
            export_requests.MAKE_EXPORT.enqueue(export.pk)
            assert eventually(is_running, seconds=30)
            worker.kill()
    finally:
        worker.kill()
        worker.wait(20)

    def is_made_by_a_sweep() -> bool:
        export_upkeep.sweep(now=timezone.now())
        export.refresh_from_db()
        return export.state == ExportState.DONE

    # PostgreSQL notices that the dead worker is gone once it has something to tell it.
    assert eventually(is_made_by_a_sweep, seconds=30)
    assert (export.tries, export.rows_done) == (2, 12)
