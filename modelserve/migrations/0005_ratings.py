"""What a network's heads answer for a stimulus, beside its distribution."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("modelserve", "0004_version_of_run")]

    operations = [
        migrations.AddField(
            model_name="prediction",
            name="ratings",
            field=models.JSONField(default=dict, help_text="Head of the network to number, in the scale's own unit."),
        ),
    ]
