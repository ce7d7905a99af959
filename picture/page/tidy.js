// What a folded layout says of its group beyond coordinates: layers, the order in them, and what stands in one line.
//
// An item is a child, a place on the border, or a passage: where a line runs through a layer. A link is a row of pieces, one for each gap
// between layers that it visits; a piece goes from a pin of one item to a pin of another, a pin being a side of an item at some x. In each
// gap a value has one wire, which joins its pins. All are numbers, and what is known of them stands in columns: there can be many.

const BORDER = -1;

// {x, y, w, h of children; links: [{from, to, back}]; points(link): [x, y, ...], top(link), bottom(link): the y of its ends, NaN: it is not
// drawn}. size(box): [w, h] of a child.
function readLayout([w, h, places, flat], children, size) {
  const n = children.length, links = [], ways = [];
  const x = new Float64Array(n), y = new Float64Array(n), cw = new Float64Array(n), ch = new Float64Array(n);
  for (let i = 0; i < flat.length;) {
    const end = i + 4 + 2 * flat[i + 3];
    links.push({ from: flat[i], to: flat[i + 1], back: flat[i + 2] });
    ways.push(i + 4, end);
    i = end;
  }
  for (let i = 0; i < n; i++) {
    const s = size(children[i]);
    x[i] = places[2 * i];
    y[i] = places[2 * i + 1];
    cw[i] = s[0];
    ch[i] = s[1];
  }
  const has = (k) => ways[2 * k] < ways[2 * k + 1];
  return { w, h, x, y, cw, ch, links, tidy: null, points: (k) => flat.slice(ways[2 * k], ways[2 * k + 1]),
    top: (k) => (has(k) ? flat[ways[2 * k] + 1] : NaN), bottom: (k) => (has(k) ? flat[ways[2 * k + 1] - 1] : NaN) };
}

const foldedSize = (box) => [lookOf(box)[3], lookOf(box)[4]];

// Of layout `index`, where all children are folded; made once.
const layoutOf = (() => {
  const known = [];
  return (index, children) => known[index] || (known[index] = readLayout(model.data.layouts[index], children, foldedSize));
})();

const foldedLayout = (box) => layoutOf(model.data.groups[model.group[box]][1], childrenOf(box));

function tidyOf(box) {
  const layout = foldedLayout(box);
  return layout.tidy || (layout.tidy = makeTidy(layout, childrenOf(box), valuesOf(box)));
}

// Layers from the y of boxes; the first and the last are the borders.
function findLayers(layout, placed) {
  const order = placed.slice().sort((a, b) => layout.y[a] - layout.y[b] || a - b);
  const layers = [{ top: 0, bottom: 0 }], layerOf = new Int32Array(layout.x.length);
  let last = null;
  for (const i of order) {
    if (!last || layout.y[i] >= last.bottom) layers.push((last = { top: layout.y[i], bottom: layout.y[i] }));
    last.bottom = Math.max(last.bottom, layout.y[i] + layout.ch[i]);
    layerOf[i] = layers.length - 1;
  }
  layers.push({ top: layout.h, bottom: layout.h });
  return { layers, layerOf };
}

