from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from enum import StrEnum
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.staff_pages.base import ReadOnlyAdmin, ReadOnlyInline
from accounts.staff_pages.filters import OfAccount
from accounts.web import fresh_login
from billing.card_payments.models import CardPayment
from billing.card_payments.services import decisions
from billing.subject import Waiting
from billing.topups.models import TopUp
from billing.web.form_fields import Reason


class Owed(admin.SimpleListFilter):
    """Narrows the list to payments that were received and are not credited."""

    title = _("credit")
    parameter_name = "owed"

    def lookups(self, request: HttpRequest, model_admin: admin.ModelAdmin[Any]) -> list[tuple[str, str]]:
        return [("1", gettext("Received and not credited"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[CardPayment]) -> QuerySet[CardPayment]:
        owed = CardPayment.objects.owed().values("pk")
        return queryset.filter(pk__in=owed) if self.value() else queryset


class CreditInline(ReadOnlyInline[TopUp, CardPayment]):
    """The top-ups that credit a payment, listed on its page."""

    model = TopUp
    fk_name = "online"
    fields = ("reference", "state", "amount", "requested_by", "requested_at", "settled_at", "why")
    readonly_fields = fields
    show_change_link = True
    verbose_name_plural = _("top-ups that credit it")


@admin.register(CardPayment)
class CardPaymentAdmin(ReadOnlyAdmin[CardPayment]):
    """Payments are never edited. One that is received and not credited is settled on a page of its own."""

    list_display = (
        "reference",
        "account",
        "amount",
        "currency",
        "state",
        "paid_by",
        "started_at",
        "paid_at",
    )
    list_select_related = ("account", "paid_by")
    list_filter = (Owed, "state", OfAccount, "provider", "started_at")
    search_fields = ("=reference", "=session", "account__number", "account__name", "paid_by__email")
    ordering_of_account = ("-started_at", "-id")
    exclude = ("key",)
    inlines = (CreditInline,)

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.settle_view)
        return [path("<int:payment_id>/settle/", view, name="card_payments_cardpayment_settle"), *super().get_urls()]

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        payment = CardPayment.objects.filter(pk=object_id).first() if object_id.isdecimal() else None
        may = request.user.has_perm(decisions.PERMISSION) and payment is not None and decisions.is_open(payment)
        return super().change_view(request, object_id, form_url, {"may_settle": may, **(extra_context or {})})

    def settle_view(self, request: HttpRequest, payment_id: int) -> HttpResponse:
        """The page on which a person decides about a payment that is not credited."""
        payment = CardPayment.objects.select_related("account__switch", "paid_by").filter(pk=payment_id).first()
        if payment is None:
            raise Http404("No such payment")
        if not request.user.has_perm(decisions.PERMISSION) or not isinstance(request.user, User):
            raise PermissionDenied
        if not decisions.is_open(payment):
            settled = gettext("%(payment)s has nothing to be settled.") % {"payment": payment}
            self.message_user(request, settled, messages.WARNING)
            return redirect("admin:card_payments_cardpayment_change", payment.pk)
        form = SettlingForm(request.POST if request.method == "POST" else None)
        is_large = payment.account.switch.wants_fresh_login(payment.amount)
        if form.is_valid() and form.cleaned_data["verdict"] == Settling.CREDIT and is_large:
            fresh_login.require(request)
        if form.is_valid() and self._settle(request, payment, form, request.user):
            return redirect("admin:card_payments_cardpayment_change", payment.pk)
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": gettext("Settle %(payment)s") % {"payment": payment},
            "payment": payment,
            "form": form,
        }
        return TemplateResponse(request, "admin/card_payments/cardpayment/settle.html", context)

    def _settle(self, request: HttpRequest, payment: CardPayment, form: SettlingForm, by: User) -> bool:
        why, now = form.cleaned_data["why"], timezone.now()
        try:
            if form.cleaned_data["verdict"] == Settling.CREDIT:
                topup = decisions.credit_again(payment=payment, by=by, why=why, now=now)
                done = gettext("%(payment)s: Credited again by %(topup)s.") % {"payment": payment, "topup": topup}
            else:
                decisions.mark_refunded(payment=payment, by=by, why=why, now=now)
                done = gettext("%(payment)s: Marked as paid back.") % {"payment": payment}
        except decisions.SettlingRefused as refused:
            form.add_error(None, str(refused.because))
            return False
        self.message_user(request, done, messages.SUCCESS)
        return True


class Settling(StrEnum):
    """What a person decides about a payment that is not credited."""

    CREDIT = "credit"
    REFUNDED = "refunded"


class SettlingForm(forms.Form):
    """Asks what to do about a payment by card that is received and not credited."""

    verdict = forms.ChoiceField(
        label=_("What to do"),
        choices=[
            (Settling.CREDIT, _("Credit it now, by a new top-up")),
            (Settling.REFUNDED, _("Nothing more: it was paid back at the payment provider")),
        ],
        widget=forms.RadioSelect(attrs={"class": "radiolist"}),
    )
    why = Reason(label=_("Why"))


def waiting(*, now: datetime) -> Iterator[Waiting]:
    """Payments that were received and credited to no account."""
    yield Waiting(
        label=_("Payments by card that are not credited"),
        model="card_payments.cardpayment",
        count=CardPayment.objects.owed().count(),
        query={"owed": 1},
    )
