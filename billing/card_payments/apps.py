from __future__ import annotations

from typing import TYPE_CHECKING

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.actions import Action
from billing.subject import PaymentMethod, Subject

if TYPE_CHECKING:
    from accounts.access import Access


def by_card(access: Access) -> str:
    """Words for a payment by card."""
    return _("Pay by card")


class CardPaymentsConfig(Subject):
    """Payments by card at a payment provider."""

    name = "billing.card_payments"
    verbose_name = gettext_lazy("Payments by card")
    payment_methods = (PaymentMethod(title=by_card, url="online_form", order=30, action=Action.PAY),)
    pages_under = {"online": "payments"}
    staff = {
        "cardpayment": ("v", "vc", "v"),
        "cardreversal": ("v", "v", "v"),
        "disputelock": ("v", "v", "v"),
    }
    waiting = "billing.card_payments.admin.waiting"
    metrics = "billing.card_payments.queries.metrics"
