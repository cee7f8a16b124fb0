import { existsSync } from 'node:fs';
import { basename, resolve } from 'node:path';
import { KcrError } from '@kcr/core';
import { writeAtomic } from '@kcr/core/internal';
import { FINE_TUNING_METHODS, type FineTuningMethod, init } from '@kcr/pipeline';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { CHECKPOINT } from '../options.ts';
import { printResult } from '../output.ts';

interface InitCommandOptions {
  out?: string;
  model?: string;
  weights?: string;
  goal: number;
  method: FineTuningMethod;
  json?: boolean;
}

/** Reads `2x` or `2`. */
function times(text: string): number {
  const value = Number(/^(\d+\.?\d*)x?$/.exec(text)?.[1]);
  if (value > 1) return value;
  throw new InvalidArgumentError('how many times fewer MACs, such as 2x, is needed');
}

/** `kcr init`: a recipe for a folder of images. */
export function addInit(kcr: Command): void {
  kcr
    .command('init')
    .description(
      'look at a folder of images and write a recipe that fine-tunes a published model and makes it smaller',
    )
    .argument('<data>', 'train and test (or val), or one folder for each class')
    .option('--out <file>', 'the recipe, .mjs (default: named after the folder)')
    .option('--model <name>', 'a model by timm name (default: deit_tiny_patch16_224)')
    .option('--weights <path>', `its weights (default: timm's, from the hub): ${CHECKPOINT}`)
    .option('--goal <times>', 'how many times fewer multiply-accumulates', times, 2)
    .addOption(
      new Option('--method <name>', 'how it is made smaller')
        .choices(FINE_TUNING_METHODS)
        .default('prune'),
    )
    .option('--json', 'print what was found as JSON')
    .action(initCommand);
}

async function initCommand(data: string, options: InitCommandOptions): Promise<void> {
  const out = options.out ?? `${basename(resolve(data))}.mjs`;
  if (existsSync(out))
    throw new KcrError('OUT_EXISTS', {
      where: out,
      found: 'a file',
      fix: 'Choose another with --out, or remove it',
    });
  const { text, recipe, ...found } = await init(data, options);
  await writeAtomic(out, text);
  const { classes, train, test, perClass } = found;
  const result = { recipe: out, model: recipe.model, classes, train, test, perClass };
  if (options.json) printResult(result, true);
  else
    process.stdout.write(
      `${out}: ${classes.length} classes, ${train} images to train on${test > 0 ? `, ${test} to test on` : ', a part of which is kept for testing'}\n` +
        `npx kcr compress ${out} --data ${data} --out runs/${recipe.name}\n`,
    );
}
