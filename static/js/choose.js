// A choice shows its figure at once and stays where the reader is; without this script there is a button.

for (const form of document.querySelectorAll("form.choose")) {
  form.querySelector("button").hidden = true;
  form.addEventListener("change", () => {
    form.action = `#${form.closest("section[id]")?.id ?? ""}`;
    form.requestSubmit();
  });
}
