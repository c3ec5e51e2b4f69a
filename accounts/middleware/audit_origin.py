from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from accounts.services import audit


def audit_origin(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """What the audit trail gets while a request is answered says where that came from."""

    def middleware(request: HttpRequest) -> HttpResponse:
        with audit.within_request(request):
            return get_response(request)

    return middleware
