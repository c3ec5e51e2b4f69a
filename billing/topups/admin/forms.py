from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.db.models import QuerySet
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.models import Switch
from billing.balances.models import Payment
from billing.topups.forms.topups import TopUpForm
from billing.topups.models import Answer, TopUpState
from billing.web.form_fields import Reason


class CreditForm(TopUpForm):
    """The form of a top-up as staff fill it in: its note is the reason, and there has to be one."""

    def __init__(self, data: Any = None, *, switch: Switch) -> None:
        super().__init__(data, switch=switch)
        note = self.fields["note"]
        note.label, note.required = _("Reason"), True
        note.help_text = _("Kept with your name; the customer does not see it.")
        for name in ("amount", "note"):
            self.fields[name].widget.attrs["class"] = "vTextField"

    def requested(self) -> dict[str, Any]:
        """What was entered, as `operator_credits.request` takes it."""
        cleaned = self.cleaned_data
        return {"amount": cleaned["amount"], "why": cleaned["note"], "key": cleaned["key"]}


if TYPE_CHECKING:
    Payments = forms.ModelChoiceField[Payment]
else:
    # Django's own class takes no type parameter at run time.
    Payments = forms.ModelChoiceField


class PaymentChoice(Payments):
    """A choice of one payment on the switch, each shown by amount, time and memo."""

    def label_from_instance(self, obj: Payment) -> str:
        shown = {"amount": obj.amount, "at": f"{obj.paid_at:%Y-%m-%d %H:%M:%S}", "memo": obj.memo}
        return gettext("%(amount)s on %(at)s UTC, “%(memo)s”") % shown


class DecisionForm(forms.Form):
    """What a person found out about a top-up that the payment history could not settle."""

    verdict = forms.ChoiceField(
        label=_("What happened"),
        choices=[
            (TopUpState.CONFIRMED, _("The switch has it: it was paid")),
            (TopUpState.NOT_APPLIED, _("The switch does not have it and will not: nothing was paid")),
        ],
        widget=forms.RadioSelect(attrs={"class": "radiolist"}),
    )
    payment = PaymentChoice(
        label=_("The payment on the switch"),
        queryset=Payment.objects.none(),
        required=False,
        empty_label=_("None of these"),
        help_text=_("Payments of the same account and amount since it was sent that belong to no other top-up."),
    )
    why = Reason(label=_("How it was found out"))

    def __init__(self, data: Any = None, *, candidates: QuerySet[Payment]) -> None:
        super().__init__(data)
        payment = self.fields["payment"]
        assert isinstance(payment, PaymentChoice)  # noqa: S101  # tells the types what stands above
        payment.queryset = candidates

    def decision(self) -> dict[str, Any]:
        """What was decided, as `decisions.decide` takes it."""
        return {
            "verdict": TopUpState(self.cleaned_data["verdict"]),
            "payment": self.cleaned_data["payment"],
            "why": self.cleaned_data["why"],
        }


class ReissueForm(forms.Form):
    """Asks for a re-issue."""

    why = Reason(label=_("Why it should be sent again"))


class AnswerForm(forms.Form):
    """Answers the request for a re-issue."""

    answer = forms.ChoiceField(
        label=_("Your answer"),
        choices=[
            (Answer.APPROVED, _("Approve: it is sent again now, under a new reference")),
            (Answer.DECLINED, _("Decline: nothing is sent")),
        ],
        widget=forms.RadioSelect(attrs={"class": "radiolist"}),
    )
    why = Reason(label=_("How you know"))
