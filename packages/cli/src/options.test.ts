import { Command, CommanderError, InvalidArgumentError } from 'commander';
import { describe, expect, test } from 'vitest';
import { program } from './main.ts';
import {
  bytes,
  count,
  duration,
  engineOf,
  json,
  overRecipe,
  points,
  positive,
  positiveShare,
  scales,
  share,
  whole,
  withEngine,
  withViews,
} from './options.ts';

const parsers: [string, (text: string) => number, [string, number][], string[]][] = [
  [
    'whole',
    whole,
    [
      ['0', 0],
      ['12', 12],
      ['007', 7],
    ],
    ['-1', '1.5', '9007199254740993'],
  ],
  [
    'count',
    count,
    [
      ['1', 1],
      ['64', 64],
    ],
    ['0', '-1', '2.5'],
  ],
  [
    'duration',
    duration,
    [
      ['90s', 90],
      ['10m', 600],
      ['1.5h', 5400],
      ['0s', 0],
    ],
    ['10', 'm', '-1m', '10 m', '10min', '1h30m', 'Infinitys'],
  ],
  [
    'bytes',
    bytes,
    [
      ['256MB', 256e6],
      ['1.5 g', 1.5e9],
      ['2k', 2000],
      ['700', 700],
    ],
    ['0', '-1', '0.1', '5T', 'MB', '1e3'],
  ],
  [
    'positive',
    positive,
    [
      ['0.5', 0.5],
      ['.5', 0.5],
      ['2.', 2],
      ['1e-3', 0.001],
    ],
    ['0', '-1', '1e999'],
  ],
  [
    'share',
    share,
    [
      ['0', 0],
      ['1', 1],
      ['0.25', 0.25],
    ],
    ['-0.1', '1.01'],
  ],
  [
    'positiveShare',
    positiveShare,
    [
      ['1', 1],
      ['0.875', 0.875],
    ],
    ['0', '1.5'],
  ],
  [
    'points',
    points,
    [
      ['100', 100],
      ['0.5', 0.5],
    ],
    ['0', '101'],
  ],
];

test.each(parsers)('%s', (_, parse, right, wrong) => {
  for (const [text, value] of right) expect(parse(text)).toBe(value);
  // What JavaScript would read as a number, or as none, is no number here.
  const never = [
    '',
    ' ',
    'abc',
    '0x10',
    '0b1',
    'NaN',
    'Infinity',
    '1_000',
    '1 2',
    '1,5',
    '--',
    'null',
  ];
  for (const text of [...wrong, ...never]) expect(() => parse(text), text).toThrow('is needed');
});

test('whole numbers are digits', () => {
  for (const parse of [whole, count]) expect(() => parse('1e3')).toThrow('is needed');
});

test('an object as JSON', () => {
  expect(json('{"a": [1]}')).toEqual({ a: [1] });
  for (const text of ['', '[1]', 'null', '3', '"x"', '{'])
    expect(() => json(text), text).toThrow(InvalidArgumentError);
});

test('factors of the size are collected in their order', () => {
  expect(scales('0.5')).toEqual([0.5]);
  expect(scales('2', [0.5, 1])).toEqual([0.5, 1, 2]);
  for (const text of ['0', '17', 'x']) expect(() => scales(text, [1])).toThrow('is needed');
});

/** The least that each command needs. */
const NEEDED: Record<string, string[]> = {
  compress: ['recipe.json', '--out', 'o'],
  complexity: ['f', '--rank', '1', '--landmarks', '1'],
  eval: ['c', '--data', 'd'],
  export: ['c', '--out', 'o'],
  ib: ['f'],
  predict: ['i', '--model', 'm', '--out', 'o'],
  prune: ['c', '--data', 'd', '--out', 'o'],
};

test.each([
  ['compress', '--seed', '1.5'],
  ['complexity', '--rank', '-1'],
  ['complexity', '--landmarks', '0'],
  ['complexity', '--seed', 'x'],
  ['eval', '--batch-size', '0'],
  ['eval', '--batch-size', '0x10'],
  ['eval', '--crop-ratio', '0'],
  ['eval', '--crop-ratio', 'abc'],
  ['eval', '--scales', '0'],
  ['eval', '--scales', '1e9'],
  ['export', '--batch', '0'],
  ['ib', '--beta', 'NaN'],
  ['predict', '--score', '2'],
  ['prune', '--batch-size', '-3'],
  ['prune', '--budget', '1000'],
  ['prune', '--calibration-images', '0'],
  ['prune', '--crop-ratio', '1.5'],
  ['prune', '--criterion-options', '[]'],
  ['prune', '--epsilon', '0'],
  ['prune', '--images', '1e3'],
  ['prune', '--rho', ''],
  ['prune', '--rounds', '0'],
])('kcr %s %s %s: the option is named', async (command, option, value) => {
  const kcr = program();
  for (const one of kcr.commands) one.exitOverride().configureOutput({ writeErr: () => {} });
  const run = kcr.parseAsync([command, ...NEEDED[command]!, option, value], { from: 'user' });
  const error = await run.then(
    () => undefined,
    (cause: unknown) => cause,
  );
  expect(error).toBeInstanceOf(CommanderError);
  expect((error as CommanderError).code).toBe('commander.invalidArgument');
  expect((error as CommanderError).message).toContain(`option '${option} `);
});

describe('options that commands share', () => {
  const read = (add: (command: Command) => Command, ...args: string[]) =>
    add(new Command('x'))
      .action(() => {})
      .parse(['node', 'x', ...args])
      .opts();

  test('an engine has a name and a device', () => {
    expect(read(withEngine)).toEqual({ engine: 'onnx', device: 'cpu' });
    expect(read(withEngine, '--engine', 'eager', '--device', 'webgpu')).toEqual({
      engine: 'eager',
      device: 'webgpu',
    });
  });

  test('the engine is of that name', async () => {
    await using engine = await engineOf({ engine: 'onnx', device: 'cpu' })();
    expect(engine.name).toBe('onnx-cpu');
  });

  test('views are several scales and a flip', () => {
    expect(read(withViews)).toEqual({});
    expect(read(withViews, '--scales', '0.5', '1', '--flip')).toEqual({
      scales: [0.5, 1],
      flip: true,
    });
  });

  test('a recipe is run into a folder', () => {
    expect(read(overRecipe, 'mine.json', '--out', 'runs/a', '--seed', '3')).toEqual({
      out: 'runs/a',
      seed: 3,
      engine: 'onnx',
      device: 'cpu',
    });
  });
});
