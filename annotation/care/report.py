"""How often each part of the care was used: counts of people, for the researcher and for an ethics board.

Few people are not counted: below FEWEST_PEOPLE the report says 'fewer than', and neither how many nor how often.
"""

from dataclasses import asdict, dataclass
from typing import Any

from django.db import connection
from django.utils.translation import gettext as _

from annotation.care.options import FEWEST_PEOPLE
from annotation.care.uses import KINDS
from annotation.models import MoodAnswer, Study

_PEOPLE = """
    select count(*), count(*) filter (where withdrawn_at is not null),
      count(*) filter (where n_skipped > 0), coalesce(sum(n_skipped), 0),
      count(*) filter (where care ? 'declined')
    from annotation_participation p join annotation_annotator a on a.id = p.annotator_id
    where p.study_id = %s and not a.is_simulated
"""
_SKIPS = """
    select a.skip_reason, count(distinct a.participation_id), count(*)
    from annotation_participation p join annotation_annotator n on n.id = p.annotator_id
    join annotation_assignment a on a.participation_id = p.id
    where p.study_id = %s and not n.is_simulated and a.state = 'skipped'
      and a.skip_reason in ('not_this_one', 'too_upsetting')
    group by a.skip_reason
"""
_THEMES = """
    select theme, count(*) from annotation_participation p, jsonb_array_elements_text(p.care -> 'declined') theme
    where p.study_id = %s and p.care ? 'declined' group by theme order by theme
"""
_USES = """
    select u.kind, count(*), sum(u.n) from annotation_careuse u
    join annotation_participation p on p.id = u.participation_id where p.study_id = %s group by u.kind
"""
_SAW_OTHERS = """
    select count(distinct p.id), count(*) from annotation_participation p
    join annotation_response r on r.participation_id = p.id
    join annotation_othersseen o on o.response_id = r.id
    where p.study_id = %s and r.signals ? 'saw_others'
"""
_MOODS = """
    select m.moment, count(*), count(*) filter (where m.valence is not null or m.arousal is not null),
      count(m.valence), avg(m.valence), count(m.arousal), avg(m.arousal)
    from annotation_moodanswer m join annotation_participation p on p.id = m.participation_id
    where p.study_id = %s group by m.moment
"""


@dataclass(frozen=True)
class Use:
    """people, times: None = fewer than FEWEST_PEOPLE people, but somebody. times None beside people: not counted."""

    kind: str
    title: str
    people: int | None
    times: int | None


@dataclass(frozen=True)
class CareReport:
    """n_people: who joined, not simulated. moods: {moment, asked, answered, valence, arousal}, means of 1..5."""

    n_people: int
    fewest: int
    uses: list[Use]
    themes: list[Use]
    moods: list[dict[str, Any]]

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


def care_report(study: Study) -> CareReport:
    """Counts of the whole study; nothing in it says what one person did."""
    joined, withdrew, skippers, skips, decliners = _row(_PEOPLE, study)
    skipped = {reason: (people, times) for reason, people, times in _rows(_SKIPS, study)}
    used = {kind: (people, times) for kind, people, times in _rows(_USES, study)}
    uses = [
        _use("skipped", _("Passed over an image, for whatever reason"), skippers, skips),
        _use("not_this_one", _("… by 'Not this one'"), *skipped.get("not_this_one", (0, 0))),
        _use("skipped_upsetting", _("… and said that it was too upsetting"), *skipped.get("too_upsetting", (0, 0))),
        _use("themes_declined", _("Left out at least one theme"), decliners, None),
        *(_use(kind, str(title), *used.get(kind, (0, 0))) for kind, title in KINDS.items()),
        _use("saw_others", _("Changed an answer after seeing how others felt"), *_row(_SAW_OTHERS, study)),
        _use("withdrew", _("Took back everything"), withdrew, None),
    ]
    themes = [_use(theme, theme, people, None) for theme, people in _rows(_THEMES, study)]
    return CareReport(joined, FEWEST_PEOPLE, uses, themes, _moods(study))


def _moods(study: Study) -> list[dict[str, Any]]:
    found = {moment: figures for moment, *figures in _rows(_MOODS, study)}
    moods = []
    for moment, _word in MoodAnswer.MOMENTS:
        asked, answered, n_valence, valence, n_arousal, arousal = found.get(moment, (0, 0, 0, None, 0, None))
        moods.append(
            {
                "moment": moment,
                "asked": _enough(asked, asked),
                "answered": _enough(answered, answered),
                "valence": _enough(n_valence, valence and round(float(valence), 2)),
                "arousal": _enough(n_arousal, arousal and round(float(arousal), 2)),
            }
        )
    return moods


def _enough(people: int, figure: Any) -> Any:
    """The figure, or None where it would speak of few people."""
    return None if 0 < people < FEWEST_PEOPLE else figure


def _use(kind: str, title: str, people: int, times: int | None) -> Use:
    return Use(kind, title, _enough(people, people), _enough(people, None if times is None else int(times)))


def _rows(statement: str, study: Study) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, [study.pk])
        return list(cursor.fetchall())


def _row(statement: str, study: Study) -> tuple[Any, ...]:
    return _rows(statement, study)[0]
