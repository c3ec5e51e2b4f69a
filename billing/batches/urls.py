from django.urls import URLPattern, path

from billing.batches.views.batches import (
    batch,
    batch_again,
    batch_confirm,
    batch_rest,
    batch_results,
    batch_stop,
    batches,
    upload_batch,
)

urlpatterns: list[URLPattern] = [
    path("a/<slug:public_id>/customers/batch/", batches, name="batches"),
    path("a/<slug:public_id>/customers/batch/upload/", upload_batch, name="upload_batch"),
    path("a/<slug:public_id>/customers/batch/<slug:reference>/", batch, name="batch"),
    path("a/<slug:public_id>/customers/batch/<slug:reference>/confirm/", batch_confirm, name="batch_confirm"),
    path("a/<slug:public_id>/customers/batch/<slug:reference>/stop/", batch_stop, name="batch_stop"),
    path("a/<slug:public_id>/customers/batch/<slug:reference>/again/", batch_again, name="batch_again"),
    path("a/<slug:public_id>/customers/batch/<slug:reference>/rest/", batch_rest, name="batch_rest"),
    path("a/<slug:public_id>/customers/batch/<slug:reference>/results/", batch_results, name="batch_results"),
]
