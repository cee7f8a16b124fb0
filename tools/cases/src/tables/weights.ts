import type { Area, Expectation, Row } from '../row.ts';

const complexity = (file: string) =>
  ['complexity', file, '--rank', '1', '--landmarks', '1', '--json'] as const;

type Code = Extract<Expectation, { error: unknown }>['error'];

/** Files that the safetensors library refuses, and by what ours does. */
const refused: readonly [name: string, error: Code, found: string][] = [
  ['begin_over_end', 'SAFETENSORS_RANGE', 'a'],
  ['dupkey', 'SAFETENSORS_RANGE', 'a'],
  ['hole', 'SAFETENSORS_RANGE', 'b'],
  ['overlap', 'SAFETENSORS_RANGE', 'b'],
  ['trailing', 'SAFETENSORS_RANGE', 'bytes behind the last tensor'],
  ['truncated', 'SAFETENSORS_RANGE', 'a'],
  ['scalar_zero_bytes', 'SAFETENSORS_RANGE', 'a'],
  ['huge_shape', 'SAFETENSORS_RANGE', 'a'],
  ['meta_nonstring', 'SAFETENSORS_HEADER', 'metadata'],
  ['html', 'SAFETENSORS_HEADER', 'HTML'],
  ['lfs', 'SAFETENSORS_HEADER', 'Git LFS'],
  ['pickle', 'WEIGHTS_PICKLE', 'zip'],
];

/** Element types that the library reads and ours does not. */
const unsupported = ['c64', 'f8e4', 'f8e5', 'i8', 'i16', 'u16', 'u32', 'u64'];

/** Files that both read; none has the tensor that the command looks for. */
const read = [
  ...['dtype_b', 'dtype_bf16', 'dtype_f16', 'dtype_f64', 'dtype_i64', 'dtype_u8'],
  ...['meta', 'nothing', 'only_meta', 'padded', 'proto', 'scalar_empty', 'unaligned'],
];

const row = (name: string, source: string, error: Code, ...names: string[]): Row => ({
  name: `safetensors ${name}`,
  source,
  args: complexity(`{data}/safetensors/${name}.safetensors`),
  expect: { error, names: [`${name}.safetensors`, ...names] },
});

const made = (name: string, source: string, error: Code, found: string): Row => ({
  name: `safetensors ${name}`,
  source,
  args: complexity(`{made}/${name}.safetensors`),
  expect: { error, names: [`${name}.safetensors`, found] },
});

const train = (recipe: string, weights: string) =>
  [
    ...[
      'compress',
      `{made}/recipes/${recipe}.json`,
      '--data',
      '{made}/grey',
      '--out',
      '{out}',
      '--json',
    ],
    ...['--weights', weights],
  ] as const;

/** Files of weights, through `kcr complexity`, which reads any, and `kcr compress --weights`. */
export const weights: Area = {
  area: 'weights',
  rows: [
    ...refused.map(([name, error, found]) =>
      row(name, 'the safetensors library refuses it', error, found),
    ),
    ...unsupported.map((type) =>
      row(`dtype_${type}`, 'an element type without a use here', 'SAFETENSORS_TYPE', 'F32'),
    ),
    ...read.map((name) =>
      row(name, 'the safetensors library reads it', 'FEATURES_MISSING', 'features'),
    ),
    made('overlapping', 'decompression bomb: 1.6 MB became 5.8 GiB', 'SAFETENSORS_RANGE', 't'),
    made(
      'manyEmpty',
      '300,000 tensors without elements: 13 times the file',
      'SAFETENSORS_HEADER',
      'values',
    ),
    made('longShape', 'a shape of 10 million dimensions', 'SAFETENSORS_HEADER', 'values'),
    {
      name: 'weights of torch.save',
      source: 'DeiT is published as .pth',
      args: train('plain', '{made}/deit.pth'),
      expect: {
        error: 'WEIGHTS_PICKLE',
        names: ['deit.pth', 'a zip with a pickle', 'weights_only=True'],
      },
    },
    {
      name: 'weights of a model with other classes',
      source:
        'huggingface/pytorch-image-models#948, #2332, RangiLyu/nanodet#274, OpenGVLab/InternImage#297',
      args: train('plain', '{made}/checkpoints/grey-3/model.safetensors'),
      expect: { figures: { 'dense.params': 1346 }, warns: 'head drawn for 2 classes' },
    },
    {
      name: 'weights for a recipe of other classes than the images',
      source: 'RangiLyu/nanodet#274',
      args: train('more-classes', '{made}/checkpoints/grey/model.safetensors'),
      expect: { error: 'DATASET_CLASSES', names: ['2 classes for a model of 3'] },
    },
    {
      name: 'weights of a model of other images',
      source: 'huggingface/pytorch-image-models#652, facebookresearch/dino#8, pytorch/vision#5025',
      args: train('larger-images', '{made}/checkpoints/grey/model.safetensors'),
      expect: { figures: { 'dense.params': 1442 }, warns: 'pos_embed 2x2 -> 4x4' },
    },
    ...['1e4', '1e6', '2e9'].map(
      (label): Row => ({
        name: `label ${label} of three images`,
        source: 'fuzzing: a table of all classes is made',
        args: ['ib', `{data}/ib/label-${label}.safetensors`],
        expect: { error: 'LABELS', names: [`label-${label}.safetensors, labels`, 'for 3 images'] },
      }),
    ),
  ],
};
