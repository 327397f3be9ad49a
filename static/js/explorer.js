// The explorer's grid without end: the next page is fetched when its link comes near, and put below.
// Without this script, or when fetching fails, the link is a link.

const pages = document.querySelector(".explorer-pages");
if (pages) watch();

// A filter that was left empty needs no place in the address.
document.querySelector("form.filters")?.addEventListener("formdata", (event) => {
  for (const [name, value] of [...event.formData]) if (!value) event.formData.delete(name);
});

function watch() {
  const near = new IntersectionObserver((entries) => entries.some((entry) => entry.isIntersecting) && more(near), { rootMargin: "1200px 0px" });
  pages.addEventListener("click", (event) => {
    if (!event.target.closest("[rel=next]") || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    more(near);
  });
  look(near);
}

function look(near) {
  near.disconnect();
  const next = pages.querySelector("[rel=next]");
  if (next) near.observe(next);
}

async function more(near) {
  const link = pages.querySelector("[rel=next]");
  if (!link || link.getAttribute("aria-busy")) return;
  near.disconnect();
  link.setAttribute("aria-busy", "true");
  const words = link.textContent;
  link.textContent = pages.dataset.wordLoading;
  try {
    const response = await fetch(link.href, { headers: { "X-Requested-With": "explorer" }, signal: AbortSignal.timeout(20_000) });
    if (!response.ok || response.redirected) throw new Error(String(response.status));
    const fresh = document.createElement("template");
    fresh.innerHTML = await response.text();
    const had = document.activeElement === link;
    link.closest(".explorer-next").remove();
    const first = fresh.content.querySelector("a");
    // one list: a screen reader hears how many there are, the arrow keys walk on, and rows fill up
    pages.querySelector(".gallery").append(...(fresh.content.querySelector(".gallery")?.children ?? []));
    const next = fresh.content.querySelector(".explorer-next");
    if (next) pages.append(next);
    pages.dispatchEvent(new CustomEvent("live", { bubbles: true }));
    if (had) first?.focus();
    look(near);
  } catch {
    link.removeAttribute("aria-busy");
    link.textContent = words;
    link.title = pages.dataset.wordFailed;
  }
}
