"use strict";
// The model as the page has it: see html_data.h for the columns. Boxes are numbers; 0 is the model.

const KIND = { operator: 0, constant: 1, value: 2, model: 3, module: 4, func: 5, body: 6, compound: 7, bundle: 8 };
const FAMILY_CORNERS = { 1: 0, 3: 12, 6: 0 }; // convolution, activation, reduction; others have 4

const element = (id) => document.getElementById(id);

const model = (() => {
  const data = JSON.parse(element("model").textContent);
  const count = data.name.length;
  const look = new Int32Array(count), parent = new Int32Array(count), number = new Int32Array(count);
  const first = new Int32Array(count + 1), group = new Int32Array(count).fill(-1), depth = new Int32Array(count);
  for (let i = 0; i < count; i++) {
    look[i] = data.box[2 * i];
    parent[i] = data.box[2 * i + 1];
    if (i) {
      depth[i] = depth[parent[i]] + 1;
      number[i] = first[parent[i] + 1]++;
    }
  }
  for (let i = 0; i < count; i++) first[i + 1] += first[i];
  const child = new Int32Array(Math.max(count - 1, 0));
  for (let i = 1; i < count; i++) child[first[parent[i]] + number[i]] = i;
  data.groups.forEach((g, i) => { group[g[0]] = i; });
  return { data, count, look, parent, number, first, child, group, depth, names: data.name };
})();

const lookOf = (box) => model.data.looks[model.look[box]];
const isGroup = (box) => model.group[box] >= 0;
const childrenOf = (box) => model.child.subarray(model.first[box], model.first[box + 1]);
const titleOf = (box) => lookOf(box)[5];
const valuesOf = (box) => model.data.groups[model.group[box]][3];
const tagOf = (box) => {
  for (let at = box; at >= 0; at = model.parent[at])
    if (isGroup(at) && model.data.groups[model.group[at]][2]) return model.data.groups[model.group[at]][2];
  return "";
};

// What is open at first, and the layouts of the groups in which something is, by box.
const first = (() => {
  const [groups, layouts] = JSON.parse(element("first").textContent), open = new Uint8Array(model.count);
  for (const box of model.data.open) open[box] = 1;
  return { open, layouts: new Map(groups.map((box, i) => [box, layouts[i]])) };
})();

// What is known of a box, read from its line when it is asked for.
const detailsOf = (() => {
  let text = null, lines = null;
  return (box) => {
    if (!lines) {
      text = element("details").textContent;
      lines = new Int32Array(model.count + 1);
      for (let i = 0; i < model.count; i++) lines[i + 1] = text.indexOf("\n", lines[i]) + 1;
    }
    const [name, type, inputs, outputs, attributes, metadata, doc] = JSON.parse(text.slice(lines[box], lines[box + 1]));
    return { name, type, inputs, outputs, attributes, metadata, doc };
  };
})();
