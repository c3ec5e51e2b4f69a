"""What a subject tells the rest of the portal about itself, in its AppConfig; Django's registry of apps is the list."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, ClassVar

from django.apps import AppConfig, apps
from django.utils.module_loading import import_string

from accounts.actions import Action

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

    from accounts.access import Access


@dataclass(frozen=True, kw_only=True)
class Place:
    """An entry of the menu of an account's pages.

    `url` names the address of its first page, which is also the part of the address behind the account. Who may not do
    `action` does not see the entry. `icon` is a template; without one it is `icons/<url>.svg`.
    """

    title: StrOrPromise
    url: str
    order: int
    action: Action = Action.VIEW
    icon: str = ""


@dataclass(frozen=True, kw_only=True)
class PaymentMethod:
    """A way in which money comes to an account. `title` words it for an Access; `url` names the address of its form."""

    title: Callable[[Access], StrOrPromise]
    url: str
    order: int
    action: Action


@dataclass(frozen=True, kw_only=True)
class Waiting:
    """Rows that wait for a person. `model` is their label, and `query` what the staff's list of them is narrowed by."""

    label: StrOrPromise
    model: str
    count: int
    query: Mapping[str, object]


@dataclass(frozen=True)
class Metric:
    """A gauge for an operator's monitoring. `values` are by what `label` says; without a label there is one, by ""."""

    name: str
    help: str
    values: Mapping[str, float] = field(default_factory=dict)
    label: str = ""


class Subject(AppConfig):
    """The plug of a subject.

    `pages_under` names the place of the menu in which those of its pages lie that have no entry, by the first part of
    the address behind the account. `staff` says of each of its models what (support, billing, operator) may do: v(iew),
    a(dd), c(hange), d(elete). `permissions` says which groups have each permission that is of none of these kinds.
    `waiting` and `metrics` are dotted paths of functions that take `now`.
    While a switch has rows of its models, the switch's calendar stays as it is, because their days would be of another
    one. `undated` names models that have nothing to do with days; `calendar` is the dotted path of a module that can
    say `is_bound` of a switch, and `forget` what a sync brings again in the new calendar.
    """

    default = False  # Django looks for one AppConfig in each apps.py, and this class is imported there
    default_auto_field = "django.db.models.BigAutoField"
    place: ClassVar[Place | None] = None
    pages_under: ClassVar[Mapping[str, str]] = {}
    payment_methods: ClassVar[tuple[PaymentMethod, ...]] = ()
    staff: ClassVar[Mapping[str, tuple[str, str, str]]] = {}
    permissions: ClassVar[Mapping[str, tuple[str, ...]]] = {}
    waiting: ClassVar[str] = ""
    metrics: ClassVar[str] = ""
    undated: ClassVar[tuple[str, ...]] = ()
    calendar: ClassVar[str] = ""

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        cls.default = True


def subjects() -> Iterator[Subject]:
    """Every subject that is installed, in the order of INSTALLED_APPS."""
    return (config for config in apps.get_app_configs() if isinstance(config, Subject))


def places() -> list[Place]:
    """The menu, in its order."""
    return sorted((subject.place for subject in subjects() if subject.place), key=lambda place: place.order)


def place_of(part: str) -> str:
    """Which place of the menu a page lies in, by the first part of its address behind the account; "" where in none."""
    for subject in subjects():
        if subject.place and subject.place.url == part:
            return part
        if part in subject.pages_under:
            return subject.pages_under[part]
    return ""


def payment_methods() -> list[PaymentMethod]:
    """Every way in which money may come to an account, the usual one first."""
    return sorted((way for subject in subjects() for way in subject.payment_methods), key=lambda way: way.order)


def waiting(*, now: datetime) -> Iterator[Waiting]:
    """Everything that waits for a person now, subject by subject."""
    return _told_by("waiting", now)


def metrics(*, now: datetime) -> Iterator[Metric]:
    """Every subject's figures for an operator's monitoring."""
    return _told_by("metrics", now)


def _told_by(attribute: str, now: datetime) -> Iterator[Any]:
    for subject in subjects():
        if path := getattr(subject, attribute):
            tell: Callable[..., Iterable[Any]] = import_string(path)
            yield from tell(now=now)
