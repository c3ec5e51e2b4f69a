"""Why a switch cannot be asked or gave no answer, and why one row of an answer cannot be used."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from billing.lib.reasons import Reason


class SwitchFailure(Reason):
    """Why a switch gave no answer that can be used."""

    PAUSED = "switch.paused", _("The switch is being given a rest for a moment.")
    RESTING = "switch.resting", _("The switch gives out no calls at this time of day.")
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
    DIRECTORY = "setting.directory", _("The directory must be like /external/server.")
    CONTENT_TYPE = "setting.content_type", _("The content type must be like text/html;charset=UTF-8.")
    FINGERPRINT = (
        "setting.fingerprint",
        _("The fingerprint must be the SHA-256 of the certificate: 64 hexadecimal digits."),
    )
    FILE_MISSING = "setting.file_missing", _("There is no file %(file)s.")
    FILE_UNREADABLE = "setting.file_unreadable", _("%(file)s: %(error)s.")
    NOT_JSON = "setting.not_json", _("%(file)s is not JSON.")
    NOT_JSON_OBJECT = "setting.not_json_object", _("%(file)s is not a JSON object.")


class AnswerFault(Reason):
    """Why one row of an answer cannot be used. `field` is the field's name in the interface."""

    NOT_A_ROW = "row.not_a_row", _("What the switch lists there is no row.")
    NOT_STATED = "row.not_stated", _("%(field)s is left out.")
    NOT_UTF8 = "row.not_utf8", _("%(field)s holds text that is not UTF-8.")
    NOT_AN_AMOUNT = "row.not_an_amount", _("%(field)s is no amount.")
    NOT_AN_INSTANT = "row.not_an_instant", _("%(field)s is no instant.")
    NOT_OF_ITS_KIND = "row.not_of_its_kind", _("%(field)s is not what the manual says it is.")
    IMPOSSIBLE = "row.impossible", _("Its figures are larger than any that can be kept.")
