from __future__ import annotations

from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import ProjectState


class FirstMigration(migrations.Migration):
    """The migration that makes every table of an app: Django reads the models once for all of it.

    Django's own way makes the classes of all related models again after each operation, which took most of the time
    that an empty database needs. Here every operation sees the models as the whole migration leaves them. A field, an
    index or a constraint is therefore part of the operation that creates its model.
    """

    initial = True

    def apply(
        self, project_state: ProjectState, schema_editor: BaseDatabaseSchemaEditor, collect_sql: bool = False
    ) -> ProjectState:
        after = self.mutate_state(ProjectState(project_state.models, project_state.real_apps), preserve=False)
        for operation in self.operations:
            operation.database_forwards(self.app_label, schema_editor, project_state, after)
        return after