// Calls for the layers that a vertical piece from y1 to y2 runs through, in its order.
function eachCrossed(layers, y1, y2, call) {
  const low = Math.min(y1, y2), high = Math.max(y1, y2);
  let first = 1, end = layers.length - 1;
  while (first < end) {
    const middle = (first + end) >> 1;
    if (layers[middle].top >= low) end = middle; else first = middle + 1;
  }
  for (end = first; end < layers.length - 1 && layers[end].bottom <= high;) end++;
  if (y2 < y1) for (let l = end - 1; l >= first; l--) call(l);
  else for (let l = first; l < end; l++) call(l);
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

// A table of lists: entry i of `keys` is in the list keys[i] (less than n; negative: in none). {start, entries}, in order.
function listsBy(keys, n) {
  const start = new Int32Array(n + 2);
  for (let i = 0; i < keys.length; i++) if (keys[i] >= 0) start[keys[i] + 2]++;
  for (let k = 2; k < n + 2; k++) start[k] += start[k - 1];
  const entries = new Int32Array(start[n + 1]);
  for (let i = 0; i < keys.length; i++) if (keys[i] >= 0) entries[start[keys[i] + 1]++] = i;
  return { start, entries };
}

// Items and pieces. values: of the links, equal numbers for equal values.
function findItems(layout, values, layers, layerOf, placed) {
  const child = [], layer = [], x = [], fed = [];
  const piece = { from: [], to: [], gap: [], value: [], link: [], fromX: [], toX: [], start: new Int32Array(layout.links.length + 1) };
  const itemOf = new Int32Array(layout.x.length).fill(-1), local = new Map(), into = [], out = [];
  const passages = new Map(), next = []; // those of one value in one layer are a chain
  const add = (c, l, at) => child.push(c) && layer.push(l) && x.push(at) && fed.push(0) && next.push(-1) - 1;
  const passage = (value, l, at) => {
    const key = value * layers.length + l, head = passages.get(key);
    for (let i = head === undefined ? -1 : head; i >= 0; i = next[i]) if (x[i] === at) return i;
    const made = add(BORDER, l, at);
    if (head !== undefined) next[made] = head;
    passages.set(key, made);
    return made;
  };
  for (const i of placed) itemOf[i] = add(i, layerOf[i], layout.x[i]);
  layout.links.forEach((link, k) => {
    const p = layout.points(k), end = p.length - 2;
    if (!local.has(values[k])) local.set(values[k], local.size);
    const value = local.get(values[k]);
    if (end >= 2) {
      if (link.from === BORDER && into[value] === undefined) into[value] = add(BORDER, 0, p[0]);
      let at = link.from === BORDER ? into[value] : itemOf[link.from], gap = layer[at], px = p[0];
      const step = (to, tx, after) => {
        piece.from.push(at);
        piece.to.push(to);
        piece.gap.push(gap);
        piece.value.push(value);
        piece.link.push(k);
        piece.fromX.push(px);
        piece.toX.push(tx);
        at = to;
        px = tx;
        gap = after;
      };
      for (let i = 2; i <= end; i += 2) {
        if (p[i] !== p[i - 2]) continue;
        const down = p[i + 1] > p[i - 1] ? 0 : 1;
        eachCrossed(layers, p[i - 1], p[i + 1], (l) => step(passage(value, l, p[i]), p[i], l - down));
      }
      if (link.to === BORDER && out[value] === undefined) out[value] = add(BORDER, layers.length - 1, p[end]);
      const to = link.to === BORDER ? out[value] : itemOf[link.to];
      fed[to] = 1;
      step(to, p[end], gap);
    }
    piece.start[k + 1] = piece.gap.length;
  });
  return { items: { count: child.length, child, layer, x, fed }, piece };
}

// Items by layers, in each from the left.
function orderLayers(items, count) {
  const lists = listsBy(items.layer, count);
  for (let l = 0; l < count; l++) {
    const run = lists.entries.subarray(lists.start[l], lists.start[l + 1]);
    if (run.length > 1) run.sort((a, b) => items.x[a] - items.x[b] || a - b);
  }
  return lists;
}

// Wires are numbered gap by gap. Their pins: twice the piece, and 1 more for its end.
function findWires(piece, gaps) {
  const byGap = listsBy(piece.gap, gaps), wireOf = new Int32Array(piece.gap.length), start = new Int32Array(gaps + 1);
  const latest = new Map(); // by value: its wire, which may be one of an earlier gap
  let count = 0;
  for (let g = 0; g < gaps; g++) {
    start[g] = count;
    for (let i = byGap.start[g]; i < byGap.start[g + 1]; i++) {
      const p = byGap.entries[i], known = latest.get(piece.value[p]);
      if (known !== undefined && known >= start[g]) wireOf[p] = known;
      else latest.set(piece.value[p], (wireOf[p] = count++));
    }
  }
  start[gaps] = count;
  const ends = new Int32Array(2 * wireOf.length);
  for (let p = 0; p < wireOf.length; p++) ends[2 * p] = ends[2 * p + 1] = wireOf[p];
  return { count, start, of: wireOf, pins: listsBy(ends, count) };
}

// The pins of pieces in their folded places, from the left side of the items; and those of each child.
function findFoldedPins(items, piece, layout) {
  const pins = new Float64Array(2 * piece.gap.length), child = new Int32Array(pins.length);
  for (let p = 0; p < piece.gap.length; p++) {
    const a = items.child[piece.from[p]], b = items.child[piece.to[p]];
    pins[2 * p] = a === BORDER ? 0 : piece.fromX[p] - layout.x[a];
    pins[2 * p + 1] = b === BORDER ? 0 : piece.toX[p] - layout.x[b];
    child[2 * p] = a;
    child[2 * p + 1] = b;
  }
  return { pins, pinsOf: listsBy(child, layout.x.length) };
}

// The pin that most of the straight pieces of a child have: its line is there.
function mostCommon(pins, piece) {
  const votes = new Map();
  let best = null;
  for (const pin of pins) {
    const x = piece.fromX[pin >> 1], vote = votes.get(x) || { pin, n: 0 };
    vote.n++;
    votes.set(x, vote);
  }
  for (const v of votes.values()) if (!best || v.n > best.n) best = v;
  return best.pin;
}

// Blocks: items that stand on one vertical line. anchor: the pin on it, -1: none, the line is in the middle.
function findBlocks(items, piece, layout) {
  const lines = Float64Array.from(items.x), anchor = new Int32Array(items.count).fill(-1), straight = [], ends = [];
  for (let p = 0; p < piece.gap.length; p++) {
    if (piece.fromX[p] !== piece.toX[p] || items.layer[piece.from[p]] === items.layer[piece.to[p]]) continue;
    straight.push(p);
    for (const i of [piece.from[p], piece.to[p]]) ends.push(items.child[i] === BORDER ? -1 : i);
  }
  const byItem = listsBy(ends, items.count);
  for (let i = 0; i < items.count; i++) {
    if (items.child[i] === BORDER) continue;
    const first = byItem.start[i], end = byItem.start[i + 1], pinOf = (e) => 2 * straight[e >> 1] + (e & 1);
    if (end - first === 1) anchor[i] = pinOf(byItem.entries[first]);
    else if (end > first) anchor[i] = mostCommon(Array.from(byItem.entries.subarray(first, end), pinOf), piece);
    lines[i] = anchor[i] >= 0 ? piece.fromX[anchor[i] >> 1] : layout.x[items.child[i]] + layout.cw[items.child[i]] / 2;
  }
  const block = new Int32Array(items.count);
  for (let i = 0; i < block.length; i++) block[i] = i;
  const find = (i) => {
    while (block[i] !== i) i = block[i] = block[block[i]];
    return i;
  };
  for (const p of straight) {
    const a = piece.from[p], b = piece.to[p];
    if (lines[a] === piece.fromX[p] && lines[b] === piece.toX[p]) block[find(a)] = find(b);
  }
  for (let i = 0; i < block.length; i++) block[i] = find(i);
  return { lines, anchor, block };
}

// Neighbours in a layer keep their blocks apart: pair k is items a[k] and b[k]. leftOf, rightOf: of a block the pairs on that side of it, and
// the blocks that stand there.
function findPairs(items, layers, count, block) {
  const a = [], b = [], gap = [], from = [], to = [];
  for (let l = 0; l < count; l++)
    for (let k = layers.start[l] + 1; k < layers.start[l + 1]; k++) {
      const i = layers.entries[k - 1], j = layers.entries[k], boxes = (items.child[i] !== BORDER) + (items.child[j] !== BORDER);
      a.push(i);
      b.push(j);
      gap.push(boxes === 2 ? GAP.box : boxes === 1 ? GAP.line : GAP.track);
      from.push(block[i]);
      to.push(block[j]);
    }
  const leftOf = listsBy(to, items.count), rightOf = listsBy(from, items.count);
  leftOf.block = leftOf.entries.map((k) => from[k]);
  rightOf.block = rightOf.entries.map((k) => to[k]);
  return { a, b, gap, leftOf, rightOf };
}

// Pieces pull the blocks at their ends: entry 2p pulls the one where piece p begins, 2p + 1 the other; block: where to.
function findPulls(piece, block, n) {
  const pulled = new Int32Array(2 * piece.gap.length).fill(-1);
  for (let p = 0; p < piece.gap.length; p++) {
    const a = block[piece.from[p]], b = block[piece.to[p]];
    if (a === b) continue;
    pulled[2 * p] = a;
    pulled[2 * p + 1] = b;
  }
  const pulls = listsBy(pulled, n);
  pulls.block = pulls.entries.map((e) => block[(e & 1 ? piece.from : piece.to)[e >> 1]]);
  return pulls;
}

// Made once for a layout; `values` have the same pattern for all groups that share it.
function makeTidy(layout, children, values) {
  const { placed, loose } = split(layout, children), { layers, layerOf } = findLayers(layout, placed), count = layers.length;
  const { items, piece } = findItems(layout, values, layers, layerOf, placed);
  const blocks = findBlocks(items, piece, layout), inLayers = orderLayers(items, count);
  const order = Array.from(blocks.block.keys()).filter((i) => blocks.block[i] === i);
  order.sort((a, b) => blocks.lines[a] - blocks.lines[b] || a - b);
  return { layers: count, inLayers, items, piece, loose, order, ...blocks, ...findFoldedPins(items, piece, layout), wires: findWires(piece, count),
    pairs: findPairs(items, inLayers, count, blocks.block), pulls: findPulls(piece, blocks.block, items.count) };
}
