"""The results by source of the stimuli, and the stimuli that people agree on most and least."""

from analysis.report.document import Column, Text
from analysis.report.draft import Draft, labels_of


def write_sources(draft: Draft) -> None:
    draft.heading("By source of the stimuli")
    found = draft.evidence.value("agreement", "by_source")
    shown = (
        ("krippendorff_alpha", "Alpha", "number2"),
        ("pairwise_agreement", "Pairs that agree", "percent"),
        ("majority.half_or_more", "Half or more", "percent"),
        ("positive_and_negative", "Positive and negative", "percent"),
    )
    rows: list[list[Text]] = []
    for source in sorted(found):
        row: list[Text] = [[source or "not named"]]
        n = draft.evidence.number(
            "agreement",
            "by_source",
            source,
            "n_stimuli",
            what="answered stimuli per source",
            family=["by_source", "*", "n_stimuli"],
        )
        row.append([n])
        for name, title, form in shown:
            row.append(
                draft.evidence.cell(
                    "by_source",
                    source,
                    "estimates",
                    name,
                    what=f"{title}, per source",
                    form=form,
                    of=name,
                    family=["by_source", "*", "estimates", name],
                )
            )
        rows.append(row)
    draft.table(
        "The same figures by source.",
        [Column("Source", 1.6), Column("Stimuli", 0.9), *(Column(title, 2.2) for _, title, _ in shown)],
        rows,
        note="In brackets: 95 % intervals. Sources that differ in the number of responses per stimulus are comparable "
        "in alpha and in pairs, not in the two shares of stimuli.",
    )


def write_extremes(draft: Draft) -> None:
    most, least = (draft.evidence.value("agreement", key) for key in ("most_shared", "least_shared"))
    if not most:
        return
    draft.heading("Where people meet and where they part")
    names = {label["id"]: name for _, label, name in labels_of(draft)}
    rows: list[list[Text]] = []
    for key, title, found in (("most_shared", "most shared", most), ("least_shared", "least shared", least)):
        for place, each in enumerate(found):
            agreement = draft.evidence.number(
                "agreement",
                key,
                place,
                "agreement",
                what=f"agreement of the stimuli {title}",
                form="percent",
                of="pairwise_agreement",
                family=[key, "*", "agreement"],
            )
            chosen = sorted(each["counts"].items(), key=lambda item: (-item[1], names[item[0]]))
            said = ", ".join(f"{names[label]} {n}" for label, n in chosen)
            rows.append([[each["name"] or each["stimulus_key"][:12]], [title], [said], [agreement]])
    draft.table(
        "The stimuli that people agree on most and least.",
        [
            Column("Stimulus", 2.4),
            Column("Which", 1.3, has_words=True),
            Column("Responses", 4, has_words=True),
            Column("Pairs that agree", 1.3),
        ],
        rows,
        note="Of several alike, those with more responses, then by key.",
    )
