"""Figures as people read them: money, durations, ages. What is not known is a dash."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from decimal import ROUND_FLOOR, Decimal

from django import template
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext, ngettext

from accounts.lib.currencies import places_of
from accounts.lib.money import DASH, MINUS, NARROW_SPACE, SYMBOLS, exact_money, money

register = template.Library()

register.filter("money", money)
register.filter("exact_money", exact_money)


@register.filter
def short_money(amount: Decimal | None, currency: str = "") -> str:
    """A sum in the currency's places, where the hundredth of a cent says nothing; smaller amounts keep theirs."""
    if amount is None or 0 < abs(amount) < _smallest(currency):
        return money(amount, currency)
    return money(round(amount, places_of(currency)), currency)


@register.filter
def spendable_money(amount: Decimal | None, currency: str = "") -> str:
    """An amount in the currency's places, rounded down: never more than there is."""
    return money(None if amount is None else amount.quantize(_smallest(currency), ROUND_FLOOR), currency)


@register.filter
def signed_money(amount: Decimal | None, currency: str = "") -> str:
    """What happened to a balance, with its sign also when it grew."""
    text = money(amount, currency)
    return f"+{text}" if amount is not None and amount > 0 else text


@register.filter
def taken_money(amount: Decimal, currency: str = "") -> str:
    """What was taken from a balance, by how much it went down."""
    return signed_money(-amount, currency)


@register.filter
def tick(amount: Decimal, currency: str = "") -> str:
    """The amount beside a line of a chart, no more exact than the line itself."""
    sign = MINUS if amount < 0 else ""
    return f"{sign}{SYMBOLS.get(currency, '')}{abs(amount).normalize():,f}"


@register.filter
def duration(seconds: float | None) -> str:
    if seconds is None:
        return DASH
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return gettext("%(hours)s h %(minutes)s min") % {"hours": f"{hours:,}", "minutes": f"{minutes:02}"}
    if minutes:
        return gettext("%(minutes)s min %(seconds)s s") % {"minutes": minutes, "seconds": f"{rest:02}"}
    return gettext("%(seconds)s s") % {"seconds": rest}


@register.filter
def percent(ratio: float | Decimal | None) -> str:
    return DASH if ratio is None else f"{ratio:.0%}".replace("%", f"{NARROW_SPACE}%")


@register.filter
def among(key: str, words: Mapping[str, str]) -> str:
    return words.get(key, "")


@register.filter
def number(count: int) -> str:
    return f"{count:,}"


@register.filter
def instant(at: datetime) -> str:
    """An instant for a program that reads the page; many times as quick as Django's own `date`."""
    return timezone.localtime(at).isoformat()


@register.filter
def epoch(at: datetime) -> str:
    """Whole seconds since 1970, for an address."""
    return str(int(at.timestamp()))


@register.filter
def clock(at: datetime, written: str) -> str:
    """A time by the letters of `strftime`; as quick as `instant`, for times that a page has many of."""
    return timezone.localtime(at).strftime(written)


def age(at: datetime, now: datetime) -> str:
    """portal.js counts on in the same words."""
    seconds = max(0, round((now - at).total_seconds()))
    if seconds < 5:
        return gettext("just now")
    if seconds < 60:
        return gettext("%(seconds)s s ago") % {"seconds": seconds}
    if seconds < 3600:
        return gettext("%(minutes)s min ago") % {"minutes": seconds // 60}
    if seconds < 172_800:
        return gettext("%(hours)s h ago") % {"hours": seconds // 3600}
    days = seconds // 86_400
    return ngettext("%(days)s day ago", "%(days)s days ago", days) % {"days": days}


@register.inclusion_tag("parts/freshness.html", takes_context=True)
def fresh(context: template.Context, at: datetime | None, limit: timedelta, link: str = "") -> dict[str, object]:
    """How old a figure is, marked when older than `limit`. With `link`, it leads to where to ask again."""
    now: datetime = context["now"]
    return {
        "at": at,
        "age": age(at, now) if at else "",
        "old": at is None or now - at > limit,
        "limit": int(limit.total_seconds()),
        "exact": _exact(at) if at else "",
        "link": link,
    }


def _exact(at: datetime) -> str:
    local = timezone.localtime(at)
    return f"{date_format(local, 'j F Y, H:i:s')} ({local.tzname()})"


def _smallest(currency: str) -> Decimal:
    return Decimal(1).scaleb(-places_of(currency))
