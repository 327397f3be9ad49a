"""What was published about the language of other collections, to stand beside a study's own: always marked so."""

from dataclasses import dataclass

AFFECTION = "Affection: Achlioptas et al., arXiv 2210.01946, CVPR 2023"
ARTEMIS = "ArtEmis: Achlioptas et al., arXiv 2101.07396, CVPR 2021, with the authors' notebooks"
COLLECTIONS = {"affection": "Affection", "artemis": "ArtEmis", "coco": "COCO"}
SOURCES = {"affection": AFFECTION, "artemis": ARTEMIS, "coco": f"COCO captions as measured for {ARTEMIS}"}


@dataclass(frozen=True)
class Published:
    """One measure of measures.py in three collections; None where it was not published."""

    measure: str
    affection: float | None = None
    artemis: float | None = None
    coco: float | None = None

    def of(self, collection: str) -> float | None:
        return {"affection": self.affection, "artemis": self.artemis, "coco": self.coco}[collection]


PUBLISHED = {
    row.measure: row
    for row in (
        Published("n_words", 18.8, 15.9, 10.5),
        Published("nouns", None, 4.0, 3.7),
        Published("pronouns", None, 0.9, 0.1),
        Published("adjectives", None, 1.6, 0.8),
        Published("adpositions", None, 1.9, 1.7),
        Published("verbs", None, 3.0, 1.2),
        Published("concreteness", 2.82, 2.81, 3.55),
        Published("most_abstract", None, 0.315, 0.026),
        Published("subjectivity", 0.53, 0.47, 0.19),
        Published("sentiment_neutral", 0.105, 0.165, 0.774),
        Published("sentiment_strength", None, 0.44, 0.07),
        Published("similes", 0.197, 0.209, None),
    )
}
UNIQUE_PER_IMAGE = {
    row.measure: row
    for row in (
        Published("nouns", None, 18.7, 10.8),
        Published("pronouns", None, 3.1, 0.6),
        Published("adjectives", None, 8.3, 3.3),
        Published("adpositions", None, 6.5, 4.5),
        Published("verbs", None, 13.4, 4.5),
    )
}
"""Different words of a part of speech per image."""

UNIQUE_PER_TEXT = {
    row.measure: row
    for row in (
        Published("nouns", None, 3.4, None),
        Published("pronouns", None, 0.6, None),
        Published("adjectives", None, 1.5, None),
        Published("adpositions", None, 1.2, None),
        Published("verbs", None, 2.4, None),
    )
}
"""The same, divided by the image's number of texts."""

VOCABULARY = {"affection": 41_275, "artemis": 37_250, "coco": None}
"""Different words; ArtEmis' figure is an upper bound."""

SOMETHING_ELSE_ARTEMIS = {
    "n": 52_962, "unclassified": 36_836, "confused": 5_333, "bored": 3_904, "curious": 3_889, "happy": 690,
    "uncomfortable": 371, "anxiety": 310, "nostalgia": 309, "hope": 295, "neutral": 285, "creepy": 277,
    "depressing": 136, "overwhelmed": 76, "bothered": 56, "anticipation": 49, "shock": 36, "disappointment": 31,
}  # fmt: skip
"""Source: ArtEmis, output of the analysis notebook; smaller groups are left out."""
