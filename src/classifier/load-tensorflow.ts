import type { ListCounts, RunningScore, TextClassifier } from '../core/index.js';
import { HashedLayersModel, type ModelArtifacts } from './layers-model.js';
import type { TensorFlowBackend } from './tensorflow-backend.js';

const NO_SCORES = new Float32Array(0);

/**
 * Loads the layers model as the classifier, one text a call: a score is asked for in the middle of a synchronous decision.
 * @throws {ModelLoadError} when TensorFlow.js cannot load it, or its inputs or outputs are not those that are known here.
 */
export async function loadTensorFlow(artifacts: ModelArtifacts, wanted: TensorFlowBackend): Promise<TextClassifier> {
  const model = await HashedLayersModel.load(artifacts, wanted);
  let disposed = false;

  function score(text: string, listCounts?: ListCounts): Float32Array {
    return model.predict([text], listCounts)[0] ?? NO_SCORES;
  }

  function begin(): RunningScore {
    let text = '';
    return {
      append(piece) {
        text += piece;
      },
      scores: (listCounts) => score(text, listCounts),
    };
  }

  return {
    version: artifacts.version,
    backend: model.backend,
    score,
    begin,
    dispose() {
      if (!disposed) {
        disposed = true;
        model.dispose();
      }
    },
  };
}
