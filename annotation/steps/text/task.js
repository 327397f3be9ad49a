// Text on the task page: Enter goes on (Shift+Enter makes a new line), and how the words came is counted, not read.

const fill = (words, values) => words.replace(/\{(\w+)\}/g, (_, name) => values[name]);

export function start(element, page) {
  const box = element.querySelector("textarea");
  const count = element.querySelector("[data-count]");
  const words = element.dataset;
  const least = Number(words.least);
  const most = Number(words.most);
  let typed = 0;
  let pasted = 0;
  let pastes = 0;
  let movesOwn = false;

  // code points of the trimmed text, as the server counts
  const length = () => [...box.value.replace(/\r\n/g, "\n").trim()].length;

  function tellCount() {
    const n = length();
    // a number at every key would be noise: only while it is too short or close to the end
    if (n && n < least) count.textContent = fill(words.wordToGo, { n, least });
    else count.textContent = n > most * 0.8 ? fill(words.wordCount, { n, most }) : "";
  }

  box.addEventListener("input", (event) => {
    if (event.inputType === "insertFromPaste" || event.inputType === "insertFromDrop") pastes += 1;
    else if (event.inputType?.startsWith("insert") && !event.inputType.includes("Composition")) typed += event.data?.length || 1;
    tellCount();
    page.changed();
  });
  // a word of an input method, or of a phone's keyboard, comes again with every letter: it counts when it is done
  box.addEventListener("compositionend", (event) => {
    typed += event.data?.length ?? 0;
  });
  box.addEventListener("paste", (event) => {
    pasted += event.clipboardData?.getData("text").length ?? 0;
  });
  box.addEventListener("drop", (event) => {
    if (!movesOwn) pasted += event.dataTransfer?.getData("text").length ?? 0;
  });
  // words that are only moved within the text
  box.addEventListener("dragstart", () => (movesOwn = true));
  box.addEventListener("dragend", () => (movesOwn = false));
  box.addEventListener("keydown", (event) => {
    // isComposing: Enter then ends a word of a Chinese or Japanese input method
    if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    page.advance({ submit: true });
  });

  return {
    value: () => box.value.trim() || null,
    draft: () => box.value,
    show(value) {
      box.value = value ?? "";
      typed = pasted = pastes = 0;
      tellCount();
    },
    check() {
      const n = length();
      if (!n) return "optional" in words ? null : words.wordMissing;
      if (n < least) return fill(words.wordShort, { n, least });
      if (n > most) return fill(words.wordLong, { n, most });
      return null;
    },
    focus: (how) => box.focus(how),
    invalid: (is) => (is ? box.setAttribute("aria-invalid", "true") : box.removeAttribute("aria-invalid")),
    lock: (is) => (box.readOnly = is),
    signals: () => ({ typed_characters: typed, pasted_characters: pasted, pastes }),
  };
}
