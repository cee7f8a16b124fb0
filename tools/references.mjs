// npm run references: writes what follows from tools/boundaries/boundaries.mjs, which says who may import whom: the
// `references` of every tsconfig.json and the @kcr dependencies of every package.json. With --check it writes
// nothing and fails where a file would change.
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { optionalOf, packages, typesOf } from './boundaries/boundaries.mjs';

const root = new URL('..', import.meta.url);
const check = process.argv.includes('--check');

/** @param {string} file @returns {any} */
const read = (file) => JSON.parse(readFileSync(new URL(file, root), 'utf8'));

/** @type {string[]} */
const stale = [];

/**
 * @param {string} file
 * @param {object} changes properties that take the place of the file's
 */
function update(file, changes) {
  const before = read(file);
  const after = { ...before, ...changes };
  if (JSON.stringify(before) === JSON.stringify(after)) return;
  stale.push(file);
  if (!check) writeFileSync(new URL(file, root), `${JSON.stringify(after, null, 2)}\n`);
}

/** @param {string[]} names @param {string} folder */
const references = (names, folder) => names.map((name) => ({ path: `${folder}/${name}` }));

/** @param {string[]} allowed @param {Record<string, string>} [dependencies] */
function dependenciesOf(allowed, dependencies = {}) {
  const others = Object.entries(dependencies).filter(([name]) => !name.startsWith('@kcr/'));
  const own = [...allowed]
    .sort()
    .map((name) => [`@kcr/${name}`, dependencies[`@kcr/${name}`] ?? rangeOf(name)]);
  return Object.fromEntries([...own, ...others]);
}

/** @param {string} name */
const rangeOf = (name) => `^${read(`packages/${name}/package.json`).version}`;

const folders = readdirSync(new URL('packages', root)).sort();
const table = Object.keys(packages).sort();
if (folders.join() !== table.join()) {
  console.error(`tools/boundaries/boundaries.mjs lists ${table}; packages/ has ${folders}.`);
  process.exit(1);
}
for (const [name, allowed] of Object.entries(packages)) {
  const seen = [...allowed, ...(typesOf[name] ?? []), ...(optionalOf[name] ?? [])];
  update(`packages/${name}/tsconfig.json`, { references: references(seen, '..') });
  const { dependencies } = read(`packages/${name}/package.json`);
  update(`packages/${name}/package.json`, { dependencies: dependenciesOf(allowed, dependencies) });
}
update('tsconfig.json', { references: references(Object.keys(packages), './packages') });

if (!check && stale.length > 0)
  execFileSync(
    fileURLToPath(new URL('node_modules/.bin/biome', root)),
    ['format', '--write', ...stale],
    { cwd: fileURLToPath(root) },
  );
if (check && stale.length > 0) {
  console.error(`Not what tools/boundaries/boundaries.mjs says: ${stale.join(', ')}.`);
  console.error('Run `npm run references`.');
  process.exit(1);
}
