"""The parts of disagreement as pages and reports name and colour them."""

#: name, what it means beside the bar, colour
PARTS: dict[str, tuple[str, str, str]] = {
    "ambiguity": ("The image", "it moves people in more than one way", "series-1"),
    "overlap": ("The words", "labels that are used for one another", "series-2"),
    "group": ("The group", "groups of people answer differently", "series-3"),
    "habit": ("Habit", "people have labels that they like", "series-4"),
    "noise": ("Noise", "neither image nor habit foretells it", "polarity-else"),
}
