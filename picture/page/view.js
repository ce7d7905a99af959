// The view: which part of the picture is seen, how large, and what is chosen.

const SCALE = { least: 0.01, most: 4, first: 0.75 };
const view = { x: 0, y: 0, k: 1, chosen: -1, drawn: null, waiting: false };
const canvas = element("picture"), all = element("all");

const viewport = () => ({ w: canvas.clientWidth || 1, h: canvas.clientHeight || 1 });

function redraw() {
  const { w, h } = viewport(), left = -view.x / view.k, top = -view.y / view.k;
  const seen = { left, top, right: left + w / view.k, bottom: top + h / view.k };
  const more = { x: (w / view.k) * 0.4, y: (h / view.k) * 0.4 };
  const area = { left: left - more.x, top: top - more.y, right: seen.right + more.x, bottom: seen.bottom + more.y };
  draw(all, area, view.k, view.chosen);
  view.drawn = { area, k: view.k };
  all.setAttribute("transform", `translate(${view.x} ${view.y}) scale(${view.k})`);
  if (view.chosen >= 0 && element("b" + view.chosen)) canvas.setAttribute("aria-activedescendant", "b" + view.chosen);
  else canvas.removeAttribute("aria-activedescendant");
}

// After a move: what was drawn will often do.
function moved() {
  all.setAttribute("transform", `translate(${view.x} ${view.y}) scale(${view.k})`);
  if (view.waiting) return;
  view.waiting = true;
  requestAnimationFrame(() => {
    view.waiting = false;
    const { w, h } = viewport(), a = view.drawn.area, left = -view.x / view.k, top = -view.y / view.k;
    const inside = left >= a.left && top >= a.top && left + w / view.k <= a.right && top + h / view.k <= a.bottom;
    if (!inside || view.k / view.drawn.k > 1.25 || view.drawn.k / view.k > 1.25) redraw();
  });
}

function zoom(factor, cx = viewport().w / 2, cy = viewport().h / 2) {
  const k = Math.min(Math.max(view.k * factor, SCALE.least), SCALE.most);
  view.x = cx - ((cx - view.x) / view.k) * k;
  view.y = cy - ((cy - view.y) / view.k) * k;
  view.k = k;
  moved();
}

function fit(least) {
  const { w, h } = viewport(), b = boundsOf(0);
  view.k = Math.min(Math.max(Math.min((w - 24) / b.w, (h - 24) / b.h), least), 1);
  view.x = Math.max((w - b.w * view.k) / 2, b.w * view.k > w ? -(b.w * view.k - w) / 2 : 12);
  view.y = Math.max((h - b.h * view.k) / 2, 12);
  redraw();
}

function show(box) {
  const { w, h } = viewport(), b = boundsOf(box);
  view.k = Math.max(view.k, SCALE.first);
  view.x = w / 2 - (b.x + b.w / 2) * view.k;
  view.y = b.h * view.k > h * 0.8 ? 40 - b.y * view.k : h / 2 - (b.y + b.h / 2) * view.k;
  if (b.w * view.k > w * 0.9) view.x = 40 - b.x * view.k;
}

function isInView(box) {
  const { w, h } = viewport(), b = boundsOf(box), x = b.x * view.k + view.x, y = b.y * view.k + view.y;
  return x >= 0 && y >= 0 && x + Math.min(b.w * view.k, 80) <= w && y + Math.min(b.h * view.k, 40) <= h;
}

// ---- opening and choosing ----

// Groups that are to change; box: the one that stays where it is on the screen.
function change(groups, opened, box) {
  const shown = isShown(box), before = shown ? boundsOf(box) : null;
  for (const g of groups) {
    open[g] = opened ? 1 : 0;
    forget(g);
  }
  update();
  if (before && isShown(box)) {
    const after = boundsOf(box);
    view.x += (before.x - after.x) * view.k;
    view.y += (before.y - after.y) * view.k;
  }
  redraw();
}

function toggle(box) {
  if (!isGroup(box) || box === 0) return;
  performance.mark("toggle");
  change([box], !open[box], box);
  say(`${titleOf(box)} ${open[box] ? "unfolded" : "folded"}`);
  writeAddress();
  performance.measure(open[box] ? "unfold" : "fold", "toggle");
}

