import { execFileSync } from 'node:child_process';
import { cp, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import semver from 'semver';
import { afterAll, beforeAll, expect, test } from 'vitest';

const root = resolve(import.meta.dirname, '../../..');

/** What a package.json says of versions. */
interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
}

/** The workspace as far as versions go: package.json, changesets and what makes them versions. */
let copy: string;
const run = (command: string, ...args: string[]) =>
  execFileSync(command, args, { cwd: copy, encoding: 'utf8', stdio: 'pipe' });

beforeAll(async () => {
  copy = await mkdtemp(join(tmpdir(), 'kcr-version-'));
  for (const file of ['package.json', 'package-lock.json', 'biome.json', 'tsconfig.json'])
    await cp(join(root, file), join(copy, file));
  for (const folder of ['.changeset', 'tools/boundaries', 'tools/lint'])
    await cp(join(root, folder), join(copy, folder), { recursive: true });
  for (const file of ['tools/references.mjs', 'tools/package-fields.mjs'])
    await cp(join(root, file), join(copy, file));
  for (const name of await readdir(join(root, 'packages')))
    for (const file of ['package.json', 'tsconfig.json'])
      await cp(join(root, 'packages', name, file), join(copy, 'packages', name, file));
  // Whose ranges follow from the packages' versions.
  await cp(join(root, 'examples'), join(copy, 'examples'), { recursive: true });
  await symlink(join(root, 'node_modules'), join(copy, 'node_modules'));
  // Changesets asks git who added them.
  run('git', 'init', '--quiet');
});
afterAll(() => rm(copy, { recursive: true }));

/** For a dozen processes on a busy machine; they take some seconds on an idle one. */
const PATIENCE = { timeout: 240_000 };

/** Writes a changeset and makes versions of all that are there, as `npm run versions` does but for the lockfile. */
async function release(changes: Readonly<Record<string, 'minor' | 'major'>> = {}) {
  const lines = Object.entries(changes).map(([name, bump]) => `'@kcr/${name}': ${bump}`);
  if (lines.length > 0)
    await writeFile(
      join(copy, '.changeset/one.md'),
      `---\n\n${lines.join('\n')}\n---\n\nA change.\n`,
    );
  run(process.execPath, join(root, 'node_modules/@changesets/cli/bin.js'), 'version');
  run(process.execPath, 'tools/references.mjs');
}

/** The packages by name, without the scope. */
async function packages(): Promise<Readonly<Record<string, Manifest>>> {
  const names = await readdir(join(copy, 'packages'));
  const read = async (name: string) =>
    [
      name,
      JSON.parse(await readFile(join(copy, 'packages', name, 'package.json'), 'utf8')),
    ] as const;
  return Object.fromEntries(await Promise.all(names.map(read)));
}

/** The packages that have core as their peer. */
const onCore = async () =>
  Object.values(await packages()).filter(({ peerDependencies }) => peerDependencies?.['@kcr/core']);

/** The version of core, and those that others have. */
async function versions() {
  const { core } = await packages();
  const others = (await onCore()).map(({ version }) => version);
  return { core: core!.version, others: [...new Set(others)] };
}

/** The ranges in which packages ask for core, as peers and for development. */
async function rangesOfCore() {
  const ranges = (await onCore()).flatMap(({ peerDependencies, devDependencies }) => [
    peerDependencies!['@kcr/core'],
    devDependencies!['@kcr/core'],
  ]);
  return [...new Set(ranges)];
}

/** Each range of a package of this workspace that refuses the version that is here. */
async function refusals() {
  const all = await packages();
  return Object.values(all).flatMap((manifest) =>
    [manifest.dependencies, manifest.peerDependencies, manifest.devDependencies]
      .flatMap((ranges) => Object.entries(ranges ?? {}))
      .filter(([name]) => name.startsWith('@kcr/'))
      .filter(([name, range]) => !semver.satisfies(all[name.slice(5)]!.version, range))
      .map(([name, range]) => `${manifest.name}: ${name} ${range}`),
  );
}

test(
  'a minor version of core changes nothing else, a major one is a major one of all that has it',
  PATIENCE,
  async () => {
    // The changesets that wait are minor ones of packages that were never released.
    if ((await versions()).core === '0.0.0') {
      await release();
      expect(await versions()).toEqual({ core: '0.1.0', others: ['0.1.0'] });
    }
    const { core: first, others } = await versions();

    const minor = semver.inc(first, 'minor')!;
    await release({ core: 'minor' });
    expect(await versions()).toEqual({ core: minor, others });
    expect(await refusals()).toEqual([]);

    const major = semver.inc(minor, 'major')!;
    await release({ core: 'major' });
    expect(await versions()).toEqual({ core: major, others: [major] });
    expect(await rangesOfCore()).toEqual([`^${major}`]);
    expect(await refusals()).toEqual([]);

    const next = semver.inc(major, 'minor')!;
    await release({ core: 'minor', features: 'minor' });
    const all = await packages();
    expect(all.features!.version).toBe(next);
    // What depends on features takes the new one as it is.
    expect(all.nystrom!.version).toBe(major);
    expect(await refusals()).toEqual([]);
  },
);

test('what is released asks for the core that it was built with', PATIENCE, async () => {
  const { core } = await packages();
  await release({ masks: 'minor' });
  const { masks } = await packages();
  expect(masks!.peerDependencies).toEqual({ '@kcr/core': `^${core!.version}` });
});
