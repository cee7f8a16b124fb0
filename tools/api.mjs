// npm run api: writes packages/NAME/NAME.api.md, what each package exports, from the declarations that `npm run typecheck` makes.
// A change of the public surface is then a change of a file that is reviewed. With --check it writes nothing and fails where
// a report is not what the package exports.
import { readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
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
const entryOf = (/** @type {string} */ name) =>
  `${root}/packages/${name}/dist-types/src/index.d.ts`;
const silent = { default: { logLevel: ExtractorLogLevel.None } };

/** The types of the packages are those that were emitted, not the sources. */
const compiler = {
  overrideTsconfig: {
    extends: `${root}/tsconfig.base.json`,
    compilerOptions: {
      noEmit: true,
      paths: {
        '@kcr/core/ground': [`${root}/packages/core/dist-types/src/ground.d.ts`],
        '@kcr/*': [entryOf('*')],
      },
    },
    files: [entryOf('core')], // what is read is given below
  },
};

const names = Object.keys(packages);
const configs = names.map((name) =>
  ExtractorConfig.prepare({
    configObject: {
      projectFolder: `${root}/packages/${name}`,
      mainEntryPointFilePath: entryOf(name),
      compiler,
      newlineKind: 'lf',
      apiReport: {
        enabled: true,
        reportFileName: name,
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
const stale = configs.filter(
  (config) =>
    Extractor.invoke(config, {
      compilerState,
      localBuild: !check,
      messageCallback(message) {
        message.handled = true;
      },
    }).apiReportChanged,
);
for (const { reportFilePath, reportTempFilePath } of check ? stale : []) {
  console.error(`${reportFilePath.slice(root.length + 1)} is not what the package exports:`);
  const before = new Set(readFileSync(reportFilePath, 'utf8').split('\n'));
  const after = readFileSync(reportTempFilePath, 'utf8').split('\n');
  for (const line of after.filter((line) => !before.has(line))) console.error(`  + ${line}`);
  const now = new Set(after);
  for (const line of [...before].filter((line) => !now.has(line))) console.error(`  - ${line}`);
}
if (check && stale.length > 0) {
  console.error('Run `npm run typecheck && npm run api`, and look at what has changed.');
  process.exit(1);
}
