import { engineMaker, engineNames, type MakeEngine, type RunOptions, recipes } from '@kcr/pipeline';
import { type Command, InvalidArgumentError, Option } from 'commander';

/** A whole number from 0. */
export function whole(text: string): number {
  const value = Number(text);
  if (text.trim() !== '' && Number.isInteger(value) && value >= 0) return value;
  throw new InvalidArgumentError('a whole number from 0 is needed');
}

/** A number above 0. */
export function positive(text: string): number {
  const value = Number(text);
  if (value > 0 && Number.isFinite(value)) return value;
  throw new InvalidArgumentError('a number above 0 is needed');
}

/** A share of a whole. */
export function share(text: string): number {
  const value = Number(text);
  if (text.trim() !== '' && value >= 0 && value <= 1) return value;
  throw new InvalidArgumentError('a number from 0 to 1 is needed');
}

/** Collects the numbers above 0 of an option. */
export const numbers = (text: string, before: number[] = []): number[] => [
  ...before,
  positive(text),
];

/** An object as JSON. */
export function json(text: string): Record<string, unknown> {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new InvalidArgumentError((error as Error).message);
  }
}

/** Collects texts of an option that may be given several times. */
const texts = (text: string, before: readonly string[] = []): readonly string[] => [
  ...before,
  text,
];

/** Adds `--trust`, of commands that read a checkpoint. */
export const withTrust = (command: Command): Command =>
  command.option(
    '--trust <module>',
    'a module whose code a checkpoint may run, exactly as its model.json names it; may be repeated',
    texts,
  );

/** Where steps run. */
export interface EngineOptions {
  engine: (typeof engineNames)[number];
  device: 'cpu' | 'webgpu' | 'cuda';
}

/** Adds `--engine` and `--device`. */
export const withEngine = (command: Command): Command =>
  command
    .addOption(new Option('--engine <name>', 'how steps run').choices(engineNames).default('onnx'))
    .addOption(
      new Option('--device <name>', 'where the onnx engine runs')
        .choices(['cpu', 'webgpu', 'cuda'])
        .default('cpu'),
    );

export const engineOf = ({ engine, device }: EngineOptions): MakeEngine =>
  engineMaker(engine, device);

/** Adds `--scales` and `--flip`. */
export const withViews = (command: Command): Command =>
  command
    .addOption(
      new Option(
        '--scales <n...>',
        'of class maps: sizes to look at, 1 as large as the model allows',
      ).argParser(numbers),
    )
    .option('--flip', 'of class maps: look at mirrored images too');

export const invalidOption = (): Option =>
  new Option('--invalid <what>', 'entries that cannot be used: an error, or left out and counted')
    .choices(['error', 'skip'])
    .default('error');

/** The options of {@link overRecipe}. */
export type RecipeOptions = Omit<RunOptions, 'engine' | 'on'> & EngineOptions & { json?: boolean };

/** Adds the argument and the options that all commands over a recipe share. */
export const overRecipe = (command: Command): Command =>
  withEngine(
    withTrust(command)
      .argument('<recipe>', `a recipe file, or one of ${Object.keys(recipes).join(', ')}`)
      .option(
        '--data <folder>',
        "the recipe's images: train and test, one folder per class in each",
      )
      .requiredOption(
        '--out <folder>',
        'the run: checkpoints, metrics, results; an interrupted run goes on',
      )
      .option('--seed <n>', "instead of the recipe's seed", whole)
      .option(
        '--weights <path>',
        'trained weights of the dense model: a checkpoint, or a safetensors file with timm names',
      )
      .option(
        '--backbone <checkpoint>',
        "of models with a head: the compact model's backbone with its weights, pruned or not, instead of a search",
      )
      .option('--teacher <path>', 'learn from it: a checkpoint, a file of logits, or `dense`'),
  ).option('--json', 'print the result as JSON');
