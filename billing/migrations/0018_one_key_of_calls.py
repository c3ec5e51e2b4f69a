from django.db import migrations

# Each key is looked up for every row that is loaded, which took as long as all the rest of writing it. One for both
# says more: the account is of that switch.
ONE_KEY = """
    ALTER TABLE billing_call
        ADD CONSTRAINT call_account_of_switch FOREIGN KEY (switch_id, account_id)
            REFERENCES accounts_account (switch_id, id),
        DROP CONSTRAINT billing_call_switch_id_fkey,
        DROP CONSTRAINT billing_call_account_id_fkey;
"""
TWO_KEYS = """
    ALTER TABLE billing_call
        ADD CONSTRAINT billing_call_switch_id_fkey FOREIGN KEY (switch_id) REFERENCES accounts_switch (id),
        ADD CONSTRAINT billing_call_account_id_fkey FOREIGN KEY (account_id) REFERENCES accounts_account (id),
        DROP CONSTRAINT call_account_of_switch;
"""


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0016_account_of_switch'),
        ('billing', '0017_calls_by_length_and_cost'),
    ]

    operations = [migrations.RunSQL(ONE_KEY, TWO_KEYS)]
