"""One call: everything about it in words, and why it cost that."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from decimal import Decimal

from django.http import Http404, HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_safe

from accounts.access import Access, access_of
from accounts.actions import Action
from billing.call_history.queries.pricing import explain_price, packages_of
from billing.calls.models import NOT_STATED, Call, CallLevel, EndDirection
from billing.calls.queries.calls import corrections, find
from billing.calls.queries.end_reasons import end_reason
from billing.packages import services as packages
from billing.rates import services as rates
from billing.switches.services import on_demand
from billing.web.account_page import account_page, zone_of
from billing.web.rendering import Request, render_account_page

SECONDS = re.compile("[0-9]{1,12}")
RATES_LIMIT = on_demand.FRESH_FOR + timedelta(minutes=5)


class FlowNumber:
    """The switch's number of a call record in an address."""

    regex = "-?[0-9]{1,19}"

    def to_python(self, text: str) -> int:
        return int(text)

    def to_url(self, flow_no: int) -> str:
        return str(flow_no)


@require_safe
@account_page()
def one_call(request: Request, access: Access, flow_no: int) -> HttpResponse:
    now, switch = timezone.now(), access.account.switch
    call = find(account=access.account, flow_no=flow_no, began=_began(request))
    if call is None:
        raise Http404("No such call")
    known = rates.of_account(account=access.account, now=now)
    paid_by, more_is_coming = _packages(call, now) if call.package_seconds or call.package_fee else ([], False)
    context = {
        "call": call,
        "here": request.get_full_path(),
        "level": _words(CallLevel, call.call_level),
        "ended_by": _words(EndDirection, call.end_direction),
        "reason": end_reason(call.end_reason),
        "price": explain_price(call, known.group),
        "rates": known,
        "packages": paid_by,
        "is_coming": known.is_coming or more_is_coming,
        "rates_limit": RATES_LIMIT,
        "corrections": corrections(call),
        "agent_fee": _agent_fee(access, call),
        "zone": zone_of(access),
        "switch_zone": switch.zone,
    }
    return render_account_page(request, access, "call_history/call.html", context, now=now, fragment="price")


def _began(request: Request) -> int | None:
    text = request.GET.get("began", "")
    return int(text) if SECONDS.fullmatch(text) else None


def _packages(call: Call, now: datetime) -> tuple[list[str], bool]:
    """Which may have paid for the call, and whether more is about to be known of them."""
    known, is_coming = packages.of_account(account=call.account, now=now)
    return packages_of(call, known), is_coming


def _words(table: type[CallLevel | EndDirection], code: int) -> str:
    if code in table.values:
        return str(table(code).label)
    return "not stated" if code == NOT_STATED else f"unknown (code {code})"


def _agent_fee(access: Access, call: Call) -> Decimal | None:
    """What the agent pays for its customer's call: for those alone who may see that agent's margin."""
    agent = access.account.parent
    if agent is None or agent.number != call.agent_number:
        return None
    of_agent = access_of(access.user, agent)
    return call.agent_fee if of_agent is not None and of_agent.may(Action.SEE_MARGIN) else None
