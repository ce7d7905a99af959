// Search, and the panel with all that is known of a box or a value.

const MOST_FOUND = 200;
const panel = element("panel");

function html(tag, attributes, ...inside) {
  const made = document.createElement(tag);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...inside);
  return made;
}

function button(label, action, attributes = {}) {
  const made = html("button", attributes, label);
  made.addEventListener("click", action);
  return made;
}

const goTo = (box) => button(`${titleOf(box)} \u2192`, () => choose(box, true), { title: model.names[box], "data-to": box });

// ---- values ----

// {name, type, maker, users}
function valueOf(value) {
  const maker = model.data.value[3 * value], output = maker < 0 ? undefined : detailsOf(maker).outputs[model.data.value[3 * value + 1]];
  return { name: output ? output[0] : "", type: output ? output[1] : "", maker, users: output ? output.slice(2) : [] };
}

function list(title, entries) {
  return entries.length ? [html("h3", {}, title), html("ul", {}, ...entries)] : [];
}

const MOST_USERS = 40;
function usersOf(boxes) {
  const rest = boxes.length - MOST_USERS;
  return [...boxes.slice(0, MOST_USERS).map(goTo), ...(rest > 0 ? [` and ${rest} more`] : [])];
}

function describeValue(value) {
  const v = valueOf(value);
  fill([html("h2", {}, "Value"), html("p", {}, v.name), html("p", {}, v.type),
    ...list("made by", v.maker < 0 ? [] : [html("li", {}, goTo(v.maker))]), ...list("used by", [html("li", {}, ...usersOf(v.users))])]);
}

// ---- boxes ----

function table(title, rows) {
  if (!rows.length) return [];
  return [html("h3", {}, title), html("dl", {}, ...rows.flatMap(([k, v]) => [html("dt", {}, k), html("dd", {}, v)]))];
}

function inputEntry([name, type, box, port], i) {
  const made = box >= 0 ? detailsOf(box).outputs[port] || ["", ""] : [name, type];
  const entry = html("li", {}, html("span", {}, `${i}  ${made[0] || (box >= 0 ? "" : "not given")}`), html("br", {}), html("small", {}, made[1]));
  if (box >= 0) entry.append(" ", goTo(box));
  return entry;
}

function outputEntry([name, type, ...users]) {
  return html("li", {}, html("span", {}, name), html("br", {}), html("small", {}, type), " ", ...usersOf(users));
}

function describe(box) {
  const d = detailsOf(box), look = lookOf(box), name = model.names[box], tag = tagOf(box);
  const parameters = d.inputs.filter((i) => i[2] < 0 && i[0]).map((i) => [i[0], i[1]]);
  const content = [html("h2", {}, look[5] || "Constant"), ...(name !== look[5] ? [html("p", { class: "name" }, name || "no name")] : [])];
  if (d.type && d.type !== look[5]) content.push(html("p", {}, d.type));
  if (look[8]) content.push(html("p", {}, look[8]));
  if (look[9]) content.push(html("p", {}, "shape " + look[9]));
  if (isGroup(box) && box)
    content.push(button(open[box] ? "Fold" : "Unfold", () => { toggle(box); describe(box); }, { id: "toggle" }));
  content.push(...list("tag", tag ? [html("li", {}, tag)] : []), ...table("parameters", parameters), ...table("attributes", d.attributes),
    ...list("inputs", d.inputs.map(inputEntry)), ...list("outputs", d.outputs.map(outputEntry)),
    ...table("metadata", d.metadata), ...table("documentation", d.doc ? [["text", d.doc]] : []));
  if (model.parent[box] >= 0) content.push(...list("inside of", [html("li", {}, goTo(model.parent[box]))]));
  fill(content);
}

function fill(content) {
  const was = panel.hidden;
  panel.replaceChildren(button("\u00d7", () => choose(-1, false), { id: "close", "aria-label": "Close the details" }), ...content);
  panel.hidden = false;
  if (was) moved();
}

function closePanel() {
  if (panel.contains(document.activeElement)) canvas.focus();
  panel.hidden = true;
}

panel.addEventListener("keydown", (e) => {
  if (e.key !== "Escape") return;
  closePanel();
  canvas.focus();
});

// ---- search ----

const search = element("search"), results = element("results"), found = element("found");
let at = -1;

// Boxes whose name, type, class or tag has the text; those whose type or name is just it come first.
const find = (() => {
  let names = null, looks = null;
  return (text) => {
    names = names || model.names.map((n) => n.toLowerCase());
    looks = looks || model.data.looks.map((l) => `${l[5]}\n${l[6]}`.toLowerCase());
    const wanted = text.toLowerCase(), exact = [], others = [], tagged = new Uint8Array(model.count);
    for (let i = 0; i < model.count; i++) {
      const own = isGroup(i) ? model.data.groups[model.group[i]][2].toLowerCase() : "";
      tagged[i] = own ? own.includes(wanted) : i && tagged[model.parent[i]];
      const look = looks[model.look[i]];
      if (names[i] === wanted || look.split("\n").includes(wanted)) exact.push(i);
      else if (names[i].includes(wanted) || look.includes(wanted) || tagged[i]) others.push(i);
    }
    return exact.concat(others);
  };
})();

function showResults() {
  const text = search.value.trim(), boxes = text ? find(text) : [];
  results.replaceChildren(...boxes.slice(0, MOST_FOUND).map((box, i) => {
    const entry = html("li", { role: "option", id: "r" + i, "aria-selected": "false" },
      [titleOf(box) || "Constant", lookOf(box)[6]].filter((s) => s).join(" \u00b7 "), html("small", {}, model.names[box] === titleOf(box) ? tagOf(box) : model.names[box]));
    entry.addEventListener("click", () => pick(box));
    entry.box = box;
    return entry;
  }));
  results.hidden = !boxes.length;
  found.textContent = text ? `${boxes.length} found${boxes.length > MOST_FOUND ? `, ${MOST_FOUND} shown` : ""}` : "";
  at = -1;
  search.removeAttribute("aria-activedescendant");
}

function pick(box) {
  results.hidden = true;
  choose(box, true);
  canvas.focus();
}

function mark(step) {
  const entries = results.children;
  if (!entries.length) return;
  if (at >= 0) entries[at].setAttribute("aria-selected", "false");
  at = Math.min(Math.max(at + step, 0), entries.length - 1);
  entries[at].setAttribute("aria-selected", "true");
  entries[at].scrollIntoView({ block: "nearest" });
  search.setAttribute("aria-activedescendant", "r" + at);
}

search.addEventListener("input", showResults);
search.addEventListener("focus", () => { results.hidden = !results.children.length; });
search.addEventListener("keydown", (e) => {
  if (e.key === "ArrowDown") mark(1);
  else if (e.key === "ArrowUp") mark(-1);
  else if (e.key === "Enter" && results.children.length) pick(results.children[Math.max(at, 0)].box);
  else if (e.key === "Escape") {
    results.hidden = true;
    canvas.focus();
  } else return;
  e.preventDefault();
});
canvas.addEventListener("pointerdown", () => { results.hidden = true; });
