// The tracks of the horizontal lines in one gap between layers. A line: {low, high, upper, lower, track}, where upper and lower are
// the x of the pins that it has above and below.

const MANY_WIRES = 1500, COMPARED_WIRES = 200;

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
