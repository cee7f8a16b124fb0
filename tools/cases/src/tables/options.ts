import type { Area, Row } from '../row.ts';

const evaluate = [
  'eval',
  '{made}/checkpoints/constant',
  '--data',
  '{made}/real',
  '--json',
] as const;
const exported = (name: string, ...more: string[]) =>
  ['export', `{made}/checkpoints/${name}`, '--out', '{out}/model.onnx', '--json', ...more] as const;

const usage = (source: string, args: readonly string[], ...names: string[]): Row => ({
  name: `${args[0]} ${args.slice(-2).join(' ')}`,
  source,
  args,
  expect: { usage: names },
});

/** Options out of their range, and outputs that cannot be written. */
export const options: Area = {
  area: 'options',
  rows: [
    usage(
      'no end, 4 GB, an abort',
      [...evaluate, '--batch-size', '0'],
      '--batch-size',
      "'0'",
      'from 1',
    ),
    usage('a stack trace', exported('constant', '--batch', '0'), '--batch', "'0'", 'from 1'),
    ...['0', 'abc', '1.5'].map((value) =>
      usage(
        'the first image was blamed',
        [...evaluate, '--crop-ratio', value],
        '--crop-ratio',
        `'${value}'`,
      ),
    ),
    {
      name: 'a model that merges tokens, for any batch',
      source: 'deepinsight/insightface#2052, ultralytics/ultralytics#13048',
      args: exported('tome'),
      expect: { figures: { 'input.1': 3, 'input.2': 32 } },
    },
    {
      name: 'a model that merges tokens, for a batch of 4',
      source: 'deepinsight/insightface#2052',
      args: exported('tome', '--batch', '4'),
      expect: { figures: { 'input.0': 4, 'input.2': 32 } },
    },
    {
      name: 'a model file in a place that is none',
      source: 'an output that cannot be written',
      args: ['export', '{made}/checkpoints/constant', '--out', '/proc/nowhere/model.onnx'],
      expect: { error: 'OUT_WRITE', names: ['/proc/nowhere'] },
    },
    {
      name: 'a model file where a folder is',
      source: 'an output that cannot be written',
      args: ['export', '{made}/checkpoints/constant', '--out', '{made}/real'],
      expect: { error: 'OUT_WRITE', names: ['real'] },
    },
    {
      name: 'predictions into the folder of the images',
      source: "a drawing would take an image's place",
      args: [
        'predict',
        '{made}/real/cat',
        '--model',
        '{made}/checkpoints/constant',
        '--out',
        '{made}/real/cat',
      ],
      expect: { error: 'OUT_OVERWRITES', names: ['real/cat/a.png'] },
    },
    {
      name: 'mixup 20',
      source: 'a recipe that never ended',
      args: [
        'compress',
        '{made}/recipes/mixup-20.json',
        '--data',
        '{made}/grey',
        '--out',
        '{out}',
        '--json',
      ],
      expect: { figures: { 'dense.params': 1346 } },
    },
    {
      name: 'a report of a run with markup in it',
      source: "a script from analysis.json's metrics stood in report.html",
      args: ['report', '{made}/markup'],
      expect: { error: 'REPORT_RUN', names: ['analysis.json'] },
    },
  ],
};
