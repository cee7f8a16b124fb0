import type { Area, Change, Expectation, Row } from '../row.ts';

const compress = (recipe: string, data: string, ...more: string[]) =>
  [
    ...['compress', `{made}/recipes/${recipe}.json`, '--data', `{made}/${data}`],
    ...['--out', '{out}', '--json', ...more],
  ] as const;
const plain = compress('plain', 'grey');

const prune = (checkpoint: string, ...more: string[]) =>
  [
    ...[
      'prune',
      `{made}/checkpoints/${checkpoint}`,
      '--data',
      '{made}/real',
      '--out',
      '{out}',
      '--json',
    ],
    ...['--criterion', 'magnitude', '--allocator', 'uniform', '--budget', '0.5', ...more],
  ] as const;

/** A command after another one in its folder, and what must be said to differ. */
const other = (
  name: string,
  source: string,
  args: readonly string[],
  ...differs: string[]
): Row => ({
  name: `then ${name}`,
  source,
  before: args[0] === 'prune' ? prune('constant') : plain,
  args,
  expect: { error: 'RESUME_MISMATCH', names: ['a run with another', ...differs] },
});

const STALE =
  'hiyouga/LlamaFactory#7085, NVIDIA-NeMo/RL#2519, ultralytics/ultralytics#26148: the old weights came back';

/** The same command again, once a file has changed in its folder. */
const again = (
  name: string,
  change: Change | undefined,
  expect: Expectation,
  before: readonly string[] = plain,
): Row => ({
  name: `again ${name}`,
  source: 'fault injection: files of a run that were damaged',
  before,
  change,
  args: before,
  expect,
});

const STATE = 'dense/training.safetensors';
const damaged: Expectation = { error: 'STATE_DAMAGED', names: [STATE] };
const whole: Expectation = { restored: true };

/** A command that reads the model of a run on images that are no squares. */
const wide = (name: string, args: readonly string[], figures: Record<string, number>): Row => ({
  name: `wide images ${name}`,
  source: 'img_size: [H, W], of which only H was read',
  before: compress('wide', 'grey'),
  args,
  expect: { figures },
});

/** Two commands in one folder, and runs that fail. */
export const runs: Area = {
  area: 'runs',
  rows: [
    other(
      "with classes in each other's folders",
      STALE,
      compress('plain', 'swapped'),
      'data.train.files',
    ),
    other('with other images', STALE, compress('plain', 'other'), 'data.train.files'),
    other(
      'with another normalization',
      STALE,
      compress('other-normalization', 'grey'),
      'data.',
      'mean',
    ),
    other('with other augmentation', STALE, compress('other-augmentation', 'grey'), 'data.train.'),
    other(
      'with another learning rate',
      STALE,
      compress('other-rate', 'grey'),
      'options.optimizer.lr',
    ),
    other(
      'with another seed',
      'two runs with other seeds',
      [...plain, '--seed', '7'],
      'options.seed',
    ),
    other(
      'with other weights to prune',
      'the pruned model of the first came back',
      prune('pixels'),
      'weights.initial',
    ),
    other(
      'to another budget',
      'the pruned model of the first came back',
      prune('constant', '--budget', '0.25'),
      'budget',
    ),
    {
      ...other(
        'with other trained weights',
        STALE,
        compress('plain', 'grey', '--weights', '{made}/checkpoints/grey-2'),
        'weights',
      ),
      before: compress('plain', 'grey', '--weights', '{made}/checkpoints/grey'),
    },
    wide('evaluated', ['eval', '{out}/compact', '--data', '{made}/grey/test', '--json'], { n: 4 }),
    wide('exported', ['export', '{out}/compact', '--out', '{out}/model.onnx', '--json'], {
      'input.2': 8,
      'input.3': 16,
    }),
    wide(
      'predicted',
      [
        ...['predict', '{made}/grey/test/dark', '--model', '{out}/compact'],
        ...['--out', '{out}/predicted', '--json'],
      ],
      { 'images.0.id': 1 },
    ),
    again('as it was', undefined, whole),
    again('pruned as it was', undefined, whole, prune('constant')),
    again('with a flipped bit in weights', { file: 'dense/model.safetensors', by: 'flip' }, whole),
    again('without weights', { file: 'compact/model.safetensors', by: 'remove' }, whole),
    again('with half a model.json', { file: 'compact/model.json', by: 'halve' }, whole),
    again('with a flipped bit in the state', { file: STATE, by: 'flip' }, damaged),
    again('with half a state', { file: STATE, by: 'halve' }, damaged),
    again('with an empty state', { file: STATE, by: 'empty' }, damaged),
    again('without counts', { file: STATE, text: 'counts', other: 'countx' }, damaged),
    again('without an identity', { file: STATE, text: 'identity', other: 'identitx' }, damaged),
    again('with another epoch', { file: STATE, text: 'epoch\\":1', other: 'epoch\\":0' }, damaged),
    again(
      'beside a process that works there',
      // The first process of the machine: always there, and not this one.
      {
        file: 'run.lock',
        write: '{"host":"elsewhere","pid":1,"since":"2026-01-01T00:00:00.000Z"}\n',
      },
      { error: 'OUT_LOCKED', names: ['run.lock', 'process 1 on elsewhere', 'Wait for it'] },
    ),
    {
      name: 'a run that diverges in its first step',
      source: 'a learning rate of 1e30: top-1 100.0 %',
      args: compress('diverging', 'grey'),
      expect: { error: 'OUTPUT_FINITE', names: ['logits', 'lower learning rate'] },
    },
    {
      name: 'a run that diverges in its second step',
      source: 'a learning rate of 1e30',
      args: compress('diverging-later', 'grey'),
      expect: { error: 'LOSS_NOT_FINITE', names: ['loss'] },
    },
    {
      name: 'a run into a file',
      source: 'an output that cannot be written',
      args: plain.map((arg) => (arg === '{out}' ? '{made}/real/cat/a.png' : arg)),
      expect: { error: 'OUT_WRITE', names: ['a.png'] },
    },
    {
      name: 'a run into a place that is none',
      source: 'an output that cannot be written',
      args: plain.map((arg) => (arg === '{out}' ? '/proc/nowhere' : arg)),
      expect: { error: 'OUT_WRITE', names: ['/proc/nowhere'] },
    },
  ],
};
