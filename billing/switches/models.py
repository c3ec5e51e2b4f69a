"""Why a switch cannot be asked or gave no answer, and what rows share that are read of it when a page needs them."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from billing.lib.reasons import Reason


class SwitchFailure(Reason):
    """Why a switch gave no answer that can be used."""

    PAUSED = "switch.paused", _("The switch is being given a rest for a moment.")
    UNREACHABLE = "switch.unreachable", _("The switch cannot be reached.")
    TOO_LATE = "switch.too_late", _("The switch did not answer in time.")
    NOT_LET_IN = "switch.not_let_in", _("The switch does not let the portal in.")
    ERROR = "switch.error", _("The switch answered with an error.")
    UNREADABLE = "switch.unreadable", _("The switch gave an answer that cannot be read.")
    REFUSED = "switch.refused", _("The switch refused to answer.")
    BROKEN = "switch.broken", _("The connection to the switch broke.")
    SETTINGS = "switch.settings", _("The portal cannot ask the switch: its settings need a look.")
    ACCOUNT_GONE = "switch.account_gone", _("The switch no longer knows this account.")
    NO_WORKERS = "switch.no_workers", _("The portal’s own workers cannot be reached.")


class SettingReason(Reason):
    """Why a switch cannot be asked with the settings that it has."""

    ADDRESS_UNREADABLE = "setting.address_unreadable", _("The switch's address is not readable.")
    ADDRESS_NOT_HTTP = (
        "setting.address_not_http",
        _("The switch's address must be http://HOST:PORT or https://HOST:PORT."),
    )
    ADDRESS_NOT_PLAIN = (
        "setting.address_not_plain",
        _("The switch's address must be plain: no user, query, fragment or space."),
    )
    SUFFIX = "setting.suffix", _("The suffix must be empty or like .jsp.")
    FINGERPRINT = (
        "setting.fingerprint",
        _("The fingerprint must be the SHA-256 of the certificate: 64 hexadecimal digits."),
    )
    FILE_MISSING = "setting.file_missing", _("There is no file %(file)s.")
    FILE_UNREADABLE = "setting.file_unreadable", _("%(file)s: %(error)s.")
    NOT_JSON = "setting.not_json", _("%(file)s is not JSON.")
    NOT_JSON_OBJECT = "setting.not_json_object", _("%(file)s is not a JSON object.")


class OnDemand(models.Model):
    """A list that is read of the switch on demand: how old it is, and whether it is being read."""

    asked_at = models.DateTimeField(null=True, blank=True, help_text=_("When they were last asked for"))
    ended_at = models.DateTimeField(null=True, blank=True, help_text=_("When that ended, well or not"))
    not_before = models.DateTimeField(null=True, blank=True, help_text=_("They are not asked for again before"))
    read_at = models.DateTimeField(null=True, blank=True, help_text=_("As of when the rows here are"))
    # No list of choices in the database: another reason must not need a migration.
    failure = models.CharField(max_length=30, blank=True, help_text=_("Why they were not read the last time"))

    class Meta:
        abstract = True

    @property
    def why(self) -> str:
        """Why they were not read the last time, in words, or nothing."""
        return str(SwitchFailure(self.failure).label) if self.failure else ""

    @property
    def is_open(self) -> bool:
        """Whether a worker was asked to read the list and has not ended."""
        return self.asked_at is not None and (self.ended_at is None or self.ended_at < self.asked_at)
