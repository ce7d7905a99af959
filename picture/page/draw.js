// Drawing: what is open and within view, and nothing else.

const SVG = "http://www.w3.org/2000/svg";
const DETAIL = { full: 0.35, titles: 0.13 }; // from which scale on
const MOST = { full: 1200, titles: 4000, links: 1500, shapes: 40000 };
const CORNER = 6;

function node(tag, attributes, ...inside) {
  const made = document.createElementNS(SVG, tag);
  for (const [key, value] of Object.entries(attributes)) if (value !== null) made.setAttribute(key, value);
  made.append(...inside);
  return made;
}

// Which groups are open, and their pictures: {w, h, x, y, cw, ch, links, points, top, bottom} with ways in and out by value.
// asFirst: all in it is open or folded as it was at first.
const open = new Uint8Array(model.count);
const pictures = new Map();

function forget(box) {
  for (let at = box; at >= 0; at = model.parent[at]) pictures.delete(at);
}

function isShown(box) {
  for (let at = model.parent[box]; at >= 0; at = model.parent[at]) if (!open[at]) return false;
  return true;
}

function isAsFirst(children) {
  return children.every((c) => open[c] === first.open[c] && (!open[c] || pictures.get(c).asFirst));
}

const shownSize = (box) => (open[box] ? [pictures.get(box).w, pictures.get(box).h] : foldedSize(box));

function makePicture(box) {
  const children = childrenOf(box), values = valuesOf(box), layout = foldedLayout(box);
  const asFirst = isAsFirst(children);
  let picture = layout;
  if (asFirst && first.layouts.has(box)) picture = readLayout(first.layouts.get(box), children, shownSize);
  else if (children.some((c) => open[c])) {
    const inside = (i) => (open[children[i]] ? pictures.get(children[i]) : null);
    picture = relayout(layout, tidyOf(box), inside, (p, link, below) => (below ? p.waysOut : p.waysIn).get(values[link]));
  }
  const made = { ...picture, asFirst, waysIn: new Map(), waysOut: new Map() };
  made.links.forEach((l, k) => {
    if (l.from !== BORDER && l.to !== BORDER) return;
    const p = made.points(k);
    if (p.length < 2) return;
    if (l.from === BORDER) made.waysIn.set(values[k], p[0]);
    if (l.to === BORDER) made.waysOut.set(values[k], p[p.length - 2]);
  });
  return made;
}

// Pictures of all open groups that are shown, from the innermost out: what is inside has higher numbers.
function update() {
  const missing = [], todo = [0];
  while (todo.length) {
    const box = todo.pop();
    if (!open[box]) continue;
    if (!pictures.has(box)) missing.push(box);
    for (const c of childrenOf(box)) if (open[c]) todo.push(c);
  }
  missing.sort((a, b) => b - a).forEach((box) => pictures.set(box, makePicture(box)));
}

// {x, y, w, h} of a box that is shown.
function boundsOf(box) {
  let x = 0, y = 0, size;
  if (open[box]) size = [pictures.get(box).w, pictures.get(box).h];
  else size = [lookOf(box)[3], lookOf(box)[4]];
  for (let at = box; model.parent[at] >= 0; at = model.parent[at]) {
    const around = pictures.get(model.parent[at]);
    x += around.x[model.number[at]];
    y += around.y[model.number[at]];
  }
  return { x, y, w: size[0], h: size[1] };
}

// ---- what is in view ----

function collect(area) {
  const frames = [], leaves = [], links = [], todo = [[0, 0, 0]];
  const outside = (x, y, w, h) => x > area.right || y > area.bottom || x + w < area.left || y + h < area.top;
  if (!open[0]) return { frames, leaves: [{ box: 0, x: 0, y: 0, w: lookOf(0)[3], h: lookOf(0)[4] }], links };
  while (todo.length) {
    const [box, x, y] = todo.pop(), p = pictures.get(box), children = childrenOf(box), values = valuesOf(box);
    frames.push({ box, x, y, w: p.w, h: p.h });
    for (let i = 0; i < children.length; i++) {
      const cx = x + p.x[i], cy = y + p.y[i];
      if (outside(cx, cy, p.cw[i], p.ch[i])) continue;
      if (open[children[i]]) todo.push([children[i], cx, cy]);
      else leaves.push({ box: children[i], x: cx, y: cy, w: p.cw[i], h: p.ch[i] });
    }
    p.links.forEach((l, k) => {
      if (!l.back && !(y + p.top(k) <= area.bottom && y + p.bottom(k) >= area.top)) return; // one that runs back goes beyond its ends
      const points = p.points(k), [left, top, right, bottom] = boundsOfPoints(points);
      if (outside(x + left, y + top, right - left, bottom - top)) return;
      const to = l.to === BORDER ? -1 : children[l.to], from = l.from === BORDER ? -1 : children[l.from];
      links.push({ points, x, y, value: values[k], from, to, back: l.back });
    });
  }
  return { frames, leaves, links };
}

