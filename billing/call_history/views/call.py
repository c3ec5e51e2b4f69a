"""One call: everything about it in words, and why it cost that."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from django.http import Http404, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.http import require_safe

from accounts.access import Access, access_of
from accounts.actions import Action
from billing.call_history.queries.pricing import explain_price, is_of_package, package_list_of, packages_of
from billing.calls.models import NOT_STATED, Call, CallLevel, EndDirection
from billing.calls.queries.calls import corrections, find
from billing.calls.queries.end_reasons import end_reason
from billing.packages import services as package_services
from billing.packages.models import PackageList
from billing.rates import services as rates
from billing.rates.models import RateGroup
from billing.rates.queries import group_of
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


@dataclass(frozen=True)
class Refreshed:
    """What a call was charged by, as far as known; `is_coming`: a worker is reading more of it."""

    rates: rates.Known
    is_coming: bool


@require_safe
@account_page()
def one_call(request: Request, access: Access, flow_no: int) -> HttpResponse:
    now, account = timezone.now(), access.account
    call = find(account=account, flow_no=flow_no, began=_began(request))
    if call is None:
        raise Http404("No such call")
    group = group_of(account)
    packages = package_list_of(call)
    price, paid_by, corrected = explain_price(call, group), packages_of(call, packages), corrections(call)
    agent_fee = _agent_fee(access, call)
    refreshed = _refresh(request, call, group, packages, now)
    context = {
        "call": call,
        "here": request.get_full_path(),
        "level": _words(CallLevel, call.call_level),
        "ended_by": _words(EndDirection, call.end_direction),
        "reason": end_reason(call.end_reason),
        "price": price,
        "rates": refreshed.rates,
        "packages": paid_by,
        "is_coming": refreshed.is_coming,
        "rates_limit": RATES_LIMIT,
        "corrections": corrected,
        "agent_fee": agent_fee,
        "zone": zone_of(access),
        "switch_zone": account.switch.zone,
    }
    return render_account_page(request, access, "call_history/call.html", context, now=now, fragment="price")


def _began(request: Request) -> int | None:
    text = request.GET.get("began", "")
    return int(text) if SECONDS.fullmatch(text) else None


def _refresh(
    request: Request, call: Call, group: RateGroup | None, packages: PackageList | None, now: datetime
) -> Refreshed:
    """Ask for rates and packages where they are old, once all of the page is read. HEAD asks for nothing."""
    if request.method == "HEAD":
        return Refreshed(rates.Known(group), is_coming=False)
    known, more_is_coming = rates.of_account(account=call.account, now=now, group=group), False
    if is_of_package(call):
        _, more_is_coming = package_services.of_account(account=call.account, now=now, packages=packages)
    return Refreshed(known, is_coming=known.is_coming or more_is_coming)


def _words(table: type[CallLevel | EndDirection], code: int) -> str:
    if code in table.values:
        return str(table(code).label)
    return gettext("not stated") if code == NOT_STATED else gettext("unknown (code %(code)s)") % {"code": code}


def _agent_fee(access: Access, call: Call) -> Decimal | None:
    """What the agent pays for its customer's call: for those alone who may see that agent's margin."""
    agent = access.account.parent
    if agent is None or agent.number != call.agent_number:
        return None
    of_agent = access_of(access.user, agent)
    return call.agent_fee if of_agent is not None and of_agent.may(Action.SEE_MARGIN) else None
