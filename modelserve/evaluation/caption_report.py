"""Source: the metrics beside this file; this page puts them together as Affection's table 2, with people beside."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from modelserve.evaluation.bleu import bleu
from modelserve.evaluation.caption_names import LESS, LIKE_PEOPLE, MORE, NEITHER
from modelserve.evaluation.captions import Captions, Tokens
from modelserve.evaluation.cider import cider
from modelserve.evaluation.clip_div_cos import clip_div_cos
from modelserve.evaluation.clip_score import clip_score, ref_clip_score
from modelserve.evaluation.emotion_alignment import emotion_alignment_accuracy, emotion_alignment_cross_entropy
from modelserve.evaluation.java_parts import JavaPartMissing
from modelserve.evaluation.meteor import meteor
from modelserve.evaluation.production_statistics import distinct_tokens, mean_length
from modelserve.evaluation.resampling import Array, Estimate, Resampling
from modelserve.evaluation.rouge_l import rouge_l
from modelserve.evaluation.simile_share import simile_share
from modelserve.evaluation.spice import spice
from modelserve.evaluation.training_overlap import max_lcs, max_lcs_share, mean_lcs, mean_lcs_share, training_overlap
from modelserve.evaluation.unique_productions import most_common_share, unique_productions

NO_REFERENCES = "No image has a human text to compare with."
METRICS_WITH_PROGRAMS = ("METEOR", "SPICE")


@dataclass(frozen=True, slots=True)
class Encoder:
    """Texts and images as points of one space, for the metrics that need no words in common.

    embed_texts: n texts to (n, D). image_vectors: {image number: (D,)}, of all images of the captions.
    is_clip: with a CLIP the rows carry the published names (CLIPScore), else those of a listener (Listener score).
    """

    embed_texts: Callable[[Sequence[str]], Array]
    image_vectors: dict[int, Array]
    is_clip: bool = False


@dataclass(frozen=True, slots=True)
class EmotionReader:
    """A text network, and what people felt.

    read: n texts to (n, K) probabilities. counts: {image number: (K,) people's answers}. writers: {image number: the
    place of the label that the writer of each human text chose, in the order of its references}; where they are known,
    whoever wrote the ceiling's text is measured against what the others felt.
    """

    read: Callable[[Sequence[str]], Array]
    counts: dict[int, Array]
    writers: Mapping[int, Sequence[int]] = field(default_factory=dict)

    def without(self, chosen: Mapping[int, int]) -> "EmotionReader":
        """With the answers of those who wrote these texts taken out; chosen: {image number: place of the text}."""
        counts = {image: np.array(own, dtype=np.float64) for image, own in self.counts.items()}
        for image, place in chosen.items():
            if image in self.writers:
                counts[image][self.writers[image][place]] -= 1
        return replace(self, counts=counts)


@dataclass(frozen=True, slots=True)
class CaptionMetric:
    """One row: a network's figure with its interval, and people's (the ceiling) with theirs.

    better: MORE, LESS, LIKE_PEOPLE or NEITHER. note: why there is no value, empty where there is one.
    """

    name: str
    better: str
    machine: Estimate
    people: Estimate
    note: str = ""

    def as_json(self) -> dict[str, Any]:
        return {
            "metric": self.name,
            "better": self.better,
            **self.machine.as_json(),
            "ceiling": self.people.as_json(),
            "note": self.note,
        }


UNKNOWN = Estimate(None, None, None, 0)


def caption_report(
    captions: Captions,
    *,
    training_texts: Sequence[Tokens] = (),
    encoder: Encoder | None = None,
    emotions: EmotionReader | None = None,
    with_programs: bool = True,
    seed: int = 0,
    people: Mapping[str, Estimate] | None = None,
) -> list[CaptionMetric]:
    """Every metric of generated texts, each with a 95 % interval over images and the human ceiling beside it.

    captions: the network's, tokenised, with the human texts of their images. training_texts: what it learnt from,
    tokenised alike; without them no Max-LCS. encoder, emotions: without them the rows that need them are left out.
    with_programs: run the Java programs for METEOR and SPICE where they are; a row says how to add what is missing.
    The ceiling is one human text per image, drawn with the seed, judged in the network's place against the image's
    other human texts (Captions.left_out); nobody in particular is judged.
    people: the ceilings by name where they are known already, from another report over the same images.
    """
    machine_rows = _rows(captions, training_texts, encoder, emotions, with_programs, seed)
    if people is None:
        human = captions.left_out(seed)
        others = None if emotions is None else emotions.without(captions.chosen_texts(seed))
        rows = _rows(human, training_texts, encoder, others, with_programs, seed)
        people = {name: found for name, _, found, _ in rows}
    return [
        CaptionMetric(name, better, found, people.get(name, UNKNOWN), note)
        for name, better, found, note in machine_rows
    ]


Row = tuple[str, str, Estimate, str]


def _rows(
    captions: Captions,
    training_texts: Sequence[Tokens],
    encoder: Encoder | None,
    emotions: EmotionReader | None,
    with_programs: bool,
    seed: int,
) -> Iterator[Row]:
    resampling = captions.resampling(seed)
    yield from _beside_references(captions.with_references(), with_programs, seed)
    if encoder is not None and len(captions):
        yield from _by_encoder(captions, encoder, resampling)
    yield "Unique-Productions", MORE, unique_productions(captions.texts, resampling), ""
    if training_texts:
        overlap = training_overlap(captions.candidates, training_texts)
        yield "Max-LCS", LESS, max_lcs_share(overlap, resampling), ""
        yield "Max-LCS, tokens", LESS, max_lcs(overlap, resampling), ""
        yield "Mean-LCS", LESS, mean_lcs_share(overlap, resampling), ""
        yield "Mean-LCS, tokens", LESS, mean_lcs(overlap, resampling), ""
    yield "Similes", LIKE_PEOPLE, simile_share(captions.texts, resampling), ""
    if emotions is not None and len(captions):
        read = np.asarray(emotions.read(captions.texts), dtype=np.float64)
        counts = np.stack([np.asarray(emotions.counts[int(image)], dtype=np.float64) for image in captions.images])
        yield "Emo-Alignment", MORE, emotion_alignment_accuracy(read, counts, resampling), ""
        yield "Emo-Alignment XENT", LESS, emotion_alignment_cross_entropy(read, counts, resampling), ""
    yield "Mean length, tokens", LIKE_PEOPLE, mean_length(captions.candidates, resampling), ""
    yield "Most common caption", LESS, most_common_share(captions.texts, resampling), ""
    yield "Distinct tokens", NEITHER, distinct_tokens(captions.candidates), ""


def _beside_references(captions: Captions, with_programs: bool, seed: int) -> Iterator[Row]:
    note = "" if len(captions) else NO_REFERENCES
    found = bleu(captions, seed) if len(captions) else [UNKNOWN] * 4
    for n, one in enumerate(found, start=1):
        yield f"BLEU-{n}", MORE, one, note
    programs: dict[str, Callable[[Captions, int], Estimate]] = {"METEOR": meteor, "SPICE": spice}
    for name in METRICS_WITH_PROGRAMS:
        if not with_programs:
            yield name, MORE, UNKNOWN, "Not asked for."
            continue
        try:
            yield name, MORE, programs[name](captions, seed) if len(captions) else UNKNOWN, note
        except JavaPartMissing as missing:
            yield name, MORE, UNKNOWN, str(missing)
    yield "ROUGE-L", MORE, rouge_l(captions, seed) if len(captions) else UNKNOWN, note
    yield "CIDEr", MORE, cider(captions, seed) if len(captions) else UNKNOWN, note


def _by_encoder(captions: Captions, encoder: Encoder, resampling: Resampling) -> Iterator[Row]:
    # texts are embedded once each, however often they occur
    spoken = {" ".join(tokens) for references in captions.references for tokens in references}
    texts = sorted(spoken.union(captions.texts))
    vectors = dict(zip(texts, np.asarray(encoder.embed_texts(texts), dtype=np.float64), strict=True))
    own = np.stack([vectors[text] for text in captions.texts])
    images = np.stack([np.asarray(encoder.image_vectors[int(image)], dtype=np.float64) for image in captions.images])
    width = own.shape[1]
    references = [
        np.stack([vectors[" ".join(tokens)] for tokens in one]) if one else np.zeros((0, width))
        for one in captions.references
    ]
    names = ("CLIPScore", "RefCLIPScore", "ClipDivCos")
    if not encoder.is_clip:
        names = ("Listener score", "RefListener score", "Listener DivCos")
    yield names[0], MORE, clip_score(own, images, resampling), ""
    yield names[1], MORE, ref_clip_score(own, images, references, resampling), ""
    yield names[2], LESS, clip_div_cos(own, resampling), ""
