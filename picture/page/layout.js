// The layout of a group in which other groups are open: layers and order stay as they are in the folded layout, the room grows.

const GAP = { box: 28, line: 14, track: 10, least: 26, edge: 14, border: 12, step: 8, pad: 16, header: 34, loose: 28, round: 24 };
const SWEEPS = 8;

// inside(i): of an open child its picture, else null. port(picture, link, below): where a value leaves or enters it, undefined: not said.
function relayout(layout, tidy, inside, port) {
  const cw = layout.cw.slice(), ch = layout.ch.slice(), opened = new Map();
  for (let i = 0; i < cw.length; i++) {
    const p = inside(i);
    if (!p) continue;
    opened.set(i, p);
    cw[i] = p.w;
    ch[i] = p.h;
  }
  const out = { w: 0, h: 0, x: new Float64Array(cw.length), y: new Float64Array(cw.length), cw, ch, links: layout.links };
  const pins = findPins(layout, tidy, cw, opened, port), place = placeItems(tidy, pins, cw);
  const right = align(tidy, place, cw, layout.w), rows = stack(tidy, pins, place, ch), { items } = tidy;
  for (let i = 0; i < items.count; i++) {
    const child = items.child[i], layer = items.layer[i];
    if (child === BORDER) continue;
    out.x[child] = place[i];
    out.y[child] = childTop(rows.top[layer], rows.height[layer], ch[child], items.fed[i]);
  }
  out.h = rows.top[tidy.layers - 1];
  placeLoose(tidy.loose, out, right, layout.w);
  trace(layout, tidy, pins, place, rows, out);
  return out;
}

// ---- x ----

// Of all pieces the pins (2p where it begins, 2p + 1 where it ends), from the left side of the items: where they were, or where the inside
// of an open group has them.
function findPins(layout, { pins, pinsOf, piece }, cw, opened, port) {
  const found = pins.slice();
  for (const [child, picture] of opened)
    for (let i = pinsOf.start[child]; i < pinsOf.start[child + 1]; i++) {
      const pin = pinsOf.entries[i], said = port(picture, piece.link[pin >> 1], !(pin & 1));
      found[pin] = said !== undefined ? said : Math.round((pins[pin] / layout.cw[child]) * cw[child]);
    }
  return found;
}

// The left sides of items.
function placeItems(tidy, pins, cw) {
  const { items, pairs, order, anchor, block } = tidy, n = items.count;
  const offset = new Float64Array(n), x = new Float64Array(n), far = new Float64Array(n);
  const width = (i) => (items.child[i] === BORDER ? 0 : cw[items.child[i]]);
  for (let i = 0; i < n; i++) offset[i] = anchor[i] >= 0 ? pins[anchor[i]] : width(i) / 2;
  const apart = pairs.gap.map((gap, k) => width(pairs.a[k]) - offset[pairs.a[k]] + offset[pairs.b[k]] + gap);
  const left = { ...pairs.leftOf, apart: Float64Array.from(pairs.leftOf.entries, (k) => apart[k]) };
  const right = { ...pairs.rightOf, apart: Float64Array.from(pairs.rightOf.entries, (k) => apart[k]) };
  let most = 0;
  for (const b of order) {
    x[b] = leftLimit(left, b, x, 0);
    most = Math.max(most, x[b]);
  }
  for (let i = order.length - 1; i >= 0; i--) far[order[i]] = rightLimit(right, order[i], far, most);
  for (const b of order) x[b] = (x[b] + far[b]) / 2; // both are possible, so is what lies between
  settle(tidy, pins, offset, x, left, right);
  for (let i = 0; i < n; i++) far[i] = Math.round(x[block[i]] - offset[i]);
  return far;
}

function leftLimit({ start, block, apart }, b, x, low) {
  for (let i = start[b]; i < start[b + 1]; i++) low = Math.max(low, x[block[i]] + apart[i]);
  return low;
}

function rightLimit({ start, block, apart }, b, x, high) {
  for (let i = start[b]; i < start[b + 1]; i++) high = Math.min(high, x[block[i]] - apart[i]);
  return high;
}

