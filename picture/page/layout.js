// The layout of a group in which other groups are open: layers and order stay as they are in the folded layout, the room grows.

const GAP = { box: 28, line: 14, track: 10, least: 26, edge: 14, border: 12, step: 8, pad: 16, header: 34, loose: 28, round: 24 };
const SWEEPS = 8;
const MANY_WIRES = 1500, COMPARED_WIRES = 200;

// size(i): [w, h] of child i. port(i, value, below): where a value enters or leaves an open child, null: as in the folded layout.
function relayout(layout, tidy, size, port) {
  const n = tidy.items.length, sizes = layout.x.map((_, i) => size(i));
  const width = (i) => (i.child === BORDER ? 0 : sizes[i.child][0]);
  const place = new Float64Array(n); // left side of items
  // A pin from the left side of its item: where it was, or where the inside of an open group has it.
  const pin = (i, x, link, below) => {
    if (i.child === BORDER) return 0;
    const inside = port(i.child, link, below);
    if (inside !== null) return inside;
    const at = x - layout.x[i.child];
    return Math.round(sizes[i.child][0] === layout.cw[i.child] ? at : (at / layout.cw[i.child]) * sizes[i.child][0]);
  };
  const ways = tidy.ways.map((pieces, link) => pieces.map((p) => ({
    p, a: pin(p.a, p.ax, link, true), b: pin(p.b, p.bx, link, false) })));
  placeItems(tidy, ways, width, place);
  let low = Infinity, right = 0;
  for (const i of tidy.items) low = Math.min(low, place[i.id]);
  for (const i of tidy.items) right = Math.max(right, place[i.id] + width(i) - low);
  const spare = tidy.items.length ? Math.max(layout.w - right - 2 * GAP.pad, 0) >> 1 : 0; // the frame's title needs its room
  for (const i of tidy.items) place[i.id] += GAP.pad - low + spare;
  if (right) right += GAP.pad + 2 * spare;
  const out = { w: 0, h: 0, x: [], y: [], cw: sizes.map((s) => s[0]), ch: sizes.map((s) => s[1]), links: [] };
  const rows = stack(tidy, ways, place, sizes);
  for (const i of tidy.items)
    if (i.child !== BORDER) {
      out.x[i.child] = place[i.id];
      out.y[i.child] = childTop(tidy.layers[i.layer], rows[i.layer], i, sizes[i.child][1]);
    }
  out.h = rows[rows.length - 1].top;
  placeLoose(tidy.loose, sizes, out, right, layout.w);
  trace(layout, ways, place, rows, out);
  return out;
}

// ---- x ----

function placeItems(tidy, ways, width, place) {
  const n = tidy.items.length, offset = new Float64Array(n), f = tidy.frame || (tidy.frame = blockFrame(tidy));
  for (const i of tidy.items) offset[i.id] = width(i) / 2;
  for (let k = 0; k < ways.length; k++) // an item's line is at the pin it was found by
    for (const { p, a, b } of ways[k]) {
      const from = tidy.anchors[p.a.id], to = tidy.anchors[p.b.id];
      if (from && from.below && from.value === p.value && from.x === p.ax) offset[p.a.id] = a;
      if (to && !to.below && to.value === p.value && to.x === p.bx) offset[p.b.id] = b;
    }
  const apart = new Float64Array(f.pairs.length); // of neighbours in a layer
  f.pairs.forEach(([a, b, gap], k) => { apart[k] = width(a) - offset[a.id] + offset[b.id] + gap; });
  const x = new Float64Array(n), far = new Float64Array(n);
  let most = 0;
  for (const b of f.order) {
    for (const k of f.left[b]) x[b] = Math.max(x[b], x[f.from[k]] + apart[k]);
    most = Math.max(most, x[b]);
  }
  for (const b of f.backwards) {
    far[b] = most;
    for (const k of f.right[b]) far[b] = Math.min(far[b], far[f.to[k]] - apart[k]);
  }
  for (const b of f.order) x[b] = (x[b] + far[b]) / 2; // both are possible, so is what lies between
  settle(tidy, ways, offset, x, f, apart);
  for (const i of tidy.items) place[i.id] = Math.round(x[tidy.block[i.id]] - offset[i.id]);
}

// Blocks from the left, and the pairs of neighbours that keep them apart: pair k has block from[k] on its left and to[k] on its
// right; left[b] and right[b] are the pairs on either side of a block.
function blockFrame(tidy) {
  const pairs = [], from = [], to = [], left = [], right = [], order = [];
  for (const i of tidy.items) {
    const b = tidy.block[i.id];
    if (left[b]) continue;
    left[b] = [];
    right[b] = [];
    order.push(b);
  }
  for (const layer of tidy.layers)
    for (let k = 1; k < layer.items.length; k++) {
      const a = layer.items[k - 1], b = layer.items[k], boxes = (a.child !== BORDER) + (b.child !== BORDER);
      left[tidy.block[b.id]].push(pairs.length);
      right[tidy.block[a.id]].push(pairs.length);
      from.push(tidy.block[a.id]);
      to.push(tidy.block[b.id]);
      pairs.push([a, b, boxes === 2 ? GAP.box : boxes === 1 ? GAP.line : GAP.track]);
    }
  order.sort((a, b) => tidy.lines[a] - tidy.lines[b] || a - b);
  return { order, backwards: order.slice().reverse(), pairs, from, to, left, right };
}

