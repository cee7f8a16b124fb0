import { readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { describe, expect, test } from 'vitest';
import { program } from './main.ts';
import { kcr, readCommand, temporaryFolder } from './testing.ts';

const engine = { engine: 'onnx', device: 'cpu' };
const out = ['--out', 'o'];

describe('arguments are read to the options of the command', () => {
  const recipe = { out: 'o', ...engine };
  const pruning = {
    data: 'd',
    out: 'o',
    method: 'scores',
    criterion: 'lfs',
    criterionOptions: {},
    align: 1,
    allocator: 'macs',
    allocatorOptions: {},
    schedule: 'one-shot',
    scheduleOptions: {},
    wholeHeads: false,
    rounds: 5,
    rho: 0.35,
    order: 'bottom-up',
    tokens: true,
    images: 2000,
    calibrationImages: 5000,
    batchSize: 100,
    seed: 0,
    ...engine,
  };
  const evaluation = { data: 'd', invalid: 'error', batchSize: 64, ...engine };
  const cases: [string, string[], string[], object][] = [
    [
      'init',
      ['d', '--model', 'm', '--weights', 'w', '--goal', '3x', '--method', 'kcr', '--out', 'r.mjs'],
      ['d'],
      { model: 'm', weights: 'w', goal: 3, method: 'kcr', out: 'r.mjs' },
    ],
    ['compress', ['r', ...out], ['r'], recipe],
    [
      'compress',
      [
        ...['r', ...out, '--data', 'd', '--seed', '7', '--weights', 'w', '--backbone', 'b'],
        ...['--teacher', 't', '--engine', 'eager', '--device', 'webgpu', '--json'],
      ],
      ['r'],
      {
        out: 'o',
        data: 'd',
        seed: 7,
        weights: 'w',
        backbone: 'b',
        teacher: 't',
        engine: 'eager',
        device: 'webgpu',
        json: true,
      },
    ],
    ['search', ['r', ...out, '--seed', '0'], ['r'], { ...recipe, seed: 0 }],
    ['retrain', ['r', ...out, '--selection', 's'], ['r'], { ...recipe, selection: 's' }],
    ['prune', ['c', '--data', 'd', ...out], ['c'], pruning],
    [
      'prune',
      [
        ...['c', '--data', 'd', ...out, '--test', 't', '--criterion', 'taylor'],
        ...['--criterion-options', '{"form":"sumOfSquares"}', '--budget', '0.5', '--rounds', '2'],
        ...['--dims', 'qk', 'v', '--crop-ratio', '0.875', '--seed', '4'],
      ],
      ['c'],
      {
        ...pruning,
        test: 't',
        criterion: 'taylor',
        criterionOptions: { form: 'sumOfSquares' },
        budget: 0.5,
        rounds: 2,
        dims: ['qk', 'v'],
        cropRatio: 0.875,
        seed: 4,
      },
    ],
    [
      'prune',
      [
        ...['c', '--data', 'd', ...out, '--method', 'bottom-up-cascade', '--epsilon', '9.5'],
        ...['--rho', '0', '--no-tokens', '--order', 'top-down', '--images', '10'],
        ...['--calibration-images', '20', '--batch-size', '5'],
      ],
      ['c'],
      {
        ...pruning,
        method: 'bottom-up-cascade',
        epsilon: 9.5,
        rho: 0,
        tokens: false,
        order: 'top-down',
        images: 10,
        calibrationImages: 20,
        batchSize: 5,
      },
    ],
    ['sweep', ['s'], ['s'], { parallel: 1, ...engine }],
    [
      'sweep',
      [
        ...['s', ...out, '--data', 'd', '--index', '0', '--tasks', '4', '--retry-failed'],
        ...['--dry-run', '--json'],
      ],
      ['s'],
      {
        out: 'o',
        data: 'd',
        index: 0,
        tasks: 4,
        parallel: 1,
        ...engine,
        retryFailed: true,
        dryRun: true,
        json: true,
      },
    ],
    ['eval', ['c', '--data', 'd'], ['c'], evaluation],
    [
      'eval',
      [
        ...['c', '--data', 'd', '--annotations', 'a', '--detections', 'f', '--logits', 'l'],
        ...['--instance-ids', '--reduce-zero-label', '--scales', '0.5', '1', '--flip'],
        ...['--invalid', 'skip', '--batch-size', '8', '--crop-ratio', '1', '--json'],
      ],
      ['c'],
      {
        ...evaluation,
        annotations: 'a',
        detections: 'f',
        logits: 'l',
        instanceIds: true,
        reduceZeroLabel: true,
        scales: [0.5, 1],
        flip: true,
        invalid: 'skip',
        batchSize: 8,
        cropRatio: 1,
        json: true,
      },
    ],
    [
      'eval-coco',
      ['--gt', 'g', '--dt', 'd', '--type', 'segm'],
      [],
      { gt: 'g', dt: 'd', type: 'segm', invalid: 'error' },
    ],
    [
      'predict',
      ['a', 'b', '--model', 'm', ...out, '--score', '0.5'],
      ['a', 'b'],
      { model: 'm', out: 'o', score: 0.5, invalid: 'error', ...engine },
    ],
    [
      'import',
      ['s', '--out', 'o', '--model', 'm', '--config', '{"img_size": 64}', '--trust', 't'],
      ['s'],
      { out: 'o', model: 'm', config: { img_size: 64 }, trust: ['t'], seed: 0 },
    ],
    ['inspect', ['m', '--config', '{}', '--json'], ['m'], { config: '{}', json: true }],
    ['inspect', ['r.ts', '--data', 'd'], ['r.ts'], { data: 'd' }],
    ['list', ['plugins', '--from', 'm', '--json'], ['plugins'], { from: 'm', json: true }],
    [
      'latency',
      ['c', '--batch', '8', '--threads', '1', '--dims', 'qk', 'v', '--out', 't.json'],
      ['c'],
      { batch: 8, threads: 1, dims: ['qk', 'v'], out: 't.json' },
    ],
    [
      'compare',
      ['a', 'b', '--data', 'd', '--precision', 'fp32', 'int8', '--calibrate', 'c'],
      ['a', 'b'],
      {
        data: 'd',
        precision: ['fp32', 'int8'],
        calibrate: 'c',
        calibration: 'percentile',
        batch: 1,
        runs: 30,
        batchSize: 64,
        invalid: 'error',
      },
    ],
    [
      'sensitivity',
      ['c', '--data', 'd', '--precision', 'int8-weights', '--keep', '0.25'],
      ['c'],
      {
        data: 'd',
        precision: 'int8-weights',
        keep: 0.25,
        calibration: 'percentile',
        criterion: 'magnitude',
        criterionOptions: {},
        images: 256,
        batchSize: 64,
        seed: 0,
        ...engine,
      },
    ],
    [
      'features',
      ['c', '--data', 'd', '--out', 'f', '--batch-size', '8', '--crop-ratio', '0.9'],
      ['c'],
      { data: 'd', out: 'f', batchSize: 8, cropRatio: 0.9, invalid: 'error', ...engine },
    ],
    [
      'complexity',
      ['f', '--rank', '3', '--landmarks', '9', '--sampling', 'leverage'],
      ['f'],
      { rank: 3, landmarks: 9, sampling: 'leverage', seed: 0, draws: 5, step: 4096 },
    ],
    [
      'complexity',
      ['f', '--curve', '24', '48', '--draws', '3', '--step', '9', ...out],
      ['f'],
      { curve: [24, 48], draws: 3, step: 9, out: 'o', sampling: 'uniform', seed: 0 },
    ],
    [
      'complexity',
      ['f', '--curve'],
      ['f'],
      { curve: true, draws: 5, step: 4096, sampling: 'uniform', seed: 0 },
    ],
    [
      'ib',
      ['f', '--beta', '2.5', '--no-normalise'],
      ['f'],
      { beta: 2.5, normalise: false, seed: 0 },
    ],
    [
      'export',
      ['c', ...out, '--batch', '1', '--check', 'd'],
      ['c'],
      {
        out: 'o',
        batch: 1,
        check: 'd',
        batchSize: 64,
        invalid: 'error',
        calibration: 'percentile',
        images: 256,
      },
    ],
    ['report', ['r'], ['r'], {}],
    [
      'shard',
      ['f', ...out, '--size', '2MB', '--json'],
      ['f'],
      { out: 'o', size: 2e6, invalid: 'error', json: true },
    ],
    ['completion', ['bash'], ['bash'], {}],
  ];
  test.each(cases)('%s %j', async (command, given, args, options) => {
    const read = await readCommand(command, ...given);
    expect(read.err).toBe('');
    expect(read).toMatchObject({ command, args, code: 0 });
    expect(read.options).toEqual(options);
  });

  test('of every command there is', () => {
    const names = program().commands.map((command) => command.name());
    expect([...new Set(cases.map(([name]) => name))]).toEqual(names);
  });
});

describe('what cannot be read is said, with exit code 1', () => {
  const cases: [string, string[]][] = [
    ["unknown command 'train'", ['train']],
    ["unknown option '--fast'", ['report', 'r', '--fast']],
    ["missing required argument 'recipe'", ['compress', ...out]],
    ["required option '--out <folder>' not specified", ['compress', 'r']],
    ["required option '--selection <file>' not specified", ['retrain', 'r', ...out]],
    ['too many arguments', ['report', 'a', 'b']],
    ['a whole number from 0 is needed', ['compress', 'r', ...out, '--seed', 'x']],
    [
      'a number above 0, at most 100 is needed',
      ['prune', 'c', '--data', 'd', ...out, '--budget', '0'],
    ],
    ['a number from 0 to 1 is needed', ['prune', 'c', '--data', 'd', ...out, '--rho', '2']],
    ['Allowed choices are onnx, eager', ['compress', 'r', ...out, '--engine', 'torch']],
    ['Allowed choices are cpu, webgpu, cuda', ['compress', 'r', ...out, '--device', 'gpu']],
    ['Allowed choices are scores', ['prune', 'c', '--data', 'd', ...out, '--method', 'all']],
    ['Allowed choices are error, skip', ['eval-coco', '--gt', 'g', '--dt', 'd', '--invalid', 'x']],
    ['JSON', ['prune', 'c', '--data', 'd', ...out, '--criterion-options', '{a}']],
  ];
  test.each(cases)('%s', async (said, args) => {
    const { code, err, out: printed } = await readCommand(...args);
    expect(err).toContain(said);
    expect([code, printed]).toEqual([1, '']);
  });

  test('with where to look for help', async () => {
    expect((await readCommand('report')).err).toContain('(kcr --help, kcr COMMAND --help)');
  });
});

describe('help', () => {
  test('lists the commands in the order of a run', async () => {
    const { out: text, code } = await readCommand('--help');
    expect(code).toBe(0);
    const listed = [...text.matchAll(/^ {2}([a-z-]+) (?:\[options\]|<)/gm)].map(([, name]) => name);
    expect(listed).toEqual(program().commands.map((command) => command.name()));
  });

  test.each(program().commands.map((command) => [command.name(), command] as const))(
    'of %s names each of its options with what it is',
    async (name, command) => {
      const { out: text, err, code } = await readCommand(name, '--help');
      expect([code, err]).toEqual([0, '']);
      expect(text).toContain(`Usage: kcr ${name} [options]`);
      expect(command.description()).not.toBe('');
      for (const { long, description } of command.options) {
        expect(text).toContain(long);
        expect(description).not.toBe('');
      }
      for (const argument of command.registeredArguments) expect(argument.description).not.toBe('');
    },
  );

  test('has the version of the package', async () => {
    const path = new URL('../package.json', import.meta.url);
    const { version } = JSON.parse(readFileSync(path, 'utf8'));
    expect((await readCommand('--version')).out).toBe(`${version}\n`);
  });
});

test('an error of ours says where, what was found and what to do, on standard error', async () => {
  expect(await kcr('inspect', 'resnet50')).toEqual({
    code: 1,
    out: '',
    err: expect.stringMatching(
      /^kcr: MODEL_UNKNOWN\n {2}where: model "resnet50"\n {2}found: no model of that name\n {2}do: {4}Use one of .+\n$/,
    ),
  });
});

test('any other error has its stack', async () => {
  await using folder = await temporaryFolder();
  const configure = "() => { throw new TypeError('no width') }";
  await writeFile(
    folder.at('own.mjs'),
    `export const models = { broken: { architecture: { configure: ${configure} }, config: {} } };`,
  );
  const { code, err, out: printed } = await kcr('inspect', `${folder.at('own.mjs')}#broken`);
  expect([code, printed]).toEqual([1, '']);
  expect(err).toMatch(/^kcr: TypeError: no width\n {4}at /);
});

test.each([
  [1, ['eval', 'c', '--data', 'd', '--batch-size', '0'], /^error: .*--batch-size/],
  [1, ['eval'], /^error: required option/],
  [0, ['--version'], /^$/],
])('%d for %j, and the process goes on', async (code, args, said) => {
  const result = await kcr(...args);
  expect(result.code).toBe(code);
  expect(result.err).toMatch(said);
});
