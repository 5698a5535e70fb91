import { buildLexicon, parseList, scanText } from '../../src/lexicon/index.js';

const REPEATS = 5;
const PROSE = 'The quick brown fox jumps over the lazy dog, and 今天天气很好我们去公园吧 then some more plain prose. ';

/** Scan throughput in million UTF-16 units per second, beside a bare `charCodeAt` pass over the same text. */
export function measureLexiconScan(): unknown {
  // Three letters of base 16 make 1,000 distinct terms without digits or repeated readings.
  const letter = (digit: number): string => 'abcdefghjkmnopqr'.charAt(digit % 16);
  const terms = Array.from({ length: 1000 }, (_, i) => `zorg${letter(i)}x${letter(i >> 4)}x${letter(i >> 8)}bl`);
  const lexicon = buildLexicon([
    parseList({ text: terms.join('\n'), file: 'bench.txt', language: 'en', category: 'abusive' }),
  ]);
  const text = `${PROSE.repeat(10_000)} ${terms[7]} `;
  const scanned = best(text, () => {
    const hits = scanText(lexicon, text).length;
    if (hits !== 1) throw new Error(`expected 1 hit, found ${hits}`);
  });
  let sink = 0;
  const bound = best(text, () => {
    for (let i = 0; i < text.length; i += 1) sink ^= text.charCodeAt(i);
  });
  if (Number.isNaN(sink)) throw new Error('unreachable');
  return [
    {
      case: 'mixed prose, 1,000 terms',
      metric: 'throughput',
      value: scanned,
      unit: 'Mchars/s',
      ratios: { charCodeAt: scanned / bound },
    },
  ];
}

function best(text: string, run: () => void): number {
  let fastest = Number.POSITIVE_INFINITY;
  for (let i = 0; i < REPEATS; i += 1) {
    const start = performance.now();
    run();
    fastest = Math.min(fastest, performance.now() - start);
  }
  return text.length / fastest / 1000;
}
