"""The filters of calls that few ask for, as fields."""

from __future__ import annotations

from django.template.loader import render_to_string
from django.utils.safestring import SafeString

from billing.forms.calls import CallFilterForm

_unasked: dict[str, SafeString] = {}


def further_filters(form: CallFilterForm) -> SafeString:
    """Where nobody asks for any they are the same for all accounts of a currency, and writing them takes long."""
    if any(name in form.data for name in ("caller_match", "caller", *form.FURTHER)):
        return _written(form)
    currency = form.account.switch.currency
    if currency not in _unasked:
        _unasked[currency] = _written(form)
    return _unasked[currency]


def _written(form: CallFilterForm) -> SafeString:
    return render_to_string("parts/further_filters.html", {"form": form})
