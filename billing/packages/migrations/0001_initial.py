import django.contrib.postgres.fields
import django.db.models.deletion
from django.db import migrations, models

from accounts.lib.first_migration import FirstMigration


class Migration(FirstMigration):

    dependencies = [
        ('accounts', '0001_initial'),
    ]

    operations = [
        migrations.CreateModel(
            name='PackageList',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('asked_at', models.DateTimeField(blank=True, help_text='When they were last asked for', null=True)),
                ('ended_at', models.DateTimeField(blank=True, help_text='When that ended, well or not', null=True)),
                ('not_before', models.DateTimeField(blank=True, help_text='They are not asked for again before', null=True)),
                ('read_at', models.DateTimeField(blank=True, help_text='As of when the rows here are', null=True)),
                ('failure', models.CharField(blank=True, help_text='Why they were not read the last time', max_length=30)),
                ('account', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='package_list', to='accounts.account')),
            ],
            options={
                'abstract': False,
            },
        ),
        migrations.CreateModel(
            name='Package',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.TextField()),
                ('prefixes', django.contrib.postgres.fields.ArrayField(base_field=models.TextField(), size=None)),
                ('begins_at', models.DateTimeField()),
                ('ends_at', models.DateTimeField(blank=True, help_text='Empty: it does not end', null=True)),
                ('package_list', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='packages', to='packages.packagelist')),
            ],
        ),
    ]
