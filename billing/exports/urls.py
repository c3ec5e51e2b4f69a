from django.urls import URLPattern, path

from billing.exports.views.direct import calls_file
from billing.exports.views.prepared import export, export_ask, export_end, export_file, exports

urlpatterns: list[URLPattern] = [
    path("a/<slug:public_id>/calls/<slug:kind>/", calls_file, name="calls_file"),
    path("a/<slug:public_id>/exports/", exports, name="exports"),
    path("a/<slug:public_id>/exports/ask/", export_ask, name="export_ask"),
    path("a/<slug:public_id>/exports/<slug:reference>/", export, name="export"),
    path("a/<slug:public_id>/exports/<slug:reference>/end/", export_end, name="export_end"),
    path("a/<slug:public_id>/exports/<slug:reference>/file/", export_file, name="export_file"),
]
