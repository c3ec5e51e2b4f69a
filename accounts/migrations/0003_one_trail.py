from django.db import migrations

# What staff looked at, and what Django's admin wrote down by itself, go into the one trail.
LOOKS = """
    INSERT INTO accounts_auditentry
        (at, user_id, who, role, account_id, action, subject_type, subject_id, subject, text, changes, address,
         session, user_agent)
    SELECT look.at, look.staff_id, staff.email, 'staff', look.account_id, 'looked', '', '', '', look.path, '{}',
           look.address, '', ''
    FROM accounts_look look JOIN accounts_user staff ON staff.id = look.staff_id
    ORDER BY look.id
"""
STAFF_SITE = """
    INSERT INTO accounts_auditentry
        (at, user_id, who, role, action, subject_type, subject_id, subject, text, changes, session, user_agent)
    SELECT log.action_time, log.user_id, staff.email, 'staff',
           CASE log.action_flag WHEN 1 THEN 'added' WHEN 2 THEN 'changed' ELSE 'removed' END,
           left(coalesce(kind.app_label || '.' || kind.model, ''), 60), left(coalesce(log.object_id, ''), 40),
           left(log.object_repr, 200), left(log.change_message, 500), '{}', '', ''
    FROM django_admin_log log
    JOIN accounts_user staff ON staff.id = log.user_id
    LEFT JOIN django_content_type kind ON kind.id = log.content_type_id
    ORDER BY log.id
"""
FORGET_STAFF_SITE = "DELETE FROM django_admin_log"


def forget_permissions(apps, schema_editor):
    """Those of the table that is no more: a group would keep them for ever."""
    apps.get_model("contenttypes", "ContentType").objects.filter(app_label="accounts", model="look").delete()


class Migration(migrations.Migration):

    dependencies = [
        ("accounts", "0002_audit_trail"),
        ("admin", "0003_logentry_add_action_flag_choices"),
        ("auth", "0012_alter_user_first_name_max_length"),
        ("contenttypes", "0002_remove_content_type_name"),
    ]

    operations = [
        migrations.RunSQL(LOOKS),
        migrations.RunSQL(STAFF_SITE),
        migrations.RunSQL(FORGET_STAFF_SITE),
        migrations.DeleteModel("Look"),
        migrations.RunPython(forget_permissions),
    ]
