import { readFileSync } from 'node:fs';
import { relative } from 'node:path';
import { KcrError } from '@kcr/core/ground';
import { Command, CommanderError, Option } from 'commander';
import { ask } from './ask.ts';
import { type CreatedPlugin, type CreatePluginOptions, createPlugin } from './create-plugin.ts';
import { type KindName, kindNames } from './kinds.ts';

const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));

/** What the command line says. */
interface Given {
  kind?: KindName;
  name?: string;
  dir?: string;
  yes?: boolean;
  json?: boolean;
}

const program = () =>
  new Command('create-plugin')
    .description('Writes a package with an extension for the @kcr packages.')
    .version(version)
    .addOption(new Option('--kind <kind>', 'what it extends').choices(kindNames))
    .option('--name <name>', 'of the package, such as centre-loss or @me/centre-loss')
    .option('--dir <folder>', 'where it is written (default: named after the package)')
    .option('--yes', 'ask nothing: a plugin, and my-KIND, where nothing else is said')
    .option('--json', 'print what was written as JSON')
    .exitOverride();

/**
 * Runs the command line; what is wrong goes to standard error, with exit code 1.
 *
 * @param asks whether somebody sits in front of it who can be asked
 */
export async function main(
  argv: readonly string[],
  asks = process.stdin.isTTY && process.stdout.isTTY,
): Promise<void> {
  try {
    const given = program()
      .parse([...argv])
      .opts<Given>();
    const wanted = await complete(given, asks);
    if (wanted === undefined) return;
    const created = await createPlugin(wanted);
    process.stdout.write(given.json ? `${JSON.stringify(created)}\n` : nextSteps(created));
  } catch (error) {
    if (error instanceof CommanderError) {
      // Commander has said what it is about.
      process.exitCode = error.exitCode;
      return;
    }
    process.stderr.write(
      error instanceof KcrError
        ? `create-plugin: ${error.code}\n  where: ${error.where}\n  found: ${error.found}\n  do:    ${error.fix}\n`
        : `create-plugin: ${error instanceof Error ? (error.stack ?? error.message) : error}\n`,
    );
    process.exitCode = 1;
  }
}

/** Kind and name: given, chosen, or by default; nothing where the questions are broken off. */
async function complete(
  { kind, name, dir, yes, json }: Given,
  asks: boolean,
): Promise<CreatePluginOptions | undefined> {
  if (yes) {
    const chosen = kind ?? 'plugin';
    return { kind: chosen, name: name ?? `my-${chosen}`, dir };
  }
  if (kind !== undefined && name !== undefined) return { kind, name, dir };
  if (asks && !json) return ask({ kind, name, dir });
  throw new KcrError('OPTION', {
    where: 'create-plugin',
    found: `no ${[kind === undefined && '--kind', name === undefined && '--name'].filter(Boolean).join(' and no ')}, and no terminal to ask on`,
    fix: `Give --kind (${kindNames.join(', ')}) and --name, or --yes for a plugin called my-plugin`,
  });
}

/** There alone the packages' installation would download what GPUs need. */
const install =
  process.platform === 'linux' ? 'ONNXRUNTIME_NODE_INSTALL=skip npm install' : 'npm install';

const nextSteps = ({ dir, source, files }: CreatedPlugin) => `${dir}: ${files.length} files

  cd ${relative('.', dir) || '.'}
  ${install}
  npm test

${source} is what you change. README.md says how it is used.
`;
