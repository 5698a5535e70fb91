import { ModelLoadError } from '../core/index.js';
import { HashedLayersModel, type ModelArtifacts } from './layers-model.js';
import type { TensorFlowBackend } from './tensorflow-backend.js';

/** Texts of several scripts and lengths, the empty one among them. */
const SAMPLES = [
  'Good morning, how are you? 今天天气很好。 Всё хорошо.',
  'zorgblat',
  '',
  '一个比较长的句子，后面还有一些词。',
];
/** Largest difference that company may make to a score: the tolerance of the kernel's own parity test. */
const TOLERANCE = 1e-3;
const WARM_UP_CALLS = 5;

/** What an opened model can do. */
export interface OpenedModel {
  readonly backend: TensorFlowBackend;
  readonly batches: boolean;
  scoreAll(texts: readonly string[]): readonly Float32Array[];
  dispose(): void;
}

/**
 * Opens a layers model for several texts a call, and warms it up. Texts of one call are filled up to the longest with bucket 0; what
 * that does to a score depends on the model, so it is tried: a model that minds gets one text a call.
 * @throws {ModelLoadError} when it cannot be loaded or run, or gives scores that are no probabilities.
 */
export async function openBatchModel(artifacts: ModelArtifacts, wanted: TensorFlowBackend): Promise<OpenedModel> {
  const model = await HashedLayersModel.load(artifacts, wanted);
  const oneByOne = (texts: readonly string[]): Float32Array[] => texts.flatMap((text) => model.predict([text]));
  let disposed = false;
  const dispose = (): void => {
    if (disposed) return;
    disposed = true;
    model.dispose();
  };
  try {
    for (let call = 0; call < WARM_UP_CALLS; call += 1) model.predict(SAMPLES);
    const alone = oneByOne(SAMPLES);
    if (alone.some((scores) => scores.some((score) => !(score >= 0 && score <= 1)))) {
      throw new ModelLoadError('classifier model: a score is not in [0, 1]; the last layer must give probabilities');
    }
    const batches = model
      .predict(SAMPLES)
      .every((scores, at) => scores.every((score, index) => Math.abs(score - (alone[at]?.[index] ?? 0)) <= TOLERANCE));
    return {
      backend: model.backend,
      batches,
      scoreAll: (texts) => (batches ? model.predict(texts) : oneByOne(texts)),
      dispose,
    };
  } catch (cause) {
    dispose();
    if (cause instanceof ModelLoadError) throw cause;
    throw new ModelLoadError('classifier model: the model cannot be run', { cause });
  }
}
