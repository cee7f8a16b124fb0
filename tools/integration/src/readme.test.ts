import { spawnSync } from 'node:child_process';
import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const root = fileURLToPath(new URL('../../../', import.meta.url));
const packages = (await readdir(`${root}packages`)).map((name) => `packages/${name}/README.md`);
const examples: [string, string][] = [];
for (const path of [...packages, 'docs/backbones.md', 'docs/dense.md']) {
  const text = await readFile(root + path, 'utf8');
  [...text.matchAll(/```ts\n(.*?)```/gs)].forEach(([, code], i) => {
    examples.push([i === 0 ? path : `${path} (${i + 1})`, code!]);
  });
}

test.each(examples)('the example of %s runs', async (path, code) => {
  const file = `${root}tools/integration/src/.example-${path.replaceAll(/\W/g, '-')}.mts`;
  await writeFile(file, code);
  const { status, stdout, stderr } = spawnSync(process.execPath, ['--import', 'tsx', file], {
    cwd: root,
    encoding: 'utf8',
  });
  await rm(file);
  expect(stderr).toBe('');
  expect(status).toBe(0);
  expect(stdout).not.toBe('');
});

test('every library package and the pages on backbones and dense tasks have an example', () => {
  expect(examples.length).toBeGreaterThanOrEqual(7);
});
