from django.db import migrations

# That the account of a call is there, and of the call's switch, is asked once for all rows that a statement writes: a
# foreign key asks for each row, which took as long as all the rest of loading a day.
ONCE_A_STATEMENT = """
    ALTER TABLE billing_call DROP CONSTRAINT call_account_of_switch;

    CREATE FUNCTION billing_call_has_its_account() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        -- Held until the transaction ends, as by a foreign key.
        PERFORM 1 FROM accounts_account WHERE id IN (SELECT account_id FROM written) ORDER BY id FOR KEY SHARE;
        IF EXISTS (
            SELECT 1 FROM (SELECT DISTINCT account_id, switch_id FROM written) named
            LEFT JOIN accounts_account account ON account.id = named.account_id AND account.switch_id = named.switch_id
            WHERE account.id IS NULL
        ) THEN
            RAISE foreign_key_violation USING MESSAGE = 'a call must be of an account of its switch';
        END IF;
        RETURN NULL;
    END $$;
    CREATE TRIGGER call_has_its_account_when_added AFTER INSERT ON billing_call
        REFERENCING NEW TABLE AS written FOR EACH STATEMENT EXECUTE FUNCTION billing_call_has_its_account();
    CREATE TRIGGER call_has_its_account_when_changed AFTER UPDATE ON billing_call
        REFERENCING NEW TABLE AS written FOR EACH STATEMENT EXECUTE FUNCTION billing_call_has_its_account();

    CREATE FUNCTION billing_call_keeps_its_account() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF EXISTS (SELECT 1 FROM billing_call WHERE account_id = OLD.id) THEN
            RAISE foreign_key_violation USING MESSAGE = 'an account that has calls stays as it is';
        END IF;
        RETURN CASE WHEN TG_OP = 'DELETE' THEN OLD ELSE NEW END;
    END $$;
    CREATE TRIGGER account_of_calls_stays BEFORE DELETE ON accounts_account
        FOR EACH ROW EXECUTE FUNCTION billing_call_keeps_its_account();
    CREATE TRIGGER account_of_calls_stays_on_its_switch BEFORE UPDATE OF id, switch_id ON accounts_account
        FOR EACH ROW WHEN (OLD.id <> NEW.id OR OLD.switch_id <> NEW.switch_id)
        EXECUTE FUNCTION billing_call_keeps_its_account();
"""
FOR_EACH_ROW = """
    DROP TRIGGER account_of_calls_stays_on_its_switch ON accounts_account;
    DROP TRIGGER account_of_calls_stays ON accounts_account;
    DROP TRIGGER call_has_its_account_when_changed ON billing_call;
    DROP TRIGGER call_has_its_account_when_added ON billing_call;
    DROP FUNCTION billing_call_keeps_its_account();
    DROP FUNCTION billing_call_has_its_account();
    ALTER TABLE billing_call ADD CONSTRAINT call_account_of_switch FOREIGN KEY (switch_id, account_id)
        REFERENCES accounts_account (switch_id, id);
"""


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0016_account_of_switch'),
        ('billing', '0021_records_of_two_days'),
    ]

    operations = [migrations.RunSQL(ONCE_A_STATEMENT, FOR_EACH_ROW)]
