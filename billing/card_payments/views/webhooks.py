"""The address that payment providers report to, and the page that stands in for a provider in the demo."""

from __future__ import annotations

import logging
from decimal import Decimal

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_POST

from billing.card_payments import providers
from billing.card_payments.providers import demo
from billing.card_payments.providers.base import NotFromProvider, Progress, ProviderRefused, ProviderUnreachable
from billing.card_payments.services import payments
from billing.web.rendering import Request, render_page

logger = logging.getLogger(__name__)

LONGEST_REPORT = 64 * 1024
SIGNATURE = "Stripe-Signature"


@csrf_exempt
@login_not_required
@require_POST
def payment_report(request: Request, provider: str) -> HttpResponse:
    """Take in a report. Its signature proves who sent it. It may come twice; an error makes the provider repeat it."""
    current = providers.current()
    if current is None or current.name != provider:
        raise Http404("No such provider")
    if int(request.META.get("CONTENT_LENGTH") or 0) > LONGEST_REPORT:
        return HttpResponse(status=413)
    try:
        payments.receive(
            provider=current,
            body=request.read(LONGEST_REPORT),
            signature=request.headers.get(SIGNATURE, ""),
            now=timezone.now(),
        )
    except NotFromProvider:
        logger.warning("A report of a payment came that %s did not sign, or signed too long ago", provider)
        return HttpResponse("This is not signed.", status=400, content_type="text/plain")
    except ProviderUnreachable:
        return HttpResponse("Please repeat this later.", status=503, content_type="text/plain")
    return HttpResponse("Thank you.", content_type="text/plain")


@require_http_methods(["GET", "HEAD", "POST"])
def demo_pay(request: Request, session: str) -> HttpResponse:
    """The page in the place of a real provider's. No card is asked for, and no money moves."""
    if settings.PAYMENT_PROVIDER != "demo":
        raise Http404("No such page")
    now = timezone.now()
    try:
        state = demo.recall(session)
        if request.method == "POST":
            paid = request.POST.get("what") == "pay"
            body, signature = demo.finish(session=session, progress=Progress.PAID if paid else Progress.OVER, now=now)
            payments.receive(provider=demo.Demo(), body=body, signature=signature, now=now)
            return redirect(state["back"])
    except ProviderRefused as refused:
        raise Http404("No such payment") from refused
    shown = {"amount": Decimal(state["amount"]), **{name: state[name] for name in ("currency", "reference", "back")}}
    return render_page(request, "card_payments/demo_pay.html", {"payment": shown})
