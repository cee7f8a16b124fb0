// npm run references: writes what follows from tools/boundaries/boundaries.mjs, which says who may import whom: the
// `references` of every tsconfig.json and the @kcr dependencies and peers of every package.json; and what all of these
// say alike (tools/package-fields.mjs). With --check it writes nothing and fails where a file would change.
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { developmentOf, optionalOf, packages, peers, typesOf } from './boundaries/boundaries.mjs';
import { fieldsOf } from './package-fields.mjs';

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

/**
 * What stands under `dependencies`, `peerDependencies` or `devDependencies`: the packages of this repository by the table, all
 * others as they are.
 *
 * @param {string[]} names
 * @param {Record<string, string>} [dependencies]
 */
function dependenciesOf(names, dependencies = {}) {
  const others = Object.entries(dependencies).filter(([name]) => !name.startsWith('@kcr/'));
  const own = [...names].sort().map((name) => [`@kcr/${name}`, rangeOf(name)]);
  return ifAny(Object.fromEntries([...own, ...others]));
}

/** The same packages, those of this repository with their ranges. @param {Record<string, string>} dependencies */
const withRanges = (dependencies) =>
  Object.fromEntries(
    Object.entries(dependencies).map(([name, range]) => [
      name,
      name.startsWith('@kcr/') ? rangeOf(name.slice('@kcr/'.length)) : range,
    ]),
  );

/** @param {string[]} names @param {Record<string, object>} [meta] */
function optionalMeta(names, meta = {}) {
  const others = Object.entries(meta).filter(([name]) => !name.startsWith('@kcr/'));
  const own = names.map((name) => [`@kcr/${name}`, { optional: true }]);
  return ifAny(Object.fromEntries([...own, ...others]));
}

/** @param {object} entries */
const ifAny = (entries) => (Object.keys(entries).length > 0 ? entries : undefined);

/**
 * From the version that is here to the next major one. A caret says the same from 1.0.0 on; below it would end at the next
 * minor one, which breaks nothing here either.
 *
 * @param {string} name
 */
function rangeOf(name) {
  const { version } = read(`packages/${name}/package.json`);
  return version.startsWith('0.') ? `>=${version} <1.0.0` : `^${version}`;
}

const folders = readdirSync(new URL('packages', root)).sort();
const table = Object.keys(packages).sort();
if (folders.join() !== table.join()) {
  console.error(`tools/boundaries/boundaries.mjs lists ${table}; packages/ has ${folders}.`);
  process.exit(1);
}
for (const [name, allowed] of Object.entries(packages)) {
  const optional = [...(typesOf[name] ?? []), ...(optionalOf[name] ?? [])];
  const development = developmentOf[name] ?? [];
  update(`packages/${name}/tsconfig.json`, {
    references: references([...allowed, ...optional, ...development], '..'),
  });
  // Peers are installed here, and built before, because they are for development too.
  const once = [...allowed.filter((other) => peers.includes(other)), ...optional];
  const file = `packages/${name}/package.json`;
  const { keywords, dependencies, peerDependencies, peerDependenciesMeta, devDependencies } =
    read(file);
  update(file, {
    ...fieldsOf(name, keywords),
    dependencies: dependenciesOf(
      allowed.filter((other) => !peers.includes(other)),
      dependencies,
    ),
    peerDependencies: dependenciesOf(once, peerDependencies),
    peerDependenciesMeta: optionalMeta(optional, peerDependenciesMeta),
    devDependencies: dependenciesOf([...once, ...development], devDependencies),
  });
}
// What others write asks for the packages that are here.
for (const name of readdirSync(new URL('examples', root))) {
  const file = `examples/${name}/package.json`;
  if (!existsSync(new URL(file, root))) continue;
  const { peerDependencies, devDependencies } = read(file);
  update(file, {
    ...(peerDependencies ? { peerDependencies: withRanges(peerDependencies) } : {}),
    devDependencies: withRanges(devDependencies),
  });
}
update('tsconfig.json', { references: references(Object.keys(packages), './packages') });

if (!check && stale.length > 0)
  execFileSync(
    fileURLToPath(new URL('node_modules/.bin/biome', root)),
    ['format', '--write', ...stale],
    { cwd: fileURLToPath(root) },
  );
if (check && stale.length > 0) {
  console.error(
    `Not what tools/boundaries/boundaries.mjs and tools/package-fields.mjs say: ${stale.join(', ')}.`,
  );
  console.error('Run `npm run references`.');
  process.exit(1);
}
