"""The chapter Methods: the stimuli, the task, the people, how the data came in, and what the figures mean."""

from typing import Any

from babel import Locale
from babel.core import UnknownLocaleError

from analysis.report.chapters import CHAPTER_NAMES, CHAPTERS
from analysis.report.document import Emphasis, Span, Text
from analysis.report.draft import Draft, joined
from analysis.statistics import MAJORITY_RULES, STATISTICS

_CATALOGUE = {statistic.name: statistic for statistic in STATISTICS}
_DEFINED = (
    "pairwise_agreement",
    "krippendorff_alpha",
    "fleiss_kappa",
    "gwet_ac1",
    "label_alpha",
    "mean_entropy_nats",
    "mean_entropy_grassberger_nats",
    "reliability_of_one",
    "split_half_reliability",
    "human_ceiling.accuracy",
)

_COUNTED = {2: "two", 3: "three", 4: "four", 5: "five", 6: "six"}


def write_methods(draft: Draft) -> None:
    draft.heading("Methods", level=1)
    _stimuli(draft)
    _task(draft)
    _people(draft)
    _exclusions(draft)
    _collection(draft)
    if draft.evidence.has("agreement"):
        _measures(draft)


def _stimuli(draft: Draft) -> None:
    value = draft.evidence.value
    draft.heading("Stimuli")
    sources = value("collection", "sources")
    sentence: list[Span] = [
        "The study comprised ",
        draft.count("n_stimuli", what="stimuli of the study"),
        " stimuli, ",
        draft.count("n_images", what="stimuli with an image"),
        " of them images",
    ]
    if len(sources) == 1:
        sentence.append(f", from the source {sources[0]['name']}")
    elif sources:
        sentence.append(f", from {len(sources)} sources (Table {draft.next_table})")
    draft.say(
        [*sentence, ". "],
        draft.count("n_stimuli_answered", what="stimuli with a response that counts"),
        " of them had at least one response that counts, and ",
        draft.count("n_stimuli_complete", what="stimuli with as many responses as were wanted"),
        f" had the {draft.study['wanted_responses']} responses that were wanted for each.",
    )
    if len(sources) > 1:
        rows: list[list[Text]] = []
        for place, source in enumerate(sources):
            cells = [
                [draft.evidence.number("collection", "sources", place, key, what=what, family=["sources", "*", key])]
                for key, what in (("n_stimuli", "stimuli per source"), ("n_responses", "responses per source"))
            ]
            rows.append([[source["name"] or "not named"], *cells])
        draft.table("Where the stimuli came from.", ["Source", "Stimuli", "Responses that count"], rows)


def _task(draft: Draft) -> None:
    draft.heading("Task")
    steps = draft.study["steps"]
    # not a span of a figure: the number of steps stands in the snapshot's own description
    draft.say(
        "Stimuli were shown one at a time. "
        + (
            "For each, one thing was asked:"
            if len(steps) == 1
            else f"For each, {_COUNTED.get(len(steps), str(len(steps)))} things were asked in turn:"
        )
    )
    draft.items([_step(step, draft.study["label_sets"].get(step["name"])) for step in steps])
    instructions = " The instructions are reprinted in Appendix A." if draft.study.get("instructions") else ""
    draft.say(f"Each stimulus was to be answered by {draft.study['wanted_responses']} different people.{instructions}")


def _step(step: dict[str, Any], labels: list[dict[str, Any]] | None) -> list[Span]:
    options = step["options"]
    question = str(options.get("question") or step["name"])
    said: list[Span] = [Emphasis(step["name"]), f" ({step['kind']}): “{question}”"]
    if labels:
        names = ", ".join(str(label.get("name") or label["id"]) for label in labels)
        said.append(f" One of {len(labels)} options: {names}.")
    elif step["kind"] == "text":
        least, most = options.get("min_characters"), options.get("max_characters")
        said.append(f" Free words, {least} to {most:,} characters." if least is not None and most else " Free words.")
    return said


def _people(draft: Draft) -> None:
    value = draft.evidence.value
    draft.heading("People")
    n_simulated = value("collection", "n_annotators_simulated")
    draft.say(
        draft.count("n_annotators", what="people who took part and did not withdraw"),
        " people took part",
        [
            ", of whom ",
            draft.count("n_annotators_simulated", what="simulated participants"),
            " were made by a simulator and are nobody",
        ]
        if n_simulated
        else "",
        "; ",
        draft.count("n_annotators_answered", what="people with a response that counts"),
        " gave at least one response that counts, and ",
        draft.count("n_annotators_finished", what="people who finished"),
        " came to the end of what there was for them. Nothing about age, gender or origin is part of the data that "
        "this report rests on.",
    )
    cohorts = value("collection", "cohorts")
    if any(cohort["name"] for cohort in cohorts):
        draft.say(
            "They came by: ", _listed(draft, "cohorts", "people per cohort", lambda name: name or "no named way"), "."
        )
    draft.say(
        "The pages were read in ",
        _listed(draft, "languages", "responses per language", _language),
        " (responses); the devices were ",
        _listed(draft, "devices", "responses per kind of device", lambda name: name or "not known"),
        ".",
    ) if value("collection", "n_responses") else None
    consents = value("collection", "consents")
    with_text = [consent for consent in consents if consent["hash"]]
    texts = {consent["hash"]: consent["markdown"] for consent in draft.study.get("consents", [])}
    if with_text and any(texts.get(consent["hash"]) for consent in with_text):
        wordings = (
            "one wording" if len(with_text) == 1 else f"{len(with_text)} wordings, one after the other or by language"
        )
        draft.say(
            f"Everybody agreed to a consent text before the first stimulus; there was {wordings} (Appendix B), and "
            "the wording that somebody agreed to is kept with her responses."
        )
    elif with_text:
        draft.say("The consent text of the study was empty: nothing was laid before the people to agree to.")
    if any(not consent["hash"] for consent in consents):
        draft.say(
            "For some of the people no consent text is recorded here, as with data that were collected elsewhere."
        )


