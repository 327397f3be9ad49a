"""What people name who chose 'something else': 28 groups of words, as ArtEmis sorts them."""

from collections.abc import Sequence

UNCLASSIFIED = -1

GROUPS: tuple[tuple[str, ...], ...] = tuple(
    tuple(group.split())
    for group in (
        "bored boring apathy boredom indifferent dull uninteresting uninterested",
        "shock shocked",
        "confused confusion confuses puzzled puzzling perplexed perplexing confusing odd weird",
        "surprised",
        "anticipation",
        "empowerment",
        "hope hopeful optimistic",
        "neutral",
        "rage",
        "happy happiness",
        "grief",
        "shame",
        "resent",
        "creepy",
        "disappointment",
        "depressing depressed",
        "bothered disturbed bothersome",
        "overwhelmed",
        "anxiety anxious",
        "thrilled",
        "surprised surprising",
        "uncomfortable",
        "curious curiosity wonder intrigued interested interests interesting intriguing",
        "alerted alert",
        "insult insulted",
        "shy",
        "nostalgia nostalgic",
        "exhilarating exhilarated",
    )
)
"""Each group is named by its first word. 'surprised' stands in two groups, so it alone never decides: the published
count has it so. Source: ArtEmis, emotions.py and notebook of the analysis."""

_PLACES: dict[str, tuple[int, ...]] = {
    word: tuple(place for place, group in enumerate(GROUPS) if word in group) for group in GROUPS for word in group
}


def group_of(words: Sequence[str]) -> int:
    """The place in GROUPS if exactly one word of the text hits exactly one group, else UNCLASSIFIED."""
    found = UNCLASSIFIED
    for word in words:
        for place in _PLACES.get(word, ()):
            if found != UNCLASSIFIED:
                return UNCLASSIFIED
            found = place
    return found
