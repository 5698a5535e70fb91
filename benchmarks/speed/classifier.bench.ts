import { join } from 'node:path';
import type { Benchmark, Measurement } from '../support/benchmark.js';
import { builtClassifier } from '../support/built.js';
import { corpusText } from '../support/corpus.js';
import { expectEqual, passOver, race } from '../support/measure.js';

const MODEL = join(__dirname, '../../models/classifier');
const CHARS = 200;
const BATCH = 64;
const BACKENDS = ['tfjs-wasm', 'tfjs-cpu'] as const;
/** Largest difference between two backends: that of the parity test. */
const TOLERANCE = 1e-3;
const BUDGET_MS = 300;

/** The shipped model on its own kernel, with and without vector instructions, beside TensorFlow.js running the whole of it. */
export const benchmark: Benchmark = {
  about:
    'Classifier, the shipped model from text to scores: one message of 200 characters, and 64 of them; beside TensorFlow.js on WebAssembly and plain JavaScript running the same model; bound: one pass of charCodeAt.',
  run: measureClassifier,
};

async function measureClassifier(): Promise<Measurement[]> {
  const kernel = await builtClassifier().loadClassifier({ backend: 'kernel' });
  const plain = await builtClassifier().loadClassifier({ backend: 'kernel', simd: false });
  expectEqual('backend', kernel.backend, 'kernel-simd');
  expectEqual('backend', plain.backend, 'kernel');
  const results: Measurement[] = [];
  for (const corpus of ['en', 'zh'] as const) {
    const all = corpusText({ corpus, chars: CHARS * BATCH });
    const texts = Array.from({ length: BATCH }, (_, nth) => all.slice(nth * CHARS, (nth + 1) * CHARS));
    const [text = ''] = texts;
    const one: Record<string, number> = {};
    const onePlain: Record<string, number> = {};
    const many: Record<string, number> = {};
    const best = { one: Number.POSITIVE_INFINITY, plain: Number.POSITIVE_INFINITY, many: Number.POSITIVE_INFINITY };
    // One backend after the other: TensorFlow.js runs on one at a time.
    for (const backend of BACKENDS) {
      const model = await builtClassifier().loadBatchModel({ path: MODEL, backend });
      expectEqual('backend', model.backend, backend);
      for (const ours of [kernel, plain]) checkParity(texts, model.scoreAll(texts), (each) => ours.score(each));
      const ms = race(
        {
          charCodeAt: () => passOver(text),
          ours: () => void kernel.score(text),
          plain: () => void plain.score(text),
          theirs: () => void model.scoreAll([text]),
          oursMany: () => {
            for (const each of texts) kernel.score(each);
          },
          theirsMany: () => void model.scoreAll(texts),
        },
        { budgetMs: BUDGET_MS },
      );
      best.one = Math.min(best.one, ms.ours);
      best.plain = Math.min(best.plain, ms.plain);
      best.many = Math.min(best.many, ms.oursMany);
      one[backend] = ms.ours / ms.theirs;
      one['charCodeAt'] = ms.ours / ms.charCodeAt;
      onePlain[backend] = ms.plain / ms.theirs;
      onePlain['charCodeAt'] = ms.plain / ms.charCodeAt;
      many[backend] = ms.oursMany / ms.theirsMany;
      model.dispose();
    }
    const time = (name: string, ms: number, ratios: Record<string, number>): Measurement => {
      return { case: name, metric: 'time', value: ms * 1000, unit: 'µs', ratios };
    };
    results.push(
      time(`${corpus}, one text of ${CHARS} characters`, best.one, one),
      time(`${corpus}, one text of ${CHARS} characters, no vector instructions`, best.plain, onePlain),
      time(`${corpus}, ${BATCH} such texts`, best.many, many),
    );
  }
  return results;
}

function checkParity(
  texts: readonly string[],
  theirs: readonly Float32Array[],
  score: (text: string) => Float32Array,
): void {
  for (const [nth, text] of texts.entries()) {
    const differs = score(text).some((value, index) => !(Math.abs(value - (theirs[nth]?.[index] ?? -1)) <= TOLERANCE));
    if (differs) throw new Error(`the scores of text ${nth} differ by more than ${TOLERANCE}`);
  }
}
