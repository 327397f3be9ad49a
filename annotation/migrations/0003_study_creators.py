"""The group whose members may create studies, and the mark of accounts that still have a one-time password."""

from django.apps.registry import Apps
from django.contrib.auth.management import create_permissions
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor


def make_groups(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    # permissions are made after all migrations; this one is needed now
    config = apps.get_app_config("annotation")
    config.models_module = True  # type: ignore[assignment]
    create_permissions(config, apps=apps, verbosity=0)
    config.models_module = None
    group, _ = apps.get_model("auth", "Group").objects.get_or_create(name="Study creators")
    group.permissions.add(
        apps.get_model("auth", "Permission").objects.get(codename="add_study", content_type__app_label="annotation")
    )
    apps.get_model("auth", "Group").objects.get_or_create(name="one-time password")


class Migration(migrations.Migration):
    dependencies = [
        ("annotation", "0002_rules_kept_by_the_database"),
        ("auth", "0012_alter_user_first_name_max_length"),
        ("contenttypes", "0002_remove_content_type_name"),
    ]

    operations = [migrations.RunPython(make_groups, migrations.RunPython.noop)]
