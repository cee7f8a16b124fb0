import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { float32, int32 } from '../ground/array.ts';
import { writeSafetensors } from '../ground/safetensors.ts';
import { linear } from '../layers/linear.ts';
import { tf } from '../tensor/tf.ts';
import { adapt } from './adapt.ts';
import { defineAdapter } from './adapter.ts';
import type { Architecture } from './architecture.ts';
import {
  loadModel,
  loadWeights,
  type MakeAdapter,
  type ModelInfo,
  type ModelParts,
  saveModel,
} from './checkpoint.ts';
import { ones } from './initializer.ts';
import { Model } from './model.ts';
import { CROP_MODES, INTERPOLATIONS } from './preprocessing.ts';
import type { StateDict } from './state-dict.ts';

interface Config {
  width: number;
}

/** Two pixels to a hidden layer, with a counter; other weights have a point before their names. */
const small: Architecture<Config> = {
  name: 'small',
  module: 'my-package',
  contract: 1,
  tokens: 'set',
  configure: (config) => ({ width: 3, ...config }),
  input: () => ({ shape: [1, 2, 1] as const, classes: 2 }),
  mappings: [
    {
      name: 'pointed names',
      fits: (state) => '.fc.weight' in state,
      map: (state) =>
        Object.fromEntries(Object.entries(state).map(([name, array]) => [name.slice(1), array])),
    },
  ],
  forward(m, image, { width }) {
    const hidden = m.dim('hidden', width);
    m.counter('steps');
    const features = linear(m.child('fc'), tf.reshape(image, [-1, 2]), 2, hidden, { bias: false });
    const read = m.tap('features', features, hidden);
    const logits = linear(m.child('head'), read, hidden, 2, { bias: false });
    return { logits, features: read, tokens: image, featureMaps: [] };
  },
};

/** The same on a backbone, as heads for dense prediction are. */
const onBackbone = (backbone: Architecture): Architecture<Config> => ({
  ...small,
  name: 'dense',
  module: 'heads-package',
  backbone,
});

const gain = defineAdapter({
  name: 'gain',
  module: 'my-package',
  contract: 1,
  attach:
    ({ role }: { role: string }) =>
    () => {
      return (m, value, info) =>
        info.role === role ? tf.mul(value, m.child('gain').param(role, [info.dim!], ones)) : value;
    },
});

const parts: ModelParts = {
  architecture: (module, name) => {
    expect([module, name]).toEqual(['my-package', 'small']);
    return small as Architecture;
  },
  head: (module, name) => {
    expect([module, name]).toEqual(['heads-package', 'dense']);
    return onBackbone as (backbone: Architecture) => Architecture;
  },
  adapter: (module, name) => {
    expect([module, name]).toEqual(['my-package', 'gain']);
    return gain as MakeAdapter;
  },
};

const info: ModelInfo = {
  classes: ['cat', 'dog'],
  input: {
    input_size: [1, 1, 2],
    interpolation: 'bilinear',
    crop_pct: 0.9,
    crop_mode: 'center',
    mean: [0.5],
    std: [0.25],
  },
};

const model = new Model(small, { width: 3 }, { hidden: [0, 2] }) as Model;
const weights: StateDict = {
  steps: int32([], [7]),
  'fc.weight': float32([2, 2], [1, 2, 3, 4]),
  'head.weight': float32([2, 2], [5, 6, 7, 8]),
};

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'kcr-checkpoint-'));
});

afterEach(() => rm(folder, { recursive: true }));

const code = (name: string, more: object = {}) => expect.objectContaining({ code: name, ...more });

