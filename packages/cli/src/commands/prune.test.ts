import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { criteria } from '@kcr/pipeline';
import { describe, expect, test } from 'vitest';
import { kcr, temporaryFolder, tinyCheckpoint, writeClassFolders } from '../testing.ts';

/** Prunes a tiny checkpoint; `options` is what the folder says that it was pruned with. */
async function prune(...args: string[]) {
  await using folder = await temporaryFolder();
  await tinyCheckpoint(folder.at('model'));
  await writeClassFolders(folder.at('data'));
  const common = ['--data', folder.at('data'), '--out', folder.at('out'), '--batch-size', '4'];
  const said = await kcr('prune', folder.at('model'), ...common, ...args);
  const file = folder.at('out', 'prune.json');
  if (!existsSync(file)) return { ...said, options: undefined };
  return { ...said, options: JSON.parse(await readFile(file, 'utf8')).identity.options };
}

test('criteria by their short names are exports of our modules', async () => {
  for (const [name, use] of Object.entries(criteria)) {
    const { err } = await prune('--criterion', name, '--budget', '0.5', '--dims', 'nothing');
    expect(err).toContain('kcr: DIM_ROLES\n');
    expect(err).toContain(`prune: ${use} on 4 images\n`);
  }
});

describe('options say how it is pruned', () => {
  test('by scores', async () => {
    const { out, err, options } = await prune(
      ...['--criterion', 'magnitude', '--criterion-options', '{"norm":1}', '--budget', '0.5'],
      ...['--allocator', 'uniform', '--dims', 'hidden', '--seed', '3', '--json'],
    );
    expect(err).toMatch(/^prune: @kcr\/criteria#magnitude on 4 images\nprune: round 1\/1, /);
    expect(options).toMatchObject({
      method: 'scores',
      criterion: { use: '@kcr/criteria#magnitude', options: { norm: 1 } },
      allocator: 'uniform',
      budget: 0.5,
      schedule: 'one-shot',
      dims: ['hidden'],
      seed: 3,
    });
    const { before, after, macsShare, checkpoint } = JSON.parse(out);
    expect(checkpoint).toMatch(/out$/);
    expect(macsShare).toBe(after.macs / before.macs);
    expect(before.params - after.params).toBe(16 * 17);
  });

  test('by parts of another module', async () => {
    const { options, err } = await prune(
      ...['--criterion', '@kcr/criteria#random', '--allocator', '@kcr/core#uniform'],
      ...['--allocator-options', '{"keepRatio":0.5}', '--schedule', '@kcr/core#iterative'],
      ...['--schedule-options', '{"rounds":2}'],
    );
    expect(err).toContain('round 2/2');
    expect(options).toMatchObject({
      criterion: { use: '@kcr/criteria#random', options: {} },
      allocator: { use: '@kcr/core#uniform', options: { keepRatio: 0.5 } },
      schedule: { use: '@kcr/core#iterative', options: { rounds: 2 } },
    });
    expect(options).not.toHaveProperty('budget');
  });

  test('by the cascade, with or without tokens', async () => {
    const cascade = [
      ...['--method', 'bottom-up-cascade', '--epsilon', '100', '--dims', 'hidden'],
      ...['--rho', '0.5', '--order', 'top-down'],
    ];
    const { options } = await prune(...cascade, '--no-tokens');
    expect(options).toMatchObject({
      method: 'bottom-up-cascade',
      epsilon: 100,
      rho: 0.5,
      order: 'top-down',
    });
    expect(options).not.toHaveProperty('tokenSelector');
    const selected = await prune(...cascade);
    expect(selected.err).toContain('tokens fewer');
    expect(selected.options.tokenSelector).toEqual({ use: '@kcr/lfc#lfe', options: {} });
  });
});

test.each([
  ['OPTION', 'where: --criterion', ['--criterion', 'nothing', '--budget', '0.5']],
  ['OPTION', 'where: --criterion', ['--criterion', 'toString', '--budget', '0.5']],
  ['OPTION', 'where: --allocator', ['--allocator', 'best', '--budget', '0.5']],
  ['OPTION', 'where: --schedule', ['--schedule', 'now', '--budget', '0.5']],
  ['OPTION', 'where: --budget', []],
  ['OPTION', 'where: --epsilon', ['--method', 'bottom-up-cascade']],
  ['DIM_ROLES', 'nothing', ['--budget', '0.5', '--dims', 'nothing']],
])('%s, %s', async (said, where, args) => {
  const { err, out, code, options } = await prune(...args);
  expect(err).toContain(`kcr: ${said}\n`);
  expect(err).toContain(where);
  expect([out, code, options]).toEqual(['', 1, undefined]);
});
