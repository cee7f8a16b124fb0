import { readFileSync } from 'node:fs';
import { setTimeout } from 'node:timers/promises';
import { KcrError } from '@kcr/core';
import { Command, CommanderError } from 'commander';
import { addCompare } from './commands/compare.ts';
import { addCompletion } from './commands/completion.ts';
import { addComplexity } from './commands/complexity.ts';
import { addCompress } from './commands/compress.ts';
import { addEval } from './commands/eval.ts';
import { addEvalCoco } from './commands/eval-coco.ts';
import { addExport } from './commands/export.ts';
import { addFeatures } from './commands/features.ts';
import { addIb } from './commands/ib.ts';
import { addImport } from './commands/import.ts';
import { addInit } from './commands/init.ts';
import { addInspect } from './commands/inspect.ts';
import { addLatency } from './commands/latency.ts';
import { addList } from './commands/list.ts';
import { addPredict } from './commands/predict.ts';
import { addPrune } from './commands/prune.ts';
import { addReport } from './commands/report.ts';
import { addRetrain } from './commands/retrain.ts';
import { addSearch } from './commands/search.ts';
import { addSensitivity } from './commands/sensitivity.ts';
import { addShard } from './commands/shard.ts';
import { addSweep } from './commands/sweep.ts';
import { isFollower, requireTogether } from './together.ts';

const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));

/** Milliseconds in which processes find the same. */
const SAME = 1000;

/** The commands, in the order of the help. */
const commands = [
  addInit,
  addCompress,
  addSearch,
  addRetrain,
  addPrune,
  addSweep,
  addEval,
  addEvalCoco,
  addPredict,
  addImport,
  addInspect,
  addList,
  addLatency,
  addCompare,
  addSensitivity,
  addFeatures,
  addComplexity,
  addIb,
  addExport,
  addReport,
  addShard,
  addCompletion,
];

/** The command line. It throws a `CommanderError` where there is nothing to run: help, or arguments that are wrong. */
export function program(): Command {
  const kcr = new Command('kcr')
    .description('Compresses vision transformers and keeps, or raises, their accuracy.')
    .version(version)
    .showHelpAfterError('(kcr --help, kcr COMMAND --help)')
    // Options after a command are that command's, also where it has commands within it.
    .enablePositionalOptions()
    .exitOverride()
    .hook('preAction', (_, command) => requireTogether(command.name()));
  for (const add of commands) add(kcr);
  return kcr;
}

/** Runs the command line; what went wrong goes to standard error, with exit code 1. The process goes on. */
export async function main(argv: readonly string[]): Promise<void> {
  try {
    await program().parseAsync([...argv]);
  } catch (error) {
    if (error instanceof CommanderError) {
      // Commander has said what it is about.
      process.exitCode = error.exitCode;
      return;
    }
    const text =
      error instanceof KcrError
        ? `kcr: ${error.code}\n  where: ${error.where}\n  found: ${error.found}\n  do:    ${error.fix}\n`
        : `kcr: ${error instanceof Error ? (error.stack ?? error.message) : error}\n`;
    // What the first process finds too, such as a wrong recipe, is said once: it ends this one before.
    if (isFollower()) await setTimeout(SAME);
    process.stderr.write(text);
    process.exitCode = 1;
  }
}