describe('a model that was saved', () => {
  test('is read back: what is left of it, weights, classes and input', async () => {
    await saveModel(folder, model, weights, info);
    expect((await readdir(folder)).sort()).toEqual(['model.json', 'model.safetensors']);
    const loaded = await loadModel(folder, parts);
    expect(loaded.weights).toEqual(weights);
    expect(loaded.info).toEqual(info);
    expect(loaded.model.kept).toEqual({ hidden: [0, 2] });
    expect(loaded.model.config).toEqual({ width: 3 });
    expect(loaded.model.architecture).toBe(small);
    expect(loaded.model.params.map(({ shape }) => shape)).toEqual([[], [2, 2], [2, 2]]);
  });

  test('is read back with its adapters, in order', async () => {
    const adapted = adapt(model, [gain({ role: 'features' }), gain({ role: 'nothing' })]);
    const more = { ...weights, 'gain.features': float32([2], [3, 4]) };
    await saveModel(folder, adapted, more, info);
    const loaded = await loadModel(folder, parts);
    expect(loaded.model.adapters.map(({ name, options }) => [name, options])).toEqual([
      ['gain', { role: 'features' }],
      ['gain', { role: 'nothing' }],
    ]);
    expect(loaded.weights).toEqual(more);
  });

  test.each(
    CROP_MODES.flatMap((crop_mode) =>
      INTERPOLATIONS.map((interpolation) => ({ crop_mode, interpolation })),
    ),
  )('is read back with its input: $crop_mode, $interpolation', async (way) => {
    const given = { ...info, input: { ...info.input, ...way } };
    await saveModel(folder, model, weights, given);
    expect((await loadModel(folder, parts)).info).toEqual(given);
  });

  test('with a head is read back on its backbone, or refused without a way to heads', async () => {
    const dense = new Model(onBackbone(small as Architecture), { width: 2 }) as Model;
    await saveModel(folder, dense, weights, info);
    const loaded = await loadModel(folder, parts);
    expect(loaded.model.architecture).toMatchObject({ name: 'dense', backbone: { name: 'small' } });
    await expect(loadModel(folder, { ...parts, head: undefined })).rejects.toThrow(
      code('CHECKPOINT_HEAD', { where: 'heads-package, dense' }),
    );
  });

  test('is not written at all where the weights are not its own', async () => {
    const { steps: _, ...rest } = weights;
    await expect(saveModel(folder, model, rest, info)).rejects.toThrow(code('STATE_DICT'));
    expect(await readdir(folder)).toEqual([]);
  });

  test.each([
    ['classes', { ...info, classes: ['cat'] }],
    ['input.input_size', { ...info, input: { ...info.input, input_size: [1, 2, 2] as const } }],
    ['std', { ...info, input: { ...info.input, std: [1, 1] } }],
  ])('is not written at all where it could not be read: %s', async (field, wrong) => {
    await expect(saveModel(folder, model, weights, wrong)).rejects.toThrow(
      code('CHECKPOINT_FORMAT', { found: expect.stringContaining(field) }),
    );
    expect(await readdir(folder)).toEqual([]);
  });

  test('says its format, its version and where its parts are from', async () => {
    await saveModel(folder, model, weights, info);
    expect(JSON.parse(await readFile(join(folder, 'model.json'), 'utf8'))).toEqual({
      format: 'kcr-model',
      version: 2,
      architecture: { module: 'my-package', name: 'small' },
      config: { width: 3 },
      kept: { hidden: [0, 2] },
      ...info,
    });
  });
});

/** Writes a checkpoint by hand. */
async function write(file: object | string): Promise<void> {
  const text = typeof file === 'string' ? file : JSON.stringify(file);
  await writeFile(join(folder, 'model.json'), text);
  await writeSafetensors(join(folder, 'model.safetensors'), { tensors: weights, metadata: {} });
}

const version1 = {
  format: 'kcr-model',
  version: 1,
  architecture: { module: 'my-package', name: 'small' },
  config: { width: 3 },
  kept: { hidden: [0, 2] },
  classes: ['cat', 'dog'],
  normalization: { mean: [0.485], std: [0.229] },
};

describe('a checkpoint of version 1', () => {
  const plain = { input_size: [1, 1, 2], crop_pct: 1, mean: [0.485], std: [0.229] };

  test('of a classifier: the centre of images, with its normalisation', async () => {
    await write(version1);
    const loaded = await loadModel(folder, parts);
    expect(loaded.info).toEqual({
      classes: ['cat', 'dog'],
      input: { ...plain, interpolation: 'bicubic', crop_mode: 'center' },
    });
    expect(loaded.weights).toEqual(weights);
    expect(loaded.model.kept).toEqual({ hidden: [0, 2] });
  });

  test('of a model with a head: all of the image, in the corner', async () => {
    const backbone = version1.architecture;
    await write({
      ...version1,
      architecture: { module: 'heads-package', name: 'dense', backbone },
    });
    const { info: read } = await loadModel(folder, parts);
    expect(read.input).toEqual({ ...plain, interpolation: 'bilinear', crop_mode: 'corner' });
  });
});

test('fields that a newer writer adds are left alone', async () => {
  await write({ ...version1, trainedOn: 'x', licence: { name: 'y' } });
  expect((await loadModel(folder, parts)).info.classes).toEqual(['cat', 'dog']);
});

