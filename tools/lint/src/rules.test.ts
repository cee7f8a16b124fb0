import { spawnSync } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';

const root = resolve(import.meta.dirname, '../../..');
let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'kcr-lint-'));
});
afterEach(() => rm(folder, { recursive: true }));

const write = (file: string, content: string | object) =>
  writeFile(
    join(folder, file),
    typeof content === 'string' ? content : JSON.stringify(content, null, 2),
  );

/** Exit status and all that a linter says of the folder. */
function lint(tool: string, ...args: string[]) {
  const options = { cwd: folder, encoding: 'utf8' } as const;
  const { status, stdout, stderr } = spawnSync(
    join(root, 'node_modules/.bin', tool),
    args,
    options,
  );
  return { status, said: stdout + stderr };
}

test.each([
  ['{ ...{ a } }', 1],
  ['{ ...a, ...(a ? { a } : {}) }', 0],
])('a spread object literal is an error: %s', async (literal, status) => {
  const { plugins } = JSON.parse(await readFile(join(root, 'biome.json'), 'utf8'));
  await write('biome.json', { plugins: plugins.map((path: string) => join(root, path)) });
  await write('case.ts', `const a = {};\nexport const b = ${literal};\n`);
  const result = lint('biome', 'lint', 'case.ts');
  expect(result.said.includes('excess-property check'), result.said).toBe(status === 1);
  expect(result.status, result.said).toBe(status);
});

test.each([
  ['step();', 1],
  ['await step();', 0],
])('a promise that nothing waits for is an error: %s', async (statement, status) => {
  // Seen by its type alone: `Step` is an interface, and its promise is one of Node's modules.
  const source = `import { readFile } from 'node:fs/promises';
    interface Step { (): ReturnType<typeof readFile> }
    export async function f(step: Step) { ${statement} }\n`;
  await write('case.ts', source);
  const typeRoots = [join(root, 'node_modules/@types')];
  await write('tsconfig.json', {
    compilerOptions: { module: 'esnext', types: ['node'], typeRoots },
  });
  const result = lint('oxlint', '--type-aware', '--config', join(root, '.oxlintrc.json'));
  expect(result.said.includes('no-floating-promises'), result.said).toBe(status === 1);
  expect(result.status, result.said).toBe(status);
});
