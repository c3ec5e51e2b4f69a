"""From which age on a figure is marked as old: a while after the rounds of `billing.sync.tasks` should have read it."""

from datetime import timedelta

BALANCE = timedelta(minutes=2)
# In a list, where nothing is asked for again when a person looks.
LISTED_BALANCE = timedelta(minutes=5)
CALLS = timedelta(minutes=15)
PAYMENTS = timedelta(minutes=15)
PROFILE = timedelta(minutes=20)
