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

from accounts.access import Access, Action
from billing.forms.online import OnlinePaymentForm
from billing.models import OnlinePayment, OnlineState
from billing.queries import online as payments
from billing.queries.online import Stand
from billing.services import online
from billing.services.providers import ProviderError
from billing.services.topups import TopUpRefused
from billing.views.access import account_page
from billing.views.http import Request
from billing.views.pages import render_account_page
from billing.views.steps import TOPUP, limited
from billing.views.ways import ways_of

TONES = {
    Stand.WAITING: "none",
    Stand.ON_ITS_WAY: "none",
    Stand.CHECKING: "warn",
    Stand.OWED: "warn",
    Stand.ABANDONED: "bad",
    Stand.REFUNDED: "none",
}
# Nothing more happens by itself.
AT_REST = frozenset({Stand.CREDITED, Stand.ABANDONED, Stand.REFUNDED, Stand.OWED})
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
@limited(TOPUP)
def online_form(request: Request, access: Access) -> HttpResponse:
    """The form; posted, the way to the provider's page. A form that was used leads to what became of it."""
    now = timezone.now()
    data = request.POST if request.method == "POST" else None
    form = OnlinePaymentForm(data, places=online.places(account=access.account))
    if form.is_valid():
        try:
            payment = online.start(account=access.account, by=access.user, now=now, **form.cleaned_data)
        except TopUpRefused as refused:
            form.refuse(refused)
        else:
            if (answer := _to_the_provider(payment, form, now)) is not None:
                return answer
    context = {
        "form": form,
        "ways": ways_of(access),
        "is_demo": settings.PAYMENT_PROVIDER == "demo",
        "owed": payments.not_credited(access.account, most=SHOWN_OWED),
    }
    return render_account_page(request, access, "billing/online_form.html", context, now=now)


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
    stand = payments.stand(payment, credit)
    context = {
        "payment": payment,
        "plain_amount": f"{payment.amount.normalize():f}",
        "credit": credit,
        "stand": stand,
        "steps": payments.steps(payment, credit),
        "tone": TONES.get(stand, ""),
        "is_final": stand in AT_REST,
        "again_after": "10s" if stand == Stand.CHECKING else "3s",
        "failure": failure,
        "may_go_on": payment.paid_by == access.user and access.may(Action.PAY),
        "may_start_again": access.may(Action.PAY),
    }
    return render_account_page(request, access, "billing/online.html", context, now=now, fragment="story")


def _to_the_provider(payment: OnlinePayment, form: OnlinePaymentForm, now: datetime) -> HttpResponse | None:
    """None: the provider did not open its page, which the form says."""
    here = reverse("online_payment", args=[payment.account.public_id, payment.reference])
    if payment.state != OnlineState.STARTED:
        return redirect(here)
    try:
        session = online.open_page(payment=payment, back=f"{settings.PUBLIC_URL}{here}", now=now)
    except ProviderError as error:
        form.add_error(None, str(error))
        return None
    return redirect(session.url)


def _ask(payment: OnlinePayment, now: datetime) -> str:
    try:
        online.look(payment=payment, now=now)
    except ProviderError:
        return "The payment provider does not answer at the moment."
    return ""
