// The page: reads a run from its fields or its address and shows what was computed of it.

const byId = (id) => document.getElementById(id);
const fields = [...document.querySelectorAll("[data-field]")].map((input) => ({
  name: input.dataset.field,
  input,
  slider: document.querySelector(`[data-slider="${input.dataset.field}"]`),
}));
const groupChoice = byId("explore-group");
const setting = {};

function group() {
  return groupChoice ? groupChoice.selectedIndex : 0;
}

function completed(changed) {
  if (!data.splits) return;
  if (changed === "flops") setting.tokens = setting.flops / 6 / setting.params;
  else setting.flops = 6 * setting.params * setting.tokens;
  setting.tokens_per_param = setting.tokens / setting.params;
}

function show(except) {
  for (const { name, input, slider } of fields) {
    if (input !== except) input.value = written(name, setting[name]);
    if (slider !== except) slider.value = Math.log10(setting[name]);
    slider.setAttribute("aria-valuetext", written(name, setting[name]));
    input.removeAttribute("aria-invalid");
  }
}

function pointSet() {
  return { ...setting, group: group() };
}

function put(id, name, found) {
  const cell = byId(id);
  if (!cell) return;
  const none = Number.isNaN(found.median);
  cell.textContent = none ? "not known here" : estimateText(name, found);
  if (!none && found.missing) {
    cell.textContent += `; none in ${plain(100 * found.missing)} % of draws`;
  }
  Object.assign(cell.dataset, found);
}

function update() {
  const point = pointSet();
  const run = lossAt("loss", point);
  put("explore-expected", "loss", lossAt("expected_loss", point));
  put("explore-run", "loss", run);
  if (data.best) updateSplits(point);
  const stands = standing(point);
  byId("explore-standing").textContent = stands.text;
  byId("explore-standing").classList.toggle("warning", stands.verdict !== "trust");
  byId("explore-standing").dataset.verdict = stands.verdict;
  const set = fields.map(({ name }) => `${written(name, setting[name])} ${spoken(name)}`).join(", ");
  byId("explore-summary").textContent = Number.isNaN(run.median)
    ? `${set}: outside what this page holds.`
    : `${set}: ${data.response} of a new run ${intervalText(run)}.`;
  const address = fields.map(({ name }) => `${name}=${setting[name].toPrecision(4).replace("e+", "e")}`);
  if (groupChoice) address.push(`group=${encodeURIComponent(groupChoice.value)}`);
  history.replaceState(null, "", `#${address.join("&")}`);
  document.body.dataset.explored = "yes";
}

const splits = {
  "explore-best-params": ["params", "params"],
  "explore-best-tokens": ["tokens", "tokens"],
  "explore-best-ratio": ["ratio", "ratio"],
  "explore-best-loss": ["loss", "expected_loss"],
  "explore-smallest": ["params", "smallest_params"],
  "explore-largest": ["params", "largest_params"],
};

function updateSplits(point) {
  for (const [id, [unit, name]] of Object.entries(splits)) {
    if (byId(id)) put(id, unit, bestAt(name, point));
  }
  draw(point);
}

let waiting = 0;
function later() {
  clearTimeout(waiting);
  waiting = setTimeout(update, 150);
}

function changed(name, value, from) {
  setting[name] = value;
  completed(name);
  show(from);
  later();
}

function readAddress() {
  const asked = new URLSearchParams(location.hash.slice(1).replaceAll("+", "%2B"));
  const given = fields.map(({ name }) => name).filter((name) => !Number.isNaN(parsed(asked.get(name) || "")));
  for (const name of given) setting[name] = parsed(asked.get(name));
  if (groupChoice && asked.has("group")) {
    const wanted = asked.get("group");
    const place = [...groupChoice.options].findIndex((one) => one.text === wanted);
    groupChoice.selectedIndex = place >= 0 ? place : Number(wanted) || 0;
  }
  const has = (name) => given.includes(name);
  if (has("flops") && has("tokens") && !has("params")) setting.params = setting.flops / 6 / setting.tokens;
  if (data.best && has("flops") && !has("params") && !has("tokens")) atOptimum();
  else completed(has("flops") && !has("tokens") ? "flops" : "tokens");
  show(null);
}

// Parameters and tokens of least expected loss for the compute set.
function atOptimum() {
  const best = bestAt("params", pointSet()).median;
  if (!Number.isNaN(best)) setting.params = best;
  completed("flops");
}

for (const { name, input, slider } of fields) {
  setting[name] = Number(input.dataset.start);
  input.addEventListener("input", () => {
    const value = parsed(input.value);
    if (Number.isNaN(value)) input.setAttribute("aria-invalid", "true");
    else changed(name, value, input);
  });
  input.addEventListener("change", () => show(null));
  slider.addEventListener("input", () => changed(name, 10 ** Number(slider.value), slider));
}
if (groupChoice) groupChoice.addEventListener("change", later);
const optimumButton = byId("explore-optimum");
if (optimumButton) {
  optimumButton.addEventListener("click", () => {
    atOptimum();
    show(null);
    later();
  });
}
addEventListener("hashchange", () => {
  readAddress();
  update();
});
addEventListener("resize", later);
readAddress();
update();
