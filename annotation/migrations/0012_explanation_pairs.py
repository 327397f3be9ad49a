"""Texts are kept under pairs of their rarest words; those of before move over with the next batch of answers."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("annotation", "0011_languages"),
    ]

    operations = [
        migrations.CreateModel(
            name="ExplanationOrder",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("study_id", models.BigIntegerField()),
                ("number", models.PositiveSmallIntegerField(help_text="0 = the study's first.")),
                ("n_texts", models.PositiveBigIntegerField(default=0, help_text="How many texts were put under it.")),
                (
                    "numbers",
                    models.BinaryField(
                        help_text="Hashes of the words that are used often, 8 bytes each, the rarest first."
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="ExplanationPair",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "key", "text_id", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("key", models.BigIntegerField(help_text="Hash of the order and the two words.")),
                ("text_id", models.BigIntegerField()),
                ("n_words", models.PositiveSmallIntegerField(help_text="Of the whole text.")),
                (
                    "signature",
                    models.BigIntegerField(help_text="Of the whole text: which of 64 classes its words fall into."),
                ),
            ],
        ),
        migrations.DeleteModel(
            name="ExplanationWindow",
        ),
        migrations.AddField(
            model_name="explanationtext",
            name="order_id",
            field=models.BigIntegerField(help_text="The order of words that its pairs are made in.", null=True),
        ),
        migrations.AddField(
            model_name="explanationtext",
            name="signature",
            field=models.BigIntegerField(help_text="Which of 64 classes its words fall into.", null=True),
        ),
        migrations.AddIndex(
            model_name="explanationtext",
            index=models.Index(
                condition=models.Q(("order_id", None)), fields=["study_id", "id"], name="texts_without_pairs"
            ),
        ),
        migrations.AddConstraint(
            model_name="explanationorder",
            constraint=models.UniqueConstraint(fields=("study_id", "number"), name="one_order_per_number"),
        ),
    ]
