"""Who takes payments by card, and the switches that money is sent to."""

from environs import validate

from portal.environment import (
    are_networks,
    env,
    is_stripe_key,
    is_stripe_webhook_secret,
    is_web_url,
    keeps_the_demo_at_home,
    networks,
)
from portal.settings.installation import DEBUG, PUBLIC_URL

# The provider for the accounts of switches that allow payments by card; empty: there is none.
PAYMENT_PROVIDER = env.str(
    "PAYMENT_PROVIDER",
    "",
    validate=[validate.OneOf(["", "stripe", "demo"]), keeps_the_demo_at_home(PUBLIC_URL, debug=DEBUG)],
)
_with_stripe = PAYMENT_PROVIDER == "stripe"
STRIPE_SECRET_KEY = env.str("STRIPE_SECRET_KEY", validate=is_stripe_key) if _with_stripe else ""
STRIPE_WEBHOOK_SECRET = env.str("STRIPE_WEBHOOK_SECRET", validate=is_stripe_webhook_secret) if _with_stripe else ""
STRIPE_API_BASE = env.str("STRIPE_API_BASE", "https://api.stripe.com", validate=is_web_url).rstrip("/")
# Where the provider's hosted pages are: a form of ours leads there.
PAYMENT_PAGES: list[str] = env.list("PAYMENT_PAGES", ["https://checkout.stripe.com"] if _with_stripe else [])

# Where switches may be, whatever addresses are entered; empty: anywhere but where none can be.
SWITCH_NETWORKS = networks(env.list("SWITCH_NETWORKS", [], validate=are_networks))
