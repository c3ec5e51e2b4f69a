from django.db import migrations, models

from accounts.lib.first_migration import FirstMigration


class Migration(FirstMigration):

    dependencies = [
    ]

    operations = [
        migrations.CreateModel(
            name='JobRun',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('job', models.CharField(max_length=100)),
                ('slot', models.DateTimeField(help_text='When the slot begins')),
                ('started_at', models.DateTimeField()),
                ('finished_at', models.DateTimeField(blank=True, null=True)),
                ('succeeded', models.BooleanField(null=True)),
                ('detail', models.TextField(blank=True)),
            ],
            options={
                'indexes': [models.Index(fields=['-started_at'], name='jobs_jobrun_started_112203_idx')],
                'constraints': [models.UniqueConstraint(fields=('job', 'slot'), name='job_runs_once_per_slot')],
            },
        ),
    ]
