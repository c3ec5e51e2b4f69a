"""A form's field for a number as people write it, such as 1,000.00."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.lib.written_numbers import LONGEST, ReadTwoWays, UnclearNumber, plain_digits, reader_marks

TWO_WAYS = _("%(written)s can be read in two ways. Write %(whole)s.")


class WrittenDecimalField(forms.DecimalField):
    """Reads the number by the reader's language. `currency` may stand beside it, once a form has set one."""

    widget = forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"})
    currency = ""

    def to_python(self, value: Any) -> Any:
        if not isinstance(value, str) or not value.strip():
            return super().to_python(value)
        if len(value) > LONGEST:
            raise forms.ValidationError(self.error_messages["invalid"], code="invalid")
        places = self.decimal_places or 0
        try:
            return Decimal(plain_digits(value, places=places, currency=self.currency, marks=reader_marks()))
        except ReadTwoWays as error:
            figures = {"written": value, "whole": error.whole}
            raise forms.ValidationError(TWO_WAYS, code="two_ways", params=figures) from error
        except UnclearNumber as error:
            raise forms.ValidationError(self.error_messages["invalid"], code="invalid") from error
