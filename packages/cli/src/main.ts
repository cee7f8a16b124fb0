import { readFileSync } from 'node:fs';
import { KcrError } from '@kcr/core';
import { Command, InvalidArgumentError, Option } from 'commander';
import { complexityCommand } from './commands/complexity.ts';
import { compress } from './commands/compress.ts';
import { evalCommand } from './commands/eval.ts';
import { evalCoco } from './commands/eval-coco.ts';
import { exportCommand } from './commands/export.ts';
import { ibCommand } from './commands/ib.ts';
import { inspect } from './commands/inspect.ts';
import { predictCommand } from './commands/predict.ts';
import { criteria, pruneCommand } from './commands/prune.ts';
import { retrainCommand, searchCommand } from './commands/stages.ts';
import { printResult } from './output.ts';
import { allocatorNames, scheduleNames } from './recipe.ts';
import { recipes } from './recipes/index.ts';
import { writeReport } from './report/report.ts';

const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));

function whole(text: string): number {
  const value = Number(text);
  if (text.trim() !== '' && Number.isInteger(value) && value >= 0) return value;
  throw new InvalidArgumentError('a whole number from 0 is needed');
}

const engineOption = () =>
  new Option('--engine <name>', 'how steps run').choices(['onnx', 'eager']).default('onnx');
const deviceOption = () =>
  new Option('--device <name>', 'where the onnx engine runs')
    .choices(['cpu', 'webgpu', 'cuda'])
    .default('cpu');

function positive(text: string): number {
  const value = Number(text);
  if (value > 0 && Number.isFinite(value)) return value;
  throw new InvalidArgumentError('a number above 0 is needed');
}

/** Collects the numbers above 0 of an option. */
const numbers = (text: string, before: number[] = []): number[] => [...before, positive(text)];

const scalesOption = () =>
  new Option(
    '--scales <n...>',
    'of class maps: sizes to look at, 1 as large as the model allows',
  ).argParser(numbers);
const flipOption = () =>
  new Option('--flip', 'of class maps: look at mirrored images too').default(false);

const invalidOption = () =>
  new Option('--invalid <what>', 'entries that cannot be used: an error, or left out and counted')
    .choices(['error', 'skip'])
    .default('error');

function json(text: string): object {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new InvalidArgumentError((error as Error).message);
  }
}

/** Options that all commands over a recipe share. */
const overRecipe = (command: Command): Command =>
  command
    .argument('<recipe>', `a recipe file, or one of ${Object.keys(recipes).join(', ')}`)
    .option('--data <folder>', "the recipe's images: train and test, one folder per class in each")
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
      "of dense tasks: the compact model's backbone with its weights, pruned or not, instead of a search",
    )
    .option('--teacher <path>', 'learn from it: a checkpoint, a file of logits, or `dense`')
    .addOption(engineOption())
    .addOption(deviceOption())
    .option('--json', 'print the result as JSON');

