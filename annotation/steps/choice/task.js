// Choice on the task page: one radio group. Its digits follow the order in which this person sees the options.

export function start(element, page) {
  const box = element.querySelector(".options");
  const options = [...box.children].map((label) => ({ label, input: label.querySelector("input") }));
  const standard = options.map(({ input }) => input.value);
  let shown = null;
  let changes = 0;

  const chosen = () => options.find(({ input }) => input.checked)?.input.value ?? null;

  function arrange(order) {
    const before = String(shown);
    shown = order?.length === standard.length ? order : standard;
    if (String(shown) === before) return;
    shown.forEach((id, place) => {
      const option = options.find(({ input }) => input.value === id);
      const digit = place < 9 ? String(place + 1) : "";
      box.append(option.label);
      option.label.querySelector(".option-key").textContent = digit;
      if (digit) option.input.setAttribute("aria-keyshortcuts", digit);
      else option.input.removeAttribute("aria-keyshortcuts");
    });
  }

  box.addEventListener("change", () => {
    changes += 1;
    page.changed();
  });
  // A tap or a click has decided; arrow keys only wander (their clicks come without a pointer, detail 0).
  box.addEventListener("click", (event) => {
    if (event.target.matches("input") && event.detail > 0) page.advance();
  });
  box.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" && event.key !== " ") return;
    event.preventDefault();
    if (event.target.matches("input") && !event.target.checked) event.target.click();
    if (chosen()) page.advance({ submit: true });
  });

  return {
    value: chosen,
    show(value, order) {
      arrange(order);
      for (const { input } of options) input.checked = input.value === value;
      changes = 0;
    },
    order: () => shown ?? standard,
    check: () => (chosen() ? null : element.dataset.wordMissing),
    focus: (how) => (options.find(({ input }) => input.checked)?.input ?? element).focus(how),
    // 1 to 9; true if the digit meant something here
    digit(number) {
      const option = options.find(({ input }) => input.value === shown[number - 1]);
      if (!option) return false;
      option.input.click();
      page.say(option.label.lastElementChild.textContent);
      return true;
    },
    lock: (is) => (element.disabled = is),
    signals: () => ({ changes }),
  };
}
