from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import Count, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from accounts.staff_pages.base import ReadOnlyAdmin
from accounts.staff_pages.filters import OfAccount, OfOne, in_words
from accounts.staff_pages.links import linked
from billing.batches.models import Batch, BatchRow


class OfAgent(OfAccount):
    def rows_of(self, rows: QuerySet[Any], one: Any) -> QuerySet[Any]:
        return rows.filter(agent=one)


class OfBatch(OfOne):
    title = _("batch")
    parameter_name = "batch"
    of = Batch
    where = _("Batches")


@admin.register(Batch)
class BatchAdmin(ReadOnlyAdmin[Batch]):
    """Files of top-ups, which staff neither confirm nor stop. The rows show what became of each line."""

    list_display = (
        *("reference", "of_agent", "file_name", "state", "lines"),
        *("uploaded_by", "uploaded_at", "confirmed_by", "confirmed_at", "done_at"),
    )
    list_select_related = ("agent", "uploaded_by", "confirmed_by")
    list_filter = ("state", OfAgent, "origin", "uploaded_at")
    search_fields = ("=reference", "agent__number", "agent__name", "uploaded_by__email", "file_name")
    exclude = ("key", "digest", "payments_digest")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Batch]:
        return super().get_queryset(request).annotate(counted=Count("rows"))

    def get_fields(self, request: HttpRequest, obj: Batch | None = None) -> Any:
        return [*super().get_fields(request, obj), "lines"]

    @admin.display(description=_("agent"), ordering="agent__number")
    def of_agent(self, batch: Batch) -> str:
        return linked(batch.agent)

    @admin.display(description=_("lines"))
    def lines(self, batch: Batch) -> SafeString:
        rows = f"{reverse('admin:batches_batchrow_changelist')}?batch={batch.pk}"
        return format_html('<a href="{}">{}</a>', rows, batch.counted)  # type: ignore[attr-defined]  # annotated above


@admin.register(BatchRow)
class BatchRowAdmin(ReadOnlyAdmin[BatchRow]):
    """The lines of a batch as they were written, each with its top-up or why there is none."""

    list_display = ("line", "of_batch", "account_text", "amount_text", "note", "of_topup", "topup_state", "problem")
    list_select_related = ("batch", "topup")
    list_filter = (
        OfBatch,
        OfAccount,
        ("problem", in_words(_("problem"), empty=_("none"), filled=_("some"))),
        "topup__state",
    )
    search_fields = ("=batch__reference", "=topup__reference", "account_text")
    ordering = ("-batch", "line")

    @admin.display(description=_("batch"))
    def of_batch(self, row: BatchRow) -> str:
        return linked(row.batch)

    @admin.display(description=_("top-up"))
    def of_topup(self, row: BatchRow) -> str:
        return linked(row.topup)

    @admin.display(description=_("state"))
    def topup_state(self, row: BatchRow) -> str:
        return row.topup.get_state_display() if row.topup else ""
