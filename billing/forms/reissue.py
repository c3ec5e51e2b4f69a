from __future__ import annotations

from django import forms

from billing.forms.form_fields import Reason
from billing.models import Answer


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
