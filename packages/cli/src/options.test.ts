import { Command, InvalidArgumentError } from 'commander';
import { describe, expect, test } from 'vitest';
import {
  engineOf,
  json,
  numbers,
  overRecipe,
  positive,
  share,
  whole,
  withEngine,
  withViews,
} from './options.ts';

describe('values of options', () => {
  const cases: [string, (text: string) => unknown, [string, unknown][], string[]][] = [
    [
      'whole',
      whole,
      [
        ['0', 0],
        ['12', 12],
        ['1e3', 1000],
      ],
      ['', ' ', '-1', '1.5', 'x', 'Infinity', 'NaN'],
    ],
    [
      'positive',
      positive,
      [
        ['0.5', 0.5],
        ['100', 100],
      ],
      ['0', '-1', '', 'x', 'Infinity'],
    ],
    [
      'share',
      share,
      [
        ['0', 0],
        ['0.25', 0.25],
        ['1', 1],
      ],
      ['1.01', '-0.1', '', ' ', 'x'],
    ],
    [
      'json',
      json,
      [
        ['{"norm": 1}', { norm: 1 }],
        ['{}', {}],
      ],
      ['{norm: 1}', '', "{'a': 1}"],
    ],
  ];
  test.each(cases)('%s', (_, parse, right, wrong) => {
    for (const [text, value] of right) expect(parse(text)).toEqual(value);
    for (const text of wrong) expect(() => parse(text)).toThrow(InvalidArgumentError);
  });

  test('numbers are collected in their order', () => {
    expect(numbers('0.5')).toEqual([0.5]);
    expect(numbers('2', [0.5, 1])).toEqual([0.5, 1, 2]);
    expect(() => numbers('0', [1])).toThrow(InvalidArgumentError);
  });
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
