// Parts of a page that stay true without a reload: <div data-live-url="…" data-live-seconds="3">.
// The address answers with the part's inner HTML; it is put in only when it differs, and only where it differs.

for (const part of document.querySelectorAll("[data-live-url]")) keepTrue(part);

function keepTrue(part) {
  const seconds = Number(part.dataset.liveSeconds) || 5;
  let tag = "";
  let last = null;
  let failures = 0;
  let timer;

  async function look() {
    clearTimeout(timer);
    if (document.hidden) return; // visibilitychange brings us back
    try {
      const headers = { "X-Requested-With": "live", ...(tag && { "If-None-Match": tag }) };
      const response = await fetch(part.dataset.liveUrl, { headers, cache: "no-store", signal: AbortSignal.timeout(20_000) });
      // signed out, or no right any more: asking again would not help
      if (response.redirected || [401, 403, 404].includes(response.status)) return stale(part, true);
      if (!response.ok && response.status !== 304) throw new Error(String(response.status));
      tag = response.headers.get("ETag") ?? "";
      const text = response.status === 304 ? last : await response.text();
      if (text !== last && !isBusyHere(part)) {
        put(part, text);
        last = text;
      }
      failures = 0;
      stale(part, false);
    } catch {
      failures += 1;
      if (failures > 1) stale(part, true);
    }
    timer = setTimeout(look, seconds * 1000 * Math.min(2 ** failures, 16));
  }

  document.addEventListener("visibilitychange", () => {
    if (!document.hidden) look();
  });
  timer = setTimeout(look, seconds * 1000);
}

// Somebody marks text or fills a field in here: wait until she is done.
function isBusyHere(part) {
  const selection = getSelection();
  if (selection && !selection.isCollapsed && part.contains(selection.anchorNode)) return true;
  return part.contains(document.activeElement) && document.activeElement.matches("input, textarea, select");
}

function put(part, text) {
  const fresh = document.createElement("template");
  fresh.innerHTML = text;
  const open = new Set([...part.querySelectorAll("details[open][id]")].map((details) => details.id));
  for (const details of fresh.content.querySelectorAll("details[id]")) details.open = open.has(details.id);
  part.setAttribute("aria-busy", "true");
  const focus = part.contains(document.activeElement) ? pathOf(document.activeElement, part) : null;
  replaceChanged(part, fresh.content);
  if (focus) follow(focus, part)?.focus({ preventScroll: true });
  part.removeAttribute("aria-busy");
  part.dispatchEvent(new CustomEvent("live", { bubbles: true }));
}

// Children that are equal stay the same elements, so pictures do not flicker and screen readers hear only the change.
function replaceChanged(present, fresh) {
  const coming = [...fresh.childNodes];
  const there = [...present.childNodes];
  if (coming.length !== there.length) return present.replaceChildren(...coming);
  there.forEach((node, place) => {
    const next = coming[place];
    if (node.isEqualNode(next)) return;
    const alike = node.nodeType === Node.ELEMENT_NODE && node.nodeName === next.nodeName && node.cloneNode(false).isEqualNode(next.cloneNode(false));
    if (alike && node.childElementCount) replaceChanged(node, next);
    else node.replaceWith(next);
  });
}

function pathOf(element, root) {
  if (element.id) return `#${CSS.escape(element.id)}`;
  const path = [];
  for (let node = element; node !== root; node = node.parentElement) path.unshift([...node.parentElement.children].indexOf(node));
  return path;
}

function follow(path, root) {
  return typeof path === "string" ? root.querySelector(path) : path.reduce((node, place) => node?.children[place], root);
}

function stale(part, is) {
  for (const note of document.querySelectorAll(".live-note")) note.classList.toggle("stale", is);
  part.toggleAttribute("data-stale", is);
}
