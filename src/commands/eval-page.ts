/** Style of the report: the colors of the reader's choice, light or dark, and nothing from elsewhere. */
export const PAGE_STYLE = `
:root { color-scheme: light dark; --ink: #1c2430; --soft: #556070; --paper: #fff; --card: #f4f6f9; --line: #c9d1db; --main: #0b62c4; --mark: #b3261e; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e8ecf2; --soft: #a9b4c2; --paper: #12161c; --card: #1c222b; --line: #3b4655; --main: #7db5ff; --mark: #ff8a80; }
}
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 1.5rem; max-width: 80rem; background: var(--paper); color: var(--ink); font: 16px/1.5 system-ui, sans-serif; }
h1 { margin: 0 0 .25rem; font-size: 1.6rem; }
h2 { margin: 2.25rem 0 .5rem; font-size: 1.25rem; }
p { max-width: 46rem; }
.soft { color: var(--soft); }
.try { padding: 1rem 1.25rem; background: var(--card); border: 1px solid var(--line); border-radius: .6rem; }
.row { display: flex; flex-wrap: wrap; gap: .75rem 1.5rem; align-items: center; }
.row label { display: flex; gap: .5rem; align-items: center; min-width: 0; }
select { min-width: 0; max-width: 100%; text-overflow: ellipsis; }
.wide { flex: 1 1 20rem; }
.wide input { flex: 1; min-width: 8rem; accent-color: var(--main); }
select, input[type=number] { padding: .3rem .5rem; font: inherit; color: inherit; background: var(--paper); border: 1px solid var(--line); border-radius: .3rem; }
:focus-visible { outline: 3px solid var(--main); outline-offset: 2px; }
dl { display: grid; grid-template-columns: repeat(auto-fit, minmax(10rem, 1fr)); gap: .75rem; margin: 1rem 0; }
dl div { padding: .6rem .8rem; background: var(--paper); border: 1px solid var(--line); border-radius: .4rem; }
dt { color: var(--soft); font-size: .9rem; }
dd { margin: 0; font-size: 1.5rem; font-variant-numeric: tabular-nums; }
pre { margin: .5rem 0 0; padding: .6rem .8rem; overflow-x: auto; background: var(--paper); border: 1px solid var(--line); border-radius: .4rem; }
.curves { display: grid; grid-template-columns: repeat(auto-fill, minmax(16rem, 1fr)); gap: 1rem; }
figure { margin: 0; padding: .75rem; background: var(--card); border: 1px solid var(--line); border-radius: .6rem; }
figure.chosen { border-color: var(--main); box-shadow: 0 0 0 2px var(--main); }
figcaption { font-weight: 600; }
figcaption small { display: block; color: var(--soft); font-weight: 400; }
svg { display: block; width: 100%; height: auto; }
svg text { fill: var(--soft); font-size: 11px; }
.grid { fill: none; stroke: var(--line); }
.curve { fill: none; stroke: var(--main); stroke-width: 2; stroke-linejoin: round; }
.here { fill: var(--mark); stroke: var(--paper); stroke-width: 1.5; }
.configured { fill: none; stroke: var(--ink); stroke-width: 1.5; }
.scroll { margin-bottom: 1.5rem; overflow-x: auto; }
table { border-collapse: collapse; font-size: .9rem; font-variant-numeric: tabular-nums; }
caption { padding-bottom: .4rem; text-align: left; color: var(--soft); }
th, td { padding: .25rem .5rem; border-bottom: 1px solid var(--line); text-align: right; white-space: nowrap; }
thead th { vertical-align: bottom; white-space: normal; }
th:first-child { text-align: left; }
`;

