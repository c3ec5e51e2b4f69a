"""The address at which a switch notifies the portal of changes."""

from __future__ import annotations

from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpResponse, JsonResponse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from billing.lib.redis_limits import TooMany
from billing.notifications import services as notifications
from billing.switches.services.notify_address import switch_of
from billing.web.rendering import Request

LONGEST = 16 * 1024  # bytes


@csrf_exempt
@login_not_required
@require_POST
def notify(request: Request, secret: str, page: str) -> HttpResponse:
    """Take a notification; the secret says which switch sent it, and the answer is what it expects (manual §4)."""
    switch = switch_of(secret)
    if switch is None or page not in notifications.PAGES:
        raise Http404("No such page")
    body = request.read(LONGEST + 1)
    if len(body) > LONGEST:
        return HttpResponse(status=413)
    try:
        notifications.handle(switch=switch, page=page, body=body, now=timezone.now())
    except TooMany:
        return HttpResponse(status=429)
    return JsonResponse({"retCode": 0})
