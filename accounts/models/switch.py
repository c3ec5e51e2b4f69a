from __future__ import annotations

from datetime import time, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo, available_timezones

from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import ValidationError
from django.core.validators import MinValueValidator, RegexValidator, URLValidator
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from accounts.lib.backoff import Backoff
from accounts.lib.currencies import places_of
from accounts.lib.money_columns import AMOUNT_DIGITS, MONEY_PLACES

# Python offers what this machine happens to be set to as a zone; PostgreSQL does not know it.
NOT_A_ZONE = "localtime"
LONGEST_WARNING = timedelta(days=1)
# Between two looks for a top-up in doubt.
LONGEST_PAUSE = timedelta(hours=1)


SETTLED = _(
    "This stays %(kept)s: what is kept of its accounts is in it. To have it otherwise, add the switch by another name."
)


def check_time_zone(name: str) -> None:
    if name == NOT_A_ZONE or name not in available_timezones():
        raise ValidationError(_("There is no time zone called %(name)s."), params={"name": name})


def check_hours(text: str) -> None:
    try:
        first, end = _hours(text)
    except ValueError as error:
        raise ValidationError(_("Hours are written as 08:00-20:00.")) from error
    if first == end:
        raise ValidationError(_("These hours would be the whole day."))


def _hours(text: str) -> tuple[time, time]:
    first, end = text.split("-")
    return time.fromisoformat(first), time.fromisoformat(end)


def default_refusals() -> list[int]:
    return [-10007]


