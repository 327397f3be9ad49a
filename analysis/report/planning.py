"""How many responses, images and people would be enough: what a next study can plan with."""

from analysis.charts import ShareBar, share_bars
from analysis.report.document import Column, Text
from analysis.report.draft import Draft

PLANNING = "planning"
SHOWN = (1, 2, 3, 4, 5, 6, 8, 10, 15, 20, 30, 50, 100)


def write_planning(draft: Draft) -> None:
    found = draft.evidence.value(PLANNING)
    draft.heading("How many responses would be enough")
    if not found["widths"]:
        draft.say("There are too few answers to plan with.")
        return
    evidence = draft.evidence
    draft.say(
        "What is known of a single image is said by the widest of its labels' 95 % intervals. "
        f"Table {draft.next_table} and Figure {draft.next_drawing} give the width to be expected with so many "
        "responses per image, were each image's shares those of its answers with half an answer added to each label."
    )
    rows: list[list[Text]] = []
    bars = []
    for place, row in enumerate(found["widths"]):
        if row["n"] not in SHOWN:
            continue
        n = evidence.number(PLANNING, "widths", place, "n", what="responses per image", family=["widths", "*", "n"])
        cells = [
            [
                evidence.number(
                    PLANNING,
                    "widths",
                    place,
                    key,
                    what=f"expected width of an image's widest interval{words}",
                    form="percent",
                    family=["widths", "*", key],
                )
            ]
            for key, words in (("mean", ""), ("p10", ", best tenth"), ("p90", ", worst tenth"))
        ]
        rows.append([[n], *cells, ["yes" if row["is_projected"] else ""]])
        css = "series-2" if row["is_projected"] else "series-1"
        answers = f"{row['n']} answer{'' if row['n'] == 1 else 's'}"
        bars.append(ShareBar(answers, row["mean"], row["p10"], row["p90"], css))
    draft.table(
        "Expected width of an image's widest 95 % interval.",
        [
            Column("Responses per image", 1.4),
            "Mean",
            Column("Best tenth", 1),
            Column("Worst tenth", 1),
            Column("More than any image has", 1.6, has_words=True),
        ],
        rows,
        note="Wilson intervals (1927). Best and worst tenth: of the images.",
    )
    title = "How well an image is known, by its number of responses"
    draft.drawing(
        f"{title}: expected width of its widest interval; lines span the best to the worst tenth of the images.",
        share_bars(title, "See the table before it.", bars, full=1),
    )
    _variances(draft)


def _variances(draft: Draft) -> None:
    labels = draft.evidence.value(PLANNING, "labels")
    if all(label["of_images"] is None for label in labels):
        return
    rows: list[list[Text]] = []
    for place, label in enumerate(labels):
        cells = [
            [
                draft.evidence.number(
                    PLANNING,
                    "labels",
                    place,
                    key,
                    what=f"{words}, per label",
                    form=form,
                    family=["labels", "*", key],
                )
            ]
            for key, words, form in (
                ("share", "share of the responses", "percent"),
                ("of_images", "variance between images", "number3"),
                ("of_people", "variance between people", "number3"),
                ("of_rest", "variance of the rest", "number3"),
            )
        ]
        rows.append([[str(label.get("name") or label["id"])], *cells])
    draft.say(
        f"Table {draft.next_table} says where the variance of a single answer lies. Where it lies between images, more "
        "images help; where between people, more people; where in the rest, more responses per image."
    )
    draft.table(
        "Variance of a single answer, by label.",
        ["Label", "Share", "Between images", "Between people", "Rest"],
        rows,
        note="The three parts add up to about share times one minus share.",
    )