function reveal(box) {
  const closed = [];
  for (let at = model.parent[box]; at >= 0; at = model.parent[at]) if (!open[at]) closed.push(at);
  if (!closed.length) return;
  for (const g of closed) {
    open[g] = 1;
    forget(g);
  }
  update();
}

function choose(box, jump) {
  view.chosen = box;
  if (box >= 0) {
    reveal(box);
    describe(box); // the panel takes of the view's width
    if (jump || !isInView(box)) show(box);
    say([titleOf(box), lookOf(box)[6], lookOf(box)[9], model.names[box]].filter((s) => s).join(", "));
  } else closePanel();
  redraw();
  writeAddress();
}

function say(what) {
  element("live").textContent = what;
}

// ---- mouse, touch ----

const pointers = new Map();
let gesture = null;

canvas.addEventListener("pointerdown", (e) => {
  if (e.button > 0) return;
  pointers.set(e.pointerId, { x: e.offsetX, y: e.offsetY, clientX: e.clientX, clientY: e.clientY });
  gesture = { moved: pointers.size > 1, target: e.target };
});

canvas.addEventListener("pointermove", (e) => {
  const p = pointers.get(e.pointerId);
  if (!p) return;
  const dx = e.clientX - p.clientX, dy = e.clientY - p.clientY;
  if (!gesture.moved && Math.hypot(dx, dy) < 4) return;
  if (!gesture.moved) canvas.setPointerCapture(e.pointerId);
  gesture.moved = true;
  canvas.classList.add("moving");
  const frame = canvas.getBoundingClientRect();
  if (pointers.size === 2) {
    const other = [...pointers].find(([id]) => id !== e.pointerId)[1];
    const before = Math.hypot(p.clientX - other.clientX, p.clientY - other.clientY);
    const after = Math.hypot(e.clientX - other.clientX, e.clientY - other.clientY);
    if (before) zoom(after / before, (e.clientX + other.clientX) / 2 - frame.left, (e.clientY + other.clientY) / 2 - frame.top);
  } else {
    view.x += dx;
    view.y += dy;
    moved();
  }
  p.clientX = e.clientX;
  p.clientY = e.clientY;
});

const boxAt = (target) => {
  const item = target.closest("[role=treeitem],[data-box]");
  return item ? Number(item.dataset.box || item.id.slice(1)) : -1;
};

// Of the browser's own clicks some would be missed, as the picture is drawn anew between pressing and releasing.
let lastClick = { box: -1, time: 0 };
function isSecond(box, time) {
  const second = box === lastClick.box && time - lastClick.time < 400;
  lastClick = { box: second ? -1 : box, time };
  return second;
}

function released(e) {
  if (!pointers.delete(e.pointerId) || pointers.size) return;
  canvas.classList.remove("moving");
  if (e.type === "pointercancel" || gesture.moved) return;
  const value = gesture.target.dataset ? gesture.target.dataset.value : undefined, box = boxAt(gesture.target);
  if (value !== undefined) describeValue(Number(value));
  else if (gesture.target.closest(".sign") || (isSecond(box, e.timeStamp) && box > 0 && isGroup(box))) toggle(box);
  else choose(box, false);
}
canvas.addEventListener("pointerup", released);
canvas.addEventListener("pointercancel", released);

canvas.addEventListener("wheel", (e) => {
  e.preventDefault();
  const unit = e.deltaMode === 1 ? 16 : 1, frame = canvas.getBoundingClientRect();
  if (e.shiftKey) {
    view.x -= (e.deltaX || e.deltaY) * unit;
    return moved();
  }
  zoom(Math.exp(-e.deltaY * unit * (e.ctrlKey ? 0.01 : 0.0015)), e.clientX - frame.left, e.clientY - frame.top);
}, { passive: false });

canvas.addEventListener("pointerover", (e) => { // names of values are looked up when they are asked for
  if (!e.target.dataset || e.target.dataset.value === undefined || e.target.firstChild) return;
  const v = valueOf(Number(e.target.dataset.value));
  e.target.append(node("title", {}, [v.name, v.type].filter((s) => s).join(" \u00b7 ")));
});

// ---- keys ----

// Siblings as they are read: from above, from the left.
function inReadingOrder(box) {
  const around = model.parent[box], p = pictures.get(around);
  return Array.from(childrenOf(around)).sort((a, b) => {
    const i = model.number[a], j = model.number[b];
    return p.y[i] - p.y[j] || p.x[i] - p.x[j];
  });
}

