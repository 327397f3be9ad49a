// Shows only those fields of the form that the chosen kind of comparison looks at. Without it all of them are there.
const form = document.getElementById("compare-form");

function show() {
  const what = form.elements.what.value;
  for (const part of form.querySelectorAll("div[data-for], fieldset[data-for]")) {
    const fits = part.dataset.for.split(" ").includes(what);
    part.hidden = !fits;
    if (part instanceof HTMLFieldSetElement) part.disabled = !fits;
  }
  for (const select of form.querySelectorAll("#id_first, #id_second")) {
    const options = [...select.options];
    for (const option of options) {
      option.hidden = option.dataset.for !== what;
      option.disabled = option.hidden;
    }
    if (select.selectedOptions[0]?.disabled) {
      const those = options.filter((option) => !option.disabled);
      const wanted = those[select.id === "id_second" ? 1 : 0] ?? those[0];
      if (wanted) wanted.selected = true;
    }
  }
  form.querySelector("[data-for-labels]").hidden = form.elements.labels.value !== "written";
}

if (form) {
  form.elements.what.addEventListener("change", show);
  form.elements.labels.addEventListener("change", show);
  show();
}
