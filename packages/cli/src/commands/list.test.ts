import { writeFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { kcr, temporaryFolder } from '../testing.ts';

test('all kinds have a heading, and one line each', async () => {
  const { out, err } = await kcr('list');
  expect(err).toBe('');
  expect(out).toMatch(/^models\n {2}\w/);
  expect(out).toContain('\nallocators\n');
  expect(out).toMatch(/\n {2}magnitude +the norms of weights +@kcr\/criteria#magnitude\n/);
});

test('one kind alone, and as JSON', async () => {
  const { out } = await kcr('list', 'schedules', '--json');
  const listed: { kind: string; name: string }[] = JSON.parse(out);
  expect(new Set(listed.map(({ kind }) => kind))).toEqual(new Set(['schedules']));
  expect(listed.map(({ name }) => name)).toContain('one-shot');
});

test('the extensions of a module, or that it has none', async () => {
  await using folder = await temporaryFolder();
  const path = folder.at('theirs.mjs');
  await writeFile(path, 'export const heads = { seg: () => 1 };');
  expect((await kcr('list', '--from', path)).out).toBe(`heads\n  seg    ${path}\n`);
  expect((await kcr('list', 'models', '--from', path)).out).toBe(
    `nothing of the kind in ${path}\n`,
  );
  const missing = await kcr('list', '--from', 'no-such-package');
  expect([missing.err, missing.code]).toEqual([expect.stringContaining('kcr: MODULE_LOAD\n'), 1]);
});

test('a kind that is none', async () => {
  const { err, code } = await kcr('list', 'modles');
  expect([err, code]).toEqual([expect.stringContaining('models'), 1]);
});
