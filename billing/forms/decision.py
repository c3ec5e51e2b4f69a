from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.db.models import QuerySet

from billing.forms.form_fields import Reason
from billing.models import Payment, TopUpState

if TYPE_CHECKING:
    Payments = forms.ModelChoiceField[Payment]
else:
    # Django's own class takes no type parameter at run time.
    Payments = forms.ModelChoiceField


class PaymentChoice(Payments):
    def label_from_instance(self, obj: Payment) -> str:
        return f"{obj.amount} on {obj.paid_at:%Y-%m-%d %H:%M:%S} UTC, “{obj.memo}”"


class DecisionForm(forms.Form):
    """What a person found out about a top-up that the payment history could not settle."""

    verdict = forms.ChoiceField(
        label="What happened",
        choices=[
            (TopUpState.CONFIRMED, "The switch has it: it was paid"),
            (TopUpState.NOT_APPLIED, "The switch does not have it and will not: nothing was paid"),
        ],
        widget=forms.RadioSelect(attrs={"class": "radiolist"}),
    )
    payment = PaymentChoice(
        label="The payment on the switch",
        queryset=Payment.objects.none(),
        required=False,
        empty_label="None of these",
        help_text="Payments of the same account and amount since it was sent that belong to no other top-up.",
    )
    why = Reason(label="How it was found out")

    def __init__(self, data: Any = None, *, candidates: QuerySet[Payment]) -> None:
        super().__init__(data)
        payment = self.fields["payment"]
        assert isinstance(payment, PaymentChoice)  # noqa: S101  # tells the types what stands above
        payment.queryset = candidates

    def decision(self) -> dict[str, Any]:
        return {
            "verdict": TopUpState(self.cleaned_data["verdict"]),
            "payment": self.cleaned_data["payment"],
            "why": self.cleaned_data["why"],
        }
