"""Why a day's calls could not be fetched or proven, and why a record of a call cannot be read."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy

from billing.lib.reasons import Reason


class NotFetched(Reason):
    """Why the calls of a day could not be fetched, although the switch answers."""

    NO_LONGER_KEPT = "calls.no_longer_kept", _("Calls of this day are no longer kept here.")
    NOT_ON_SWITCH = "calls.not_on_switch", _("The switch no longer has the calls of this day.")


class UnusableReport(Reason):
    """Why the switch's report of a day says nothing."""

    IMPOSSIBLE = (
        "report.impossible",
        ngettext_lazy(
            "No day can be so: %(calls)d call, %(fee)s in all.",
            "No day can be so: %(calls)d calls, %(fee)s in all.",
            "calls",
        ),
    )


class RecordFault(Reason):
    """Why a record is none that a call of its day can have."""

    # The words of the client of the switch, which name fields of the record: they are for technicians.
    MALFORMED = "record.malformed", "%(error)s"
    OTHER_TIME = "record.other_time", _("a call at another time")
    OTHER_LENGTH = "record.other_length", _("a call of another length")
    OTHER_KIND = "record.other_kind", _("a call of another kind")
    OTHER_SIZE_OF_CODE = "record.other_size_of_code", _("a code of another size")
    NOT_MONEY = "record.not_money", _("not an amount of money")
