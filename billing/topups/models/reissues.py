from __future__ import annotations

import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from billing.topups.models.topups import TopUp


class Answer(models.TextChoices):
    OPEN = "", _("waiting for a second person")
    APPROVED = "approved", _("approved")
    DECLINED = "declined", _("declined")


class Reissue(models.Model):
    """A request by staff to send again, under a new reference, what a person found not applied.

    A second person approves it, who neither asked for it nor decided about the top-up; the database holds that too.
    What then is made is `topup.reissued_as`.
    """

    topup = models.ForeignKey(TopUp, on_delete=models.PROTECT, related_name="reissues")
    requested_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    requested_at = models.DateTimeField()
    why = models.CharField(max_length=300)
    answer = models.CharField(max_length=10, choices=Answer.choices, default=Answer.OPEN, blank=True)
    answered_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    answered_at = models.DateTimeField(null=True, blank=True)
    answer_why = models.CharField(max_length=300, blank=True)

    class Meta:
        verbose_name = _("re-issue")
        constraints = [
            models.UniqueConstraint(fields=["topup"], condition=~Q(answer="declined"), name="reissue_once"),
            models.CheckConstraint(condition=Q(answer__in=Answer.values), name="reissue_answer_is_known"),
            models.CheckConstraint(
                condition=Q(answer="", answered_by__isnull=True, answered_at__isnull=True)
                | (~Q(answer="") & Q(answered_by__isnull=False, answered_at__isnull=False)),
                name="reissue_answer_has_its_person",
            ),
            models.CheckConstraint(
                condition=~Q(answer="approved", answered_by=F("requested_by")),
                name="reissue_approved_by_a_second_person",
            ),
            models.CheckConstraint(condition=~Q(why=""), name="reissue_has_its_reason"),
        ]
        triggers = [
            pgtrigger.Protect(name="never_deleted", operation=pgtrigger.Delete),
            pgtrigger.Protect(
                name="answered_once", operation=pgtrigger.Update, condition=pgtrigger.Condition("OLD.answer <> ''")
            ),
            pgtrigger.ReadOnly(name="request_never_changes", fields=["topup", "requested_by", "requested_at", "why"]),
            pgtrigger.Trigger(
                name="only_of_not_applied",
                operation=pgtrigger.Insert,
                when=pgtrigger.Before,
                func="""
                    IF NOT EXISTS (SELECT FROM topups_topup WHERE id = NEW.topup_id AND state = 'not_applied') THEN
                        RAISE EXCEPTION 'Only what a person found not applied is issued again.';
                    END IF;
                    RETURN NEW;
                """,
            ),
            pgtrigger.Trigger(
                name="approved_by_no_decider",
                operation=pgtrigger.Insert | pgtrigger.Update,
                when=pgtrigger.Before,
                condition=pgtrigger.Condition("NEW.answer = 'approved'"),
                func="""
                    IF EXISTS (
                        SELECT FROM topups_transition
                        WHERE topup_id = NEW.topup_id AND to_state = 'not_applied' AND by_id = NEW.answered_by_id
                    ) THEN
                        RAISE EXCEPTION 'A person who decided about a top-up does not approve its re-issue.';
                    END IF;
                    RETURN NEW;
                """,
            ),
        ]

    def __str__(self) -> str:
        return f"re-issue of {self.topup}"
