from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pgtrigger
from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.lib.money import money
from accounts.lib.money_columns import AMOUNT_DIGITS, MONEY_PLACES, SUM_DIGITS
from accounts.models import Account, Switch
from billing.lib.reasons import BecauseField, Reason

MILLIONTH = Decimal("0.000001")

# The code that a call holds where the switch states none.
NOT_STATED = -1


class CallLevel(models.IntegerChoices):
    """How far a call went (manual §3.47, callLevel)."""

    ON_NET = 1, _("on-net")
    LOCAL = 2, _("local")
    DOMESTIC = 4, _("domestic")
    INTERNATIONAL = 5, _("international")


class EndDirection(models.IntegerChoices):
    """Who ended a call (manual §3.47, endDirection)."""

    CALLER = 0, _("the caller")
    CALLEE = 1, _("the called side")
    SERVER = 2, _("the switch")


class Call(models.Model):
    """One call record (manual §3.47). Seconds are whole, money is in the switch's currency.

    The table is partitioned by month of `started_at`; the database's key is (id, started_at), and
    (switch, flow_no, started_at) is unique. A trigger checks once for all rows that a statement writes that account and
    switch exist. The rows of one `day` are found by account and time: `CallTotal` says in which hours they are.
    """

    switch = models.ForeignKey(Switch, on_delete=models.PROTECT, related_name="+")
    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="calls")
    day = models.DateField(help_text=_("The day of the switch's calendar whose report holds it"))
    flow_no = models.BigIntegerField()
    started_at = models.DateTimeField()
    ended_at = models.DateTimeField()
    caller = models.TextField()
    callee = models.TextField()
    talk_seconds = models.IntegerField()
    billed_seconds = models.IntegerField()
    fee = models.DecimalField(max_digits=AMOUNT_DIGITS, decimal_places=MONEY_PLACES)
    fee_prefix = models.TextField()
    package_fee = models.DecimalField(max_digits=AMOUNT_DIGITS, decimal_places=MONEY_PLACES)
    package_seconds = models.IntegerField()
    agent_number = models.TextField(help_text=_("The agent of the account when it called; empty for none"))
    agent_fee = models.DecimalField(
        max_digits=AMOUNT_DIGITS,
        decimal_places=MONEY_PLACES,
        help_text=_("What the agent pays; never the customer's to see"),
    )
    call_level = models.SmallIntegerField()
    end_direction = models.SmallIntegerField()
    end_reason = models.IntegerField()
    billing_mode = models.SmallIntegerField()
    callee_billing = models.SmallIntegerField()

    class Meta:
        indexes = [
            models.Index(fields=["account", "-started_at", "-flow_no"], name="call_history"),
            models.Index(fields=["account", "-talk_seconds", "-started_at", "-flow_no"], name="call_longest"),
            models.Index(fields=["account", "-fee", "-started_at", "-flow_no"], name="call_dearest"),
            models.Index(
                fields=["switch", "agent_number", "ended_at"],
                condition=~models.Q(agent_number=""),
                name="call_agent_fee",
            ),
        ]
        constraints = [
            models.UniqueConstraint(fields=["switch", "flow_no", "started_at"], name="call_once"),
        ]

    def __str__(self) -> str:
        return f"{self.caller} to {self.callee}, {self.started_at:%Y-%m-%d %H:%M:%S}"

    @property
    def answered(self) -> bool:
        return self.talk_seconds > 0


class ChangeOfRecord(models.TextChoices):
    """How a record changed. `LATE`: an earlier answer lacked it though its call had ended long before."""

    LATE = "late", _("came late")
    EDITED = "edited", _("was edited")
    GONE = "gone", _("is gone")


