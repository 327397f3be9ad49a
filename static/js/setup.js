// Shows what Markdown becomes while it is written; the server renders it, as it will for annotators.

import { callApi } from "./api.js";

const PAUSE_MS = 400;

const form = document.querySelector("[data-markdown-url]");
for (const field of form.querySelectorAll("[data-previewed]")) watch(field);

function watch(field) {
  const preview = document.getElementById(field.dataset.previewed);
  let timer;
  field.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(async () => {
      const markdown = field.value;
      try {
        const { html } = await callApi("POST", form.dataset.markdownUrl, { markdown });
        // an answer that comes late must not overwrite what has been written since
        if (markdown === field.value) preview.innerHTML = html; // cleaned by the server (annotation/markdown.py)
      } catch {
        // the preview stays as it was; the text itself is not lost, and saving says what is wrong
      }
    }, PAUSE_MS);
  });
}

// what was typed and not saved is not left by accident
let changed = false;
form.addEventListener("input", () => (changed = true));
form.addEventListener("submit", () => (changed = false));
addEventListener("beforeunload", (event) => {
  if (changed) event.preventDefault();
});
