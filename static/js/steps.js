// The questions of the study as one: each kind of step brings a script of its own (annotation/steps/<kind>/task.js,
// `start(element, page)`), and this file asks all of them.

import { byId, say } from "./words.js";

export const steps = [];

// page: {changed(), advance(step, how)}
export async function startSteps(page) {
  const elements = [...document.querySelectorAll("[data-step]")];
  const scripts = await Promise.all(elements.map((element) => import(element.dataset.script)));
  elements.forEach((element, place) => {
    const step = { name: element.dataset.step, element };
    Object.assign(step, scripts[place].start(element, { changed: page.changed, advance: (how) => advance(step, how, page.submit), say }));
    steps.push(step);
  });
}

// From one step to the next; behind the last one to the button, or straight on if Enter was pressed there.
export function advance(step, { submit: mayEnd = false } = {}, submit = null) {
  const next = steps[steps.indexOf(step) + 1];
  if (next) next.focus();
  else if (mayEnd) submit?.();
  else byId("submit").focus();
}

// stimulus: what the page knows of the image, with the texts that some steps ask about ({step: [text, ...]})
export function showSteps(answers, options, stimulus = null) {
  for (const step of steps) {
    step.show(answers[step.name] ?? null, options[step.name], stimulus);
    mark(step, null);
  }
}

export const answers = (how) => Object.fromEntries(steps.map((step) => [step.name, (step[how] ?? step.value)()]));

// What is wrong with the answers, by step; marks it, and goes to the first.
export function check() {
  return markAll(Object.fromEntries(steps.map((step) => [step.name, step.check()]).filter(([, error]) => error)));
}

// errors: {step: sentence}; returns whether there are none
export function markAll(errors) {
  let first = null;
  for (const step of steps) {
    mark(step, errors[step.name] ?? null);
    if (errors[step.name]) first ??= step;
  }
  if (first) {
    first.focus();
    say(errors[first.name]);
  }
  return !first;
}

function mark(step, error) {
  const place = step.element.querySelector("[data-error]");
  place.hidden = !error;
  place.textContent = error ?? "";
  step.invalid?.(Boolean(error));
}

export function lockSteps(is) {
  for (const step of steps) step.lock?.(is);
}

export function stepSignals() {
  const all = {};
  for (const step of steps) {
    for (const [name, value] of Object.entries(step.signals?.() ?? {})) all[`${step.name}_${name}`] = value;
  }
  return all;
}