/** The command line. */
export function program(): Command {
  const kcr = new Command('kcr')
    .description('Compresses vision transformers and keeps, or raises, their accuracy.')
    .version(version)
    .showHelpAfterError('(kcr --help, kcr COMMAND --help)');
  overRecipe(kcr.command('compress'))
    .description('all stages: dense baseline, search, retraining, measurement, report')
    .action(compress);
  overRecipe(kcr.command('search'))
    .description('choose the channels to keep')
    .action(searchCommand);
  overRecipe(kcr.command('retrain'))
    .description('train the model of a selection from scratch')
    .requiredOption('--selection <file>', 'the selection.json of a search')
    .action(retrainCommand);
  kcr
    .command('prune')
    .description('take channels, and with `bcp` tokens, out of a trained model')
    .argument('<checkpoint>', 'folder with model.json and model.safetensors')
    .requiredOption('--data <folder>', 'training images, one folder per class')
    .requiredOption('--out <folder>', 'the pruned checkpoint; an interrupted cascade goes on')
    .option('--test <folder>', 'images to measure the accuracy on, before and after')
    .option(
      '--criterion <name>',
      `what scores channels: ${Object.keys(criteria).join(', ')}, or MODULE#EXPORT`,
      'lfs',
    )
    .option('--criterion-options <json>', "the criterion's options", json, {})
    .addOption(
      new Option('--allocator <name>', 'how channels are chosen; bcp: the bottom-up cascade')
        .choices(allocatorNames)
        .default('macs'),
    )
    .requiredOption(
      '--budget <value>',
      'share to keep; for drop and bcp the points that accuracy may drop',
      positive,
    )
    .addOption(
      new Option('--schedule <name>', 'when channels are scored and chosen')
        .choices(scheduleNames)
        .default('one-shot'),
    )
    .option('--rounds <n>', 'of the iterative schedule', whole, 5)
    .option('--rho <share>', "tokens' share of the drop, for bcp", Number, 0.35)
    .option('--no-tokens', 'bcp takes out channels alone')
    .option('--dims <roles...>', 'roles of the dimensions to prune (default: qk v hidden)')
    .option('--images <n>', 'training images to score on', whole, 2000)
    .option('--calibration-images <n>', 'training images that bcp measures on', whole, 5000)
    .option('--batch-size <n>', 'images at once', whole, 100)
    .option('--crop-ratio <share>', 'size of the centre crop', Number)
    .option('--seed <n>', 'seed of the samples', whole, 0)
    .addOption(engineOption())
    .addOption(deviceOption())
    .option('--json', 'print the result as JSON')
    .action(pruneCommand);
  kcr
    .command('eval')
    .description('how good a checkpoint is: accuracy and loss, mean IoU, or average precision')
    .argument('<checkpoint>', 'folder with model.json and model.safetensors')
    .requiredOption(
      '--data <folder>',
      'images, one folder per class; for dense models `images` and `labels`, or the images of --annotations',
    )
    .option('--annotations <file>', 'of detectors: a COCO file of instances')
    .option('--detections <file>', "of detectors: also store what was found, in COCO's format")
    .option('--instance-ids', 'of class maps: labels number objects of the second class', false)
    .option('--reduce-zero-label', 'of class maps: 0 is no class, as in ADE20K', false)
    .addOption(scalesOption())
    .addOption(flipOption())
    .addOption(invalidOption())
    .option('--batch-size <n>', 'images at once', whole, 64)
    .option('--logits <file>', 'also store the logits of all images, for `--teacher` (safetensors)')
    .option(
      '--crop-ratio <share>',
      'size of the centre crop, as a share of the resized image',
      Number,
    )
    .addOption(engineOption())
    .addOption(deviceOption())
    .option('--json', 'print the result as JSON')
    .action(evalCommand);
  kcr
    .command('eval-coco')
    .description("average precision and recall of detections, as COCO's API computes them")
    .requiredOption('--gt <file>', 'ground truth: images, annotations, categories')
    .requiredOption('--dt <file>', 'detections: a list of image_id, category_id, score, bbox, ...')
    .addOption(
      new Option('--type <name>', 'what is compared').choices(['bbox', 'segm']).default('bbox'),
    )
    .addOption(invalidOption())
    .option('--json', 'print the figures as JSON')
    .action(evalCoco);
  kcr
    .command('predict')
    .description(
      'what a checkpoint says of images: boxes, masks, class maps or classes, drawn and as JSON',
    )
    .argument('<images...>', 'image files, or folders with them')
    .requiredOption('--model <checkpoint>', 'folder with model.json and model.safetensors')
    .requiredOption('--out <folder>', 'for the drawings and predictions.json')
    .option('--score <value>', 'lowest score of an object that is drawn (default: 0.3)', positive)
    .addOption(scalesOption())
    .addOption(flipOption())
    .addOption(engineOption())
    .addOption(deviceOption())
    .option('--json', 'print the predictions as JSON')
    .action(predictCommand);
  kcr
    .command('inspect')
    .description('parameters, MACs, dimensions and taps of a model')
    .argument('<model>', 'a timm name, a checkpoint folder, or MODULE#NAME')
    .option('--config <json>', 'options of the model that differ, as JSON')
    .option('--json', 'print the result as JSON')
    .action(inspect);
  kcr
    .command('complexity')
    .description('truncated nuclear norm and kernel complexity of features')
    .argument('<file>', 'safetensors file with a tensor `features` [n, d]')
    .requiredOption('--rank <r>', 'r of the truncated nuclear norm', whole)
    .requiredOption('--landmarks <m>', 'landmarks of the Nystrom method', whole)
    .addOption(
      new Option('--sampling <name>', 'how landmarks are chosen')
        .choices(['uniform', 'kmeans++', 'leverage'])
        .default('uniform'),
    )
    .option('--seed <n>', 'seed of the landmarks', whole, 0)
    .option('--json', 'print the result as JSON')
    .action(complexityCommand);
  kcr
    .command('ib')
    .description('information bottleneck and its bound, in nats, of features, inputs and labels')
    .argument(
      '<file>',
      'safetensors file with `features` [n, d], `inputs` [n, p], `labels` [n] and, if they are given, `featureCentroids`, `inputCentroids`',
    )
    .option('--beta <value>', 'inverse temperature of the soft assignments', positive, 1)
    .option('--no-normalise', 'take rows and centroids as they are, not scaled to length 1')
    .option('--seed <n>', 'seed of the clusters that are not given', whole, 0)
    .option('--json', 'print the result as JSON')
    .action(ibCommand);
  kcr
    .command('export')
    .description('write a checkpoint as an ONNX file')
    .argument('<checkpoint>', 'folder with model.json and model.safetensors')
    .requiredOption('--out <file>', 'the ONNX file')
    .option('--batch <n>', 'a fixed batch size instead of a dynamic one', whole)
    .option('--json', 'print the result as JSON')
    .action(exportCommand);
  kcr
    .command('report')
    .description('write report.html for a run of `kcr compress`')
    .argument('<run>', 'folder of the run')
    .option('--json', 'print the result as JSON')
    .action(async (run: string, { json }: { json?: boolean }) => {
      printResult({ report: await writeReport(run) }, json ?? false);
    });
  return kcr;
}

/** Runs the command line; what went wrong goes to standard error, with exit code 1. */
export async function main(argv: readonly string[]): Promise<void> {
  try {
    await program().parseAsync([...argv]);
  } catch (error) {
    const text =
      error instanceof KcrError
        ? `kcr: ${error.code}\n  where: ${error.where}\n  found: ${error.found}\n  do:    ${error.fix}\n`
        : `kcr: ${error instanceof Error ? (error.stack ?? error.message) : error}\n`;
    process.stderr.write(text);
    process.exitCode = 1;
  }
}
