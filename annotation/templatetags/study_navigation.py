"""{% study_navigation study tab as branches %}: the pages of a study that the person who looks may open."""

from typing import Any

from django import template

from annotation.access import rights_of
from annotation.models import Study
from annotation.study_pages import Branch, navigation

register = template.Library()


@register.simple_tag(takes_context=True)
def study_navigation(context: dict[str, Any], study: Study, tab: str) -> list[Branch]:
    known = context.get("rights")
    rights = known if known is not None else rights_of(context["request"].user, study)
    return navigation(study.slug, rights, tab)
