"""What follows the results: limits, how to get the same figures again, the study's own words, and the evidence."""

from analysis.report.document import Code, Column, Span, Text
from analysis.report.draft import Draft

#: Below this median of responses, a single stimulus's shares are known to no better than about a quarter.
FEW_RESPONSES = 10
FEW_STIMULI = 20


def write_limits(draft: Draft) -> None:
    value = draft.evidence.value
    draft.heading("Limits", level=1)
    items: list[Text] = []
    if value("collection", "n_simulated"):
        items.append(
            ["Simulated responses say how the methods work and nothing about people (see the note at the top)."]
        )
    typical = value("collection", "responses_per_stimulus")
    if typical and typical[2] < FEW_RESPONSES:
        median = draft.evidence.number(
            "collection",
            "responses_per_stimulus",
            2,
            what="responses per answered stimulus",
            form="number1",
            family=["responses_per_stimulus", "*"],
        )
        items.append(
            [
                "With a median of ",
                median,
                " responses, the distribution of a single stimulus is known only roughly; what "
                "is said here holds for the stimuli together.",
            ]
        )
    n_answered = value("collection", "n_stimuli_answered")
    if n_answered < FEW_STIMULI:
        items.append(
            [f"With fewer than {FEW_STIMULI} stimuli answered, intervals from resampling stimuli are too narrow."]
        )
    if value("collection", "n_stimuli_complete") < value("collection", "n_stimuli"):
        items.append(
            [
                "Not every stimulus has as many responses as were wanted. Who was asked about what followed the "
                "order of "
                "lending, not the answers."
            ]
        )
    if draft.evidence.has("agreement"):
        items += [
            [
                "A majority is what most of these people chose, not what a stimulus is; where they differ, the "
                "difference is "
                "the finding and need not be noise."
            ],
        ]
    items += [
        ["The people are those who came and agreed; they are no sample of a population, and nothing was weighted."],
        [
            "The options were offered. A feeling without an option is in none of the shares, and other options "
            "would have "
            "given other shares."
        ],
        [
            "Each interval is for its figure alone. With many labels some intervals miss by chance; where p values are "
            "given, they are corrected for the comparisons of their own table's kind and for no others."
        ],
    ]
    if value("collection", "n_withdrawn"):
        items.append(["What was taken back is absent, and whoever takes answers back may not be like the others."])
    draft.items(items)


def write_reproduction(draft: Draft, version: str, rebuild: str) -> None:
    draft.heading("Data and how to get the same figures", level=1)
    draft.say(
        "The figures rest on the snapshot ",
        Code(draft.snapshot_id),
        ", the study frozen at one moment and named by the "
        f"hash of its content. Commonground {version} writes this report from it, the same bytes each time, with ",
        Code(rebuild),
        ". The snapshot is checked with ",
        Code("manage.py verify"),
        " and exported as a whole, to be published beside a paper, with ",
        Code(f"manage.py export {draft.name} --format snapshot --to study.zip --snapshot {draft.snapshot_id[:12]}"),
        ".",
    )


def write_appendices(draft: Draft) -> None:
    instructions, consents = draft.study.get("instructions"), draft.study.get("consents", [])
    used = {row["hash"] for row in draft.evidence.value("collection", "consents")}
    shown = [consent for consent in consents if consent["hash"] in used and consent["markdown"]]
    if instructions:
        draft.heading("Appendix A. Instructions", level=1)
        draft.quote(instructions)
    if shown:
        draft.heading("Appendix B. Consent", level=1)
        for consent in shown:
            draft.say("sha256 ", Code(consent["hash"]))
            draft.quote(consent["markdown"])


def write_evidence(draft: Draft) -> None:
    """Last, when every figure has been asked for: a command stands once, its rows name places in what it prints."""
    rows = draft.evidence.rows()
    draft.heading("Where each figure comes from", level=1)
    commands = list(dict.fromkeys(row.command for row in rows))
    letters = {command: chr(ord("A") + place) for place, command in enumerate(commands)}
    draft.say(
        "Each figure of this report is read out of what one of these commands prints; adding ",
        Code("--at PLACE"),
        " prints the figure alone, unrounded. A * stands for each member of a family, such as each label.",
    )
    draft.items([[f"{letter}: ", Code(command)] for command, letter in letters.items()])
    table: list[list[Text]] = []
    for row in rows:
        what: Span = row.what[0].upper() + row.what[1:]
        table.append(
            [
                [str(row.number)],
                [what],
                [letters[row.command], " ", Code(row.place)],
                [f"{row.definition} {row.source}."],
            ]
        )
    draft.table(
        "Where each figure comes from.",
        [
            Column("No.", 0.5),
            Column("Figure", 2.2, has_words=True),
            Column("Command and place", 4.2, has_words=True),
            Column("Definition and source", 5.1, has_words=True),
        ],
        table,
        is_evidence=True,
    )
