import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { main } from './main.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'kcr-create-'));
});
afterEach(() => rm(folder, { recursive: true }));

/** Runs the command line where nobody can be asked. */
async function run(...args: string[]) {
  const said = { out: '', err: '', code: 0 };
  const spies = [
    vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
      said.out += text;
      return true;
    }),
    vi.spyOn(process.stderr, 'write').mockImplementation((text) => {
      said.err += text;
      return true;
    }),
  ];
  await main(['node', 'create-plugin', ...args], false);
  said.code = Number(process.exitCode ?? 0);
  process.exitCode = 0;
  for (const spy of spies) spy.mockRestore();
  return said;
}

test('kind and name are enough', async () => {
  const dir = join(folder, 'own');
  const { out, code } = await run('--kind', 'criterion', '--name', '@me/kcr-norms', '--dir', dir);
  expect(code).toBe(0);
  expect(out).toContain('npm install\n');
  expect(out).toContain('src/norms.ts is what you change');
  expect(JSON.parse(await readFile(join(dir, 'package.json'), 'utf8')).name).toBe('@me/kcr-norms');
});

test('what was written is said as JSON, and --yes takes what is usual', async () => {
  const { out } = await run('--yes', '--dir', join(folder, 'own'), '--json');
  expect(JSON.parse(out)).toMatchObject({
    kind: 'plugin',
    name: 'my-plugin',
    source: 'src/my-plugin.ts',
  });
});

test.each([
  [['--name', 'norms'], 'no --kind'],
  [['--kind', 'criterion'], 'no --name'],
  [['--kind', 'criterion', '--name', 'Norms'], 'OPTION'],
  [['--kind', 'optimizer', '--name', 'norms'], 'Allowed choices are plugin, mask'],
])('%j is refused', async (args, text) => {
  const { err, code } = await run(...args);
  expect(code).toBe(1);
  expect(err).toContain(text);
});
