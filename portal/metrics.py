"""Serves figures to an operator's monitoring that shows METRICS_TOKEN, as Prometheus reads them."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator
from dataclasses import replace

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.crypto import constant_time_compare
from django.views.decorators.http import require_safe
from redis.exceptions import RedisError

from accounts.models import Notice, Switch
from billing import subject
from billing.lib.redis import connection
from billing.subject import Metric
from billing.switches.services import budget as switch_budget
from portal.processes import PROCESSES

logger = logging.getLogger(__name__)

TEXT = "text/plain; version=0.0.4; charset=utf-8"


@login_not_required
@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    if not settings.METRICS_TOKEN or not _shows_the_token(request):
        raise Http404("No such page")
    found = _joined([*subject.metrics(now=timezone.now()), _notices(), *_of_redis()])
    return HttpResponse("".join(map(_written, found)), content_type=TEXT)


def _shows_the_token(request: HttpRequest) -> bool:
    given = request.headers.get("Authorization", "")
    return constant_time_compare(given.encode(), f"Bearer {settings.METRICS_TOKEN}".encode())


def _joined(metrics: Iterable[Metric]) -> list[Metric]:
    """Join metrics of one name into one, as Prometheus wants it, with the values of all."""
    joined: dict[str, Metric] = {}
    for metric in metrics:
        before = joined.setdefault(metric.name, metric)
        joined[metric.name] = replace(before, values={**before.values, **metric.values})
    return list(joined.values())


def _notices() -> Metric:
    waiting = {"notice": Notice.objects.filter(next_attempt_at__isnull=False).count()}
    return Metric("portal_mails_waiting", "Mails that are owed.", waiting, "kind")


def _of_redis() -> Iterator[Metric]:
    try:
        lengths = {queue: float(connection().llen(queue)) for queue in _queues()}
        names = dict(Switch.objects.values_list("pk", "name"))
        doors = switch_budget.open_breakers(redis=connection(), switch_ids=names)
    except RedisError:
        logger.warning("Redis does not answer: its figures are left out")
        yield Metric("portal_redis_up", "Whether Redis answers.", {"": 0})
        return
    yield Metric("portal_redis_up", "Whether Redis answers.", {"": 1})
    yield Metric("portal_queue_length", "Tasks that no worker has taken yet.", lengths, "queue")
    closed = {names[switch]: float(is_closed) for switch, is_closed in doors.items()}
    yield Metric("portal_switch_left_alone", "1: it did not answer, and is not asked for a while.", closed, "switch")


def _queues() -> Iterable[str]:
    for command in PROCESSES.values():
        if "--queues" in command:
            yield from command[command.index("--queues") + 1].split(",")


def _written(metric: Metric) -> str:
    lines = [f"# HELP {metric.name} {metric.help}", f"# TYPE {metric.name} gauge"]
    for label, value in metric.values.items():
        of = f'{{{metric.label}="{_escaped(label)}"}}' if metric.label else ""
        lines.append(f"{metric.name}{of} {value:.15g}")
    return "\n".join(lines) + "\n"


def _escaped(label: str) -> str:
    return label.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
