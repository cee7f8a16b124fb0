import { describe, expect, test } from 'vitest';
import { float32 } from '../ground/array.ts';
import type { ImageSet } from '../model/batch.ts';
import { ones } from '../model/initializer.ts';
import { Model } from '../model/model.ts';
import { plainPreprocessing } from '../model/preprocessing.ts';
import { tf } from '../tensor/tf.ts';
import {
  type RunParts,
  requireSameRun,
  runIdentity,
  valuesDigest,
  weightsDigest,
} from './run-identity.ts';

const model = new Model(
  {
    name: 'gain',
    module: 'test',
    contract: 1,
    tokens: 'set',
    configure: (config: { width?: number }) => ({ width: 2, ...config }),
    input: () => ({ shape: [1, 1, 1] as const, classes: 2 }),
    forward(m, image) {
      const features = tf.reshape(image, [-1, 1]);
      const logits = tf.mul(features, m.param('weight', [2], ones));
      return { logits, features, tokens: image, featureMaps: [] };
    },
  },
  { width: 2 },
);
const train: ImageSet & { labels?: Int32Array } = {
  length: 3,
  classes: ['a', 'b'],
  shape: [1, 1, 1],
  input: plainPreprocessing([1, 1, 1]),
  batch: () => Promise.reject(new Error('not read')),
};
const parts: RunParts = {
  stage: 'fit',
  model,
  data: { train, validation: undefined },
  weights: { initial: { weight: float32([2], [1, 2]) } },
  extensions: [{ name: 'mask', options: { lambda: 0.2 } }],
  options: { seed: 1, optimizer: { lr: 0.1, decay: undefined } },
};
const saved = JSON.parse(JSON.stringify(await runIdentity(parts)));

test('an identity that was saved is the one of the same run', async () => {
  const now = await runIdentity(parts);
  expect(() => requireSameRun('x', saved, now)).not.toThrow();
});

describe('what differs is named by its path', () => {
  const input = { ...plainPreprocessing([1, 1, 1]), crop_pct: 0.9 };
  const cases: [string, Partial<RunParts>][] = [
    ['stage', { stage: 'search' }],
    ['model.config.width', { model: new Model(model.architecture, { width: 3 }) }],
    ['data.train.images', { data: { train: { ...train, length: 4 } } }],
    ['data.train.classes', { data: { train: { ...train, classes: ['b', 'a'] } } }],
    ['data.train.input.crop_pct', { data: { train: { ...train, input } } }],
    ['data.train.labels', { data: { train: { ...train, labels: Int32Array.of(0, 1, 0) } } }],
    ['data.train.files', { data: { train: { ...train, identity: async () => ({ files: 'a' }) } } }],
    ['data.validation', { data: { train, validation: train } }],
    ['weights.initial', { weights: { initial: { weight: float32([2], [1, 2.000001]) } } }],
    ['weights.initial', { weights: {} }],
    ['extensions', { extensions: [{ name: 'mask', options: { lambda: 0.3 } }] }],
    ['versions.a', { versions: { a: '1.0.0' } }],
    ['options.optimizer.lr', { options: { seed: 1, optimizer: { lr: 0.2 } } }],
  ];
  test.each(cases)('%s', async (path, change) => {
    const now = await runIdentity({ ...parts, ...change });
    expect(() => requireSameRun('x', saved, now)).toThrow(
      expect.objectContaining({
        code: 'RESUME_MISMATCH',
        found: expect.stringContaining(`a run with another ${path}`),
      }),
    );
  });
});