class Switch(models.Model):
    """One VOS3000 server and everything about it that the vendor leaves open."""

    name = models.SlugField(unique=True)
    url = models.CharField(
        max_length=200,
        validators=[URLValidator(schemes=["http", "https"])],
        help_text=_("http(s)://host:port; one that ends with a directory is taken as it is"),
    )
    directory = models.CharField(
        max_length=100,
        default="/external/server",
        help_text=_("Of the interface on the switch; where the address ends with one, that one counts"),
    )
    suffix = models.CharField(max_length=10, blank=True, help_text=_("Put behind each operation's name, such as .jsp"))
    content_type = models.CharField(
        max_length=100, default="text/html;charset=UTF-8", help_text=_("What each request says that its body is")
    )
    time_zone = models.CharField(max_length=63, default="UTC", validators=[check_time_zone])
    currency = models.CharField(
        max_length=3,
        default="USD",
        validators=[RegexValidator(r"^[A-Z]{3}$", _("Three capital letters, such as USD."))],
    )

    ca_file = models.CharField(
        max_length=500, blank=True, help_text=_("Path of a PEM file that the certificate must chain to")
    )
    fingerprint = models.CharField(
        max_length=95, blank=True, help_text=_("SHA-256 of the certificate, instead of a CA file")
    )
    extra_body_file = models.CharField(
        max_length=500,
        blank=True,
        help_text=_("Path of a JSON file with fields that this build wants in every body"),
    )

    requests_per_second = models.DecimalField(
        max_digits=7, decimal_places=2, default=Decimal(5), validators=[MinValueValidator(Decimal("0.01"))]
    )
    sure_refusals = ArrayField(
        models.IntegerField(),
        default=default_refusals,
        blank=True,
        help_text=_("retCodes that mean: surely not done; empty: none is sure"),
    )

    topup_limit = models.DecimalField(
        max_digits=AMOUNT_DIGITS,
        decimal_places=MONEY_PLACES,
        default=Decimal(10_000),
        help_text=_("Largest single top-up"),
    )
    topup_places = models.PositiveSmallIntegerField(
        null=True, blank=True, help_text=_("Decimal places a top-up may have, at most 6; empty: those of the currency")
    )
    daily_limit_per_user = models.DecimalField(
        max_digits=AMOUNT_DIGITS,
        decimal_places=MONEY_PLACES,
        null=True,
        blank=True,
        help_text=_(
            "What one person may top up on one day of the switch's calendar, over all accounts; empty: no limit"
        ),
    )
    daily_limit_per_account = models.DecimalField(
        max_digits=AMOUNT_DIGITS,
        decimal_places=MONEY_PLACES,
        null=True,
        blank=True,
        help_text=_("What one account may be topped up by on one day, by all people together; empty: no limit"),
    )
    fresh_login_above = models.DecimalField(
        max_digits=AMOUNT_DIGITS,
        decimal_places=MONEY_PLACES,
        null=True,
        blank=True,
        default=Decimal(1_000),
        help_text=_("Above this amount people show once more that it is them; empty: never"),
    )
    claim_by_phrase = models.BooleanField(
        default=False, help_text=_("A person who knows an account's code phrase gets an invitation to it")
    )
    claim_by_phone = models.BooleanField(
        default=False, help_text=_("So does a person who knows the web-query password of one of its phones")
    )
    warn_within = models.DurationField(
        default=timedelta(minutes=10),
        help_text=_("For how long a second top-up of the same account by the same amount must be meant"),
    )
    voucher_cards = models.BooleanField(
        default=True, help_text=_("Owners of an account pay in voucher cards (PayByPhoneCard, GetPhoneCard)")
    )
    online_payments = models.BooleanField(
        default=False,
        help_text=_("Owners of an account pay for it by card, at the provider that PAYMENT_PROVIDER names"),
    )
    lock_on_dispute = models.BooleanField(
        default=False,
        help_text=_("An account is locked on the switch when a payment for it by card is disputed; people unlock it"),
    )
    sending_deadline = models.DurationField(
        default=timedelta(minutes=10), help_text=_("How long an unsent top-up is tried")
    )
    settling_time = models.DurationField(
        default=timedelta(minutes=30), help_text=_("How long a top-up may stay in doubt before a person decides")
    )
    clean_looks = models.PositiveSmallIntegerField(
        default=3, help_text=_("Complete looks at the payment history without a find before a person decides")
    )
    first_look_after = models.DurationField(
        default=timedelta(seconds=5), help_text=_("When a top-up in doubt is first looked for in the payment history")
    )
    look_factor = models.PositiveSmallIntegerField(
        default=2, help_text=_("By how much each pause between looks is longer than the one before")
    )
    longest_look_pause = models.DurationField(
        default=timedelta(seconds=60), help_text=_("The longest pause between two looks")
    )
    failed_look_pause = models.DurationField(
        default=timedelta(seconds=10), help_text=_("How soon to look again when the payment history could not be read")
    )
    clock_tolerance = models.DurationField(
        default=timedelta(hours=1),
        help_text=_("How far the switch's clock may be off when its payment history is searched"),
    )
    call_days_kept = models.PositiveSmallIntegerField(
        _("days of calls on the switch"),
        null=True,
        blank=True,
        validators=[MinValueValidator(1)],
        help_text=_(
            "How many days back the switch still has call records: older ones are not asked for; empty: unknown"
        ),
    )
    quiet_hours = models.CharField(
        max_length=11,
        blank=True,
        validators=[check_hours],
        help_text=_(
            "Hours of the switch's clock in which it is not asked for call records, such as 08:00-20:00; empty: it is "
            "noticed when it refuses them"
        ),
    )
    longest_range = models.PositiveSmallIntegerField(
        _("longest range of days"),
        null=True,
        blank=True,
        validators=[MinValueValidator(1)],
        help_text=_("How many days one question may be about; empty: it is noticed when the switch refuses more"),
    )
    keep_routing = models.BooleanField(
        _("keep the routing of calls"),
        default=False,
        help_text=_(
            "Of calls fetched from then on: their gateways, addresses, equipment, and numbers as gateways get "
            "them. Operators alone see it, at a call's page here. Once this is off, nothing more is kept; what is "
            "kept goes with its call, with the calls of its month, and where the switch changes what it says of the "
            "call; all of it goes at once by `manage.py forget_routing`, for which this has to be off"
        ),
    )
    fresh_for = models.DurationField(default=timedelta(seconds=10), help_text=_("How long a balance counts as current"))

    class Meta:
        verbose_name_plural = _("switches")
        constraints = [
            models.CheckConstraint(condition=Q(requests_per_second__gt=0), name="switch_budget_is_positive"),
            models.CheckConstraint(condition=Q(topup_places__lte=6), name="switch_topup_places_can_be_stored"),
            models.CheckConstraint(condition=Q(topup_limit__gt=0), name="switch_topup_limit_is_positive"),
            models.CheckConstraint(condition=Q(ca_file="") | Q(fingerprint=""), name="switch_has_one_tls_pin"),
            models.CheckConstraint(
                condition=Q(settling_time__gte=timedelta(0)) & Q(sending_deadline__gt=timedelta(0)),
                name="switch_times_are_positive",
            ),
            models.CheckConstraint(
                condition=Q(daily_limit_per_user__isnull=True) | Q(daily_limit_per_user__gte=0),
                name="switch_daily_limit_per_user_is_positive",
            ),
            models.CheckConstraint(
                condition=Q(daily_limit_per_account__isnull=True) | Q(daily_limit_per_account__gte=0),
                name="switch_daily_limit_per_account_is_positive",
            ),
            models.CheckConstraint(
                condition=Q(fresh_login_above__isnull=True) | Q(fresh_login_above__gte=0),
                name="switch_fresh_login_above_is_positive",
            ),
            models.CheckConstraint(
                condition=Q(warn_within__gte=timedelta(0), warn_within__lte=LONGEST_WARNING),
                name="switch_warning_fits_a_day",
            ),
            models.CheckConstraint(
                condition=Q(look_factor__gte=1, look_factor__lte=10)
                & Q(first_look_after__gt=timedelta(0), first_look_after__lte=F("longest_look_pause"))
                & Q(longest_look_pause__lte=LONGEST_PAUSE)
                & Q(failed_look_pause__gt=timedelta(0), failed_look_pause__lte=LONGEST_PAUSE),
                name="switch_looks_come_in_time",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def settled(self) -> tuple[str, ...]:
        """Fields that stay: money that is kept of its accounts is in its currency."""
        return ("currency",) if self.pk and self.accounts.exists() else ()

    def clean(self) -> None:
        super().clean()
        if fields := self.settled():
            kept = Switch.objects.values(*fields).get(pk=self.pk)
            changed = [field for field in fields if getattr(self, field) != kept[field]]
            if changed:
                raise ValidationError(
                    {field: ValidationError(SETTLED, "settled", {"kept": kept[field]}) for field in changed}
                )

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.time_zone)

    @property
    def quiet_from_until(self) -> tuple[time, time] | None:
        """From when until when, by its own clock, it is not asked for call records; the hours may go past midnight."""
        return _hours(self.quiet_hours) if self.quiet_hours else None

    @property
    def look_pauses(self) -> Backoff:
        """How far apart the looks for what is in doubt are; unless set otherwise 5, 10, 20, 40, then 60 seconds."""
        first, longest = self.first_look_after, self.longest_look_pause
        return Backoff(first=first, longest=longest, factor=self.look_factor, most_steps=10)

    @property
    def places(self) -> int:
        """Decimal places that a top-up may have."""
        return places_of(self.currency) if self.topup_places is None else self.topup_places

    def wants_fresh_login(self, amount: Decimal) -> bool:
        return self.fresh_login_above is not None and amount > self.fresh_login_above
