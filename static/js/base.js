// What every page can do: error summaries take the focus, buttons open dialogs, codes are copied, menus close.

document.querySelector("[data-takes-focus]")?.focus();

document.addEventListener("click", (event) => {
  const opener = event.target.closest("[data-opens]");
  if (opener) document.getElementById(opener.dataset.opens)?.showModal();

  const copier = event.target.closest("[data-copies]");
  if (copier) copy(copier);

  for (const menu of document.querySelectorAll("details.menu[open]")) {
    if (!menu.contains(event.target)) menu.open = false;
  }
});

document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  for (const menu of document.querySelectorAll("details.menu[open]")) {
    menu.open = false;
    menu.querySelector("summary").focus();
  }
});

// A second press of the same button must not send a form twice; a form that only starts a download works again later.
document.addEventListener("submit", (event) => {
  if (event.defaultPrevented || event.target.method !== "post") return;
  if (event.target.dataset.sent) event.preventDefault();
  event.target.dataset.sent = "yes";
  setTimeout(() => delete event.target.dataset.sent, 4000);
});
window.addEventListener("pageshow", () => {
  for (const form of document.querySelectorAll("form[data-sent]")) delete form.dataset.sent;
});

async function copy(button) {
  const source = document.getElementById(button.dataset.copies);
  try {
    await navigator.clipboard.writeText(source.textContent.trim());
    button.textContent = button.dataset.wordCopied;
  } catch {
    // no clipboard without https: mark the text, so that one key press copies it
    getSelection().selectAllChildren(source);
    button.textContent = button.dataset.wordMarked;
  }
}