describe('data and weights come first, then the innermost differences, scalars with both values', () => {
  const other = weightsDigest({ weight: float32([2], [1, 3]) });
  const [before, after] = [saved.weights.initial, other].map((digest) => digest.slice(0, 16));
  const input = { ...plainPreprocessing([1, 1, 1]), crop_pct: 0.9 };
  const given = Int32Array.of(0, 1, 0);
  const elsewhere = { ...train, input, labels: given, identity: async () => ({ files: 'a' }) };
  const labels = valuesDigest(given).slice(0, 16);
  const swapped = [{ name: 'mask', options: { lambda: 0.2, more: { bits: [1, 2] } } }];
  const cases: [string, Partial<RunParts>][] = [
    ['stage (saved fit, now search)', { stage: 'search' }],
    [
      'options.optimizer.lr (saved 0.1, now 0.2)',
      { options: { seed: 1, optimizer: { lr: 0.2, decay: undefined } } },
    ],
    ['options.seed (saved 1, now nothing)', { options: { optimizer: { lr: 0.1 } } }],
    [
      'options.clipGrad (saved nothing, now 5)',
      { options: { seed: 1, optimizer: { lr: 0.1 }, clipGrad: 5 } },
    ],
    [
      'extensions[0].options.lambda (saved 0.2, now 0.3)',
      { extensions: [{ name: 'mask', options: { lambda: 0.3 } }] },
    ],
    ['extensions', { extensions: [] }],
    ['extensions[0].options.more', { extensions: swapped }],
    [
      'data.train.classes[0] (saved a, now b), data.train.classes[1] (saved b, now a)',
      { data: { train: { ...train, classes: ['b', 'a'] } } },
    ],
    ['data.validation', { data: { train, validation: train } }],
    [
      `weights.initial (saved ${before}…, now ${after}…)`,
      { weights: { initial: { weight: float32([2], [1, 3]) } } },
    ],
    [
      'options.optimizer.lr (saved 0.1, now 0.2), options.seed (saved 1, now 2), ' +
        'stage (saved fit, now search)',
      { stage: 'search', options: { seed: 2, optimizer: { lr: 0.2 } } },
    ],
    [
      `data.train.files (saved nothing, now a), data.train.labels (saved nothing, now ${labels}…), data.train.input.crop_pct (saved 1, now 0.9), weights.initial (saved ${before}…, now nothing), options.optimizer.lr (saved 0.1, now 0.2)`,
      {
        data: { train: elsewhere },
        weights: {},
        options: { ...parts.options, optimizer: { lr: 0.2 } },
      },
    ],
    // Five of seven.
    [
      `data.validation, weights.initial (saved ${before}…, now nothing), ` +
        'options.optimizer.lr (saved 0.1, now 0.2), options.seed (saved 1, now 2), options.clipGrad (saved nothing, now 5), 2 more',
      {
        stage: 'search',
        data: { train, validation: train },
        weights: {},
        extensions: [],
        options: { seed: 2, clipGrad: 5, optimizer: { lr: 0.2 } },
      },
    ],
  ];
  test.each(cases)('%s', async (text, change) => {
    const now = await runIdentity({ ...parts, ...change });
    expect(() => requireSameRun('x', saved, now)).toThrow(
      expect.objectContaining({ where: 'x', found: `a run with another ${text}` }),
    );
  });
});

test('options in another order are the same, within lists of extensions too', async () => {
  const of = (options: object) =>
    runIdentity({ ...parts, extensions: [{ name: 'mask', options }], options });
  const before = JSON.parse(JSON.stringify(await of({ a: 1, b: { c: 2, d: [3, 4] } })));
  const [same, other] = [
    await of({ b: { d: [3, 4], c: 2 }, a: 1 }),
    await of({ a: 1, b: { c: 2, d: [4, 3] } }),
  ];
  expect(() => requireSameRun('x', before, same)).not.toThrow();
  expect(() => requireSameRun('x', before, other)).toThrow(
    'extensions[0].options.b.d[0] (saved 3, now 4), extensions[0].options.b.d[1] (saved 4, now 3), options.b.d[0]',
  );
});

test('a file that says nothing of its run is none to go on with', async () => {
  const now = await runIdentity(parts);
  expect(() => requireSameRun('x', {}, now)).toThrow(
    expect.objectContaining({
      found:
        'a run with another data, weights, stage (saved nothing, now fit), model, extensions, 2 more',
    }),
  );
});

test('weights are known by their names, shapes and values, in any order', () => {
  const [a, b] = [float32([2], [1, 2]), float32([1, 2], [1, 2])];
  expect(weightsDigest({ a, b })).toBe(weightsDigest({ b, a }));
  expect(weightsDigest({ a, b })).not.toBe(weightsDigest({ a: b, b: a }));
  // sha256 of "a[2]" and the eight bytes of 1 and 2 in float32, by Python's hashlib.
  expect(weightsDigest({ a })).toBe(
    '8cb334e77582b4733c902731ced148363c6307bb11dd675d7a99ec30601be0ea',
  );
});

test('labels are known by their bytes', () => {
  // sha256 of the bytes of 1 and 2 as little-endian 32-bit integers, by Python's hashlib.
  expect(valuesDigest(Int32Array.of(1, 2))).toBe(
    '34fb5c825de7ca4aea6e712f19d439c1da0c92c37b423936c5f618545ca4fa1f',
  );
});
