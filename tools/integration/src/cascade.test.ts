import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  accuracyOf,
  balancedSample,
  type Engine,
  fit,
  Generator,
  type Model,
  type StateDict,
} from '@kcr/core';
import { magnitude } from '@kcr/criteria';
import {
  type BlockRecord,
  bottomUpCascade,
  type CascadeOptions,
  lfe,
  lfs,
  type TryReport,
} from '@kcr/lfc';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { engines, shortRun, smallModels, syntheticData } from './helpers.ts';

/** Compiles nothing: a cascade evaluates many pruned models, each a few times. */
let engine: Engine;
beforeAll(async () => {
  engine = await engines.eager!();
});
afterAll(() => engine.dispose());

/** A model that has learned something. */
async function trained(model: Model): Promise<StateDict> {
  const optimizer = { lr: 1e-2, eps: 1e-3 };
  return (await fit({ ...shortRun(model), epochs: 8, optimizer, engine })).weights;
}

const options = async (model: Model): Promise<CascadeOptions> => ({
  model,
  weights: await trained(model),
  engine,
  data: syntheticData(model, 64, 5),
  batchSize: 32,
  seed: 3,
  epsilon: 20,
  rho: 0.5,
  criterion: lfs({ sigma: 0.5 }),
});
const tokens = (counts: readonly number[]) => lfe({ counts });

describe.each(Object.entries(smallModels))('%s', (name, makeModel) => {
  test('each block stays within its part of the drop, and all within epsilon', async () => {
    const model = makeModel();
    const isSet = model.architecture.tokens === 'set';
    const given = await options(model);
    const [tries, records]: [TryReport[], BlockRecord[]] = [[], []];
    const result = await bottomUpCascade({
      ...given,
      tokenSelector: isSet ? tokens : undefined,
      onTry: (report) => tries.push(report),
      onBlock: (record) => records.push(record),
    });
    expect(result.blocks).toEqual(records);
    const part = 20 / records.length;
    for (const { drop } of records) expect(drop).toBeLessThanOrEqual(part);
    for (const { what, allowed } of tries)
      expect(allowed).toBeCloseTo(what === 'tokens' ? 0.5 * part : part, 9);
    const accuracy = (m: Model, weights: StateDict) =>
      accuracyOf(engine, { model: m, weights }, given.data, 32);
    const [before, after] = [
      await accuracy(model, given.weights),
      await accuracy(result.model, result.weights),
    ];
    expect(100 * (before - after)).toBeLessThanOrEqual(20 + 1e-9);
    const dropped = records.reduce((sum, record) => sum + record.drop, 0);
    expect(100 * (before - after)).toBeCloseTo(dropped, 6);
    expect(result.model.macs.total).toBeLessThan(model.macs.total);
    expect(records.at(-1)!.macs).toBe(result.model.macs.total);
    expect(records.reduce((sum, record) => sum + record.tries, 0)).toBe(tries.length);
    expect(result.model.adapters).toHaveLength(isSet ? 1 : 0);
    expect(engine.names()).toEqual([]);
    if (!isSet)
      await expect(bottomUpCascade({ ...given, tokenSelector: tokens })).rejects.toMatchObject({
        code: 'CASCADE_TOKENS',
      });
    expect(name).toBeTruthy();
  });
});

test('a cascade goes on as if it had not been stopped, and only as the same', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'kcr-cascade-'));
  const given = { ...(await options(smallModels.vit!())), tokenSelector: tokens };
  const through = await bottomUpCascade(given);
  const stop = () => {
    throw new Error('stopped');
  };
  await expect(bottomUpCascade({ ...given, directory, onBlock: stop })).rejects.toThrow('stopped');
  const turns: number[] = [];
  const again = await bottomUpCascade({
    ...given,
    directory,
    onTry: ({ turn }) => turns.push(turn),
  });
  expect(turns.every((turn) => turn > 1)).toBe(true);
  expect(again.blocks).toEqual(through.blocks);
  expect(again.model.kept).toEqual(through.model.kept);
  expect(again.model.adapters.map((adapter) => adapter.options)).toEqual(
    through.model.adapters.map((adapter) => adapter.options),
  );
  expect(again.weights).toEqual(through.weights);
  await expect(bottomUpCascade({ ...given, directory, epsilon: 1 })).rejects.toMatchObject({
    code: 'RESUME_MISMATCH',
  });
  await rm(directory, { recursive: true });
});

test('top-down goes the other way; any criterion and any roles', async () => {
  const blocks: string[] = [];
  const result = await bottomUpCascade({
    ...(await options(smallModels.vit!())),
    tokenSelector: tokens,
    order: 'top-down',
    criterion: magnitude({}),
    dims: ['hidden'],
    onBlock: ({ block }) => blocks.push(block),
  });
  expect(blocks).toEqual(['blocks.1', 'blocks.0']);
  expect(Object.keys(result.model.kept).every((dim) => dim.endsWith('hidden'))).toBe(true);
  const counts = result.blocks.map((record) => record.tokens!);
  expect(counts[1]).toBeGreaterThanOrEqual(counts[0]!);
});

test.each([
  ['epsilon', { epsilon: 0 }],
  ['rho', { rho: 2 }],
])('%s out of range is refused', async (_, wrong) => {
  const given = { ...(await options(smallModels.vit!())), ...wrong };
  await expect(bottomUpCascade(given)).rejects.toMatchObject({ code: 'OPTION' });
});

test('a balanced sample has equally many of each class', () => {
  const data = syntheticData(smallModels.vit!(), 30);
  const sample = balancedSample(data, 12, new Generator(1));
  expect(sample).toEqual(sample.toSorted());
  expect(new Set(sample).size).toBe(12);
  for (let label = 0; label < 4; label++)
    expect(sample.filter((i) => data.labels[i] === label)).toHaveLength(3);
  expect(balancedSample(data, 100, new Generator(1))).toHaveLength(30);
});
