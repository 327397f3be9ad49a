// The practice page: the study's steps as on the task page. Their answers go into one field of the form as it is sent.

import { advance, answers, check, showSteps, startSteps, steps } from "./steps.js";
import { byId } from "./words.js";

const form = byId("practice");
await startSteps({ changed: () => {}, submit: () => form.requestSubmit() });
showSteps(JSON.parse(byId("given").textContent), {}, { texts: JSON.parse(byId("shown")?.textContent ?? "{}") });
form.addEventListener("submit", (event) => {
  if (!check()) return event.preventDefault();
  form.elements.answers.value = JSON.stringify(answers("value"));
});
// digits choose as on the task page; in the text box with Alt or Ctrl
document.addEventListener("keydown", (event) => {
  const digit = event.code.match(event.altKey ? /^Digit([1-9])$/ : /^(?:Digit|Numpad)([1-9])$/)?.[1];
  const isHeld = event.altKey !== event.ctrlKey;
  const isPlain = !event.altKey && !event.ctrlKey && !event.target.matches("textarea, input[type=text]");
  if (!digit || event.metaKey || !(isHeld || isPlain)) return;
  const inside = steps.find((each) => each.digit && each.element.contains(event.target));
  const step = inside ?? steps.find((each) => each.digit);
  if (!step?.digit(Number(digit))) return;
  event.preventDefault();
  if (isPlain) advance(step);
});
document.documentElement.dataset.ready = "yes";
