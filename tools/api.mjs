// npm run api: writes packages/NAME/NAME.api.md, and NAME-ENTRY.api.md for its other entries, what each package exports, from the declarations that `npm run typecheck` makes.
// A change of the public surface is then a change of a file that is reviewed. With --check it writes nothing and fails where
// a report is not what the package exports.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  CompilerState,
  Extractor,
  ExtractorConfig,
  ExtractorLogLevel,
} from '@microsoft/api-extractor';
import { packages } from './boundaries/boundaries.mjs';

const root = fileURLToPath(new URL('..', import.meta.url)).replace(/\/$/, '');
const check = process.argv.includes('--check');
const entryOf = (/** @type {string} */ name, entry = 'index') =>
  `${root}/packages/${name}/dist-types/src/${entry}.d.ts`;
const silent = { default: { logLevel: ExtractorLogLevel.None } };

/** The types of the packages are those that were emitted, not the sources. */
const compiler = {
  overrideTsconfig: {
    extends: `${root}/tsconfig.base.json`,
    compilerOptions: {
      noEmit: true,
      paths: {
        '@kcr/core/*': [entryOf('core', '*')],
        '@kcr/*': [entryOf('*')],
      },
    },
    files: [entryOf('core')], // what is read is given below
  },
};

/** The modules that a package's `exports` name, by the names of their sources. @param {string} name */
function entriesOf(name) {
  const { exports } = JSON.parse(readFileSync(`${root}/packages/${name}/package.json`, 'utf8'));
  const said = Object.values(exports).flatMap((/** @type {any} */ { types }) => types ?? []);
  return said.map((types) => basename(types, '.d.ts'));
}

const modules = Object.keys(packages).flatMap((name) =>
  entriesOf(name).map((entry) => ({ name, entry })),
);
const configs = modules.map(({ name, entry }) =>
  ExtractorConfig.prepare({
    configObject: {
      projectFolder: `${root}/packages/${name}`,
      mainEntryPointFilePath: entryOf(name, entry),
      compiler,
      newlineKind: 'lf',
      apiReport: {
        enabled: true,
        reportFileName: entry === 'index' ? name : `${name}-${entry}`,
        reportFolder: `${root}/packages/${name}`,
        reportTempFolder: `${tmpdir()}/kcr-api`,
        includeForgottenExports: false,
      },
      docModel: { enabled: false },
      dtsRollup: { enabled: false },
      messages: {
        compilerMessageReporting: silent,
        extractorMessageReporting: silent,
        tsdocMessageReporting: silent,
      },
    },
    configObjectFullPath: undefined,
    packageJsonFullPath: `${root}/packages/${name}/package.json`,
  }),
);

// One program for all packages: most of the time is spent on reading it.
const [first, ...others] = configs;
const compilerState = CompilerState.create(/** @type {ExtractorConfig} */ (first), {
  additionalEntryPoints: others.map((config) => config.mainEntryPointFilePath),
});
/** The compiler lists the members of a union in the order in which it met them, which is another after each change. */
const inOrder = (/** @type {string} */ report) =>
  report.replace(/"[^"\n]+"(?: \| "[^"\n]+")+/g, (union) => union.split(' | ').sort().join(' | '));

let isStale = false;
for (const config of configs) {
  Extractor.invoke(config, {
    compilerState,
    localBuild: false, // what is written is written below
    messageCallback(message) {
      message.handled = true;
    },
  });
  const { reportFilePath: path, reportTempFilePath } = config;
  const after = inOrder(readFileSync(reportTempFilePath, 'utf8'));
  const before = existsSync(path) ? readFileSync(path, 'utf8') : '';
  if (after === before) continue;
  if (!check) {
    writeFileSync(path, after);
    continue;
  }
  isStale = true;
  console.error(`${path.slice(root.length + 1)} is not what the package exports:`);
  const had = new Set(before.split('\n'));
  const has = new Set(after.split('\n'));
  for (const line of has) if (!had.has(line)) console.error(`  + ${line}`);
  for (const line of had) if (!has.has(line)) console.error(`  - ${line}`);
}
if (isStale) {
  console.error('Run `npm run typecheck && npm run api`, and look at what has changed.');
  process.exit(1);
}