function boundsOfPoints(points) {
  const b = [Infinity, Infinity, -Infinity, -Infinity];
  for (let i = 0; i < points.length; i += 2) {
    b[0] = Math.min(b[0], points[i]);
    b[1] = Math.min(b[1], points[i + 1]);
    b[2] = Math.max(b[2], points[i]);
    b[3] = Math.max(b[3], points[i + 1]);
  }
  return b;
}

// ---- pieces of the drawing ----

const text = (x, y, kind, ...content) => node("text", { x, y, class: kind }, ...content);
const familyClass = (look) => "f" + String(look[0]).padStart(2, "0") + (look[1] === KIND.bundle ? " z" : "");

function groundOf(box) {
  const kind = lookOf(box)[1];
  return kind === KIND.body ? "gb" : kind === KIND.func ? "gf" : model.depth[box] % 2 ? "g1" : "g0";
}

function treeItem(box, kind, chosen) {
  const look = lookOf(box), name = model.names[box], said = [look[5], look[6], look[8], look[9]].filter((s) => s);
  if (name && name !== look[5]) said.push(name);
  return node("g", { id: "b" + box, role: "treeitem", class: kind + (box === chosen ? " chosen" : ""), "aria-label": said.join(", "),
    "aria-level": model.depth[box] + 1, "aria-selected": String(box === chosen), "aria-expanded": isGroup(box) ? String(!!open[box]) : null },
    node("title", {}, name && name !== look[5] ? `${look[5]}\n${name}` : look[5]));
}

function drawFrame(f, chosen) {
  const shape = node("rect", { class: groundOf(f.box) + " w", x: f.x, y: f.y, width: f.w, height: f.h, rx: 6 });
  return node("g", { "data-box": f.box, class: f.box === chosen ? "chosen" : "" }, shape);
}

function drawHeader(f, chosen) {
  const look = lookOf(f.box), item = treeItem(f.box, "h h" + groundOf(f.box), chosen);
  const title = text(f.x + 10, f.y + 20, "c", node("tspan", { class: "sign" }, "\u25be "), node("tspan", { class: "n" }, look[5]));
  if (look[6]) title.append(node("tspan", { class: "q" }, " \u00b7 " + look[6]));
  item.append(title, text(f.x + f.w - 10, f.y + 20, "q r", look[7]));
  return item;
}

function outline(item, b, look) {
  const [family, kind] = look, group = isGroup(b.box);
  const rect = (shift, round) => node("rect", { class: "b", x: b.x + shift, y: b.y + shift, width: b.w, height: b.h, rx: round });
  const bar = (x, y, width, height) => item.append(node("rect", { class: "k", x, y, width, height }));
  if (group && kind !== KIND.bundle) item.append(rect(4, 4));
  if (kind === KIND.value || kind === KIND.constant) return item.append(rect(0, b.h / 2));
  item.append(rect(0, family in FAMILY_CORNERS ? FAMILY_CORNERS[family] : 4));
  if (family === 7 || (family === 8 && !group)) bar(b.x, b.y + 4, 3, b.h - 8);
  if (family === 8 && !group) bar(b.x + b.w - 3, b.y + 4, 3, b.h - 8);
  if (family === 6) bar(b.x, b.y + b.h - 3, b.w, 3);
}