const middleOf = (values) => {
  if (values.length === 1) return values[0];
  if (values.length === 2) return (values[0] + values[1]) / 2;
  values.sort((p, q) => p - q);
  const middle = values.length >> 1;
  return values.length % 2 ? values[middle] : (values[middle - 1] + values[middle]) / 2;
};

// Blocks are drawn to where their edges come from and go to, as far as their neighbours let them.
function settle(tidy, ways, offset, x, f, apart) {
  const pulls = [];
  for (let k = 0; k < ways.length; k++)
    for (const { p, a, b } of ways[k]) {
      const from = tidy.block[p.a.id], to = tidy.block[p.b.id];
      if (from === to) continue;
      const da = a - (p.a.child === BORDER ? 0 : offset[p.a.id]), db = b - (p.b.child === BORDER ? 0 : offset[p.b.id]);
      (pulls[from] || (pulls[from] = [])).push([to, db - da]);
      (pulls[to] || (pulls[to] = [])).push([from, da - db]);
    }
  const pulled = f.order.filter((b) => pulls[b]), backwards = pulled.slice().reverse();
  const move = (b) => {
    let low = -Infinity, high = Infinity;
    for (const k of f.left[b]) low = Math.max(low, x[f.from[k]] + apart[k]);
    for (const k of f.right[b]) high = Math.min(high, x[f.to[k]] - apart[k]);
    const at = Math.min(Math.max(middleOf(pulls[b].map(([other, d]) => x[other] + d)), low), Math.max(low, high));
    const changed = at !== x[b];
    x[b] = at;
    return changed;
  };
  for (let i = 0, still = 0; i < SWEEPS && still < 2; i++) {
    let changed = false;
    for (const b of i % 2 ? pulled : backwards) changed = move(b) || changed;
    still = changed ? 0 : still + 1;
  }
}

// ---- y ----

// Layers with {top, height} and, above each, the tracks of its gap.
function stack(tidy, ways, place, sizes) {
  const gaps = tidy.layers.map(() => new Map()), last = tidy.layers.length - 1;
  for (const pieces of ways)
    for (const { p, a, b } of pieces) {
      const wire = gaps[p.gap].get(p.value) || { low: Infinity, high: -Infinity, upper: [], lower: [], track: -1 };
      gaps[p.gap].set(p.value, wire);
      for (const [item, at] of [[p.a, a], [p.b, b]]) {
        const x = place[item.id] + at;
        wire.low = Math.min(wire.low, x);
        wire.high = Math.max(wire.high, x);
        (item.layer <= p.gap ? wire.upper : wire.lower).push(x);
      }
    }
  let y = GAP.header;
  return tidy.layers.map((layer, i) => {
    const height = layer.items.reduce((h, it) => Math.max(h, it.child === BORDER ? 0 : sizes[it.child][1]), 0);
    const row = { top: i ? y : 0, height, tracks: gaps[i], y: 0 };
    if (i) y += height;
    if (i === last) return row;
    const tracks = assignTracks([...gaps[i].values()]);
    const border = i === 0 || i === last - 1;
    const need = Math.max(tracks ? 2 * GAP.edge + (tracks - 1) * GAP.step : 0, border ? 0 : GAP.least);
    row.y = y + (tracks ? Math.round((need - (tracks - 1) * GAP.step) / 2) : 0);
    y += need + (i === last - 1 ? GAP.pad : 0);
    return row;
  });
}

