"""Pages on which a person pays by card for their own account: the amount, and the page that follows the payment."""

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
from django.utils.translation import gettext
from django.views.decorators.http import require_http_methods, require_safe

from accounts.access import Access
from accounts.actions import Action
from billing.card_payments import queries
from billing.card_payments.forms.payments import CardPaymentForm
from billing.card_payments.models import CardPayment, CardPaymentState
from billing.card_payments.providers.base import PageClosed, ProviderError
from billing.card_payments.queries import Status
from billing.card_payments.services import payments
from billing.lib.reasons import Money
from billing.topups.queries import unsettled
from billing.topups.services.errors import TopUpRefused, Unsettled
from billing.web.account_page import account_page
from billing.web.payment_methods import payment_methods
from billing.web.rendering import Request, render_account_page
from billing.web.request_limits import TOPUP, throttled

TONES = {
    Status.WAITING: "none",
    Status.UNDER_WAY: "none",
    Status.ON_ITS_WAY: "none",
    Status.CHECKING: "warn",
    Status.OWED: "warn",
    Status.ABANDONED: "bad",
    Status.REFUNDED: "none",
}
# In these nothing more happens by itself.
AT_REST = frozenset({Status.CREDITED, Status.ABANDONED, Status.REFUNDED, Status.OWED})
# In these nothing new comes within seconds.
SLOW = frozenset({Status.CHECKING, Status.UNDER_WAY})
SHOWN_OWED = 10


def leads_to_the_provider(view: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
    """Allow the page's forms to lead to the provider: browsers apply the policy to redirects of a form too."""

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
    """Show the form and, once it is posted, lead to the provider's page. A form that was used leads to its payment."""
    now = timezone.now()
    data = request.POST if request.method == "POST" else None
    places, currency = payments.places(account=access.account), access.account.switch.currency
    form = CardPaymentForm(data, places=places, currency=currency)
    form.ask_besides()
    if form.is_valid():
        try:
            payment = payments.start(account=access.account, by=access.user, now=now, **form.requested())
        except Unsettled:
            form.ask_besides(Money(form.cleaned_data["amount"], access.account.switch.currency))
            form.refuse_unticked()
        except TopUpRefused as refused:
            form.refuse(refused)
        except ProviderError as error:
            form.add_error(None, str(error.because))
        else:
            if (answer := _to_the_provider(payment, form, now)) is not None:
                return answer
    context = {
        "form": form,
        "ways": payment_methods(access),
        "is_demo": settings.PAYMENT_PROVIDER == "demo",
        "unsettled": unsettled.besides(access.account, by=access.user),
        "owed": queries.not_credited(access.account, most=SHOWN_OWED),
    }
    return render_account_page(request, access, "card_payments/form.html", context, now=now)


@require_safe
@leads_to_the_provider
@account_page()
def online_payment(request: Request, access: Access, reference: str) -> HttpResponse:
    """Show how a payment stands. The provider sends the person back to here, and is asked if it did not report yet."""
    now = timezone.now()
    payment = queries.find(account=access.account, reference=reference)
    if payment is None:
        raise Http404("No such payment")
    failure = "" if access.as_staff else _ask(payment, now)
    credit = queries.credit_of(payment)
    status = queries.status_of(payment, credit)
    context = {
        "payment": payment,
        "plain_amount": f"{payment.amount.normalize():f}",
        "credit": credit,
        "status": status,
        "steps": queries.steps(payment, credit),
        "tone": TONES.get(status, ""),
        "is_final": status in AT_REST,
        "again_after": "10s" if status in SLOW else "3s",
        "failure": failure,
        "may_go_on": payment.paid_by == access.user and access.may(Action.PAY),
        "may_start_again": access.may(Action.PAY),
    }
    return render_account_page(request, access, "card_payments/payment.html", context, now=now, fragment="steps")


def _to_the_provider(payment: CardPayment, form: CardPaymentForm, now: datetime) -> HttpResponse | None:
    """The answer that leads to the provider's page, or to how the payment stands where that is closed.

    None: it could not be opened, as the form then says.
    """
    here = reverse("online_payment", args=[payment.account.public_id, payment.reference])
    if payment.state != CardPaymentState.STARTED:
        return redirect(here)
    try:
        session = payments.open_page(payment=payment, back=f"{settings.PUBLIC_URL}{here}", now=now)
    except PageClosed:
        return redirect(here)
    except ProviderError as error:
        form.add_error(None, str(error.because))
        return None
    return redirect(session.url)


def _ask(payment: CardPayment, now: datetime) -> str:
    try:
        payments.look(payment=payment, now=now)
    except ProviderError:
        return gettext("The payment provider does not answer at the moment.")
    return ""
