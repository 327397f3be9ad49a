// A picture dropped, pasted or chosen is asked about at once; the answer takes the place of the one before.

const form = document.querySelector("[data-feel]");

if (form) {
  const drop = form.querySelector("[data-drop]");
  const input = form.querySelector("input[type=file]");
  const status = form.querySelector("[data-feel-status]");
  let asked = 0;

  drop.classList.add("can-drop");
  drop.querySelector("[data-drop-words]").hidden = false;

  form.addEventListener("submit", (event) => {
    if (!input.files.length) return; // the server says what is missing
    event.preventDefault();
    ask(input.files[0]);
  });
  input.addEventListener("change", () => input.files.length && ask(input.files[0]));
  for (const kind of ["dragenter", "dragover"]) {
    drop.addEventListener(kind, (event) => {
      event.preventDefault();
      drop.classList.add("over");
    });
  }
  for (const kind of ["dragleave", "drop"]) drop.addEventListener(kind, () => drop.classList.remove("over"));
  drop.addEventListener("drop", (event) => {
    event.preventDefault();
    if (event.dataTransfer.files.length) ask(event.dataTransfer.files[0]);
  });
  document.addEventListener("paste", (event) => {
    if (event.clipboardData?.files.length) ask(event.clipboardData.files[0]);
  });

  async function ask(file) {
    const own = ++asked;
    status.textContent = form.dataset.wordAsking;
    const body = new FormData(form);
    body.set("picture", file, file.name);
    let page;
    try {
      const answer = await fetch(form.action, { method: "POST", body, credentials: "same-origin" });
      page = new DOMParser().parseFromString(await answer.text(), "text/html");
    } catch {
      if (own === asked) status.textContent = form.dataset.wordAway;
      return;
    }
    if (own !== asked) return; // another picture was brought meanwhile
    const fresh = page.querySelector("[data-feel]");
    const place = document.getElementById("feel-answer");
    if (!fresh) {
      status.textContent = form.dataset.wordAway;
      return;
    }
    const refusals = [...fresh.querySelectorAll(".error-message li, .error-summary li")].map((item) => item.textContent.trim());
    place.replaceChildren(...document.importNode(page.getElementById("feel-answer"), true).childNodes);
    status.textContent = [...new Set(refusals)].join(" ");
    if (!refusals.length) place.focus({ preventScroll: true });
  }
}
