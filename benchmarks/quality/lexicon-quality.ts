import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { CATEGORIES, type Category } from '../../src/core/index.js';
import { loadLexicon, scanText } from '../../src/lexicon/index.js';

interface Row {
  readonly text: string;
  readonly any: 0 | 1 | null;
  readonly split: 'train' | 'dev';
  readonly labels: Partial<Record<Category, 0 | 1>>;
}

/** Built-in lists alone on the dev split: recall per category, and benign rows reaching severities 2 and 3. `--data DIR` names the data. */
export function measureLexiconQuality(args: readonly string[]): unknown {
  const data = args[args.indexOf('--data') + 1];
  if (!args.includes('--data') || data === undefined) throw new Error('give the data folder: --data DIR');
  const lexicon = loadLexicon({ lists: ['builtin'], baseDir: '.' });
  const recall = new Map(CATEGORIES.map((category) => [category, { positives: 0, found: 0 }]));
  const benign: Record<string, { rows: number; severity2: number; severity3: number }> = {};
  for (const file of readdirSync(data).filter((name) => name.endsWith('.jsonl.gz'))) {
    for (const line of gunzipSync(readFileSync(join(data, file)))
      .toString()
      .split('\n')) {
      if (line === '') continue;
      const row = JSON.parse(line) as Row;
      if (row.split !== 'dev') continue;
      const detections = scanText(lexicon, row.text).filter(({ severity }) => severity >= 2);
      for (const [category, counts] of recall) {
        if (row.labels[category] !== 1) continue;
        counts.positives += 1;
        if (detections.some((detection) => detection.category === category)) counts.found += 1;
      }
      if (row.any === 0) {
        const source = file.replace('.jsonl.gz', '');
        benign[source] ??= { rows: 0, severity2: 0, severity3: 0 };
        const counts = benign[source];
        counts.rows += 1;
        if (detections.length > 0) counts.severity2 += 1;
        if (detections.some(({ severity }) => severity >= 3)) counts.severity3 += 1;
      }
    }
  }
  return { terms: lexicon.size, recallAtSeverity2: Object.fromEntries(recall), benign };
}
