from __future__ import annotations

from typing import Any

from accounts.models import Switch
from billing.forms.topups import TopUpForm


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
