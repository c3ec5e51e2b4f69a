from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.conf import settings
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from billing.batches.services.encodings import Encoding, EncodingUnknown, UnreadableFile

if TYPE_CHECKING:
    from django.core.files.uploadedfile import UploadedFile


class BatchUploadForm(forms.Form):
    """Takes a file of top-ups."""

    file = forms.FileField(
        label=_("CSV file"),
        widget=forms.FileInput(attrs={"accept": ".csv,.txt,.tsv,text/csv,text/plain"}),
    )

    encoding = forms.TypedChoiceField(
        label=_("How its letters are encoded"),
        required=False,
        coerce=Encoding,
        empty_value=None,
        choices=[("", _("As the file says")), *Encoding.choices],
        help_text=_("Leave it, unless you are asked: most files say it themselves."),
        error_messages={"invalid_choice": _("Choose one of these.")},
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        largest = {"kilobytes": settings.BATCH_MOST_KILOBYTES, "lines": settings.BATCH_MOST_LINES}
        # A larger one does not even arrive.
        choose = gettext("Choose a CSV file of at most %(kilobytes)s kB and %(lines)s lines.") % largest
        self.fields["file"].help_text = (
            gettext("As a spreadsheet saves it, at most %(kilobytes)s kB and %(lines)s lines.") % largest
        )
        self.fields["file"].error_messages |= {
            "required": choose,
            "empty": choose,
            "invalid": choose,
            "missing": choose,
        }

    @property
    def chosen(self) -> UploadedFile[bytes]:
        file: UploadedFile[bytes] = self.cleaned_data["file"]
        return file

    def refuse(self, error: UnreadableFile) -> None:
        self.add_error("encoding" if isinstance(error, EncodingUnknown) else "file", str(error.because))


class BatchConfirmForm(forms.Form):
    """Confirms a batch: the key of the check that the person saw, and whether they mean the marked lines too."""

    key = forms.CharField(required=False, widget=forms.HiddenInput)
    sure = forms.BooleanField(
        label=_("I have looked at what is marked, and mean it"),
        required=False,
        widget=forms.CheckboxInput(attrs={"required": True}),
    )
