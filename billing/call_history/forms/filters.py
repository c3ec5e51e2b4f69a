"""The filters of the call history, as they stand in the address."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from django import forms
from django.forms import BoundField
from django.http import QueryDict
from django.utils.text import capfirst
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.lib.money_columns import AMOUNT_DIGITS, MONEY_PLACES
from accounts.models import Account
from accounts.web.number_field import WrittenDecimalField
from billing.call_history.forms.fields import DestinationField, NumberField, is_name
from billing.call_history.queries.filters import CallFilter, Order
from billing.call_history.queries.numbers import Match, NumberFilter
from billing.calls.models import CallLevel, EndDirection
from billing.rates import queries as rates
from billing.web.date_range_form import DaysForm

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

ANSWERED = {"": None, "yes": True, "no": False}
MATCHES = [(Match.BEGINS, _("begins with")), (Match.IS, _("is")), (Match.ENDS, _("ends in"))]
ORDERS = [
    (Order.NEWEST, _("Newest first")),
    (Order.LONGEST, _("Longest first")),
    (Order.DEAREST, _("Dearest first")),
]
# `capfirst` keeps a label lazy: words that are read while this loads would stay in one language.
LEVELS = [("", _("All")), *((str(level.value), capfirst(level.label)) for level in CallLevel)]
ENDED_BY = [("", _("Anybody")), *((str(end.value), capfirst(end.label)) for end in EndDirection)]
LONGEST_SECONDS = 2**31 - 1
NO_SUCH_NAME = _("Nothing in your rates has this name, so calls of every destination are shown.")
NAMES_NOT_KNOWN = _(
    "The names in your rates are not known yet (look again in a moment, or write the code),"
    " so calls of every destination are shown."
)
TOO_MANY_CODES = _(
    "That stands for more than %(most)s codes: write one of them, or more of the name,"
    " so calls of every destination are shown."
)
ONE_OF_THESE = {"invalid_choice": _("Choose one of these; all calls are shown.")}
NO_AMOUNT = _("This is no amount that a call costs, so calls of every cost are shown.")


class MatchField(forms.ChoiceField):
    def __init__(self, label: StrOrPromise) -> None:
        super().__init__(label=label, required=False, choices=MATCHES, error_messages=ONE_OF_THESE)


class CallFilterForm(DaysForm):
    """The filters of a list of calls. What cannot be read is said beside its field, and the list goes without it."""

    callee_match = MatchField(_("How the called number matches"))
    callee = NumberField(_("Called number"))
    answered = forms.ChoiceField(
        label=_("Calls"),
        required=False,
        choices=[("", _("All")), ("yes", _("Answered")), ("no", _("Not answered"))],
        error_messages=ONE_OF_THESE,
    )
    order = forms.ChoiceField(label=_("Order"), required=False, choices=ORDERS, error_messages=ONE_OF_THESE)
    caller_match = MatchField(_("How the caller’s number matches"))
    caller = NumberField(_("Caller’s number"))
    destination = DestinationField()
    level = forms.ChoiceField(label=_("Kind of call"), required=False, choices=LEVELS, error_messages=ONE_OF_THESE)
    ended_by = forms.ChoiceField(label=_("Ended by"), required=False, choices=ENDED_BY, error_messages=ONE_OF_THESE)
    least_seconds = forms.IntegerField(
        label=_("Talked at least (s)"),
        required=False,
        min_value=0,
        max_value=LONGEST_SECONDS,
        error_messages={
            "invalid": _("These are no whole seconds, so calls of every length are shown."),
            "min_value": _("No call is shorter than 0 seconds, so calls of every length are shown."),
            "max_value": _("No call is that long, so calls of every length are shown."),
        },
    )
    least_fee = WrittenDecimalField(
        required=False,
        min_value=Decimal(0),
        max_digits=AMOUNT_DIGITS,
        decimal_places=MONEY_PLACES,
        error_messages=dict.fromkeys(
            ("invalid", "min_value", "max_digits", "max_decimal_places", "max_whole_digits"), NO_AMOUNT
        ),
    )

    PAIRS = ("callee", "caller")
    # What says how the calls are shown, not which.
    SHOWN = ("from", "to", "order")
    FURTHER = ("destination", "level", "ended_by", "least_seconds", "least_fee")

    def __init__(self, data: QueryDict, *, account: Account, zone: ZoneInfo, today: date) -> None:
        super().__init__(data, today=today)
        self.account, self.zone = account, zone
        self.prefixes: tuple[str, ...] | None = None
        least_fee = self.fields["least_fee"]
        assert isinstance(least_fee, WrittenDecimalField)  # noqa: S101  # tells the types what stands above
        least_fee.currency = account.switch.currency
        least_fee.label = gettext("Cost at least (%(currency)s)") % {"currency": account.switch.currency}

    def clean_destination(self) -> str:
        """A name stands for prefixes: those of the account's rates."""
        written: str = self.cleaned_data["destination"]
        self.prefixes = rates.named(account=self.account, name=written) if is_name(written) else None
        if self.prefixes == ():
            raise forms.ValidationError(NO_SUCH_NAME if rates.are_known(self.account) else NAMES_NOT_KNOWN)
        if self.prefixes and len(self.prefixes) > rates.MOST_PREFIXES:
            raise forms.ValidationError(TOO_MANY_CODES, params={"most": f"{rates.MOST_PREFIXES:,}"})
        return written

    @property
    def further(self) -> list[BoundField]:
        """The bound fields that few people use, which fold away."""
        return [self[name] for name in self.FURTHER]

    @property
    def asks_further(self) -> bool:
        return any(self.data.get(name) for name in ("caller", *self.FURTHER))

    @property
    def mentions_further(self) -> bool:
        """Whether the address says anything of them. Otherwise they stand empty, the same for every account."""
        return any(name in self.data for name in ("caller_match", "caller", *self.FURTHER))

    @property
    def names_destination(self) -> bool:
        return is_name(self.data.get("destination", ""))

    def chosen(self) -> CallFilter:
        self.full_clean()
        first, last = self.days()
        wanted = self.cleaned_data
        return CallFilter(
            zone=self.zone,
            first=first,
            last=last,
            callee=self._number("callee"),
            caller=self._number("caller"),
            answered=ANSWERED[wanted.get("answered", "")],
            destination=wanted.get("destination", "") if self.prefixes is None else "",
            prefixes=self.prefixes if "destination" in wanted else None,
            level=_code(wanted.get("level")),
            ended_by=_code(wanted.get("ended_by")),
            least_seconds=wanted.get("least_seconds") or None,
            least_fee=wanted.get("least_fee"),
            order=Order(wanted.get("order") or Order.NEWEST),
        )

    def words(self) -> tuple[str, ...]:
        """What is chosen beside the days, and the order if it is not the usual one. For a form that was cleaned."""
        besides = (name for name in self.fields if name not in self.SHOWN and not name.endswith("_match"))
        said = [self._said(name) for name in besides if self.cleaned_data.get(name)]
        order = self.cleaned_data.get("order") or Order.NEWEST
        return tuple(said) if order == Order.NEWEST else (*said, str(dict(ORDERS)[Order(order)]))

    def _said(self, name: str) -> str:
        label, value = self.fields[name].label, self.cleaned_data[name]
        if name in self.PAIRS:
            match = self.cleaned_data.get(f"{name}_match") or Match.BEGINS
            return f"{label} {dict(MATCHES)[Match(match)]} {value}"
        choices = dict(getattr(self.fields[name], "choices", ()))
        return f"{label}: {choices.get(value, value)}"

    def _number(self, name: str) -> NumberFilter | None:
        written = self.cleaned_data.get(name)
        match = self.cleaned_data.get(f"{name}_match") or Match.BEGINS
        return NumberFilter(written, Match(match)) if written and f"{name}_match" not in self.errors else None


def _code(text: str | None) -> int | None:
    return int(text) if text else None
