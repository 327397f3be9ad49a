// Justified rows and a keyboard walk for <ul class="gallery">: each <li data-ratio="1.5"> holds one link.

for (const gallery of document.querySelectorAll(".gallery")) {
  arrange(gallery);
  gallery.addEventListener("keydown", walk);
}
// a live part brought new pictures
document.addEventListener("live", (event) => event.target.querySelectorAll(".gallery").forEach(arrange));

function arrange(gallery) {
  for (const item of gallery.querySelectorAll("[data-ratio]")) {
    const ratio = Math.min(Math.max(Number(item.dataset.ratio) || 1.4, 0.5), 3);
    item.style.setProperty("--ratio", ratio);
  }
}

// Arrows go to the neighbour, up and down to the nearest picture of the next row; Tab works as ever.
function walk(event) {
  const links = [...event.currentTarget.querySelectorAll(":scope > li > a")];
  const place = links.indexOf(document.activeElement);
  if (place < 0 || event.altKey || event.ctrlKey || event.metaKey) return;
  const forward = getComputedStyle(event.currentTarget).direction === "rtl" ? "ArrowLeft" : "ArrowRight";
  let next;
  if (event.key === "ArrowRight" || event.key === "ArrowLeft") next = links[place + (event.key === forward ? 1 : -1)];
  else if (event.key === "Home") next = links[0];
  else if (event.key === "End") next = links.at(-1);
  else if (event.key === "ArrowDown" || event.key === "ArrowUp") next = nearest(links, place, event.key === "ArrowDown");
  else return;
  event.preventDefault();
  next?.focus();
}

function nearest(links, place, down) {
  const here = links[place].getBoundingClientRect();
  const middle = (box) => box.left + box.width / 2;
  let best = null;
  for (const link of links) {
    const box = link.getBoundingClientRect();
    const rows = down ? box.top - here.top : here.top - box.top;
    if (rows < here.height / 2) continue;
    const distance = rows * 10 + Math.abs(middle(box) - middle(here));
    if (!best || distance < best.distance) best = { link, distance };
  }
  return best?.link;
}
