"""Filters of the staff site's lists: by a row that a link names, and by days. None of them counts or lists a table."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any, TypeVar

from django.contrib import admin
from django.contrib.admin.options import IncorrectLookupParameters
from django.db.models import Model, Q, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.models import Account, AuditAction, AuditEntry, User

if TYPE_CHECKING:
    from django.contrib.admin import ModelAdmin
    from django.contrib.admin.views.main import ChangeList
    from django_stubs_ext import StrOrPromise

M = TypeVar("M", bound=Model)


class OfOne(admin.SimpleListFilter):
    """Rows of the one that the address names; it is chosen by a link on that one's page."""

    of: type[Model]
    where: StrOrPromise  # it is chosen

    @classmethod
    def named_in(cls, text: str) -> Model | None:
        if not text.isascii() or not text.isdigit() or len(text) > 18:
            return None
        return cls.of._default_manager.filter(pk=int(text)).first()

    def lookups(self, request: HttpRequest, model_admin: ModelAdmin[Any]) -> list[tuple[str, str]]:
        one = self.named_in(self.value() or "")
        return [(str(one.pk), str(one))] if one else [("", gettext("Choose one under %(list)s") % {"list": self.where})]

    def queryset(self, request: HttpRequest, queryset: QuerySet[M]) -> QuerySet[M]:
        if self.value() is None:
            return self.without_one(queryset)
        one = self.named_in(self.value() or "")
        return self.rows_of(queryset, one) if one else queryset.none()

    def without_one(self, rows: QuerySet[M]) -> QuerySet[M]:
        return rows

    def rows_of(self, rows: QuerySet[M], one: Any) -> QuerySet[M]:
        return rows.filter(**{self.parameter_name or "": one})

    def choices(self, changelist: ChangeList) -> Iterator[Any]:
        everything, *chosen = super().choices(changelist)
        if self.named_in(self.value() or ""):
            yield from (everything, *chosen)
        else:
            # The template makes a link of it, relative to this list.
            place = reverse(f"admin:{self.of._meta.label_lower.replace('.', '_')}_changelist")
            yield {**everything, "display": self.lookup_choices[0][1], "query_string": place}


class OfAccount(OfOne):
    title = _("account")
    parameter_name = "account"
    of = Account
    where = _("Accounts")

    @classmethod
    def chosen(cls, request: HttpRequest) -> Account | None:
        found = cls.named_in(request.GET.get("account", ""))
        return found if isinstance(found, Account) else None


class OfChosenAccount(OfAccount):
    """For tables too large to be listed as a whole: nothing until an account is chosen."""

    def without_one(self, rows: QuerySet[M]) -> QuerySet[M]:
        return rows.none()


class OfPerson(OfOne):
    title = _("person")
    parameter_name = "user"
    of = User
    where = _("Users")


class ByOrToPerson(OfPerson):
    """Entries of the audit trail: what a person did, and what was done to their login."""

    def rows_of(self, rows: QuerySet[M], one: Any) -> QuerySet[M]:
        return rows.filter(Q(user=one) | Q(subject_type=User._meta.label_lower, subject_id=str(one.pk)))


class OfAction(admin.SimpleListFilter):
    title = _("action")
    parameter_name = "action"

    def lookups(self, request: HttpRequest, model_admin: ModelAdmin[Any]) -> list[tuple[str, str]]:
        return [(action.value, str(action.label)) for action in AuditAction]

    def queryset(self, request: HttpRequest, queryset: QuerySet[AuditEntry]) -> QuerySet[AuditEntry]:
        return queryset.filter(action=self.value()) if self.value() else queryset


def in_words(title: StrOrPromise, *, empty: StrOrPromise, filled: StrOrPromise) -> type[admin.EmptyFieldListFilter]:
    """Whether a field has anything, said in words instead of "empty" and "not empty"."""

    class InWords(admin.EmptyFieldListFilter):
        def __init__(self, *args: Any, **named: Any) -> None:
            super().__init__(*args, **named)
            self.title = str(title)

        def choices(self, changelist: ChangeList) -> Iterator[Any]:
            for choice, words in zip(super().choices(changelist), (None, empty, filled), strict=True):
                yield {**choice, "display": words or choice["display"]}

    return InWords


class Between(admin.ListFilter):
    """From one day until another, both of them included, in UTC as all times of the staff site."""

    title = _("days")
    template = "admin/between.html"
    first, last = "since", "until"
    field = "at"

    def __init__(
        self, request: HttpRequest, params: dict[str, Any], model: type[Model], model_admin: ModelAdmin[Any]
    ) -> None:
        super().__init__(request, params, model, model_admin)
        for name in self.expected_parameters():
            if name in params:
                self.used_parameters[name] = params.pop(name)[-1]

    def has_output(self) -> bool:
        return True

    def expected_parameters(self) -> list[str | None]:
        return [self.first, self.last]

    def queryset(self, request: HttpRequest, queryset: QuerySet[M]) -> QuerySet[M]:
        begin, end = self._midnight(self.first), self._midnight(self.last)
        if begin:
            queryset = queryset.filter(**{f"{self.field}__gte": begin})
        return queryset.filter(**{f"{self.field}__lt": end + timedelta(days=1)}) if end else queryset

    def choices(self, changelist: ChangeList) -> Iterator[Any]:
        """One form: its two days, and what else the address says, for the form to say it again."""
        kept = [(name, value) for name, value in changelist.params.items() if name not in self.expected_parameters()]
        given = {name: self.used_parameters.get(name, "") for name in (self.first, self.last)}
        yield {**given, "kept": kept}

    def _midnight(self, name: str) -> datetime | None:
        text = self.used_parameters.get(name)
        if not text:
            return None
        try:
            day = date.fromisoformat(str(text))
            return datetime.combine(day, time(), UTC) if day < date.max else None
        except ValueError as error:
            raise IncorrectLookupParameters(f"{text} is no day") from error
