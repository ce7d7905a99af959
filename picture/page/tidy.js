// What a folded layout says of its group beyond coordinates: layers, the order in them, and what stands in one line.
//
// An item is a child, a place on the border, or a passage: where a line runs through a layer. A pin is an item's upper or lower
// side at one value. In each gap between layers a value has one wire, which joins its pins.

const BORDER = -1;

// {x, y, w, h of children; links: [{from, to, back, points: [x, y, ...]}]}. size(box): [w, h] of a child.
function readLayout([w, h, places, flat], children, size) {
  const links = [], x = [], y = [], cw = [], ch = [];
  for (let i = 0; i < flat.length;) {
    const n = flat[i + 3];
    links.push({ from: flat[i], to: flat[i + 1], back: flat[i + 2], points: flat.slice(i + 4, i + 4 + 2 * n) });
    i += 4 + 2 * n;
  }
  for (let i = 0; i < children.length; i++) {
    const s = size(children[i]);
    x.push(places[2 * i]);
    y.push(places[2 * i + 1]);
    cw.push(s[0]);
    ch.push(s[1]);
  }
  return { w, h, x, y, cw, ch, links, tidy: null };
}

const foldedSize = (box) => [lookOf(box)[3], lookOf(box)[4]];

// Of layout `index`, where all children are folded; made once.
const layoutOf = (() => {
  const known = [];
  return (index, children) => known[index] || (known[index] = readLayout(model.data.layouts[index], children, foldedSize));
})();

// Layers from the y of boxes; the first and the last are the borders.
function findLayers(layout, placed) {
  const order = placed.slice().sort((a, b) => layout.y[a] - layout.y[b] || a - b);
  const layers = [{ top: 0, bottom: 0, items: [] }];
  const layerOf = new Map();
  let last = null;
  for (const i of order) {
    if (!last || layout.y[i] >= last.bottom) layers.push((last = { top: layout.y[i], bottom: layout.y[i], items: [] }));
    last.bottom = Math.max(last.bottom, layout.y[i] + layout.ch[i]);
    layerOf.set(i, layers.length - 1);
  }
  layers.push({ top: layout.h, bottom: layout.h, items: [] });
  return { layers, layerOf };
}

// The layers that a vertical piece from y1 to y2 runs through, in its order.
function crossed(layers, y1, y2) {
  const low = Math.min(y1, y2), high = Math.max(y1, y2), found = [];
  let a = 1, b = layers.length - 1;
  while (a < b) {
    const middle = (a + b) >> 1;
    if (layers[middle].top >= low) b = middle; else a = middle + 1;
  }
  for (; a < layers.length - 1 && layers[a].bottom <= high; a++) found.push(a);
  return y2 < y1 ? found.reverse() : found;
}

// Children without links, but formal inputs and outputs, stand in rows below.
function split(layout, children) {
  const linked = new Uint8Array(children.length), placed = [], loose = [];
  for (const l of layout.links) {
    if (l.from >= 0) linked[l.from] = 1;
    if (l.to >= 0) linked[l.to] = 1;
  }
  children.forEach((box, i) => (linked[i] || lookOf(box)[1] === KIND.value ? placed : loose).push(i));
  return { placed, loose };
}

// values: of the links, equal numbers for equal values; the same pattern for all groups of one layout.
function makeTidy(layout, children, values) {
  const { placed, loose } = split(layout, children);
  const { layers, layerOf } = findLayers(layout, placed);
  const items = [], known = new Map();
  const item = (key, layer, x, child, value) => {
    if (known.has(key)) return known.get(key);
    const made = { id: items.length, layer, x, child, value, fed: false };
    items.push(made);
    layers[layer].items.push(made);
    known.set(key, made);
    return made;
  };
  for (const i of placed) item("c" + i, layerOf.get(i), layout.x[i], i, -1);
  const local = new Map();
  const ways = layout.links.map((link, k) => {
    if (!local.has(values[k])) local.set(values[k], local.size);
    return way(link, local.get(values[k]));
  });
  for (const l of layers) l.items.sort((a, b) => a.x - b.x || a.id - b.id);
  return { layers, items, ways, loose, ...findBlocks(items, ways, layout) };

  // A link as its pieces, one for each gap that it visits: {gap, a, ax, b, bx, value}.
  function way(link, value) {
    const p = link.points, end = p.length - 2, pieces = [];
    if (p.length < 4) return pieces;
    let at = link.from === BORDER ? item("i" + value, 0, p[0], BORDER, value) : known.get("c" + link.from);
    let gap = link.from === BORDER ? 0 : at.layer, x = p[0];
    const step = (to, tx, next) => {
      pieces.push({ gap, value, a: at, ax: x, b: to, bx: tx });
      [at, x, gap] = [to, tx, next];
    };
    for (let i = 2; i <= end; i += 2) {
      if (p[i] !== p[i - 2]) continue;
      const down = p[i + 1] > p[i - 1];
      for (const layer of crossed(layers, p[i - 1], p[i + 1]))
        step(item(`p${value},${layer},${p[i]}`, layer, p[i], BORDER, value), p[i], down ? layer : layer - 1);
    }
    const to = link.to === BORDER ? item("o" + value, layers.length - 1, p[end], BORDER, value) : known.get("c" + link.to);
    to.fed = true;
    step(to, p[end], gap);
    return pieces;
  }
}

// Blocks: items that stand on one vertical line. An item's line is at the pin that most of its straight pieces have.
function findBlocks(items, ways, layout) {
  const lines = items.map((i) => (i.child === BORDER ? i.x : null)), best = items.map(() => null);
  const vote = (i, x, value, below) => {
    if (i.child === BORDER) return;
    const votes = best[i.id] || (best[i.id] = new Map()), vote = votes.get(x) || { x, n: 0, value, below };
    vote.n++;
    votes.set(x, vote);
  };
  const straight = [];
  for (const pieces of ways)
    for (const p of pieces) {
      if (p.ax !== p.bx || p.a.layer === p.b.layer) continue;
      straight.push(p);
      vote(p.a, p.ax, p.value, true);
      vote(p.b, p.bx, p.value, false);
    }
  const anchors = items.map((i) => {
    if (i.child === BORDER) return null;
    let chosen = null;
    for (const v of best[i.id] ? best[i.id].values() : []) if (!chosen || v.n > chosen.n) chosen = v;
    lines[i.id] = chosen ? chosen.x : layout.x[i.child] + layout.cw[i.child] / 2;
    return chosen;
  });
  const root = items.map((i) => i.id);
  const find = (i) => {
    while (root[i] !== i) i = root[i] = root[root[i]];
    return i;
  };
  for (const p of straight)
    if (lines[p.a.id] === p.ax && lines[p.b.id] === p.bx) root[find(p.a.id)] = find(p.b.id);
  return { lines, anchors, block: items.map((i) => find(i.id)) };
}
