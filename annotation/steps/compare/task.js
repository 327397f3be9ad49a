// A choice about texts of the stimulus: they are filled in when an image comes.

import { start as startChoice } from "../choice/task.js";

export function start(element, page) {
  const choice = startChoice(element, page);
  const places = [...element.querySelectorAll("[data-text]")];
  return {
    ...choice,
    show(value, order, stimulus) {
      const texts = stimulus?.texts?.[element.dataset.step] ?? [];
      places.forEach((place, number) => (place.textContent = texts[number] ?? ""));
      choice.show(value, order);
    },
  };
}
