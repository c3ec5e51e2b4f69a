from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.db.models import QuerySet

from accounts.models import Switch
from billing.balances.models import Payment
from billing.topups.forms.topups import TopUpForm
from billing.topups.models import Answer, TopUpState
from billing.web.form_fields import Reason


class CreditForm(TopUpForm):
    """The same form, by staff: the note is the reason, and there has to be one."""

    def __init__(self, data: Any = None, *, switch: Switch) -> None:
        super().__init__(data, switch=switch)
        note = self.fields["note"]
        note.label, note.required = "Reason", True
        note.help_text = "Kept with your name; the customer does not see it."
        for name in ("amount", "note"):
            self.fields[name].widget.attrs["class"] = "vTextField"

    def wish(self) -> dict[str, Any]:
        cleaned = self.cleaned_data
        return {"amount": cleaned["amount"], "why": cleaned["note"], "key": cleaned["key"]}


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


class ReissueForm(forms.Form):
    why = Reason(label="Why it should be sent again")


class AnswerForm(forms.Form):
    answer = forms.ChoiceField(
        label="Your answer",
        choices=[
            (Answer.APPROVED, "Approve: it is sent again now, under a new reference"),
            (Answer.DECLINED, "Decline: nothing is sent"),
        ],
        widget=forms.RadioSelect(attrs={"class": "radiolist"}),
    )
    why = Reason(label="How you know")
