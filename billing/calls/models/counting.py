from __future__ import annotations

from datetime import timedelta

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Account, Switch


class DayBy(models.TextChoices):
    """Which end of a call says on which day a switch's report counts it; `BOTH`: one across midnight counts twice."""

    START = "start", _("the day on which it starts")
    END = "end", _("the day on which it ends")
    BOTH = "both", _("each day on which it starts or ends")


class CountingRule(models.Model):
    """How the daily report of a switch counts calls (manual §3.48), learnt from days that are complete.

    The manual does not say it. `decided_at` is empty while it is not known: the other columns then hold what was
    decided before, if anything. Evidence is account-days, and none from before `learnt_from` counts: a day that the
    rule does not explain, but another would, ends the rule and has it learnt again from that day on.
    """

    switch = models.OneToOneField(Switch, on_delete=models.CASCADE, related_name="counting_rule")
    day_by = models.CharField(_("a call counts on"), max_length=5, choices=DayBy.choices, blank=True)
    unanswered = models.BooleanField(_("unanswered calls count"), null=True)
    places = models.PositiveSmallIntegerField(
        _("decimals of fees"), null=True, help_text=_("To how many places the report rounds what a day costs")
    )
    as_listed = models.BooleanField(
        default=False, help_text=_("The calls that the switch lists for a day are those that the report counts for it")
    )
    decided_at = models.DateTimeField(_("known since"), null=True)
    evidence_days = models.IntegerField(default=0, help_text=_("Complete days of accounts that it was learnt from"))
    evidence_first = models.DateField(null=True)
    evidence_last = models.DateField(null=True)
    contradictions = models.IntegerField(default=0, help_text=_("Of those days, the ones that it does not explain"))
    possible_rules = models.IntegerField(default=0, help_text=_("How many rules explain them equally well"))
    learnt_from = models.DateField(null=True)
    contradicted_at = models.DateTimeField(null=True, help_text=_("When a day last spoke against what was known"))
    contradicted_by = models.ForeignKey(Account, null=True, on_delete=models.SET_NULL, related_name="+")

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(decided_at__isnull=True)
                | Q(day_by__in=DayBy.values, unanswered__isnull=False, places__range=(2, 6)),
                name="counting_rule_is_whole_when_decided",
            ),
        ]

    def __str__(self) -> str:
        return str(self.switch)


class ReportCalendar(models.Model):
    """The time zone of an account's daily reports, where it is not the switch's; learnt like `CountingRule`.

    Where no call tells several apart, as those of India and Nepal without one in the quarter of an hour between them,
    `offsets` are all of these, the likeliest first: a day is then proven when it is in each of them.
    """

    account = models.OneToOneField(Account, on_delete=models.CASCADE, related_name="report_calendar")
    offsets = ArrayField(
        models.DurationField(),
        help_text=_("Between UTC and the calendar of the account's reports, the likeliest first"),
    )
    is_stated = models.BooleanField(help_text=_("Its reports say so themselves: their days begin at another midnight"))
    evidence_days = models.IntegerField(help_text=_("Complete days of the account that it was learnt from"))
    evidence_first = models.DateField()
    evidence_last = models.DateField()
    decided_at = models.DateTimeField(_("known since"))

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(offsets__len__gt=0), name="report_calendar_is_known"),
        ]

    def __str__(self) -> str:
        return f"{self.account.number}: {self.zone}"

    @property
    def zone(self) -> str:
        """The calendars as people write them, such as UTC+08:00."""
        return " / ".join(map(_named, self.offsets))


def _named(offset: timedelta) -> str:
    minutes = offset // timedelta(minutes=1)
    return f"UTC{'-' if minutes < 0 else '+'}{abs(minutes) // 60:02}:{abs(minutes) % 60:02}"
