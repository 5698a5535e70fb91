import { CATEGORY_INFO, isCategory, type Versions } from '../core/index.js';
import type { ResolvedPolicy } from '../policy/index.js';
import { curvesOf, THRESHOLD_STEPS } from './eval-curves.js';
import type { EvalFigures, EvalSummary } from './eval-figures.js';
import { PAGE_SCRIPT, PAGE_STYLE } from './eval-page.js';
import { COLUMNS, type EvalScores } from './eval-scores.js';
import { cellsOf, decimal } from './eval-table.js';

/** What was evaluated. */
export interface EvalAbout {
  readonly data: string;
  readonly split: string;
  readonly rows: number;
  /** Rows for which a detector could not run. */
  readonly failed: number;
  /** Lines and files that could not be read. */
  readonly problems: number;
  readonly versions: Versions;
}

/** What a report is made from. */
export interface EvalReportInput {
  readonly about: EvalAbout;
  readonly summary: EvalSummary;
  readonly scores: EvalScores;
  readonly policy: ResolvedPolicy;
}

/** Where a curve is drawn, in units of its picture. */
const FRAME = { left: 34, top: 8, width: 200, height: 150 };

/** The report: one HTML page that needs nothing else, not even a network, and holds no text of the data. */
export function evalReport({ about, summary, scores, policy }: EvalReportInput): string {
  const { any, categories, directions, languages, sources } = summary;
  const columns = [...categories, any];
  const data = { names: COLUMNS, curves: curvesOf(scores, policy), steps: THRESHOLD_STEPS, frame: FRAME };
  return `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'">
<title>sluice: how well texts are told apart</title>
<style>${PAGE_STYLE}</style>
</head>
<body>
<main>
<h1>How well texts are told apart</h1>
<p class="soft">${escapeHtml(describe(about))}</p>
<h2 id="try">Try a threshold</h2>
<p>A text is flagged when its score reaches the threshold. A lower threshold finds more violating texts and flags more harmless ones. A number that you write into the config holds for list matches and the classifier alike, and so it does here. What the policy blocks or redacts counts as flagged whatever this number is.</p>
<noscript><p>The slider and the curves need JavaScript in the browser; the tables do not.</p></noscript>
<section class="try" aria-labelledby="try">
<div class="row">
<label>Category <select id="category">${COLUMNS.map((name) => `<option value="${name}">${escapeHtml(titleOf(name))}</option>`).join('')}</select></label>
<label>Side <select id="side"><option value="both">input and output</option><option value="input">input</option><option value="output">output</option></select></label>
<label class="wide">Threshold <input id="slider" type="range" min="0" max="${THRESHOLD_STEPS}" step="1" value="500"></label>
<label>as a number <input id="number" type="number" min="0" max="1" step="0.001" value="0.5"></label>
</div>
<dl>
<div><dt>Precision: flagged texts that do violate</dt><dd id="precision">-</dd></div>
<div><dt>Recall: violating texts that are flagged</dt><dd id="recall">-</dd></div>
<div><dt>False positives: harmless texts that are flagged</dt><dd id="false-positives">-</dd></div>
</dl>
<p id="said" role="status"></p>
<pre id="config" aria-label="Lines for the config file"></pre>
</section>
<h2>Precision and recall</h2>
<p>Further right: more violating texts are found. Further up: fewer of the flagged texts are harmless. The ring is what the policy does now; it may lie beside the curve, because lists and classifier, input and output each have thresholds of their own. The dot is the threshold above.</p>
<div class="curves">
${columns.map(curveCard).join('\n')}
</div>
<h2>Figures</h2>
<p>F1, precision and recall are those of the policy as configured. AP: average precision, with its 95 % interval. AUC: area under the ROC curve. False positives: share of texts that violate nothing. Times are of one text, on one core.</p>
${figuresTable('Category', [any, ...categories])}
${figuresTable('Side', directions)}
${figuresTable('Language', languages)}
${figuresTable('Source', sources)}
</main>
<script type="application/json" id="data">${JSON.stringify(data).replaceAll('<', '\\u003c')}</script>
<script>${PAGE_SCRIPT}</script>
</body>
</html>
`;
}

function describe({ data, split, rows, failed, problems, versions }: EvalAbout): string {
  const parts = [
    `${rows} texts of ${data}, split ${split}.`,
    `Policy ${versions.policy}, lists ${versions.lexicon}, model ${versions.model}.`,
  ];
  if (problems > 0) parts.push(`${problems} lines or files could not be read.`);
  if (failed > 0) parts.push(`A detector could not run for ${failed} texts.`);
  return parts.join(' ');
}

function titleOf(name: string): string {
  return isCategory(name) ? `${name}: ${CATEGORY_INFO[name].title}` : 'any: highest score of all categories';
}

function curveCard(figures: EvalFigures): string {
  const { left, top, width, height } = FRAME;
  const { name, positives, averagePrecision } = figures;
  const label = `Precision against recall of ${name}: average precision ${decimal(averagePrecision)}, configured precision ${decimal(figures.precision)} at recall ${decimal(figures.recall)}`;
  return `<figure id="curve-${name}">
<figcaption>${name} <small>AP ${decimal(averagePrecision)}, ${positives} violating of ${figures.rows}</small></figcaption>
<svg viewBox="0 0 250 195" role="img" aria-label="${escapeHtml(label)}">
<path class="grid" d="M${left} ${top}h${width}v${height}h${-width}zM${left} ${top + height / 2}h${width}M${left + width / 2} ${top}v${height}"/>
<text x="${left - 5}" y="${top + 8}" text-anchor="end">100%</text><text x="${left - 5}" y="${top + height}" text-anchor="end">0</text>
<text x="${left}" y="${top + height + 15}">0</text><text x="${left + width}" y="${top + height + 15}" text-anchor="end">100%</text>
<text x="${left + width / 2}" y="${top + height + 28}" text-anchor="middle">recall</text><text transform="translate(12 ${top + height / 2}) rotate(-90)" text-anchor="middle">precision</text>
<path class="curve" d=""/><circle class="configured" r="6" visibility="hidden"/><circle class="here" r="5" visibility="hidden"/>
</svg>
</figure>`;
}

const HEADS = [
  'texts',
  'violating',
  'harmless',
  'AP',
  'AP 95 %',
  'AUC',
  'F1',
  'precision',
  'recall',
  'harmless flagged',
  'harmless blocked',
  'recall at 1 % harmless',
  'p50 µs',
  'p95 µs',
  'p99 µs',
];

function figuresTable(title: string, rows: readonly EvalFigures[]): string {
  const heads = HEADS.map((head) => `<th scope="col">${head}</th>`).join('');
  const lines = rows.map((figures) => {
    const [name = '', ...cells] = cellsOf(figures);
    return `<tr><th scope="row">${escapeHtml(name)}</th>${cells.map((cell) => `<td>${cell}</td>`).join('')}</tr>`;
  });
  return `<div class="scroll" tabindex="0" role="region" aria-label="Figures by ${title.toLowerCase()}"><table>
<caption>By ${title.toLowerCase()}</caption>
<thead><tr><th scope="col">${title}</th>${heads}</tr></thead>
<tbody>
${lines.join('\n')}
</tbody>
</table></div>`;
}

function escapeHtml(text: string): string {
  const named: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };
  return text.replace(/[&<>"]/gu, (character) => named[character] ?? character);
}
