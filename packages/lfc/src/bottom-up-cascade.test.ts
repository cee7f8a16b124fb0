import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { accuracyOf } from '@kcr/core';
import { describe, expect, test } from 'vitest';
import { bottomUpCascade } from './bottom-up-cascade.ts';
import type { BlockRecord, CascadeOptions, TryReport } from './cascade-options.ts';
import { cascade, data, tokenSelector } from './testing.ts';

async function run(more: Partial<CascadeOptions> = {}) {
  const tries: TryReport[] = [];
  const records: BlockRecord[] = [];
  const options = await cascade({
    onTry: (report) => tries.push(report),
    onBlock: (record) => records.push(record),
    ...more,
  });
  const result = await bottomUpCascade(options);
  const accuracy = await accuracyOf(options.engine, result, data, 8);
  expect(result.blocks).toEqual(records);
  expect(options.engine.names()).toEqual([]);
  return { result, tries, accuracy };
}

const steps = (tries: readonly TryReport[], turn: number, what: TryReport['what']) =>
  tries
    .filter((report) => report.turn === turn && report.what === what)
    .map(({ count, drop }) => [count, drop]);

describe('channels alone', () => {
  test('are taken out block by block, as far as each may cost', async () => {
    const { result, tries, accuracy } = await run();
    // Four channels are idle, the fifth costs a class, a quarter of the images; the sixth would cost two.
    expect(steps(tries, 1, 'channels')).toEqual([
      [1, 0],
      [2, 0],
      [4, 0],
      [5, 25],
      [6, 50],
    ]);
    // Against the model that came: its fifth channel costs nothing any more.
    expect(steps(tries, 2, 'channels')).toEqual([
      [1, 0],
      [2, 0],
      [4, 0],
      [5, 0],
      [6, 25],
      [7, 50],
    ]);
    expect(result.model.kept).toEqual({
      'blocks.0.hidden': [0, 1, 2],
      'blocks.1.hidden': [0, 1],
    });
    expect(accuracy).toBe(0.5);
    expect(tries.every(({ allowed, blocks }) => allowed === 30 && blocks === 2)).toBe(true);
    // A channel has 6 tokens x 4 MACs in each of two layers, and as many weights as 8.
    const left = (a: number, b: number) => ({ macs: 48 * (a + b), params: 8 * (a + b) });
    expect(result.blocks).toMatchObject([
      { block: 'blocks.0', channels: { hidden: 3 }, drop: 25, tries: 5, ...left(3, 8) },
      { block: 'blocks.1', channels: { hidden: 2 }, drop: 25, tries: 6, ...left(3, 2) },
    ]);
  });

  test('from the top down, the last block is the first', async () => {
    const { result } = await run({ order: 'top-down' });
    expect(result.blocks.map(({ block, channels }) => [block, channels.hidden])).toEqual([
      ['blocks.1', 3],
      ['blocks.0', 2],
    ]);
  });

  test('what costs nothing goes, however little is allowed; what costs stays', async () => {
    const { result, accuracy } = await run({ epsilon: 1e-6 });
    expect(result.model.kept).toEqual({
      'blocks.0.hidden': [0, 1, 2, 3],
      'blocks.1.hidden': [0, 1, 2, 3],
    });
    expect(accuracy).toBe(1);
  });
});

test('tokens go first, for their share of the points, then channels', async () => {
  const { result, tries, accuracy } = await run({ tokenSelector, epsilon: 100, rho: 0.6 });
  // Of six tokens two are empty; each of the others is a class.
  expect(steps(tries, 1, 'tokens')).toEqual([
    [1, 0],
    [2, 0],
    [3, 25],
    [4, 50],
  ]);
  expect(steps(tries, 1, 'channels')).toEqual([
    [1, 25],
    [2, 25],
    [3, 25],
    [4, 25],
    [5, 25],
    [6, 50],
  ]);
  expect(steps(tries, 2, 'tokens')).toEqual([
    [1, 0],
    [2, 25],
  ]);
  expect(steps(tries, 2, 'channels').at(-1)).toEqual([7, 25]);
  const allowed = (what: TryReport['what']) =>
    new Set(tries.filter((report) => report.what === what).map((report) => report.allowed));
  expect([allowed('tokens'), allowed('channels')]).toEqual([new Set([30]), new Set([50])]);
  expect(result.blocks).toEqual([
    expect.objectContaining({ tokens: 3, channels: { hidden: 2 }, drop: 50, tries: 10 }),
    expect.objectContaining({ tokens: 1, channels: { hidden: 1 }, drop: 25, tries: 9 }),
  ]);
  expect(result.model.adapters.map(({ name, options }) => [name, options])).toEqual([
    ['first-tokens', { counts: [3, 1] }],
  ]);
  // Three tokens in the first block, one in the second; two layers of four channels.
  expect(result.blocks.map(({ macs }) => macs)).toEqual([8 * (3 * 2 + 3 * 8), 8 * (3 * 2 + 1)]);
  expect(accuracy).toBe(0.25);
});

describe('a folder', () => {
  test('keeps the state after each block, and a cascade found there goes on', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'kcr-cascade-'));
    const through = await run({ tokenSelector });
    const stop = () => {
      throw new Error('stopped');
    };
    const stopped = bottomUpCascade(await cascade({ tokenSelector, directory, onBlock: stop }));
    await expect(stopped).rejects.toThrow('stopped');
    expect(await readdir(directory)).toEqual(['cascade.safetensors']);
    const tries: TryReport[] = [];
    const options = await cascade({
      tokenSelector,
      directory,
      onTry: (report) => tries.push(report),
    });
    const again = await bottomUpCascade(options);
    expect(new Set(tries.map(({ turn }) => turn))).toEqual(new Set([2]));
    expect(again.blocks).toEqual(through.result.blocks);
    expect(again.weights).toEqual(through.result.weights);
    expect((await bottomUpCascade(options)).blocks).toEqual(again.blocks);
    await rm(directory, { recursive: true });
  });
});

describe('what cannot be is refused', () => {
  test.each<[string, string, Partial<CascadeOptions>]>([
    ['epsilon of 0', 'OPTION', { epsilon: 0 }],
    ['epsilon above 100', 'OPTION', { epsilon: 101 }],
    ['epsilon that is no number', 'OPTION', { epsilon: Number.NaN }],
    ['rho below 0', 'OPTION', { rho: -0.1 }],
    ['rho above 1', 'OPTION', { rho: 1.1 }],
    ['images of another shape', 'DATASET_SHAPE', { data: { ...data, shape: [6, 1, 4] } }],
    ['other classes', 'DATASET_CLASSES', { data: { ...data, classes: ['a'] } }],
    ['dimensions that there are not', 'DIM_ROLES', { dims: ['qk'] }],
  ])('%s', async (_, code, more) => {
    const attempt = bottomUpCascade(await cascade(more));
    await expect(attempt).rejects.toMatchObject({ code });
  });
});
