"""The pages of files that a worker prepares: asked for, watched, stopped, downloaded."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any
from unittest.mock import patch

import pytest
from django.utils import timezone

from accounts.models import AuditAction, AuditEntry, Membership
from billing.exports.models import Export, ExportFailure, ExportState, FileKind
from billing.exports.services import files as export_files
from billing.exports.services import requests as export_requests
from billing.lib.reasons import Because
from tests.support.factories import AccountFactory, ExportFactory, MembershipFactory
from tests.support.logins import logged_in
from tests.support.pages import context, read
from tests.support.raw import as_sent
from tests.support.visitors import Visitor

DAYS = "from=2026-10-10&to=2026-10-14"
PASSWORD = "correct horse battery"


@pytest.fixture
def zoe(db: None) -> Visitor:
    account = AccountFactory.create(balance_at=timezone.now())
    user = MembershipFactory.create(account=account).user
    return Visitor(user, account, logged_in(user))


def export(zoe: Visitor, **fields: Any) -> Export:
    made: Export = ExportFactory.create(account=zoe.account, asked_by=zoe.user, **fields)
    return made


def ready(zoe: Visitor, **fields: Any) -> Export:
    now = timezone.now()
    done = {"state": ExportState.DONE, "rows_done": 2, "rows_total": 2, "size": 4, "ended_at": now}
    row = export(zoe, **done | {"expires_at": now + timedelta(hours=24)} | fields)
    export_files.path_of(row).write_bytes(b"file")
    return row


def ask(zoe: Visitor, asked: str = DAYS, kind: str = "csv") -> Any:
    return zoe.client.post(zoe.page("exports/ask/"), {"asked": asked, "kind": kind})


def shown(zoe: Visitor, row: Export) -> str:
    return read(zoe.client.get(zoe.page(f"exports/{row.reference}/"))).words


def is_looked_at_again(zoe: Visitor, row: Export) -> tuple[bool, bool]:
    """Whether the page asks for itself again, with a script and without one."""
    sent = as_sent(zoe.client.get(zoe.page(f"exports/{row.reference}/")).content)
    return 'hx-trigger="every 2s"' in sent, '<meta http-equiv="refresh" content="5">' in sent


def test_a_file_is_asked_for_and_watched(zoe: Visitor) -> None:
    offered = context(zoe.client.get(f"{zoe.page('exports/')}?{DAYS}&callee=86&after=x"))["table"]
    assert offered.asked == f"{DAYS}&callee=86"
    answer = ask(zoe, f"{DAYS}&callee=86&rubbish=x", "xlsx")
    row = Export.objects.get()
    assert answer["Location"] == zoe.page(f"exports/{row.reference}/")
    assert (row.state, row.kind, row.asked) == (ExportState.WAITING, FileKind.XLSX, f"{DAYS}&callee=86")
    entry = AuditEntry.objects.get(action=AuditAction.EXPORTED)
    assert (entry.user, entry.subject, entry.text) == (
        zoe.user,
        row.reference,
        "Calls of 2026-10-10 to 2026-10-14 as XLSX",
    )
    page = shown(zoe, row)
    assert "It waits for its turn." in page
    assert "Called number begins with 86" in page
    assert is_looked_at_again(zoe, row) == (True, True)
    listed = read(zoe.client.get(zoe.page("exports/"))).links
    assert zoe.page(f"exports/{row.reference}/") in [link.address for link in listed]


def test_it_says_how_far_it_is(zoe: Visitor) -> None:
    now = timezone.now()
    row = export(zoe, state=ExportState.RUNNING, tries=2, rows_done=1200, rows_total=3000, moved_at=now)
    page = shown(zoe, row)
    assert "1,200 of 3,000 calls" in page
    assert "It was interrupted and begun again." in page
    assert "Nothing has moved for a while." not in page
    Export.objects.update(moved_at=now - timedelta(hours=1))
    assert "Nothing has moved for a while." in shown(zoe, row)
    Export.objects.update(rows_done=3000)
    assert "All 3,000 calls are written; the file is being packed." in shown(zoe, row)
    assert "Nothing has moved" not in shown(zoe, row)


def test_the_list_counts_no_calls_of_a_file_that_there_is_not(zoe: Visitor) -> None:
    now = timezone.now()
    row = export(zoe, state=ExportState.RUNNING, rows_done=1200, rows_total=3000, moved_at=now)
    assert "of 3,000 calls" in read(zoe.client.get(zoe.page("exports/"))).words
    Export.objects.filter(pk=row.pk).update(state=ExportState.STOPPED, ended_at=now)
    assert "1,200" not in read(zoe.client.get(zoe.page("exports/"))).words


def test_what_has_ended_is_no_longer_looked_at(zoe: Visitor) -> None:
    now = timezone.now()
    failed = export(zoe, state=ExportState.FAILED, why=Because(ExportFailure.NO_ROOM), ended_at=now)
    for row in (ready(zoe), failed):
        assert is_looked_at_again(zoe, row) == (False, False)
    assert "There was no room left for the file" in shown(zoe, failed)


def test_it_is_downloaded_past_every_cache(zoe: Visitor) -> None:
    row = ready(zoe)
    answer = zoe.client.get(zoe.page(f"exports/{row.reference}/file/"))
    assert answer.getvalue() == b"file"
    assert answer["Content-Disposition"] == 'attachment; filename="calls-2026-10-10-2026-10-14.csv"'
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert "no-store" in answer["Cache-Control"]
    assert AuditEntry.objects.get(action=AuditAction.EXPORTED).text == "The file was downloaded"


def test_a_person_who_lost_the_account_has_no_file_of_it_any_more(zoe: Visitor) -> None:
    row = ready(zoe)
    MembershipFactory.create(account=zoe.account)
    Membership.objects.filter(user=zoe.user).delete()
    assert zoe.client.get(zoe.page(f"exports/{row.reference}/file/")).status_code == 404


def test_what_has_expired_or_is_gone_is_told(zoe: Visitor, caplog: pytest.LogCaptureFixture) -> None:
    expired, gone = ready(zoe, expires_at=timezone.now()), ready(zoe)
    export_files.remove(gone.reference)
    answer = zoe.client.get(zoe.page(f"exports/{expired.reference}/file/"), follow=True)
    assert "There is no file to download here." in read(answer).words
    assert "no longer kept" in read(answer).words
    answer = zoe.client.get(zoe.page(f"exports/{gone.reference}/file/"), follow=True)
    assert "The file is not where it should be." in read(answer).words
    assert "must share EXPORT_DIR" in caplog.text


def test_it_is_stopped_and_removed(zoe: Visitor, django_capture_on_commit_callbacks: Any) -> None:
    waiting, done = export(zoe), ready(zoe)
    with django_capture_on_commit_callbacks(execute=True):
        for row in (waiting, done):
            assert zoe.client.post(zoe.page(f"exports/{row.reference}/end/")).status_code == 302
            row.refresh_from_db()
    assert (waiting.state, done.state) == (ExportState.STOPPED, ExportState.REMOVED)
    assert not export_files.path_of(done).exists()
    assert "It was stopped, and nothing of it is kept." in shown(zoe, waiting)


def test_one_person_has_a_few_at_a_time(zoe: Visitor) -> None:
    for _ in range(export_requests.MOST_UNFINISHED):
        ask(zoe)
    refused = read(zoe.client.get(ask(zoe)["Location"])).words
    assert "3 files are being prepared for you already." in refused
    Export.objects.update(state=ExportState.STOPPED, ended_at=timezone.now())
    with patch.object(export_requests, "MOST_KEPT", 2):
        ready(zoe)
        ready(zoe, expires_at=timezone.now() - timedelta(hours=1))
        ask(zoe)
        assert "2 files are kept for you already." in read(zoe.client.get(ask(zoe)["Location"])).words


def test_more_than_a_month_wants_a_fresh_login_and_is_then_prepared(zoe: Visitor) -> None:
    zoe.user.set_password(PASSWORD)
    zoe.user.save()
    zoe.client.force_login(zoe.user)
    ask(zoe, "from=2026-10-01&to=2026-10-28")
    asked = ask(zoe, "from=2026-10-29&to=2026-11-01")
    assert asked["Location"].startswith("/account/reauthenticate/")
    assert Export.objects.count() == 1
    zoe.client.post(asked["Location"], {"password": PASSWORD}, follow=True)
    row = Export.objects.latest("pk")
    assert (row.first, row.last, row.was_fresh) == (date(2026, 10, 29), date(2026, 11, 1), True)
