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

from accounts.lib.money import money
from accounts.models import User
from accounts.staff_pages.base import ReadOnlyAdmin, ReadOnlyInline
from accounts.staff_pages.filters import OfAccount
from accounts.web import fresh_login
from billing.card_payments.models import MAY_SETTLE, CardPayment, CardReversal, DisputeLock, DisputeLockState
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


class Reversed(admin.SimpleListFilter):
    """Narrows the list to payments with refunds or disputes."""

    title = _("refunds and disputes")
    parameter_name = "reversed"

    def lookups(self, request: HttpRequest, model_admin: admin.ModelAdmin[Any]) -> list[tuple[str, str]]:
        return [("waiting", gettext("Waiting for a person")), ("any", gettext("Refunded or disputed"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[CardPayment]) -> QuerySet[CardPayment]:
        reversals = CardReversal.objects.all()
        match self.value():
            case "waiting":
                return queryset.filter(pk__in=reversals.unhandled().values("payment"))
            case "any":
                return queryset.filter(pk__in=reversals.values("payment"))
        return queryset


class CreditInline(ReadOnlyInline[TopUp, CardPayment]):
    """The top-ups that credit a payment, listed on its page."""

    model = TopUp
    fk_name = "online"
    fields = ("reference", "state", "amount", "requested_by", "requested_at", "settled_at", "why")
    readonly_fields = fields
    show_change_link = True
    verbose_name_plural = _("top-ups that credit it")


class ReversalInline(ReadOnlyInline[CardReversal, CardPayment]):
    """The refunds and disputes of a payment, listed on its page, each with the lock that followed."""

    model = CardReversal
    fields = (
        *("number", "kind", "state", "amount", "currency", "grounds", "heard_at"),
        *("lock_state", "handled_at", "handled_by", "handled_why"),
    )
    readonly_fields = fields
    verbose_name_plural = _("refunds and disputes")

    def get_queryset(self, request: HttpRequest) -> QuerySet[CardReversal]:
        return super().get_queryset(request).select_related("lock__account", "handled_by")

    @admin.display(description=_("account locked"))
    def lock_state(self, reversal: CardReversal) -> str:
        """How the lock of the account stands, and why."""
        lock: DisputeLock | None = getattr(reversal, "lock", None)
        if lock is None:
            return "–"
        state = DisputeLockState(lock.state).label
        return f"{state}: {lock.why}" if lock.why else str(state)


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
    list_filter = (Owed, Reversed, "state", OfAccount, "provider", "started_at")
    search_fields = ("=reference", "=session", "account__number", "account__name", "paid_by__email")
    ordering_of_account = ("-started_at", "-id")
    exclude = ("key",)
    readonly_fields = ("refunded",)
    inlines = (CreditInline, ReversalInline)

    @admin.display(description=_("refunded so far"))
    def refunded(self, payment: CardPayment) -> str:
        """What the provider paid back of it, partial refunds together."""
        return money(payment.reversals.all().refunded(), payment.currency)

    def get_urls(self) -> list[URLPattern]:
        pages = (("settle", self.settle_view), ("reversals", self.reversals_view))
        own = [
            path(
                f"<int:payment_id>/{page}/", self.admin_site.admin_view(view), name=f"card_payments_cardpayment_{page}"
            )
            for page, view in pages
        ]
        return [*own, *super().get_urls()]

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        payment = CardPayment.objects.filter(pk=object_id).first() if object_id.isdecimal() else None
        may = payment is not None and request.user.has_perm(MAY_SETTLE)
        shown = {
            "may_settle": may and payment is not None and decisions.is_open(payment),
            "may_handle": may and payment is not None and payment.reversals.all().unhandled().exists(),
        }
        return super().change_view(request, object_id, form_url, {**shown, **(extra_context or {})})

    def settle_view(self, request: HttpRequest, payment_id: int) -> HttpResponse:
        """The page on which a person decides about a payment that is not credited."""
        payment, by = _to_decide_about(request, payment_id)
        if not decisions.is_open(payment):
            settled = gettext("%(payment)s has nothing to be settled.") % {"payment": payment}
            self.message_user(request, settled, messages.WARNING)
            return redirect("admin:card_payments_cardpayment_change", payment.pk)
        form = SettlingForm(request.POST if request.method == "POST" else None)
        is_large = payment.account.switch.wants_fresh_login(payment.amount)
        if form.is_valid() and form.cleaned_data["verdict"] == Settling.CREDIT and is_large:
            fresh_login.require(request)
        if form.is_valid() and self._settle(request, payment, form, by):
            return redirect("admin:card_payments_cardpayment_change", payment.pk)
        return self._page(request, payment, form, gettext("Settle %(payment)s") % {"payment": payment}, "settle")

    def reversals_view(self, request: HttpRequest, payment_id: int) -> HttpResponse:
        """The page on which a person says that they looked at a payment's refunds and disputes."""
        payment, by = _to_decide_about(request, payment_id)
        form = HandlingForm(request.POST if request.method == "POST" else None)
        if form.is_valid():
            try:
                decisions.mark_handled(payment=payment, by=by, why=form.cleaned_data["why"], now=timezone.now())
            except decisions.SettlingRefused as refused:
                form.add_error(None, str(refused.because))
            else:
                return redirect("admin:card_payments_cardpayment_change", payment.pk)
        title = gettext("Refunds and disputes of %(payment)s") % {"payment": payment}
        return self._page(request, payment, form, title, "reversals")

    def _page(
        self, request: HttpRequest, payment: CardPayment, form: forms.Form, title: str, template: str
    ) -> TemplateResponse:
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": title,
            "payment": payment,
            "form": form,
        }
        return TemplateResponse(request, f"admin/card_payments/cardpayment/{template}.html", context)

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


class HandlingForm(forms.Form):
    """Asks what a person did about a payment's refunds and disputes."""

    why = Reason(label=_("What was done"))


def _to_decide_about(request: HttpRequest, payment_id: int) -> tuple[CardPayment, User]:
    """The payment of a page on which a person decides, and the person. Raises Http404 or PermissionDenied."""
    payment = CardPayment.objects.select_related("account__switch", "paid_by").filter(pk=payment_id).first()
    if payment is None:
        raise Http404("No such payment")
    if not request.user.has_perm(MAY_SETTLE) or not isinstance(request.user, User):
        raise PermissionDenied
    return payment, request.user


def waiting(*, now: datetime) -> Iterator[Waiting]:
    """Payments that were received and credited to no account, and those with refunds and disputes to look at."""
    yield Waiting(
        label=_("Payments by card that are not credited"),
        model="card_payments.cardpayment",
        count=CardPayment.objects.owed().count(),
        query={"owed": 1},
    )
    yield Waiting(
        label=_("Payments by card that are refunded or disputed"),
        model="card_payments.cardpayment",
        count=CardReversal.objects.unhandled().values("payment").distinct().count(),
        query={"reversed": "waiting"},
    )
