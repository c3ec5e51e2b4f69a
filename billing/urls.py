from django.urls import URLResolver, include, path

urlpatterns: list[URLResolver] = [
    path("", include("billing.overview.urls")),
    path("", include("billing.members.urls")),
    path("", include("billing.statements.urls")),
    path("", include("billing.call_history.urls")),
    path("", include("billing.exports.urls")),
    path("", include("billing.customers.urls")),
    path("", include("billing.batches.urls")),
    path("", include("billing.topups.urls")),
    path("", include("billing.card_payments.urls")),
    path("", include("billing.notifications.urls")),
]