describe('a checkpoint that cannot be used is refused', () => {
  const { kept: _, config: __, ...without } = version1;
  const { normalization: ___, ...unnormalised } = version1;

  test.each<[string, object | string, string | RegExp]>([
    ['a newer version', { ...version1, version: 3 }, 'version 3'],
    ['no version', { ...version1, version: undefined }, 'version undefined'],
    ['another format', { ...version1, format: 'pt' }, 'format "pt"'],
    ['null', 'null', 'format undefined'],
    ['fields missing', without, /^config: .*; kept: .*/],
    ['no normalisation in version 1', unnormalised, /^normalization: /],
    ['no input in version 2', { ...version1, version: 2 }, /^input: /],
  ])('%s', async (_name, file, found) => {
    await write(file);
    const matching = typeof found === 'string' ? found : expect.stringMatching(found);
    const error = code('CHECKPOINT_FORMAT', { found: matching, where: join(folder, 'model.json') });
    await expect(loadModel(folder, parts)).rejects.toThrow(error);
  });

  const version2 = { ...version1, version: 2, input: info.input };
  const input = (change: object) => ({ ...version2, input: { ...info.input, ...change } });
  const architecture = version1.architecture;

  test.each<[string, object, RegExp]>([
    ['architecture', { architecture: null }, /^architecture: /],
    [
      'module',
      { architecture: { module: 3, name: '' } },
      /^architecture\.module: .*; architecture\.name: /,
    ],
    [
      'backbone',
      { architecture: { ...architecture, backbone: 'vit' } },
      /^architecture\.backbone: /,
    ],
    ['more of it', { architecture: { ...architecture, path: 'x' } }, /^architecture: .*path/],
    ['config', { config: [] }, /^config: /],
    ['kept, a text', { kept: { hidden: 'abc' } }, /^kept\.hidden: /],
    ['kept, a fraction', { kept: { hidden: [0, 1.5] } }, /^kept\.hidden\.1: /],
    ['kept, negative', { kept: { hidden: [-1, 2] } }, /^kept\.hidden\.0: /],
    ['kept twice', { kept: { hidden: [2, 2] } }, /^kept\.hidden: .*once/],
    ['kept, falling', { kept: { hidden: [2, 0] } }, /^kept\.hidden: .*rising/],
    ['adapters', { adapters: {} }, /^adapters: /],
    [
      "an adapter's options",
      { adapters: [{ module: 'a', name: 'b', options: null }] },
      /^adapters\.0\.options: /,
    ],
    ['classes, a text', { classes: 'cat' }, /^classes: /],
    ['no classes', { classes: [] }, /^classes: /],
    ['an empty class', { classes: ['cat', ''] }, /^classes\.1: /],
    ['a class twice', { classes: ['cat', 'cat'] }, /^classes: "cat" twice/],
    ['too few classes', { classes: ['cat'] }, /^classes: 1 names for a model of 2/],
    ['too many classes', { classes: ['a', 'b', 'toString'] }, /^classes: 3 names/],
    ['std 0', { normalization: { mean: [0], std: [0] } }, /^normalization\.std\.0: /],
    ['std below 0', { normalization: { mean: [0], std: [-1] } }, /^normalization\.std\.0: /],
    [
      'std of another length',
      { normalization: { mean: [0], std: [1, 1] } },
      /^std: 2 numbers for images of 1/,
    ],
    [
      'no std',
      { normalization: { mean: [], std: [] } },
      /^normalization\.mean: .*; normalization\.std: /,
    ],
    ['mean, a text', { normalization: { mean: 'abc', std: 'abc' } }, /^normalization\.mean: /],
    [
      'mean that was NaN',
      { normalization: { mean: [null], std: [1] } },
      /^normalization\.mean\.0: /,
    ],
    ['normalisation null', { normalization: null }, /^normalization: /],
    ['a size of the input', input({ input_size: [1, 2] }), /^input\.input_size/],
    [
      'another size of the input',
      input({ input_size: [1, 2, 2] }),
      /^input\.input_size: 1,2,2 for a model of 1,1,2/,
    ],
    ['interpolation', input({ interpolation: 'nearest' }), /^input\.interpolation: /],
    ['crop_pct 0', input({ crop_pct: 0 }), /^input\.crop_pct: /],
    ['crop_pct 1.1', input({ crop_pct: 1.1 }), /^input\.crop_pct: /],
    ['crop mode', input({ crop_mode: 'centre' }), /^input\.crop_mode: /],
    [
      'a resizing',
      input({ resize: { shortest_edge: 0 } }),
      /^input\.resize\.shortest_edge: .*; input\.resize\.longest_edge: /,
    ],
    ['more of the input', input({ fill: 3 }), /^input: .*fill/],
  ])('wrong: %s', async (_name, change, found) => {
    await write({ ...version1, ...change });
    await expect(loadModel(folder, parts)).rejects.toThrow(
      code('CHECKPOINT_FORMAT', { found: expect.stringMatching(found) }),
    );
  });

  test('with a field that would be a prototype', async () => {
    await write(JSON.stringify(version1).replace('"hidden":', '"__proto__":'));
    await expect(loadModel(folder, parts)).rejects.toThrow(
      code('CHECKPOINT_FORMAT', { found: expect.stringContaining('__proto__') }),
    );
  });

  test.each(['constructor', 'toString', 'nothing'])('a selection of %s', async (name) => {
    await write({ ...version1, kept: { [name]: [0] } });
    await expect(loadModel(folder, parts)).rejects.toThrow(
      code('SELECTION_DIM', { where: `${join(folder, 'model.json')}: ${name}` }),
    );
  });

  test.each<[string, MakeAdapter, RegExp]>([
    [
      'is made',
      (options) => (options as { list: number[] }).list.map(() => gain) as never,
      /adapter x$/,
    ],
    [
      'is attached',
      (options) =>
        defineAdapter({
          name: 'x',
          module: 'y',
          contract: 1,
          attach:
            ({ list }: { list: number[] }) =>
            () => {
              list.some((n) => n > 0);
              return (_, value) => value;
            },
        })(options as { list: number[] }),
      /model\.json: model$/,
    ],
  ])('options that an adapter trips over when it %s', async (_, adapter, where) => {
    await write({ ...version1, adapters: [{ module: 'y', name: 'x', options: { list: 3 } }] });
    await expect(loadModel(folder, { ...parts, adapter: () => adapter })).rejects.toThrow(
      code('CHECKPOINT_FORMAT', {
        where: expect.stringMatching(where),
        found: expect.stringContaining('TypeError'),
      }),
    );
  });

  test('before anything that it names is looked for', async () => {
    await write({ ...version1, classes: [''] });
    const none = () => expect.unreachable();
    const nothing = { architecture: none, head: none, adapter: none };
    await expect(loadModel(folder, nothing)).rejects.toThrow(code('CHECKPOINT_FORMAT'));
  });

  test('no JSON, with what the parser says', async () => {
    await write('{"format":');
    const error = await loadModel(folder, parts).catch((e: unknown) => e);
    expect(error).toMatchObject({ code: 'CHECKPOINT_FORMAT', where: join(folder, 'model.json') });
    expect((error as Error).cause).toBeInstanceOf(SyntaxError);
  });

  test('a folder without one', async () => {
    await expect(loadModel(join(folder, 'nowhere'), parts)).rejects.toThrow(
      code('CHECKPOINT_READ', { where: join(folder, 'nowhere', 'model.json') }),
    );
  });

  test('weights of another shape than what is left', async () => {
    await write({ ...version1, kept: {} });
    await expect(loadModel(folder, parts)).rejects.toThrow(code('STATE_DICT'));
  });

  test('a selection of channels that there are not', async () => {
    await write({ ...version1, kept: { hidden: [0, 3] } });
    await expect(loadModel(folder, parts)).rejects.toThrow(
      code('DIM_INDEX', { where: `${join(folder, 'model.json')}: hidden` }),
    );
  });
});

describe('weights under other names', () => {
  const pointed = Object.fromEntries(
    Object.entries(weights).map(([name, array]) => [`.${name}`, array]),
  );
  const path = () => join(folder, 'weights.safetensors');

  test('are those that the mapping makes of them', async () => {
    await writeSafetensors(path(), { tensors: pointed, metadata: {} });
    expect(await loadWeights(model, path())).toEqual(weights);
  });

  test('that do not fit name the file and the mapping', async () => {
    const { '.steps': _, ...rest } = pointed;
    await writeSafetensors(path(), { tensors: rest, metadata: {} });
    await expect(loadWeights(model, path())).rejects.toThrow(
      code('STATE_DICT', { where: `${path()} (pointed names)`, found: '1 missing: steps' }),
    );
  });
});
