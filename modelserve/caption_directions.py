"""The metrics of texts that have a value for every image, and in which direction they are wanted. No torch."""

from modelserve.evaluation.caption_names import LESS, MORE

FOUND = "Found of 11"
CAPTION_DIRECTIONS = {
    "CIDEr": MORE,
    "ROUGE-L": MORE,
    "Listener score": MORE,
    "CLIPScore": MORE,
    FOUND: MORE,
    "Unique-Productions": MORE,
    "Max-LCS": LESS,
    "Emo-Alignment": MORE,
}
