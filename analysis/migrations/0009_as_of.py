from typing import Any

import django.utils.timezone
from django.db import migrations, models
from django.db.models import F


def as_computed(apps: Any, schema_editor: Any) -> None:
    """Of results that are there, the moment of computing is the best that is known."""
    for name in ("AnalysisResult", "LatentTruthResult"):
        apps.get_model("analysis", name).objects.update(as_of=F("created_at"))


class Migration(migrations.Migration):
    dependencies = [
        ("analysis", "0008_explorer_indexes"),
    ]

    operations = [
        migrations.AddField(
            model_name="analysisresult",
            name="as_of",
            field=models.DateTimeField(
                default=django.utils.timezone.now, help_text="When the study was last known to be as the snapshot."
            ),
        ),
        migrations.AddField(
            model_name="latenttruthresult",
            name="as_of",
            field=models.DateTimeField(default=django.utils.timezone.now, help_text="As in AnalysisResult."),
        ),
        migrations.RunPython(as_computed, migrations.RunPython.noop, elidable=True),
        migrations.RemoveIndex(model_name="analysisresult", name="analysis_of_study"),
        migrations.AddIndex(
            model_name="analysisresult",
            index=models.Index(fields=["study_id", "name", "-as_of"], name="analysis_as_of"),
        ),
    ]
