"""{% rights_in study as rights %}: what the person who looks may do in the study, for templates that show or hide."""

from typing import Any

from django import template

from annotation.access import rights_of
from annotation.models import Study

register = template.Library()


@register.simple_tag(takes_context=True)
def rights_in(context: dict[str, Any], study: Study) -> set[str]:
    known = context.get("rights")
    return known if known is not None else rights_of(context["request"].user, study)