function middleOf(values, n) {
  if (n === 1) return values[0];
  if (n > 2) values.subarray(0, n).sort();
  return n % 2 ? values[n >> 1] : (values[(n >> 1) - 1] + values[n >> 1]) / 2;
}

// How far to the right of the block that it pulls to the other one wants to stand, by entry of `pulls`.
function findDistances({ items, piece, pulls }, pins, offset) {
  const line = (i, pin) => (items.child[i] === BORDER ? 0 : pins[pin] - offset[i]);
  const distance = new Float64Array(pulls.entries.length);
  for (let i = 0; i < distance.length; i++) {
    const e = pulls.entries[i], p = e >> 1, further = line(piece.from[p], 2 * p) - line(piece.to[p], 2 * p + 1);
    distance[i] = e & 1 ? further : -further;
  }
  return distance;
}

// Blocks are drawn to where their edges come from and go to, as far as their neighbours let them; again as long as one of those has moved.
function settle(tidy, pins, offset, x, left, right) {
  const { pulls, order } = tidy, distance = findDistances(tidy, pins, offset), stale = new Uint8Array(x.length).fill(1);
  const pulled = order.filter((b) => pulls.start[b + 1] > pulls.start[b]);
  const wanted = new Float64Array(pulled.reduce((most, b) => Math.max(most, pulls.start[b + 1] - pulls.start[b]), 0));
  const tell = ({ start, block }, b) => {
    for (let i = start[b]; i < start[b + 1]; i++) stale[block[i]] = 1;
  };
  const move = (b) => {
    const first = pulls.start[b], n = pulls.start[b + 1] - first, was = x[b];
    for (let i = 0; i < n; i++) wanted[i] = x[pulls.block[first + i]] + distance[first + i];
    const low = leftLimit(left, b, x, -Infinity), high = rightLimit(right, b, x, Infinity);
    x[b] = Math.min(Math.max(middleOf(wanted, n), low), Math.max(low, high));
    stale[b] = 0;
    if (x[b] === was) return false;
    tell(pulls, b);
    tell(left, b);
    tell(right, b);
    return true;
  };
  for (let i = 0, still = 0; i < SWEEPS && still < 2; i++) {
    let changed = false;
    for (let k = 0; k < pulled.length; k++) {
      const b = pulled[i % 2 ? k : pulled.length - 1 - k];
      if (stale[b]) changed = move(b) || changed;
    }
    still = changed ? 0 : still + 1;
  }
}

// Everything into the frame; returns how far it reaches to the right.
function align({ items }, place, cw, least) {
  if (!items.count) return 0;
  let low = Infinity, right = 0;
  for (let i = 0; i < items.count; i++) low = Math.min(low, place[i]);
  for (let i = 0; i < items.count; i++) right = Math.max(right, place[i] + (items.child[i] === BORDER ? 0 : cw[items.child[i]]) - low);
  const spare = Math.max(least - right - 2 * GAP.pad, 0) >> 1; // the frame's title needs its room
  for (let i = 0; i < items.count; i++) place[i] += GAP.pad - low + spare;
  return right ? right + GAP.pad + 2 * spare : 0;
}

// ---- y ----

// top and height of layers, the y of the first track below each, and the tracks of wires.
function stack(tidy, pins, place, ch) {
  const { layers, inLayers, items, wires } = tidy, last = layers - 1;
  const rows = { top: new Float64Array(layers), height: new Float64Array(layers), y: new Float64Array(layers), track: new Int32Array(wires.count) };
  for (let l = 0, y = GAP.header; l <= last; l++) {
    for (let k = inLayers.start[l]; k < inLayers.start[l + 1]; k++) {
      const child = items.child[inLayers.entries[k]];
      if (child !== BORDER) rows.height[l] = Math.max(rows.height[l], ch[child]);
    }
    rows.top[l] = l ? y : 0;
    if (l) y += rows.height[l];
    if (l === last) break;
    const tracks = tracksOf(tidy, l, pins, place, rows.track);
    const need = Math.max(tracks ? 2 * GAP.edge + (tracks - 1) * GAP.step : 0, l === 0 || l === last - 1 ? 0 : GAP.least);
    rows.y[l] = y + (tracks ? Math.round((need - (tracks - 1) * GAP.step) / 2) : 0);
    y += need + (l === last - 1 ? GAP.pad : 0);
  }
  return rows;
}