/** Script of the report: counts what a threshold reaches, draws the curves, moves the marks. */
export const PAGE_SCRIPT = `
'use strict';
const { names, curves, steps, frame } = JSON.parse(document.getElementById('data').textContent);
const byId = (id) => document.getElementById(id);
const category = byId('category'), side = byId('side'), slider = byId('slider'), number = byId('number');
const reached = (counts) => {
  const sums = new Array(steps + 1).fill(0);
  for (let at = 0; at < counts.length; at += 2) sums[counts[at]] += counts[at + 1];
  for (let step = steps - 1; step >= 0; step--) sums[step] += sums[step + 1];
  return sums;
};
const known = new Map();
const of = (column) => {
  const key = side.value + column;
  if (!known.has(key)) {
    const { positives, negatives, benign } = curves[side.value][column];
    known.set(key, { positives: reached(positives), negatives: reached(negatives), benign: reached(benign) });
  }
  return known.get(key);
};
const at = (column, step) => {
  const { positives, negatives, benign } = of(column);
  const found = positives[step], flagged = found + negatives[step];
  return {
    precision: flagged ? found / flagged : NaN,
    recall: positives[0] ? found / positives[0] : NaN,
    falsePositives: benign[0] ? benign[step] / benign[0] : NaN,
    harmless: benign[0], violating: positives[0],
  };
};
const x = (recall) => frame.left + recall * frame.width;
const y = (precision) => frame.top + (1 - precision) * frame.height;
const place = (shape, recall, precision) => {
  const shown = recall >= 0 && precision >= 0;
  shape.setAttribute('visibility', shown ? 'visible' : 'hidden');
  if (shown) shape.setAttribute('transform', 'translate(' + x(recall) + ' ' + y(precision) + ')');
};
const draw = () => names.forEach((name, column) => {
  const points = [];
  for (let step = steps; step >= 0; step--) {
    const { recall, precision } = at(column, step);
    if (!(recall >= 0 && precision >= 0)) continue;
    const point = x(recall).toFixed(1) + ' ' + y(precision).toFixed(1);
    if (points[points.length - 1] !== point) points.push(point);
  }
  const card = byId('curve-' + name);
  card.querySelector('.curve').setAttribute('d', points.length ? 'M' + points.join('L') : '');
  const [recall, precision] = curves[side.value][column].configured;
  place(card.querySelector('.configured'), recall, precision);
});
const percent = (share) => Number.isNaN(share) ? 'none' : (100 * share).toFixed(share < 0.01 ? 2 : 1) + ' %';
const show = () => {
  const column = category.selectedIndex, step = Number(slider.value), threshold = step / steps;
  const { precision, recall, falsePositives, harmless, violating } = at(column, step);
  number.value = threshold.toFixed(3);
  slider.setAttribute('aria-valuetext', threshold.toFixed(3));
  byId('precision').textContent = percent(precision);
  byId('recall').textContent = percent(recall);
  byId('false-positives').textContent = percent(falsePositives);
  byId('said').textContent = harmless && violating
    ? 'Of 1000 harmless texts ' + (1000 * falsePositives).toFixed(1) + ' would be flagged, and of 100 violating ones ' +
      (100 * recall).toFixed(1) + ' would be found. Measured on ' + harmless + ' harmless and ' + violating + ' violating texts.'
    : 'There are not enough labeled texts of this category and side to say.';
  const name = category.value, sides = side.value === 'both' ? ['input', 'output'] : [side.value];
  byId('config').textContent = name === 'any' ? 'Choose a category to see its line in the config file.'
    : ['policies:', '  default:', ...sides.map((each) => '    ' + each + ': { ' + name + ': { flag: ' + threshold + ' } }')].join('\\n');
  names.forEach((each, index) => {
    const card = byId('curve-' + each), here = card.querySelector('.here');
    card.classList.toggle('chosen', index === column);
    if (index === column) place(here, recall, precision); else here.setAttribute('visibility', 'hidden');
  });
};
const restart = () => { slider.value = curves[side.value][category.selectedIndex].start; show(); };
slider.addEventListener('input', show);
number.addEventListener('change', () => {
  slider.value = Math.round(Math.min(1, Math.max(0, Number(number.value) || 0)) * steps);
  show();
});
category.addEventListener('change', restart);
side.addEventListener('change', () => { draw(); restart(); });
draw();
restart();
`;
