from __future__ import annotations

from typing import TYPE_CHECKING

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.actions import Action
from billing.subject import PaymentMethod, Subject

if TYPE_CHECKING:
    from accounts.access import Access


def from_its_agent(access: Access) -> str:
    """Words for a transfer, by the agent from whose balance it comes."""
    agent = access.via or access.account
    return _("From %(agent)s") % {"agent": agent.name or agent.number}


def by_voucher(access: Access) -> str:
    """Words for a voucher card."""
    return _("Voucher card")


class TopupsConfig(Subject):
    """Credits to accounts, each of which happens once."""

    name = "billing.topups"
    verbose_name = gettext_lazy("Top-ups")
    payment_methods = (
        PaymentMethod(title=from_its_agent, url="topup_form", order=10, action=Action.TOP_UP),
        PaymentMethod(title=by_voucher, url="voucher_form", order=20, action=Action.VOUCHER),
    )
    pages_under = {"topup": "payments", "topups": "payments"}
    staff = {
        "lookup": ("v", "v", "v"),
        "receiptmail": ("", "", ""),
        "reissue": ("v", "v", "v"),
        "straypayment": ("v", "v", "v"),
        "topup": ("v", "vc", "v"),
        "transition": ("v", "v", "v"),
    }
    permissions = {"credit_account": ("billing",), "reissue_topup": ("billing",)}
    waiting = "billing.topups.admin.waiting.waiting"
    metrics = "billing.topups.queries.metrics.metrics"
