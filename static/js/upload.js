// Sends chosen or dropped files one after another, three at a time, and says for each what became of it.

const AT_ONCE = 3;
const LARGE = /\.(zip|csv|tsv|jsonl|ndjson|parquet)$/i;
const IGNORED = /(^|\/)(\.|__MACOSX\/|thumbs\.db$|desktop\.ini$)/i;

const form = document.querySelector("[data-upload-url]");
const list = form.querySelector("[data-upload-list]");
const summary = form.querySelector("[data-upload-summary]");
const drop = form.querySelector("[data-drop]");
const words = form.dataset;
const counts = { added: 0, known: 0, refused: 0, left: 0 };
const queue = [];
let running = 0;
let startedJob = false;

drop.classList.add("can-drop");
drop.querySelector("[data-drop-words]").hidden = false;

form.addEventListener("submit", (event) => {
  const chosen = [...form.querySelectorAll("input[data-upload]")].flatMap((input) =>
    [...input.files].map((file) => ({ file, name: file.webkitRelativePath || file.name })),
  );
  if (!chosen.length) return; // the server says what is missing
  event.preventDefault();
  for (const input of form.querySelectorAll("input[data-upload]")) input.value = "";
  add(chosen);
});

for (const kind of ["dragenter", "dragover"]) {
  drop.addEventListener(kind, (event) => {
    event.preventDefault();
    drop.classList.add("over");
  });
}
for (const kind of ["dragleave", "drop"]) drop.addEventListener(kind, () => drop.classList.remove("over"));
drop.addEventListener("drop", async (event) => {
  event.preventDefault();
  const entries = [...event.dataTransfer.items].map((item) => item.webkitGetAsEntry?.()).filter(Boolean);
  const found = [];
  for (const entry of entries) await walk(entry, "", found);
  add(found);
});

async function walk(entry, folder, found) {
  if (entry.isFile) {
    const file = await new Promise((resolve, reject) => entry.file(resolve, reject));
    found.push({ file, name: folder + file.name });
    return;
  }
  const reader = entry.createReader();
  // a reader gives some entries at a time, and an empty list at the end
  for (;;) {
    const some = await new Promise((resolve, reject) => reader.readEntries(resolve, reject));
    if (!some.length) return;
    for (const child of some) await walk(child, `${folder}${entry.name}/`, found);
  }
}

function add(files) {
  for (const { file, name } of files) {
    if (IGNORED.test(name)) continue;
    const row = document.createElement("li");
    const title = document.createElement("span");
    const state = document.createElement("span");
    title.textContent = title.title = name;
    state.textContent = words.wordWaiting;
    row.append(title, state);
    list.append(row);
    queue.push({ file, name, state });
    counts.left += 1;
  }
  list.hidden = !list.children.length;
  tell();
  while (running < AT_ONCE && queue.length) next();
}

async function next() {
  const upload = queue.shift();
  running += 1;
  upload.state.textContent = words.wordSending;
  const [kind, text] = await send(upload);
  upload.state.textContent = text;
  upload.state.classList.toggle("wrong", kind === "refused");
  if (kind in counts) counts[kind] += 1;
  counts.left -= 1;
  running -= 1;
  tell();
  if (queue.length) next();
  else if (!running && !counts.refused && (startedJob || counts.added)) location.reload(); // shows the new images
}

async function send({ file, name }) {
  const body = new FormData();
  body.append("files", file);
  body.append("names", name);
  body.append("source_dataset", form.elements.source_dataset.value);
  let response, answer;
  try {
    response = await fetch(words.uploadUrl, {
      method: "POST",
      body,
      credentials: "same-origin",
      headers: { "X-CSRFToken": form.elements.csrfmiddlewaretoken.value, Accept: "application/json" },
    });
    answer = await response.json();
  } catch {
    return ["refused", words.wordAway];
  }
  if (!response.ok) {
    const reasons = Object.values(answer.errors ?? {}).flat();
    return ["refused", reasons.length ? reasons.join(" ") : (answer.message ?? words.wordAway)];
  }
  if (answer.jobs.length || LARGE.test(name)) {
    startedJob = true;
    return ["background", words.wordBackground];
  }
  return answer.imported.n_added ? ["added", words.wordAdded] : ["known", words.wordKnown];
}

function tell() {
  summary.textContent = words.wordSummary.replace(/\{(\w+)\}/g, (_, name) => counts[name].toLocaleString());
}
