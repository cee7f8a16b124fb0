import timmReferences from '../../data/timm/references.json' with { type: 'json' };
import type { Area, Expectation, Row } from '../row.ts';

const inspect = (name: string) => ['inspect', `{made}/checkpoints/${name}`, '--json'] as const;
const evaluate = (name: string) =>
  ['eval', `{made}/checkpoints/${name}`, '--data', '{made}/real', '--json'] as const;

type Code = Extract<Expectation, { error: unknown }>['error'];
const refused = (error: Code, ...names: string[]): Expectation => ({ error, names });

/** Wrong fields of model.json, each by what must be said. */
const wrong: readonly [name: string, error: Code, found: string][] = [
  ['std-0', 'CHECKPOINT_FORMAT', 'normalization.std.0'],
  ['norm-empty', 'CHECKPOINT_FORMAT', 'normalization.mean'],
  ['norm-text', 'CHECKPOINT_FORMAT', 'normalization.mean'],
  ['norm-null', 'CHECKPOINT_FORMAT', 'normalization'],
  ['embed-negative', 'MODEL_CONFIG', 'embed_dim is -8'],
  ['no-channels', 'MODEL_CONFIG', 'in_chans is 0'],
  ['no-heads', 'MODEL_CONFIG', 'num_heads is 0'],
  ['depth-million', 'MODEL_CONFIG', 'depth is 10000000'],
  ['depth-text', 'MODEL_CONFIG', 'depth is "1"'],
  ['patch-half', 'MODEL_CONFIG', 'patch_size is 8.5'],
  ['image-huge', 'MODEL_CONFIG', 'img_size is 100000'],
  ['classes-billion', 'MODEL_CONFIG', 'num_classes is 1000000000'],
  ['no-architecture', 'CHECKPOINT_FORMAT', 'architecture'],
  ['adapter-null', 'CHECKPOINT_FORMAT', 'adapters.0.options'],
  ['kept-outside', 'DIM_INDEX', 'blocks.0.mlp.hidden'],
  ['kept-text', 'CHECKPOINT_FORMAT', 'kept.blocks.0.mlp.hidden'],
  ['classes-text', 'CHECKPOINT_FORMAT', 'classes'],
  ['classes-twice', 'CHECKPOINT_FORMAT', '"cat" twice'],
  ['classes-few', 'CHECKPOINT_FORMAT', '1 names for a model of 2'],
];

const evil = ['evil-architecture', 'evil-head', 'evil-adapter'];
const trusting: readonly (readonly [command: string, ...args: string[]])[] = [
  ['eval', '{checkpoint}', '--data', '{made}/real'],
  ['predict', '{made}/real/cat', '--model', '{checkpoint}', '--out', '{out}'],
  ['export', '{checkpoint}', '--out', '{out}/model.onnx'],
  ['prune', '{checkpoint}', '--data', '{made}/real', '--out', '{out}', '--budget', '0.5'],
];

const notFinite = ['nan', 'infinite'].flatMap((name): Row[] => [
  {
    name: `${name} weight evaluated`,
    source: 'deeplearning4j/deeplearning4j#6748: top-1 100 %',
    args: evaluate(name),
    expect: refused('STATE_FINITE', `${name}/model.safetensors`, 'norm.weight (1 of 8)'),
  },
  ...['taylor', 'lfs'].map(
    (criterion): Row => ({
      name: `${name} weight pruned by ${criterion}`,
      source: 'one channel of each dimension was left',
      args: [
        ...[
          'prune',
          `{made}/checkpoints/${name}`,
          '--data',
          '{made}/real',
          '--out',
          '{out}',
          '--json',
        ],
        ...['--criterion', criterion, '--allocator', 'global', '--budget', '0.5'],
      ],
      expect: refused('STATE_FINITE', `${name}/model.safetensors`),
    }),
  ),
]);

/** timm's own models, as timm gives them: whole images through its transforms. */
const timm = Object.entries(timmReferences).flatMap(([name, { n, top1, loss, best }]): Row[] => {
  if (name === 'vit-avg-pool' || name === 'vit-module') return [];
  const images = ['over', 'under'].map((label) => `{data}/timm/images/${label}`);
  return [
    {
      name: `timm ${name} evaluated`,
      source: 'timm, with the transforms that it evaluates with',
      args: ['eval', `{data}/timm/${name}`, '--data', '{data}/timm/images', '--json'],
      expect: { figures: { n, top1, loss }, within: 1e-5 },
    },
    {
      name: `timm ${name} predicts`,
      source: 'AlexeyAB/darknet#3157, #8668, gluon-cv#1261: other pixels than evaluation',
      args: ['predict', ...images, '--model', `{data}/timm/${name}`, '--out', '{out}', '--json'],
      expect: {
        figures: Object.fromEntries(best.map((p, i) => [`images.${i}.top.0.probability`, p])),
        within: 1e-5,
      },
    },
  ];
});

/** Checkpoints: their model.json, their weights, the code that they name. */
export const checkpoints: Area = {
  area: 'checkpoints',
  rows: [
    ...wrong.map(
      ([name, error, found]): Row => ({
        name: `model.json ${name}`,
        source: 'faults put into model.json',
        args: inspect(name),
        expect: refused(error, `${name}/model.json`, found),
      }),
    ),
    {
      name: 'model.json classes-reversed',
      source: 'classes in another order than the folders',
      args: evaluate('classes-reversed'),
      // The model's first logit is the dog's then.
      expect: {
        figures: { n: 2, top1: 0.5, loss: -(Math.log(0.25) + Math.log(0.75)) / 2 },
        within: 1e-6,
      },
    },
    ...evil.map(
      (name): Row => ({
        name: `${name} inspected`,
        source: 'a checkpoint that brings code along',
        args: inspect(name),
        expect: refused('CHECKPOINT_TRUST', `${name}/model.json`, './payload.mjs', '--trust'),
      }),
    ),
    ...trusting.map(
      ([command, ...args]): Row => ({
        name: `evil-architecture by ${command}`,
        source: 'a checkpoint that brings code along',
        args: [
          command,
          ...args.map((arg) => arg.replace('{checkpoint}', '{made}/checkpoints/evil-architecture')),
        ],
        expect: refused('CHECKPOINT_TRUST', './payload.mjs', '--trust'),
      }),
    ),
    ...notFinite,
    {
      name: 'huge weights evaluated',
      source: 'logits beyond what a float holds',
      args: evaluate('huge'),
      expect: refused('OUTPUT_FINITE', 'logits'),
    },
    ...timm,
    {
      name: 'timm with an average pool',
      source: 'timm: fc_norm in place of norm',
      args: ['inspect', '{data}/timm/vit-avg-pool'],
      expect: refused('STATE_DICT', 'vit-avg-pool/model.safetensors', 'fc_norm.weight'),
    },
    {
      name: 'timm with names of DataParallel',
      source: 'names that begin with module.',
      args: ['inspect', '{data}/timm/vit-module'],
      expect: refused('STATE_DICT', 'vit-module/model.safetensors', 'Take "module." off'),
    },
    {
      name: 'timm without a head',
      source: 'timm: num_classes 0',
      args: ['inspect', '{data}/timm/vit-no-head', '--json'],
      expect: { figures: { params: 6688 } },
    },
    {
      name: 'classes of timm without a head',
      source: 'timm: num_classes 0',
      args: ['predict', '{made}/real/cat', '--model', '{data}/timm/vit-no-head', '--out', '{out}'],
      expect: refused('TASK_CLASSES', 'vit-no-head', 'num_classes'),
    },
  ],
};
