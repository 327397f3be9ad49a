from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("annotation", "0014_machine_texts"),
    ]

    operations = [
        migrations.AddField(
            model_name="participation",
            name="is_imported",
            field=models.BooleanField(
                db_default=False,
                default=False,
                help_text=(
                    "Came with a snapshot: whoever brought it in may not learn who she is, nor have her forgotten."
                ),
            ),
        ),
    ]