// The lines of one gap that are not straight; into `track` goes where they run. Returns how many tracks there are.
function tracksOf({ wires, piece, items }, gap, pins, place, track) {
  const bent = [], { start, entries } = wires.pins;
  const itemOf = (pin) => (pin & 1 ? piece.to : piece.from)[pin >> 1];
  for (let w = wires.start[gap]; w < wires.start[gap + 1]; w++) {
    let low = Infinity, high = -Infinity;
    for (let i = start[w]; i < start[w + 1]; i++) {
      const x = place[itemOf(entries[i])] + pins[entries[i]];
      low = Math.min(low, x);
      high = Math.max(high, x);
    }
    if (low !== high) bent.push({ low, high, upper: [], lower: [], track: 0, wire: w });
  }
  if (bent.length < 2) return bent.length; // the one has track 0
  for (const line of bent)
    for (let i = start[line.wire]; i < start[line.wire + 1]; i++) {
      const item = itemOf(entries[i]);
      (items.layer[item] <= gap ? line.upper : line.lower).push(place[item] + pins[entries[i]]);
    }
  const count = assignTracks(bent);
  for (const line of bent) track[line.wire] = line.track;
  return count;
}

function childTop(top, room, height, fed) {
  const spare = room - height;
  return top + (spare <= 48 ? spare >> 1 : fed ? 0 : spare);
}

function placeLoose(loose, out, right, least) {
  let area = 0, wide = 600, x = 0, y = out.h - (right ? 0 : GAP.pad), row = 0;
  if (loose.length && right) y += GAP.loose - GAP.pad;
  for (const i of loose) area += (out.cw[i] + GAP.loose) * (out.ch[i] + GAP.loose);
  while (wide * wide < area * 2) wide += wide / 4;
  wide = Math.max(wide, right - GAP.pad);
  for (const i of loose) {
    if (x && x + out.cw[i] > wide) {
      y += row + GAP.loose;
      x = row = 0;
    }
    out.x[i] = GAP.pad + x;
    out.y[i] = y;
    x += out.cw[i] + GAP.loose;
    row = Math.max(row, out.ch[i]);
    right = Math.max(right, out.x[i] + out.cw[i]);
  }
  if (loose.length) out.h = y + row + GAP.pad;
  out.w = Math.max(Math.ceil((right + GAP.pad) / GAP.round) * GAP.round, least);
}

// ---- corners ----

function trace(layout, tidy, pins, place, rows, out) {
  const { items, piece, wires } = tidy;
  const level = (p) => rows.y[piece.gap[p]] + rows.track[wires.of[p]] * GAP.step;
  const start = (p) => (items.child[piece.from[p]] === BORDER ? 0 : out.y[items.child[piece.from[p]]] + ch(piece.from[p]));
  const end = (p) => (items.child[piece.to[p]] === BORDER ? out.h : out.y[items.child[piece.to[p]]]);
  const ch = (i) => out.ch[items.child[i]];
  out.points = (k) => {
    const points = [], first = piece.start[k], last = piece.start[k + 1] - 1;
    const add = (x, y) => {
      const n = points.length;
      const flat = n >= 4 && ((points[n - 2] === x && points[n - 4] === x) || (points[n - 1] === y && points[n - 3] === y));
      if (flat) points.splice(n - 2, 2);
      points.push(x, y);
    };
    for (let p = first; p <= last; p++) {
      const from = place[piece.from[p]] + pins[2 * p], to = place[piece.to[p]] + pins[2 * p + 1];
      if (p === first) add(from, start(p));
      if (from !== to) {
        add(from, level(p));
        add(to, level(p));
      }
      if (p === last) add(to, end(p));
    }
    return points;
  };
  out.top = (k) => (piece.start[k] < piece.start[k + 1] ? start(piece.start[k]) : NaN);
  out.bottom = (k) => (piece.start[k] < piece.start[k + 1] ? end(piece.start[k + 1] - 1) : NaN);
}
