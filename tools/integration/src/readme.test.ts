import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { afterEach, expect, test, vi } from 'vitest';

const root = fileURLToPath(new URL('../../../', import.meta.url));
const packages = (await readdir(`${root}packages`)).map((name) => `packages/${name}/README.md`);
const examples: [string, string][] = [];
for (const path of [...packages, 'docs/backbones.md', 'docs/dense.md']) {
  const text = await readFile(root + path, 'utf8');
  [...text.matchAll(/```ts\n(.*?)```/gs)].forEach(([, code], i) => {
    examples.push([i === 0 ? path : `${path} (${i + 1})`, code!]);
  });
}

afterEach(() => vi.restoreAllMocks());

// In one process, which loads the packages once.
test.each(examples)('the example of %s runs', async (path, code) => {
  const file = `${root}tools/integration/src/.example-${path.replaceAll(/\W/g, '-')}.mts`;
  const said = vi.spyOn(console, 'log').mockImplementation(() => {});
  const complaints = [
    vi.spyOn(console, 'warn').mockImplementation(() => {}),
    vi.spyOn(console, 'error').mockImplementation(() => {}),
    vi.spyOn(process.stderr, 'write').mockReturnValue(true),
  ];
  await writeFile(file, code);
  try {
    await import(file);
  } finally {
    await rm(file);
  }
  for (const complaint of complaints) expect(complaint.mock.calls).toEqual([]);
  expect(said).toHaveBeenCalled();
});

test('every library package and the pages on backbones and dense tasks have an example', () => {
  expect(examples.length).toBeGreaterThanOrEqual(7);
});