function drawLeaf(b, full, chosen) {
  const look = lookOf(b.box), item = treeItem(b.box, familyClass(look), chosen), middle = b.x + b.w / 2;
  outline(item, b, look);
  if (isGroup(b.box)) {
    const title = text(middle, b.y + 18, "c m", node("tspan", { class: "sign" }, "\u25b8 "), node("tspan", { class: "n" }, look[5]));
    if (look[6]) title.append(node("tspan", { class: "q" }, " \u00b7 " + look[6]));
    item.append(title);
    if (full) item.append(text(middle, b.y + 33, "q m", look[8]));
    if (full && look[9]) item.append(text(middle, b.y + 46, "q m", "\u2192 " + look[9]));
    return item;
  }
  let y = b.y + 33;
  if (look[1] === KIND.constant) y = b.y + b.h / 2 + 4;
  else item.append(text(middle, b.y + 18, "n m", look[5]));
  if (!full) return item;
  if (look[9]) {
    item.append(text(middle, y, "q m", look[9]));
    y += 13;
  }
  for (let i = 0; i < look[10].length; i += 2, y += 13) {
    if (look[10][i]) item.append(text(b.x + 10, y, "q", look[10][i]));
    item.append(text(b.x + b.w - 10, y, "r", look[10][i + 1]));
  }
  return item;
}

function pathOf(l, round) {
  const p = l.points, at = (i) => [l.x + p[i], l.y + p[i + 1]];
  let d = "M" + at(0);
  for (let i = 2; i < p.length; i += 2) {
    const [x, y] = at(i);
    if (!round || i === p.length - 2) {
      d += "L" + x + " " + y;
      continue;
    }
    const [ax, ay] = at(i - 2), [bx, by] = at(i + 2);
    const r = Math.min(CORNER, (Math.abs(x - ax) + Math.abs(y - ay)) >> 1, (Math.abs(bx - x) + Math.abs(by - y)) >> 1);
    d += `L${x - Math.sign(x - ax) * r} ${y - Math.sign(y - ay) * r}Q${x} ${y} ${x + Math.sign(bx - x) * r} ${y + Math.sign(by - y) * r}`;
  }
  return d;
}

const isQuiet = (value) => model.data.value[3 * value + 2] === 1;

function drawLinks(links, into, chosen) {
  if (links.length > MOST.links) {
    for (const quiet of [true, false])
      into.append(node("path", { class: quiet ? "eq" : "e", d: links.filter((l) => isQuiet(l.value) === quiet).map((l) => pathOf(l, false)).join("") }));
    return;
  }
  // A border is -1 too, as is nothing chosen.
  const rank = (l) => (chosen >= 0 && (l.from === chosen || l.to === chosen) ? 2 : isQuiet(l.value) ? 0 : 1);
  for (const l of links.slice().sort((a, b) => rank(a) - rank(b))) {
    if (l.points.length < 4) continue;
    const lit = rank(l) === 2, head = lit ? "hl" : isQuiet(l.value) ? "hq" : "h";
    into.append(node("path", { class: (isQuiet(l.value) ? "eq" : "e") + (l.back ? " o" : "") + (lit ? " lit" : ""), d: pathOf(l, true), "data-value": l.value,
      "marker-end": l.to >= 0 && !open[l.to] ? `url(#${head})` : null }));
  }
}

// Boxes too small to be told apart: one path for each family.
function drawSmall(leaves, into) {
  const paths = new Map(), every = Math.ceil(leaves.length / MOST.shapes);
  for (let i = 0; i < leaves.length; i += every) {
    const b = leaves[i], kind = familyClass(lookOf(b.box));
    paths.set(kind, (paths.get(kind) || "") + `M${b.x} ${b.y}h${b.w}v${b.h}h${-b.w}z`);
  }
  for (const [kind, d] of paths) into.append(node("g", { class: kind }, node("path", { class: "b", d })));
}

// area: what may be seen; scale: pixels for one of the picture; chosen: a box or -1.
function draw(into, area, scale, chosen) {
  const { frames, leaves, links } = collect(area), fragment = document.createDocumentFragment();
  const full = scale >= DETAIL.full && leaves.length <= MOST.full;
  const titles = full || (scale >= DETAIL.titles && leaves.length <= MOST.titles);
  for (const f of frames) fragment.append(drawFrame(f, chosen));
  if (titles || links.length <= MOST.shapes) drawLinks(links, fragment, chosen);
  for (const f of frames) if (titles || f.w * scale > 120 || f.box === chosen) fragment.append(drawHeader(f, chosen));
  if (titles) for (const b of leaves) fragment.append(drawLeaf(b, full, chosen));
  else {
    drawSmall(leaves, fragment);
    for (const b of leaves) if (b.box === chosen) fragment.append(drawLeaf(b, false, chosen));
  }
  into.replaceChildren(fragment);
}
