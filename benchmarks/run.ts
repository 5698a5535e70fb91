// Entry of `npm run bench -- <name>`; without a name it lists them.
import { measureContrast } from './quality/contrast.js';
import { measureDisguise } from './quality/disguise.js';
import { measureLexiconQuality } from './quality/lexicon-quality.js';
import { measureHold } from './speed/hold.js';
import { measureLexiconScan } from './speed/lexicon-scan.js';
import { measureModerate } from './speed/moderate.js';

const BENCHMARKS: Readonly<Record<string, (args: readonly string[]) => unknown>> = {
  'lexicon-scan': measureLexiconScan,
  moderate: measureModerate,
  hold: measureHold,
  'lexicon-quality': measureLexiconQuality,
  contrast: measureContrast,
  disguise: measureDisguise,
};

const [name, ...args] = process.argv.slice(2).filter((argument) => argument !== '--json');
const benchmark = BENCHMARKS[name ?? ''];
if (benchmark === undefined) {
  console.log(Object.keys(BENCHMARKS).join('\n'));
  process.exitCode = name === undefined ? 0 : 2;
} else {
  void Promise.resolve(benchmark(args)).then((result) => console.log(JSON.stringify(result, null, 2)));
}
