import django.contrib.postgres.indexes
from django.db import migrations, models
from django.db.models import F, FloatField, Value
from django.db.models.functions import Cast, Least, NullIf

BOTH_SIDES = Cast(Least(F("n_positive"), F("n_negative")), FloatField()) / Cast(
    NullIf(F("n_responses"), Value(0)), FloatField()
)


class Migration(migrations.Migration):
    dependencies = [
        ("analysis", "0007_judged_study"),
    ]

    operations = [
        migrations.AddIndex(
            model_name="stimulusstatistics",
            index=models.Index(
                F("study_id"), BOTH_SIDES, F("n_responses"), F("stimulus_id"), name="stimulus_by_both_sides"
            ),
        ),
        migrations.AddIndex(
            model_name="stimulusstatistics",
            index=django.contrib.postgres.indexes.GinIndex(fields=["top_labels"], name="stimulus_by_top_labels"),
        ),
    ]
