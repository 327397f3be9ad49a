"""The language of a study's explanations, and the words that stand out in it."""

from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import NoReverseMatch, reverse
from django.utils.http import urlencode
from django.views.decorators.http import require_GET, require_http_methods

from analysis.charts import mark_class
from analysis.charts.marks import as_percent
from analysis.explorer_links import images
from analysis.language.measures import MEASURES
from analysis.language_figures import figure_named, figures
from analysis.language_figures.means import spans_of
from analysis.language_figures.selection import BY_NAME, Selection, headline
from analysis.over_snapshots.words import NAME
from analysis.queries import latest_analysis, study_statistics
from analysis.services.analyse_snapshot import newest_analysis_job, start_analysis
from analysis.since_frozen import since_frozen
from analysis.views.csv_file import csv_response
from annotation.access import get_study, rights_of
from annotation.images import image_url
from annotation.models import Study
from annotation.queries import accepted_texts_of_stimuli, images_by_key, sources_by_key
from jobs.models import Job
from snapshots.cleaning import tokens_of

N_QUOTES = 3


@login_required
@require_http_methods(["GET", "POST"])
def language(request: HttpRequest, slug: str) -> HttpResponse:
    """?source=&emotion=&measure=: the part of the study that is shown, and what is compared between its parts."""
    # the analysis is of a snapshot, which is frozen first
    study = get_study(request.user, slug, "freeze_snapshot" if request.method == "POST" else "see_results")
    if request.method == "POST":
        start_analysis(study=study, name=NAME, user=request.user)
        return redirect(request.get_full_path())
    selection = _selection(request, study)
    context = _context(request, study, selection)
    if selection is not None:
        drawn = figures(selection)
        for figure in drawn:
            figure.csv_url = f"{reverse('study_language_csv', args=[slug, figure.id])}{_query(selection)}"
        context |= {
            "figures": drawn,
            "images_url": images(**_filters(selection, "felt")),
            "words_url": f"{reverse('study_words', args=[slug])}?{urlencode(_filters(selection, 'emotion'))}",
            "headline": headline(selection),
            "lexicons": selection.found["lexicons"],
            "embeddings": selection.found["similarity"].get("embeddings"),
            "presets": selection.found["presets"],
            "measures": [measure for measure in MEASURES if measure.name in selection.cell_of("", "")["measures"]],
        }
    return render(request, "analysis/language.html", context)


@require_GET
@login_required
def language_csv(request: HttpRequest, slug: str, name: str) -> HttpResponse:
    study = get_study(request.user, slug, "see_results")
    selection = _selection(request, study)
    figure = figure_named(name, selection) if selection is not None else None
    if figure is None:
        raise Http404("This study has no such figure.")
    return csv_response(f"{slug}-{name}", figure.raw_columns, figure.raw_rows)


@require_GET
@login_required
def words(request: HttpRequest, slug: str) -> HttpResponse:
    """?source=&emotion=&word=: which words stand out there, and the images behind one of them."""
    study = get_study(request.user, slug, "see_results")
    selection = _selection(request, study)
    context = _context(request, study, selection)
    if selection is not None:
        lists = _lists(selection)
        word = " ".join(request.GET.get("word", "").split())[:100]
        spread = _spread(selection, request.GET.get("spread", "")) if not word else None
        context |= {
            "lists": lists,
            "things": selection.found["things"],
            "thing_shares": _thing_shares(selection),
            "word": word,
            "behind": _behind(study, selection, _images_of(selection, word), word) if word else None,
            "spread": spread and {**spread, "behind": _behind(study, selection, spread["images"])},
            "explorer_url": _explorer_url(slug, word, selection) if word else "",
        }
    return render(request, "analysis/words.html", context)


@require_GET
@login_required
def words_csv(request: HttpRequest, slug: str) -> HttpResponse:
    """Every word and pair that marks an emotion, of the study and of its sources."""
    study = get_study(request.user, slug, "see_results")
    row = latest_analysis(study.pk, NAME)
    if row is None:
        raise Http404("Nothing has been computed yet.")
    numbers = ("n", "n_elsewhere", "n_people", "n_images", "log_odds", "z")
    rows = [
        [kind, source, emotion, entry[kind], *(entry.get(name) for name in numbers)]
        for kind, tables in (("word", row.result["marking"]), ("pair", {"": row.result["pairs"]}))
        for source, by_emotion in tables.items()
        for emotion, entries in by_emotion.items()
        for entry in entries
    ]
    return csv_response(f"{slug}-words", ["kind", "source", "emotion", "words", *numbers], rows)


def _selection(request: HttpRequest, study: Study) -> Selection | None:
    """What the address asks for, of the newest analysis; a source, emotion or measure that is not there is all."""
    row = latest_analysis(study.pk, NAME)
    if row is None:
        return None
    source, emotion = request.GET.get("source", ""), request.GET.get("emotion", "")
    if source not in row.result["sources"]:
        source = ""
    if emotion not in [label["id"] for label in row.result["labels"]]:
        emotion = ""
    measure = request.GET.get("measure", "")
    there = row.result["cells"]["|"]["measures"]
    if measure not in BY_NAME or measure not in there:
        measure = "concreteness" if "concreteness" in there else "sentiment" if "sentiment" in there else "n_words"
    return Selection(row, source, emotion, measure)


