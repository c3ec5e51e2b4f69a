"""Pages for many top-ups from one file, which is uploaded, looked at, confirmed, and followed."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_safe

from accounts.access import Access
from accounts.actions import Action
from accounts.web import fresh_login
from billing.batches import queries
from billing.batches.forms import BatchConfirmForm, BatchUploadForm
from billing.batches.models import Batch, BatchState
from billing.batches.queries import Progress, RowOutcome, Show
from billing.batches.services import batches as services
from billing.batches.services.batches import BatchRefused
from billing.batches.services.encodings import UnreadableFile
from billing.batches.views.results import results_of
from billing.web.account_page import account_page
from billing.web.links import page_link
from billing.web.rendering import Request, render_account_page
from billing.web.request_limits import EXPORT, TOPUP, throttled

TONES = {
    RowOutcome.READY: "none",
    RowOutcome.WAITING: "none",
    RowOutcome.SENDING: "none",
    RowOutcome.CHECKING: "warn",
    RowOutcome.UNPAID: "bad",
}
KNOWN = gettext_lazy(
    "This file was uploaded before, as %(batch)s on %(at)s. Nothing new was made of it: this is that upload."
)

action = require_http_methods(["GET", "HEAD", "POST"])


@require_safe
@account_page(Action.RESELL)
def batches(request: Request, access: Access) -> HttpResponse:
    return _list(request, access, BatchUploadForm())


@action
@account_page(Action.PAY_BATCHES)
@throttled(TOPUP)
def upload_batch(request: Request, access: Access) -> HttpResponse:
    """Keep the file that was posted. A person who comes back here from a login starts at the form again.

    The same holds for every action below.
    """
    if request.method != "POST":
        return redirect("batches", access.account.public_id)
    form = BatchUploadForm(request.POST, request.FILES)
    if form.is_valid():
        try:
            return _upload(request, access, form)
        except UnreadableFile as error:
            form.refuse(error)
    return _list(request, access, form)


@require_safe
@account_page(Action.RESELL)
def batch(request: Request, access: Access, reference: str) -> HttpResponse:
    now = timezone.now()
    row = _find(access, reference)
    progress = queries.progress(row)
    show = Show(request.GET["show"]) if request.GET.get("show") in Show.values else Show.ALL
    page = queries.page(batch=row, show=show, after=request.GET.get("after", ""))
    context = {
        "batch": row,
        "progress": progress,
        "payable": progress.payable,
        "unpaid": progress.part(RowOutcome.UNPAID),
        "is_doubtful": progress.part(RowOutcome.CHECKING).count > 0,
        "parts": [(part, TONES.get(part.outcome, "")) for part in progress.parts],
        "rows": [(line, TONES.get(line.outcome, "")) for line in page.rows],
        "chips": _chips(request, row, progress, show),
        "following": page_link(request.GET, after=page.following),
        "may_pay": access.may(Action.PAY_BATCHES),
        "polls": not progress.is_final and row.state != BatchState.UPLOADED and not access.as_staff,
        "again_after": "2s" if progress.is_moving else "10s",
        "same_page": f"?{request.GET.urlencode()}",
        **(_to_confirm(access, row, now) if row.state == BatchState.UPLOADED else {}),
    }
    return render_account_page(request, access, "batches/batch.html", context, now=now, fragment="rows")


@action
@account_page(Action.PAY_BATCHES)
@throttled(TOPUP)
def batch_confirm(request: Request, access: Access, reference: str) -> HttpResponse:
    """Confirm a batch. A large sum wants a fresh login; the POST is kept meanwhile, and done after it."""
    row = _find(access, reference)
    total = queries.progress(row).payable.amount
    if request.method == "POST" and row.state == BatchState.UPLOADED and row.agent.switch.wants_fresh_login(total):
        fresh_login.require(request)
    form = BatchConfirmForm(request.POST)
    form.is_valid()
    return _act(
        request,
        access,
        reference,
        lambda row: services.confirm(
            batch=row,
            by=access.user,
            key=form.cleaned_data.get("key", ""),
            sure=form.cleaned_data.get("sure", False),
            now=timezone.now(),
        ),
    )


@action
@account_page(Action.PAY_BATCHES)
@throttled(TOPUP)
def batch_stop(request: Request, access: Access, reference: str) -> HttpResponse:
    return _act(request, access, reference, lambda row: services.stop(batch=row, by=access.user, now=timezone.now()))


@action
@account_page(Action.PAY_BATCHES)
@throttled(TOPUP)
def batch_again(request: Request, access: Access, reference: str) -> HttpResponse:
    return _act(request, access, reference, lambda row: services.again(batch=row, by=access.user, now=timezone.now()))


@action
@account_page(Action.PAY_BATCHES)
@throttled(TOPUP)
def batch_rest(request: Request, access: Access, reference: str) -> HttpResponse:
    return _act(request, access, reference, lambda row: services.rest(batch=row, by=access.user, now=timezone.now()))


@require_safe
@account_page(Action.RESELL)
@throttled(EXPORT, method="GET")
def batch_results(request: Request, access: Access, reference: str) -> HttpResponse:
    return results_of(_find(access, reference))


def _list(request: Request, access: Access, form: BatchUploadForm) -> HttpResponse:
    context = {
        "form": form,
        "batches": queries.latest(agent=access.account),
        "may_pay": access.may(Action.PAY_BATCHES),
    }
    return render_account_page(request, access, "batches/batches.html", context, now=timezone.now())


def _upload(request: Request, access: Access, form: BatchUploadForm) -> HttpResponse:
    file = form.chosen
    uploaded = services.upload(
        agent=access.account,
        by=access.user,
        file_name=file.name or "",
        content=file.read(),
        encoding=form.cleaned_data["encoding"],
        now=timezone.now(),
    )
    row = uploaded.batch
    if not uploaded.is_new:
        at = date_format(timezone.localtime(row.uploaded_at), "j F Y, H:i")
        messages.warning(request, KNOWN % {"batch": row.reference, "at": at})
    return redirect("batch", access.account.public_id, row.reference)


def _act(request: Request, access: Access, reference: str, act: Callable[[Batch], Batch]) -> HttpResponse:
    row = _find(access, reference)
    if request.method == "POST":
        try:
            row = act(row)
        except BatchRefused as refused:
            messages.error(request, str(refused.because))
    return redirect("batch", access.account.public_id, row.reference)


def _find(access: Access, reference: str) -> Batch:
    row = queries.find(agent=access.account, reference=reference)
    if row is None:
        raise Http404("No such batch")
    return row


def _to_confirm(access: Access, row: Batch, now: datetime) -> dict[str, Any]:
    """What the confirmation asks and shows. The balance is shown to people who may pay from it alone."""
    if not access.may(Action.PAY_BATCHES):
        return {}
    cover = services.cover(batch=row, by=access.user, now=now)
    has_warnings, earlier = services.has_warnings(batch=row), services.earlier(batch=row)
    return {
        "funds": cover.funds,
        "left_today": cover.left_today,
        "is_short": cover.is_short,
        "has_warnings": has_warnings,
        "earlier": earlier,
        "wants_tick": cover.is_short or has_warnings or earlier is not None,
        "form": BatchConfirmForm(initial={"key": row.key}),
    }


def _chips(request: Request, row: Batch, progress: Progress, show: Show) -> list[tuple[str, str, bool]]:
    counts = {
        Show.ALL: progress.count,
        Show.MARKED: progress.marked,
        Show.UNPAID: progress.part(RowOutcome.UNPAID).count,
        Show.CHECKING: progress.part(RowOutcome.CHECKING).count,
    }
    offered = (Show.ALL, Show.MARKED) if row.state == BatchState.UPLOADED else (Show.ALL, Show.UNPAID, Show.CHECKING)
    return [
        (f"{choice.label} {counts[choice]:,}", page_link(request.GET, show=choice.value), choice == show)
        for choice in offered
        if counts[choice] or choice == show
    ]
