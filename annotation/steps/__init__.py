"""A study's task is an ordered list of steps; each kind of step is a folder here, and one row of KINDS."""

import re
from typing import Any

from annotation.errors import InvalidInput
from annotation.steps.base import AnswerRefused, OptionsRefused, Step, StepKind
from annotation.steps.choice.kind import Choice
from annotation.steps.compare.kind import Compare
from annotation.steps.judge.kind import Judge
from annotation.steps.text.kind import Text
from annotation.storable import why_not_storable
from snapshots.schema import RESPONSES, REVISIONS

__all__ = ["KINDS", "Step", "StepKind", "clean_answers", "clean_steps", "nominal_label", "parse_steps"]

KINDS: dict[str, StepKind] = {kind.name: kind for kind in (Choice(), Text(), Compare(), Judge())}

STEP_NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")
MOST_STEPS = 20


def parse_steps(steps: list[dict[str, Any]]) -> list[Step]:
    """Stored steps (already cleaned) with their kinds, in order."""
    return [Step(step["name"], KINDS[step["kind"]], step["options"]) for step in steps]


def clean_steps(steps: Any) -> list[dict[str, Any]]:
    """Checks and completes a study's steps. Raises InvalidInput with every problem, by place."""
    if not isinstance(steps, list) or not steps:
        raise InvalidInput("A study needs at least one step.", {"steps": ["Give a list of at least one step."]})
    if len(steps) > MOST_STEPS:
        raise InvalidInput("Too many steps.", {"steps": [f"{len(steps)} steps; at most {MOST_STEPS} are possible."]})
    errors: dict[str, list[str]] = {}
    cleaned: list[dict[str, Any]] = []
    columns: set[str] = {*RESPONSES.schema().names, *REVISIONS.schema().names}
    for number, step in enumerate(steps, start=1):
        place = f"step {number}"
        if not isinstance(step, dict):
            errors[place] = ["A step is an object with name, kind and options."]
            continue
        name, kind, options = step.get("name"), step.get("kind"), step.get("options", {})
        if not isinstance(name, str) or not STEP_NAME.fullmatch(name):
            errors[place] = [
                f"The name {name!r} must be lower-case letters, digits and _, begin with a letter, at most 40."
            ]
        elif not isinstance(kind, str) or kind not in KINDS:
            errors[place] = [f"{kind!r} is no kind of step; known are {', '.join(KINDS)}."]
        elif not isinstance(options, dict):
            errors[place] = ["The options are an object."]
        elif reason := why_not_storable(options):
            errors[place] = [f"A text of it {reason}."]
        else:
            try:
                clean = Step(name, KINDS[kind], KINDS[kind].clean_options(options))
            except OptionsRefused as refusal:
                errors[place] = [str(refusal)]
                continue
            taken = columns.intersection(field.name for field in clean.columns())
            if taken:
                errors[place] = [f"The column name {', '.join(sorted(taken))} is taken; name the step otherwise."]
            columns.update(field.name for field in clean.columns())
            cleaned.append({"name": name, "kind": kind, "options": clean.options})
    if errors:
        sentences = " ".join(f"{place.capitalize()}: {said[0]}" for place, said in errors.items())
        raise InvalidInput(f"The study's steps have errors. {sentences}", errors)
    return cleaned


def clean_answers(steps: list[Step], answers: Any) -> dict[str, Any]:
    """Checks a whole set of answers, {step name: answer}. Raises InvalidInput with one entry per step at fault."""
    if not isinstance(answers, dict):
        raise InvalidInput("The answers are missing.", {"answers": ["Give an object with one answer per step."]})
    errors: dict[str, list[str]] = {}
    cleaned: dict[str, Any] = {}
    for step in steps:
        try:
            cleaned[step.name] = step.kind.clean_answer(step.options, answers.get(step.name))
        except AnswerRefused as refusal:
            errors[step.name] = [str(refusal)]
    for name in sorted(set(answers) - {step.name for step in steps}, key=str):
        errors[str(name)] = ["This study has no such step."]
    if errors:
        raise InvalidInput(" ".join(sentence for sentences in errors.values() for sentence in sentences), errors)
    return cleaned


def nominal_label(steps: list[Step], answers: dict[str, Any]) -> str:
    """The answer of the first step that has labels; '' if the study has none."""
    for step in steps:
        if step.labels is not None:
            return step.kind.nominal_label(step.options, answers[step.name]) or ""
    return ""
