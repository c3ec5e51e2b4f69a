"""Paying for one's own account by card: the amount, the way to the provider's page, and what became of it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import wraps

from csp.decorators import csp_update
from django.conf import settings
from django.http import Http404, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from accounts.access import Access
from accounts.actions import Action
from billing.card_payments import queries as payments
from billing.card_payments.forms.payments import CardPaymentForm
from billing.card_payments.models import CardPayment, CardPaymentState
from billing.card_payments.providers.base import ProviderError
from billing.card_payments.queries import Status
from billing.card_payments.services import payments as card_payment_payments
from billing.topups.services.errors import TopUpRefused
from billing.web.account_page import account_page
from billing.web.payment_methods import payment_methods
from billing.web.rendering import Request, render_account_page
from billing.web.throttling import TOPUP, throttled

TONES = {
    Status.WAITING: "none",
    Status.ON_ITS_WAY: "none",
    Status.CHECKING: "warn",
    Status.OWED: "warn",
    Status.ABANDONED: "bad",
    Status.REFUNDED: "none",
}
# Nothing more happens by itself.
AT_REST = frozenset({Status.CREDITED, Status.ABANDONED, Status.REFUNDED, Status.OWED})
SHOWN_OWED = 10


def leads_to_the_provider(view: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
    """Browsers hold a form to where it is redirected as well."""

    @wraps(view)
    def page(request: Request, **kwargs: str) -> HttpResponseBase:
        marked = csp_update({"form-action": settings.PAYMENT_PAGES})(lambda request: view(request, **kwargs))
        return marked(request)

    return page


@require_http_methods(["GET", "HEAD", "POST"])
@leads_to_the_provider
@account_page(Action.PAY)
@throttled(TOPUP)
def online_form(request: Request, access: Access) -> HttpResponse:
    """The form; posted, the way to the provider's page. A form that was used leads to what became of it."""
    now = timezone.now()
    data = request.POST if request.method == "POST" else None
    form = CardPaymentForm(data, places=card_payment_payments.places(account=access.account))
    if form.is_valid():
        try:
            payment = card_payment_payments.start(account=access.account, by=access.user, now=now, **form.cleaned_data)
        except TopUpRefused as refused:
            form.refuse(refused)
        else:
            if (answer := _to_the_provider(payment, form, now)) is not None:
                return answer
    context = {
        "form": form,
        "ways": payment_methods(access),
        "is_demo": settings.PAYMENT_PROVIDER == "demo",
        "owed": payments.not_credited(access.account, most=SHOWN_OWED),
    }
    return render_account_page(request, access, "card_payments/form.html", context, now=now)


@require_safe
@leads_to_the_provider
@account_page()
def online_payment(request: Request, access: Access, reference: str) -> HttpResponse:
    """Where the provider sends the person back to: asks it, unless its report came first."""
    now = timezone.now()
    payment = payments.find(account=access.account, reference=reference)
    if payment is None:
        raise Http404("No such payment")
    failure = "" if access.as_staff else _ask(payment, now)
    credit = payments.credit_of(payment)
    status = payments.status_of(payment, credit)
    context = {
        "payment": payment,
        "plain_amount": f"{payment.amount.normalize():f}",
        "credit": credit,
        "status": status,
        "steps": payments.steps(payment, credit),
        "tone": TONES.get(status, ""),
        "is_final": status in AT_REST,
        "again_after": "10s" if status == Status.CHECKING else "3s",
        "failure": failure,
        "may_go_on": payment.paid_by == access.user and access.may(Action.PAY),
        "may_start_again": access.may(Action.PAY),
    }
    return render_account_page(request, access, "card_payments/payment.html", context, now=now, fragment="steps")


def _to_the_provider(payment: CardPayment, form: CardPaymentForm, now: datetime) -> HttpResponse | None:
    """None: the provider did not open its page, which the form says."""
    here = reverse("online_payment", args=[payment.account.public_id, payment.reference])
    if payment.state != CardPaymentState.STARTED:
        return redirect(here)
    try:
        session = card_payment_payments.open_page(payment=payment, back=f"{settings.PUBLIC_URL}{here}", now=now)
    except ProviderError as error:
        form.add_error(None, str(error))
        return None
    return redirect(session.url)


def _ask(payment: CardPayment, now: datetime) -> str:
    try:
        card_payment_payments.look(payment=payment, now=now)
    except ProviderError:
        return "The payment provider does not answer at the moment."
    return ""
