from django.utils.translation import gettext_lazy

from billing.subject import Subject


class CallsConfig(Subject):
    """Ingestion of call records: fetched day by day, proven, replaced, kept and dropped."""

    name = "billing.calls"
    verbose_name = gettext_lazy("Calls")
    staff = {
        "backfill": ("v", "v", "va"),
        "call": ("v", "v", "v"),
        "callchange": ("v", "v", "v"),
        "callday": ("v", "v", "v"),
        "callelsewhere": ("", "", ""),
        "callrouting": ("", "", "v"),
        "calltotal": ("", "", ""),
        "countingrule": ("v", "v", "v"),
        "droppedmonth": ("", "", ""),
        "reportcalendar": ("v", "v", "v"),
        "unreadablerecord": ("v", "v", "v"),
    }
    calendar = "billing.calls.services.calendar"
    waiting = "billing.calls.admin.waiting.waiting"
    metrics = "billing.calls.queries.metrics.metrics"