class CallChange(models.Model):
    """A record that was edited, is gone, or came late; `fee` is what it costs now minus what it had cost before.

    The balance moved by what the call had cost when the switch charged it.
    """

    # As long as a difference of a balance may be explained by it, however short calls are kept.
    KEPT_FOR = timedelta(days=90)

    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="call_changes")
    kind = models.CharField(_("what"), max_length=10, choices=ChangeOfRecord.choices)
    flow_no = models.BigIntegerField()
    ended_at = models.DateTimeField(help_text=_("Of the call, as it was read before, if it was"))
    fee = models.DecimalField(max_digits=AMOUNT_DIGITS, decimal_places=MONEY_PLACES)
    agent_number = models.TextField(help_text=_("As it was read before; empty for none"))
    agent_fee = models.DecimalField(max_digits=AMOUNT_DIGITS, decimal_places=MONEY_PLACES)
    caller = models.TextField(default="", help_text=_("As it was read before, like the next two"))
    callee = models.TextField(default="")
    talk_seconds = models.IntegerField(default=0)
    noticed_at = models.DateTimeField()

    class Meta:
        indexes = [
            models.Index(fields=["account", "ended_at"], name="call_change"),
            models.Index(
                fields=["agent_number", "ended_at"],
                condition=~models.Q(agent_number=""),
                name="call_change_agent_fee",
            ),
        ]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(kind__in=ChangeOfRecord.values), name="call_change_is_of_a_known_kind"
            )
        ]
        triggers = [
            pgtrigger.Protect(name="never_changed", operation=pgtrigger.Update),
            pgtrigger.Protect(
                name="kept_for_its_time",
                operation=pgtrigger.Delete,
                condition=pgtrigger.Condition("OLD.noticed_at > now() - interval '89 days'"),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.flow_no}: {money(self.fee)}"


class DayState(models.TextChoices):
    """How far a call day is; `DIFFERS` from the switch's report of it.

    `NOT_KNOWN`: it equals the report by some rules by which the switch may count, and not by others.
    """

    NOT_FETCHED = "not_fetched", _("not fetched")
    FETCHED = "fetched", _("fetched")
    PROVEN = "proven", _("proven")
    DIFFERS = "differs", _("differs")
    NOT_KNOWN = "not_known", _("not yet known how this switch counts")


COUNTED_FEE = models.F("fee") + models.F("elsewhere_fee") + models.F("apart_fee")
ROUNDING = models.F("rounded") * MILLIONTH + models.F("fee_slack")


class CallDay(models.Model):
    """One account's calls on one day of the switch's calendar: the unit that is fetched, replaced and proven.

    The `reported_…` figures are the switch's own (manual §3.48); the others are sums over the stored rows. The switch
    adds up fees before they are rounded to six places: a millionth for each `rounded` one is no difference, nor is what
    the report rounds away (`fee_slack`). The report may count by another rule than the list of calls (`CountingRule`):
    `apart_…` is what that makes of the day's own sums, and the rest has to be equal.
    A day that is not proven by comparing it is tried again, ever more rarely, and in the end left as it is.
    """

    MOST_TRIES = 12

    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="call_days")
    day = models.DateField()
    state = models.CharField(max_length=12, choices=DayState.choices, default=DayState.NOT_FETCHED)
    fetched_at = models.DateTimeField(null=True, blank=True)
    checked_at = models.DateTimeField(null=True, blank=True)
    calls_dropped = models.BooleanField(
        default=False,
        help_text=_("Its calls were dropped and are to be kept after all: they are fetched when asked for"),
    )
    calls = models.IntegerField(default=0)
    answered = models.IntegerField(default=0)
    talk_seconds = models.BigIntegerField(default=0)
    billed_seconds = models.BigIntegerField(default=0)
    fee = models.DecimalField(max_digits=SUM_DIGITS, decimal_places=MONEY_PLACES, default=0)
    unreadable = models.IntegerField(
        default=0, help_text=_("Records that could not be read and are not among the rows")
    )
    rounded = models.IntegerField(default=0, help_text=_("Records whose fee had more than six places"))
    elsewhere_calls = models.IntegerField(
        default=0, help_text=_("Records that this day reports too though they are rows of another day")
    )
    elsewhere_fee = models.DecimalField(max_digits=SUM_DIGITS, decimal_places=MONEY_PLACES, default=0)
    reported_calls = models.IntegerField(null=True, blank=True)
    reported_fee = models.DecimalField(max_digits=SUM_DIGITS, decimal_places=MONEY_PLACES, null=True, blank=True)
    report_begins_at = models.DateTimeField(
        null=True, blank=True, help_text=_("When this day begins as its report states; empty: it has no row of the day")
    )
    apart_calls = models.IntegerField(
        default=0, help_text=_("How many more calls the report's rule counts than are listed for the day; also fewer")
    )
    apart_fee = models.DecimalField(max_digits=SUM_DIGITS, decimal_places=MONEY_PLACES, default=0)
    fee_slack = models.DecimalField(
        max_digits=7, decimal_places=MONEY_PLACES, default=0, help_text=_("What the report rounds away at most")
    )
    unproven_since = models.DateTimeField(
        null=True,
        blank=True,
        help_text=_("Since when comparing it has not proven it; empty: it was proven, or not compared"),
    )
    tries = models.PositiveSmallIntegerField(
        default=0, help_text=_("How often since then it was tried in vain to prove it")
    )
    next_try_at = models.DateTimeField(null=True, blank=True)
    unusable_report = BecauseField(
        null=True, blank=True, help_text=_("Why the switch's report of it says nothing; empty where it does")
    )
    failed_at = models.DateTimeField(null=True, blank=True)
    # No list of choices in the database: another reason must not need a migration.
    failure = models.CharField(max_length=30, blank=True, help_text=_("Why it could not be fetched the last time"))
    failures = models.PositiveSmallIntegerField(
        default=0, help_text=_("How often in a row it could not be fetched; five stands for any more")
    )
    fetch_again_at = models.DateTimeField(
        null=True, blank=True, help_text=_("Where it was never fetched: when that is tried again")
    )

    class Meta:
        indexes = [
            # For the staff's list, the newest first, and for what their front page counts among millions of days.
            models.Index(fields=["-day", "-id"], name="call_day_newest"),
            models.Index(
                fields=["state", "-day", "-id"], condition=~models.Q(state=DayState.PROVEN), name="call_day_unproven"
            ),
            models.Index(
                fields=["day"], condition=models.Q(unusable_report__isnull=False), name="call_day_without_report"
            ),
        ]
        constraints = [
            models.UniqueConstraint(fields=["account", "day"], name="call_day_once"),
            models.CheckConstraint(
                condition=~models.Q(state=DayState.PROVEN)
                | models.Q(
                    reported_calls=models.F("calls") + models.F("elsewhere_calls") + models.F("apart_calls"),
                    reported_fee__gte=COUNTED_FEE - ROUNDING,
                    reported_fee__lte=COUNTED_FEE + ROUNDING,
                    unreadable=0,
                    fetched_at__isnull=False,
                ),
                name="call_day_proven_means_equal",
            ),
            models.CheckConstraint(
                condition=models.Q(fee_slack__gte=0, fee_slack__lte=Decimal("0.005")),
                name="call_day_slack_is_of_two_places_at_most",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.account.number} on {self.day}: {self.state}"

    @property
    def counted_calls(self) -> int:
        """How many calls the day has by the rule of its report, without those that are rows of other days."""
        return self.calls + self.apart_calls

    @property
    def counted_fee(self) -> Decimal:
        return self.fee + self.apart_fee

    @property
    def why_not_fetched(self) -> Reason | None:
        """Why it could not be fetched the last time."""
        return Reason.of(self.failure) if self.failure else None

    @property
    def is_given_up(self) -> bool:
        """Whether no periodic work tries to prove it any more."""
        return self.tries >= self.MOST_TRIES


class CallElsewhere(models.Model):
    """A record that a day reports though it is a row of another account, or of another day, on which it started."""

    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="+", db_index=False)
    day = models.DateField(help_text=_("That reports it too"))
    flow_no = models.BigIntegerField()
    fee = models.DecimalField(max_digits=AMOUNT_DIGITS, decimal_places=MONEY_PLACES)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["account", "day", "flow_no"], name="call_elsewhere_once")]

    def __str__(self) -> str:
        return f"{self.flow_no} on {self.day}"


class UnreadableRecord(models.Model):
    """A record of the day's last answer that is not among the rows. The first hundred of a day are kept."""

    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="unreadable_records")
    day = models.DateField()
    reason = BecauseField()
    excerpt = models.TextField(blank=True, help_text=_("Of what a customer may see of a record"))
    noticed_at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["account", "day"], name="unreadable_record")]

    def __str__(self) -> str:
        return f"{self.day}: {self.reason}"