def _context(request: HttpRequest, study: Study, selection: Selection | None) -> dict[str, Any]:
    statistics = study_statistics(study.pk)
    newest = newest_analysis_job(study, NAME)
    return {
        "study": study,
        "rights": rights_of(request.user, study),
        "job": newest if newest is not None and newest.state != Job.DONE else None,
        "is_running": newest is not None and not newest.has_ended,
        "has_responses": bool(statistics and statistics.n_responses),
        "statistics": statistics,
        "since": since_frozen(study, statistics, [selection.row.snapshot_id] if selection is not None else []),
        "selection": selection,
        "language_query": _query(selection) if selection is not None else "",
        "row": selection.row if selection is not None else None,
    }


def _filters(selection: Selection, emotion: str) -> dict[str, str]:
    """The chosen part of the study as another page asks for it; emotion: what that page calls an emotion."""
    asked = {"source": selection.source, emotion: selection.emotion}
    return {name: value for name, value in asked.items() if value}


def _query(selection: Selection) -> str:
    asked = {"source": selection.source, "emotion": selection.emotion, "measure": selection.measure}
    return f"?{urlencode({name: value for name, value in asked.items() if value})}"


def _lists(selection: Selection) -> list[dict[str, Any]]:
    """Per emotion, or of the chosen one: its marking words and pairs."""
    found = selection.found
    marking = found["marking"].get(selection.source) or found["marking"].get("") or {}
    return [
        {
            "id": label["id"],
            "name": label["name"],
            "css": mark_class(label["id"], label["polarity"], place),
            "words": marking.get(label["id"], []),
            "pairs": found["pairs"].get(label["id"], [])[:10],
        }
        for place, label in enumerate(found["labels"])
        if selection.emotion in ("", label["id"])
    ]


def _thing_shares(selection: Selection) -> list[dict[str, str]]:
    """What of the images is named, as sentences with numbers."""
    found = selection.found["things"]
    named = (
        ("names_something", "of the texts name something to be seen"),
        ("names_something_shared", "name something that somebody else names of the same image"),
        ("takes_up_description", "take up a word of the image's own description or tags"),
    )
    return [
        {"share": as_percent(found[key][0]), "low": as_percent(found[key][1]), "high": as_percent(found[key][2]),
         "n": f"{found[key][3]:,}", "words": words}
        for key, words in named
        if found.get(key)
    ]  # fmt: skip


def _spread(selection: Selection, asked: str) -> dict[str, Any] | None:
    """A span of a measure's distribution, asked for as "sentiment.7", and its images' rows; None if it is none."""
    name, _, place = asked.partition(".")
    spans = selection.found.get("spread", {}).get(name, [])
    if not (place.isascii() and place.isdigit() and int(place) < len(spans)):
        return None
    words = f"{BY_NAME[name].title} {spans_of(name)[int(place)]}"
    return {"words": words, "images": spans[int(place)]["images"]}


def _behind(study: Study, selection: Selection, rows: list[int], word: str = "") -> list[dict[str, Any]]:
    """The images of these rows of the analysis, with what people wrote about them, such as with a word.

    Those of the chosen part only, of which the analysis may know none. The texts are those of now: what somebody has
    taken back since is not shown.
    """
    found = selection.found
    keys = [found["images"][str(image)] for image in rows]
    images = images_by_key(study, keys)
    if selection.source:
        sources = sources_by_key(study, keys)
        images = {key: image for key, image in images.items() if sources[key] == selection.source}
    texts = accepted_texts_of_stimuli(study, [key for key in keys if key in images])
    if selection.emotion:
        texts = {
            key: mine
            for key, said in texts.items()
            if (mine := [one for one in said if one.label == selection.emotion])
        }
        images = {key: image for key, image in images.items() if key in texts}
    wanted = set(tokens_of(word))
    cards = []
    for key in keys:
        if key not in images:
            continue
        # those that say the word as it is written first; an inflected or misspelt one may stand in others
        quotes = sorted(texts.get(key, []), key=lambda one: not wanted <= set(tokens_of(one.text)))
        cards.append(
            {
                "key": key,
                "thumbnail_url": image_url(study.pk, images[key], "320"),
                "quotes": [one for one in quotes if wanted <= set(tokens_of(one.text))][:N_QUOTES] or quotes[:1],
            }
        )
    return cards


def _images_of(selection: Selection, word: str) -> list[int]:
    """Rows of the images that the analysis keeps behind a word, pair, thing, simile or group."""
    found = selection.found
    lists = [
        *(found["marking"].get(selection.source, {}).get(emotion, []) for emotion in _emotions(selection)),
        *(found["marking"].get("", {}).get(emotion, []) for emotion in _emotions(selection)),
        *(found["pairs"].get(emotion, []) for emotion in (*_emotions(selection), "")),
        found["things"]["shared"],
        found["similes"],
        (found["something_else"] or {}).get("groups", []),
    ]
    for rows in lists:
        for entry in rows:
            if word in (entry.get("word"), entry.get("pair"), entry.get("phrase"), entry.get("name")):
                images: list[int] = entry["images"]
                return images
    return []


def _emotions(selection: Selection) -> list[str]:
    return [selection.emotion] if selection.emotion else [label["id"] for label in selection.found["labels"]]


def _explorer_url(slug: str, word: str, selection: Selection) -> str:
    """Where all images of the part with this word are found; '' on a site without an explorer."""
    try:
        address = reverse("study_explorer", args=[slug])
    except NoReverseMatch:
        return ""
    asked = {"word": word, **_filters(selection, "said_with")}
    return f"{address}?{urlencode(asked)}"
