import { z } from 'zod';
import { CATEGORIES, type Category } from '../core/index.js';

/**
 * Keys of the OpenAI endpoint by the category of ours that each speaks for. Left out is what speaks of a person's own distress and
 * what only shows violence: neither is a clause.
 */
const OPENAI_CATEGORIES: Readonly<Record<string, Category>> = {
  harassment: 'harassment',
  'harassment/threatening': 'harassment',
  hate: 'discrimination',
  'hate/threatening': 'discrimination',
  illicit: 'crime',
  'illicit/violent': 'crime',
  'self-harm/instructions': 'harassment',
  sexual: 'sexual',
  'sexual/minors': 'minors',
  violence: 'violence',
};

const name = z
  .string()
  .regex(/^[a-z0-9][a-z0-9-]{0,39}$/, 'must be lower-case letters, digits and hyphens, 40 at most');

const directions = z
  .array(
    z.enum(
      ['input'],
      'only `input`: a stream leaves word by word, and a verdict on the whole answer would come too late',
    ),
  )
  .min(1)
  .default(['input'])
  .describe('What it judges: only `input`, the texts on their way to the model.');

/** A remote service that is asked beside the lists and the classifier. */
export const RemoteDetectorConfig = z
  .strictObject({
    kind: z
      .literal('openai-moderations')
      .describe('`openai-moderations`: a service that speaks the moderation endpoint of OpenAI.'),
    name: name
      .default('moderations')
      .describe('Name in the record, the metrics and the log, where it stands as `remote:<name>`.'),
    url: z
      .url({ protocol: /^https?$/ })
      .describe(
        'Base URL of the service, such as `https://api.openai.com/v1`; `/moderations` is added. Every Input text is sent there.',
      ),
    model: z.string().min(1).optional().describe('Model to ask for; the service chooses when left out.'),
    keyEnv: z
      .string()
      .regex(/^[A-Za-z_][A-Za-z0-9_]*$/, 'must be the name of an environment variable')
      .optional()
      .describe('Environment variable with the key of the service, sent as bearer token; no key when left out.'),
    directions,
    categories: z
      .record(z.string().min(1), z.enum(CATEGORIES))
      .default({ ...OPENAI_CATEGORIES })
      .describe(
        'Category of ours for each key of the service; other keys are not heeded. Replaces the default as a whole.',
      ),
    timeoutMs: z
      .int()
      .min(1)
      .max(2_147_483_647)
      .default(3000)
      .describe(
        'Longest wait for a verdict, in milliseconds, from the arrival of the text to the last byte; a request waits so long.',
      ),
    onError: z
      .enum(['block', 'allow', 'ignore'])
      .default('block')
      .describe(
        'What happens to a text when the service fails: `allow` lets it pass on what the others found and records that; `ignore` only counts. A refused key always blocks.',
      ),
    maxConcurrent: z.int().min(1).default(8).describe('Calls at one time.'),
    maxQueued: z.int().min(0).default(64).describe('Calls that may wait for a turn; further ones fail at once.'),
  })
  .describe('A remote service that is asked about every Input text, one call a request.');

/** A remote service that is asked beside the lists and the classifier. */
export type RemoteDetectorConfig = z.infer<typeof RemoteDetectorConfig>;

/** A TensorFlow.js model of the user's that is asked beside the lists and the classifier. */
export const ModelDetectorConfig = z
  .strictObject({
    kind: z
      .literal('tensorflow-model')
      .describe('`tensorflow-model`: a layers model of your own, run in this process on TensorFlow.js.'),
    name: name
      .default('model')
      .describe('Name in the record, the metrics and the log, where it stands as `model:<name>`.'),
    path: z
      .string()
      .min(1)
      .describe('Folder of the model, relative to the config file, in the format of `classifier.path`.'),
    backend: z
      .enum(['auto', 'tfjs-node', 'tfjs-wasm', 'tfjs-cpu'])
      .default('auto')
      .describe('What runs it; `auto` takes WebAssembly.'),
    directions,
    timeoutMs: z
      .int()
      .min(1)
      .max(2_147_483_647)
      .default(1000)
      .describe('Longest wait for its turn, in milliseconds. A call of the model that runs is not cut short.'),
    onError: z
      .enum(['block', 'allow', 'ignore'])
      .default('block')
      .describe(
        'What happens to a text when the model fails or its turn does not come: `allow` lets it pass on what the others found and records that; `ignore` only counts.',
      ),
    maxBatch: z
      .int()
      .min(1)
      .max(256)
      .default(16)
      .describe(
        'Windows of text, about 500 characters each, that share a call when several wait. The event loop stands still during a call.',
      ),
    maxQueued: z.int().min(1).default(1024).describe('Windows that may wait; requests beyond fail at once.'),
  })
  .describe('A model of your own that is asked about every Input text beside the classifier.');

/** A TensorFlow.js model of the user's that is asked beside the lists and the classifier. */
export type ModelDetectorConfig = z.infer<typeof ModelDetectorConfig>;

/** A detector that is asked beside the lists and the classifier. */
export const DetectorConfig = z.discriminatedUnion('kind', [RemoteDetectorConfig, ModelDetectorConfig]);

/** A detector that is asked beside the lists and the classifier. */
export type DetectorConfig = z.infer<typeof DetectorConfig>;
