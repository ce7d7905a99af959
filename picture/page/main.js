// The page comes to life.

element("title").textContent = titleOf(0);
element("in").addEventListener("click", () => zoom(1.25));
element("out").addEventListener("click", () => zoom(0.8));
element("fit").addEventListener("click", () => fit(SCALE.least));
element("fold").addEventListener("click", () => {
  const groups = [];
  for (let i = 1; i < model.count; i++) if (open[i]) groups.push(i);
  if (groups.includes(model.parent[view.chosen])) choose(-1, false);
  change(groups, false, 0);
  fit(SCALE.first);
  writeAddress();
});
element("theme").addEventListener("click", () => {
  const root = document.documentElement, dark = matchMedia("(prefers-color-scheme: dark)").matches;
  root.dataset.theme = (root.dataset.theme || (dark ? "dark" : "light")) === "dark" ? "light" : "dark";
});
addEventListener("keydown", (e) => {
  if (e.key !== "/" || /^(INPUT|TEXTAREA)$/.test(document.activeElement.tagName)) return;
  e.preventDefault();
  search.focus();
});
search.setAttribute("role", "combobox");
search.setAttribute("aria-controls", "results");
readAddress();
performance.measure("load");
// So that the first group to be opened does not wait for it:
for (const box of pictures.keys()) if (childrenOf(box).some(isGroup)) setTimeout(() => tidyOf(box));
setTimeout(boxesByName);
