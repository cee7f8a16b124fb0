import { readFile, writeFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { kcr, temporaryFolder, tinyCheckpoint, writeClassFolders } from '../testing.ts';

test('a table of the layers, and a budget of time that is planned with it', async () => {
  await using folder = await temporaryFolder();
  await tinyCheckpoint(folder.at('model'));
  await writeClassFolders(folder.at('data'));
  const table = folder.at('table.json');
  const { out, err, code } = await kcr('latency', folder.at('model'), '--out', table);
  expect(code).toBe(0);
  expect(err).toContain('latency: 8 of 8 widths\n');
  expect(out).toContain('blocks.0.mlp.fc1');
  const { layers, ...about } = JSON.parse(await readFile(table, 'utf8'));
  expect(about).toMatchObject({ model: 'vit', batch: 1 });

  // Half a millisecond for each MAC of the hidden layers, nothing else: a share of the time is one of these.
  const paced = Object.entries(layers as Record<string, { macs: number }[]>).map(
    ([name, times]) => [
      name,
      times.map(({ macs }) => ({ macs, ms: name.includes('mlp') ? macs / 2 : 0 })),
    ],
  );
  await writeFile(table, JSON.stringify({ ...about, layers: Object.fromEntries(paced) }));
  const prune = (to: string, file: string) =>
    kcr(
      ...['prune', folder.at('model'), '--data', folder.at('data'), '--out', folder.at(to)],
      ...['--allocator', 'latency', '--budget', '0.5', '--latency-table', file, '--dims', 'hidden'],
      ...['--criterion', 'magnitude', '--json'],
    );
  const pruned = await prune('pruned', table);
  expect(pruned.code).toBe(0);
  const kept = JSON.parse(await readFile(folder.at('pruned/model.json'), 'utf8')).kept;
  const hidden = Object.values(kept as Record<string, number[]>).map(({ length }) => length);
  const full = JSON.parse((await kcr('inspect', folder.at('model'), '--json')).out).dims.filter(
    ({ role }: { role: string }) => role === 'hidden',
  );
  const all = full.reduce((sum: number, dim: { full: number }) => sum + dim.full, 0);
  expect(hidden.reduce((sum, n) => sum + n, 0)).toBe(all / 2);

  await writeFile(table, '{"layers": {}}');
  const damaged = await prune('other', table);
  expect([damaged.code, damaged.err]).toEqual([1, expect.stringContaining('kcr: LATENCY_TABLE\n')]);
});
