import {
  type CocoDetection,
  type CocoType,
  checkGroundTruth,
  detectedObjects,
  type InvalidPolicy,
  readCoco,
  truthObjects,
} from '@kcr/data';
import { type CocoSummary, cocoEvaluate } from '@kcr/detect';
import { type Command, Option } from 'commander';
import { invalidOption } from '../options.ts';
import { progress } from '../progress.ts';

interface EvalCocoOptions {
  gt: string;
  dt: string;
  type: CocoType;
  invalid: InvalidPolicy;
  json?: boolean;
}

/** `kcr eval-coco`: COCO's twelve figures of a file of detections. */
export function addEvalCoco(kcr: Command): void {
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
}

async function evalCoco(options: EvalCocoOptions): Promise<void> {
  const { gt, dt, type, invalid } = options;
  const truth = await readCoco<unknown>(gt);
  checkGroundTruth(truth, gt);
  const detections = await readCoco<CocoDetection[]>(dt);
  const own = truthObjects(truth, type, { invalid, file: gt });
  const files = { truth: gt, detections: dt };
  const found = detectedObjects(truth, detections, type, { invalid, files });
  const on = progress();
  on({ type: 'skipped', where: gt, entries: own.skipped });
  on({ type: 'skipped', where: dt, entries: found.skipped });
  const summary = cocoEvaluate(
    own.objects,
    found.objects,
    truth.images.map(({ id }) => id),
    truth.categories.map(({ id }) => id),
  );
  process.stdout.write(options.json ? `${JSON.stringify(summary)}\n` : cocoTable(summary));
}

const ROWS: readonly (readonly [keyof CocoSummary, string, string, number])[] = [
  ['AP', '0.50:0.95', 'all', 100],
  ['AP50', '0.50', 'all', 100],
  ['AP75', '0.75', 'all', 100],
  ['APs', '0.50:0.95', 'small', 100],
  ['APm', '0.50:0.95', 'medium', 100],
  ['APl', '0.50:0.95', 'large', 100],
  ['AR1', '0.50:0.95', 'all', 1],
  ['AR10', '0.50:0.95', 'all', 10],
  ['AR100', '0.50:0.95', 'all', 100],
  ['ARs', '0.50:0.95', 'small', 100],
  ['ARm', '0.50:0.95', 'medium', 100],
  ['ARl', '0.50:0.95', 'large', 100],
];

/** The lines that COCO's API prints. */
function cocoTable(summary: CocoSummary): string {
  const lines = ROWS.map(([key, iou, area, most]) => {
    const title = key.startsWith('AP') ? 'Average Precision  (AP)' : 'Average Recall     (AR)';
    const range = `IoU=${iou.padEnd(9)} | area=${area.padStart(6)} | maxDets=${String(most).padStart(3)}`;
    return ` ${title} @[ ${range} ] = ${summary[key].toFixed(3)}\n`;
  });
  return lines.join('');
}
