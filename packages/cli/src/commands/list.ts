import { type Listed, listExtensions, listKinds } from '@kcr/pipeline';
import { Argument, type Command } from 'commander';
import { printTable } from '../output.ts';

/** `kcr list`: what recipes and commands may name. */
export function addList(kcr: Command): void {
  kcr
    .command('list')
    .description('what recipes and commands may name: models, recipes, criteria, plugins, ...')
    .addArgument(new Argument('[kind]', 'of one kind alone').choices(listKinds))
    .option('--from <module>', 'the extensions of another package, or of a file (./x.mjs)')
    .option('--json', 'print the result as JSON')
    .action(async (kind: string | undefined, options: { from?: string; json?: boolean }) => {
      const listed = await listExtensions(kind, options.from);
      if (options.json) process.stdout.write(`${JSON.stringify(listed)}\n`);
      else print(listed, options.from);
    });
}

/** One line each, by kind. */
function print(listed: readonly Listed[], module: string | undefined): void {
  if (listed.length === 0) process.stdout.write(`nothing of the kind in ${module}\n`);
  const kinds = listKinds.filter((kind) => listed.some((one) => one.kind === kind));
  for (const [i, kind] of kinds.entries()) {
    process.stdout.write(`${i > 0 ? '\n' : ''}${kind}\n`);
    const own = listed.filter((one) => one.kind === kind);
    printTable(own.map(({ name, is, from }) => [`  ${name}`, is, from]));
  }
}
