"""Lets the served speaker write about images that it never learned from, and makes a study that judges it."""

import random
from collections.abc import Sequence
from typing import Any

from django.contrib.auth import get_user_model

from analysis.judged.trials import DESIGNS, PREFERENCE
from analysis.models import JudgedStudy
from analysis.services.make_judged_study import MOST_SEED, make_judged_study
from annotation.errors import InvalidInput
from annotation.models import Study
from annotation.queries import stimuli_with_images, study_of_slug
from jobs.errors import JobRefused
from jobs.handle import JobHandle
from jobs.models import Job
from jobs.services import start_job
from modelserve.errors import ModelServeError
from modelserve.queries import promoted_network
from modelserve.services.explain_images import explain_images, served_networks
from modelserve.services.read_stored_image import read_stored_image
from modelserve.variants import VARIANTS
from snapshots.local_copy import image_name
from snapshots.split import split_of

JOB_KIND = "judge_speaker"
MOST_IMAGES = 5_000
AT_ONCE = 16


def start_judging(
    *, study: Study, design: str, variants: Sequence[str], n_images: int, seed: int, title: str, user: Any = None
) -> Job:
    """Starts the job. Raises InvalidInput where it could make nothing."""
    errors: dict[str, list[str]] = {}
    if design not in DESIGNS:
        errors["design"] = [f"Choose one of {', '.join(DESIGNS)}."]
    if not variants or set(variants) - set(VARIANTS):
        errors["variants"] = [f"Choose from {', '.join(VARIANTS)}."]
    elif design == PREFERENCE and len(set(variants)) < 2:
        errors["variants"] = ["A preference is between two: choose two variants or more."]
    if not 1 <= n_images <= MOST_IMAGES:
        errors["n_images"] = [f"Give a number from 1 to {MOST_IMAGES:,}."]
    if not 0 <= seed <= MOST_SEED:
        errors["seed"] = [f"Give a whole number from 0 to {MOST_SEED:,}."]
    if not 1 <= len(title.strip()) <= 200:
        errors["title"] = ["Give a title of 1 to 200 characters."]
    if promoted_network(study.slug, "speaker") is None:
        errors["design"] = ["No speaker is served for this study. Train one on its networks page first."]
    if errors:
        raise InvalidInput(" ".join(sentence for said in errors.values() for sentence in said), errors)
    arguments = {
        "design": design,
        "variants": [name for name in VARIANTS if name in variants],
        "n_images": n_images,
        "seed": seed,
        "title": title.strip(),
    }
    return start_job(JOB_KIND, study_key=study.slug, arguments=arguments, user=user)


def judge_speaker(handle: JobHandle) -> dict[str, Any]:
    """The job. Run again after a kill, it finds the study that it made. Raises JobRefused with a sentence."""
    source = study_of_slug(handle.study_key)
    if source is None:
        raise JobRefused("The study is not there any more; nothing was made.")
    made = JudgedStudy.objects.filter(job_id=handle.job_id).first()
    if made is not None:
        return _result(Study.objects.get(pk=made.study_id))
    wish = handle.arguments
    images = images_to_judge(source, wish["n_images"], wish["seed"])
    if not images:
        raise JobRefused(
            "None of the images that the speaker did not learn from has both a picture and an answer. Nothing was made."
        )
    texts: dict[str, dict[str, str]] = {key: {} for key, _ in images}
    # one speaker for all trials, whatever is promoted meanwhile: its version stands beside the results
    networks = served_networks(source.slug)
    versions = {task: networks[task].version for task in _asked(wish["variants"]) if task in networks}
    total = len(images) * len(wish["variants"])
    try:
        for place, variant in enumerate(wish["variants"]):
            for start in range(0, len(images), AT_ONCE):
                some = images[start : start + AT_ONCE]
                handle.progress(place * len(images) + start, total, f"Writing: {VARIANTS[variant].title}")
                files = [read_stored_image(image_name(sha256)) for _, sha256 in some]
                _, written = explain_images(source.slug, files, variant=variant, networks=networks)
                for (key, _), best in zip(some, written, strict=True):
                    texts[key][variant] = best[0].text if best else ""
        handle.progress(total, total, "Drawing the trials")
        study = make_judged_study(
            source=source,
            design=wish["design"],
            machines=texts,
            seed=wish["seed"],
            title=wish["title"],
            user=get_user_model().objects.filter(pk=handle.created_by_id or 0).first(),
            networks=versions,
            job_id=handle.job_id,
        )
    except (ModelServeError, InvalidInput) as error:
        raise JobRefused(str(error)) from error
    return _result(study)


def _asked(variants: Sequence[str]) -> list[str]:
    """The tasks of the networks that have a part in these variants."""
    wishes = [VARIANTS[name] for name in variants]
    listener, eye = any(wish.is_pragmatic for wish in wishes), any(wish.is_grounded for wish in wishes)
    return ["speaker", *(["listener"] if listener else []), *(["image_emotion"] if eye else [])]


def images_to_judge(study: Study, n: int, seed: int) -> list[tuple[str, str]]:
    """(stimulus key, sha256) of at most n answered images of the test split, drawn by the seed, ascending."""
    test = [pair for pair in stimuli_with_images(study) if split_of(pair[0]) == "test"]
    return sorted(random.Random(seed).sample(test, min(n, len(test))))


def _result(study: Study) -> dict[str, Any]:
    return {"study": study.slug, "n_trials": study.stimuli.count()}