// Horizontal lines get tracks, so that none lies upon another, and a line that comes from above does not run into one that goes
// on below at the same x. Returns how many there are.
function assignTracks(wires) {
  const bent = wires.filter((w) => w.low !== w.high).sort((a, b) => a.low - b.low || a.high - b.high);
  if (bent.length < 2) {
    for (const w of bent) w.track = 0;
    return bent.length;
  }
  if (bent.length > MANY_WIRES) return leftEdge(bent);
  const lower = new Map(), free = [];
  for (const w of bent) for (const x of w.lower) lower.set(x, w);
  const before = new Map(), state = new Map(); // w must lie below those
  for (const w of bent)
    for (const x of w.upper)
      for (let d = -4; d <= 4; d++) {
        const other = lower.get(x + d);
        if (other && other !== w) before.set(other, (before.get(other) || []).concat(w));
      }
  const above = bent.length <= COMPARED_WIRES ? compare(bent) : new Map();
  const put = (w) => {
    let track = 0;
    for (const other of above.get(w) || []) if (other.track >= 0) track = Math.max(track, other.track + 1);
    for (const other of before.get(w) || []) if (other.track >= 0) track = Math.max(track, other.track + 1);
    while ((free[track] || []).some(([low, high]) => low <= w.high + 2 && w.low <= high + 2)) track++;
    (free[track] || (free[track] = [])).push([w.low, w.high]);
    w.track = track;
  };
  for (const start of bent) { // those that must lie above first; what waits for itself does not wait
    const todo = [start];
    while (todo.length) {
      const w = todo[todo.length - 1];
      if (state.get(w) === 2) todo.pop();
      else if (state.get(w) === 1) {
        state.set(todo.pop(), 2);
        put(w);
      } else {
        state.set(w, 1);
        for (const other of before.get(w) || []) if (!state.get(other)) todo.push(other);
      }
    }
  }
  return free.length;
}

// How often a line crosses another that lies below it.
function crossings(upper, lower) {
  let n = 0;
  for (const x of lower.upper) n += x > upper.low && x < upper.high;
  for (const x of upper.lower) n += x > lower.low && x < lower.high;
  return n;
}

// For each line those that had better lie above it; puts the lines into an order that agrees with most of that.
function compare(wires) {
  const above = new Map(wires.map((w) => [w, []])), score = new Map(wires.map((w) => [w, 0]));
  for (let i = 0; i < wires.length; i++)
    for (let j = 0; j < i; j++) {
      const a = wires[i], b = wires[j];
      if (a.low > b.high || b.low > a.high) continue;
      const more = crossings(a, b) - crossings(b, a);
      if (!more) continue;
      const [first, second] = more < 0 ? [a, b] : [b, a];
      above.get(second).push(first);
      score.set(second, score.get(second) + 1);
      score.set(first, score.get(first) - 1);
    }
  wires.sort((a, b) => score.get(a) - score.get(b) || a.low - b.low || a.high - b.high);
  return above;
}

// The same without a look at what is above and below, for very many.
function leftEdge(wires) {
  const ends = [];
  for (const w of wires) {
    let track = ends.findIndex((end) => end + 2 < w.low);
    if (track < 0) track = ends.length;
    ends[track] = w.high;
    w.track = track;
  }
  return ends.length;
}

function childTop(layer, row, item, height) {
  const spare = row.height - height;
  return row.top + (spare <= 48 ? spare >> 1 : item.fed ? 0 : spare);
}

function placeLoose(loose, sizes, out, right, least) {
  let area = 0, wide = 600, x = 0, y = out.h - (right ? 0 : GAP.pad), row = 0;
  if (loose.length && right) y += GAP.loose - GAP.pad;
  for (const i of loose) area += (sizes[i][0] + GAP.loose) * (sizes[i][1] + GAP.loose);
  while (wide * wide < area * 2) wide += wide / 4;
  wide = Math.max(wide, right - GAP.pad);
  for (const i of loose) {
    if (x && x + sizes[i][0] > wide) {
      y += row + GAP.loose;
      x = row = 0;
    }
    out.x[i] = GAP.pad + x;
    out.y[i] = y;
    x += sizes[i][0] + GAP.loose;
    row = Math.max(row, sizes[i][1]);
    right = Math.max(right, out.x[i] + sizes[i][0]);
  }
  if (loose.length) out.h = y + row + GAP.pad;
  out.w = Math.max(Math.ceil((right + GAP.pad) / GAP.round) * GAP.round, least);
}

// ---- corners ----

function trace(layout, ways, place, rows, out) {
  const x = (item, at) => place[item.id] + at;
  const side = (item, below, layer) => {
    if (item.child === BORDER) return rows[layer].top;
    return out.y[item.child] + (below ? out.ch[item.child] : 0);
  };
  layout.links.forEach((link, k) => {
    const pieces = ways[k], points = [];
    const add = (px, py) => {
      const n = points.length;
      const flat = n >= 4 && ((points[n - 2] === px && points[n - 4] === px) || (points[n - 1] === py && points[n - 3] === py));
      if (flat) points.splice(n - 2, 2);
      points.push(px, py);
    };
    pieces.forEach(({ p, a, b }, i) => {
      const wire = rows[p.gap].tracks.get(p.value), from = x(p.a, a), to = x(p.b, b), y = rows[p.gap].y + wire.track * GAP.step;
      if (i === 0) add(from, link.from === BORDER ? 0 : side(p.a, true, p.a.layer));
      if (from !== to) {
        add(from, y);
        add(to, y);
      }
      if (i === pieces.length - 1) add(to, link.to === BORDER ? out.h : side(p.b, false, p.b.layer));
    });
    out.links.push({ from: link.from, to: link.to, back: link.back, points });
  });
}
