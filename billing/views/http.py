from django.http import HttpRequest
from django_htmx.middleware import HtmxDetails

from accounts.models import User


class Request(HttpRequest):
    """What every page's view gets: somebody is logged in, and htmx' headers are read."""

    user: User
    htmx: HtmxDetails
