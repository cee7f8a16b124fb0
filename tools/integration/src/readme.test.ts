import { spawnSync } from 'node:child_process';
import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const root = fileURLToPath(new URL('../../../', import.meta.url));
const examples: [string, string][] = [];
for (const name of await readdir(`${root}packages`)) {
  const text = await readFile(`${root}packages/${name}/README.md`, 'utf8');
  const [, code] = /```ts\n(.*?)```/s.exec(text) ?? [];
  if (code) examples.push([name, code]);
}

test.each(examples)('the example of @kcr/%s runs', async (name, code) => {
  const file = `${root}tools/integration/src/.readme-${name}.mts`;
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

test('every library package has an example', () => {
  expect(examples.length).toBeGreaterThanOrEqual(6);
});