function beside(box, step) {
  if (box <= 0) return box;
  const siblings = inReadingOrder(box), at = siblings.indexOf(box) + step;
  return siblings[Math.min(Math.max(at, 0), siblings.length - 1)];
}

function along(box, forward) {
  const d = detailsOf(box);
  if (!forward) return (d.inputs.find((i) => i[2] >= 0) || [0, 0, box])[2];
  return (d.outputs.find((o) => o.length > 2) || [0, 0, box])[2];
}

const keys = {
  ArrowDown: (box) => choose(beside(box, 1), false),
  ArrowUp: (box) => choose(beside(box, -1), false),
  ArrowRight: (box) => (isGroup(box) && !open[box] ? toggle(box) : isGroup(box) && childrenOf(box).length ? choose(inReadingOrder(childrenOf(box)[0])[0], false) : null),
  ArrowLeft: (box) => (isGroup(box) && open[box] && box ? toggle(box) : choose(Math.max(model.parent[box], 0), false)),
  Enter: (box) => (isGroup(box) && box ? toggle(box) : element("panel").focus()),
  " ": (box) => keys.Enter(box),
  Home: () => choose(0, true),
  "]": (box) => choose(along(box, true), false),
  "[": (box) => choose(along(box, false), false),
};

canvas.addEventListener("keydown", (e) => {
  if (e.ctrlKey || e.metaKey || e.altKey) return;
  const pan = { w: [0, 60], s: [0, -60], a: [60, 0], d: [-60, 0] }[e.key];
  if (keys[e.key]) keys[e.key](Math.max(view.chosen, 0));
  else if (pan) {
    view.x += pan[0];
    view.y += pan[1];
    moved();
  } else if (e.key === "+" || e.key === "=") zoom(1.25);
  else if (e.key === "-") zoom(0.8);
  else if (e.key === "0") fit(SCALE.least);
  else if (e.key === "Escape") choose(-1, false);
  else return;
  e.preventDefault();
});

// ---- the address: #at=NAME&open=NAME,NAME,...  A name that several boxes have stands as ~NUMBER ----

const boxesByName = (() => {
  let made = null;
  return () => {
    if (made) return made;
    made = new Map();
    model.names.forEach((name, i) => made.set(name, made.has(name) ? -1 : i));
    return made;
  };
})();

const MOST_NAMED = 200;
const keyOf = (box) => (model.names[box] && boxesByName().get(model.names[box]) === box ? model.names[box] : "~" + box);
const boxOf = (key) => {
  if (/^~\d+$/.test(key)) return Number(key.slice(1)) < model.count ? Number(key.slice(1)) : -1;
  return boxesByName().has(key) ? boxesByName().get(key) : -1;
};
let written = "";

function writeAddress() {
  const parts = [], shown = [];
  if (view.chosen > 0) parts.push("at=" + encodeURIComponent(keyOf(view.chosen)));
  for (let i = open.indexOf(1, 1); i >= 0; i = open.indexOf(1, i + 1)) shown.push(i);
  if (shown.join() !== model.data.open.filter((i) => i).join())
    parts.push("open=" + shown.slice(0, MOST_NAMED).map((i) => encodeURIComponent(keyOf(i))).join());
  written = parts.length ? "#" + parts.join("&") : "";
  history.replaceState(null, "", written || location.pathname + location.search);
}

function readAddress() {
  const said = new Map(location.hash.slice(1).split("&").map((p) => [p.slice(0, p.indexOf("=")), p.slice(p.indexOf("=") + 1)]));
  const decode = (s) => {
    try {
      return decodeURIComponent(s);
    } catch {
      return "";
    }
  };
  open.fill(0);
  pictures.clear();
  const wanted = said.has("open") ? said.get("open").split(",").map((k) => boxOf(decode(k))) : model.data.open;
  for (const box of wanted) if (box >= 0 && isGroup(box)) open[box] = 1;
  open[0] = 1;
  update();
  view.chosen = -1;
  fit(SCALE.first);
  if (said.has("at") && boxOf(decode(said.get("at"))) >= 0) choose(boxOf(decode(said.get("at"))), true);
}

addEventListener("hashchange", () => {
  if (location.hash !== written) readAddress();
});
addEventListener("resize", redraw);