def _listed(draft: Draft, key: str, what: str, name_of: Any) -> list[Span]:
    parts: list[list[Span]] = []
    for place, row in enumerate(draft.evidence.value("collection", key)):
        number = draft.evidence.number("collection", key, place, "n", what=what, family=[key, "*", "n"])
        parts.append([f"{name_of(row['name'])} (", number, ")"])
    return joined(parts) or ["nothing that is recorded"]


def _language(code: str) -> str:
    try:
        return str(Locale.parse(code, sep="-").get_display_name("en") or code)
    except (UnknownLocaleError, ValueError):
        return code or "a language that is not recorded"


def _exclusions(draft: Draft) -> None:
    draft.heading("What was left out")
    draft.say(
        draft.count("n_withdrawn", what="responses taken back"),
        " responses were taken back by the people who had given them; they are in no table of the data and in no "
        "figure. ",
        draft.count("n_surplus", what="responses that are kept and do not count"),
        " further responses are kept in the data and do not count: they came after their stimulus had all it wanted, "
        "or were set aside when somebody looked at how answers were given. ",
        draft.count("n_revised", what="responses that were revised"),
        " of the responses that count had been revised; the last version counts. Nothing else was left out, and no "
        "response was changed or weighted.",
    )


def _collection(draft: Draft) -> None:
    value = draft.evidence.value
    draft.heading("Collection")
    if not value("collection", "n_responses"):
        draft.say("No response counts yet.")
        return
    draft.say(
        draft.count("n_responses", what="responses that count"),
        " responses count. They were given from ",
        draft.count("first_day", what="first day of a response that counts", form="words"),
        " to ",
        draft.count("last_day", what="last day of a response that counts", form="words"),
        " (UTC). A stimulus that was answered had ",
        _spread(draft, "responses_per_stimulus", "responses per answered stimulus", "number1"),
        " responses; a person who answered gave ",
        _spread(draft, "responses_per_annotator", "responses per person who answered", "number1"),
        ".",
        [
            " From seeing a stimulus to sending the answer took ",
            *_spread(draft, "duration_ms", "duration of a response", "seconds"),
            ".",
        ]
        if value("collection", "duration_ms")
        else "",
    )


def _spread(draft: Draft, key: str, what: str, form: str) -> list[Span]:
    """The median, the middle half and the ends of [least, quarter, median, three quarters, most]."""
    numbers = [
        draft.evidence.number("collection", key, place, what=what, form=form, family=[key, "*"]) for place in range(5)
    ]
    least, quarter, median, three_quarters, most = numbers
    return [
        "a median of ",
        median,
        " (middle half ",
        quarter,
        " to ",
        three_quarters,
        ", least ",
        least,
        ", most ",
        most,
        ")",
    ]


def _measures(draft: Draft) -> None:
    draft.heading("Measures")
    draft.say(
        "All figures rest on the responses that count to the step ",
        Emphasis(draft.evidence.value("agreement", "step")),
        ". Their definitions:",
    )
    draft.items([_definition(name) for name in _DEFINED])
    draft.say("“Majority” has four meanings in the literature; each is reported under its own name:")
    draft.items([[Emphasis(rule.title), f": {rule.sentence} Source: {rule.source}."] for rule in MAJORITY_RULES])
    printed = draft.evidence.options("agreement")
    draft.say(
        f"Intervals hold 95 % and come from {printed['n_resamples']:,} resamples of the stimuli (Poisson "
        "bootstrap, seed "
        f"{printed['seed']}), not of the responses, since the responses to one stimulus depend on each other; their "
        "percentiles are bias-corrected and widened for small numbers of stimuli (Efron and Tibshirani 1993, "
        "sec. 14.3; "
        "Hesterberg 2015, sec. 5.3). They speak of other stimuli of the same kind, answered by these people."
    )
    draft.say(
        "Convergence says what a figure would be had each stimulus fewer responses, on the stimuli that have them all: "
        "exactly, from the multivariate hypergeometric distribution, for means over stimuli; after Spearman and Brown "
        "(1910) for the reliability; from one seeded draw for Krippendorff's alpha."
    )
    if further := [name for name in CHAPTER_NAMES if draft.evidence.has(name)]:
        draft.say("Further analyses of the same snapshot:")
        draft.items([_analysis(draft, name) for name in further])


def _analysis(draft: Draft, name: str) -> list[Span]:
    title = next(chapter.title for chapter in CHAPTERS if chapter.name == name)
    definition, source = draft.evidence.definition(name)
    return [Emphasis(title), f": {definition} Source: {source}."]


def _definition(name: str) -> list[Span]:
    statistic = _CATALOGUE[name]
    return [Emphasis(statistic.title), f": {statistic.definition} Source: {statistic.source}."]
