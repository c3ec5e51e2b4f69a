from django.urls import URLPattern, path, register_converter

from billing.call_history.views.backfill import calls_filling
from billing.call_history.views.call import FlowNumber, one_call
from billing.call_history.views.calls import calls
from billing.call_history.views.destinations import calls_destinations

register_converter(FlowNumber, "flow")

urlpatterns: list[URLPattern] = [
    path("a/<slug:public_id>/calls/", calls, name="calls"),
    path("a/<slug:public_id>/calls/<flow:flow_no>/", one_call, name="call"),
    path("a/<slug:public_id>/calls/filling/", calls_filling, name="calls_filling"),
    path("a/<slug:public_id>/calls/destinations/", calls_destinations, name="calls_destinations"),
]
