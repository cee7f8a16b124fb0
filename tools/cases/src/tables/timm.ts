import type { Area, Expectation, Row } from '../row.ts';

type Code = Extract<Expectation, { error: unknown }>['error'];

const evaluate = (name: string) =>
  ['eval', `{made}/timm/${name}`, '--data', '{made}/real', '--json'] as const;

/** Of one image of each class, where the first has this probability. */
const loss = (p: number) => -(Math.log(p) + Math.log(1 - p)) / 2;
const three = { figures: { n: 2, top1: 0.5, loss: loss(0.75) }, within: 1e-6 };
/** Logits of log(3) / 2 and 0: the mean of two heads. */
const root = Math.sqrt(3) / (1 + Math.sqrt(3));

const read: readonly [name: string, source: string, expect: Expectation][] = [
  ['plain', "timm's save_for_hf", three],
  [
    'unnamed',
    'published weights on ImageNet: the names of folders were unknown classes',
    { ...three, warns: '0 is cat, 1 is dog' },
  ],
  ['fc-norm', 'timm: global_pool avg has fc_norm instead of norm', three],
  ['prefix', 'DataParallel puts module. before names', three],
  ['average', 'timm takes averages before weights', three],
  ['other-head', 'a classifier of another name', three],
  [
    'distilled',
    'timm: a distilled DeiT averages its heads',
    { ...three, figures: { n: 2, top1: 0.5, loss: loss(root) } },
  ],
];

const refused: readonly [name: string, source: string, error: Code, ...names: string[]][] = [
  ['other-architecture', 'weights of another model', 'STATE_DICT', 'other-architecture'],
  [
    'three-unnamed',
    'folders of fewer classes than the model has',
    'FOLDER_CLASSES',
    '2 classes (cat, dog) for a model of 3',
    'label_names',
  ],
  ['resnet', 'a model that is not here', 'MODEL_UNKNOWN', 'resnet50'],
  [
    'transformers',
    'google/vit-base-patch16-224 has such a file',
    'TIMM_CONFIG',
    'transformers/config.json',
    'transformers library (vit, ViTForImageClassification)',
  ],
  ['no-json', 'a page that was saved as the file', 'TIMM_CONFIG', 'no-json/config.json', 'JSON'],
  [
    'missing-shard',
    'a download that broke off',
    'WEIGHTS_INDEX',
    'no file model-2-of-2.safetensors',
  ],
  [
    'shard-outside',
    'paths in a file from elsewhere',
    'WEIGHTS_INDEX',
    '../plain/model.safetensors',
    'not beside the index',
  ],
];

const unnamed = (source: string, found: string): Row => ({
  name: `the hub's ${source}`,
  source: 'a name that would leave the cache, or is none',
  args: ['inspect', source],
  expect: { error: 'HUB_NAME', names: [source, found, 'hf://OWNER/NAME'] },
});

/** Folders as timm's hub has them, and names on it. */
export const timm: Area = {
  area: 'timm folders',
  rows: [
    ...read.map(
      ([name, source, expect]): Row => ({
        name: `timm folder ${name}`,
        source,
        args: evaluate(name),
        expect,
      }),
    ),
    ...refused.map(
      ([name, source, error, ...names]): Row => ({
        name: `timm folder ${name}`,
        source,
        args: evaluate(name),
        expect: { error, names },
      }),
    ),
    unnamed('hf://timm', 'no name of a repository'),
    unnamed('hf://../../etc', 'no name of a repository'),
    unnamed('hf://timm/tiny@../main', 'no revision'),
  ],
};
