import { markdownTable } from '../../experiments/src/markdown-table.ts';
import type { PartTime, Row } from './row.ts';

const GIB = 2 ** 30;

const gib = (bytes: number | undefined) => (bytes === undefined ? '' : (bytes / GIB).toFixed(2));

/** Three digits. */
const short = (x: number) => (x >= 100 ? x.toFixed(0) : x.toPrecision(3));

/** Days that a stage takes, from its seconds an image. */
export const daysOf = ({ parts }: Pick<Row, 'parts'>): number =>
  Object.values(parts).reduce((sum, { second, images }) => sum + second * images, 0) / 86_400;

/** Expected memory over the measured one. */
const ratioOf = ({ expected, peak }: Row): number | undefined => expected && expected / peak;

const timesOf = ({ parts }: Row, which: (part: PartTime) => number): string => {
  const all = Object.entries(parts);
  return all
    .map(([name, part]) => short(which(part)) + (all.length > 1 ? ` ${name}` : ''))
    .join('; ');
};

function noteOf({ images, pieces, timedPieces, stage, machine: { others } }: Row): string {
  const notes = [];
  if (stage === 'pruned') notes.push(`scores, batches of ${images}`);
  if (timedPieces < pieces) notes.push(`from ${timedPieces} of ${pieces} pieces`);
  if (others >= 0.02) notes.push(`not idle: others had ${Math.round(100 * others)} % of the cores`);
  return notes.join('; ');
}

/** A row for each stage that was measured. */
export const stageTable = (rows: readonly Row[]): string =>
  markdownTable(
    [
      'recipe',
      'stage',
      'images of an update',
      'pieces',
      'expected GiB',
      'peak GiB',
      'ratio',
      'compile s',
      's an image, first update',
      's an image',
      'days',
      'notes',
    ],
    rows.map((row) => [
      `\`${row.recipe}\``,
      row.stage,
      String(row.images),
      String(row.pieces),
      gib(row.expected),
      gib(row.peak),
      ratioOf(row)?.toFixed(2) ?? '',
      row.compile.toFixed(0),
      timesOf(row, ({ first }) => first),
      timesOf(row, ({ second }) => second),
      short(daysOf(row)),
      noteOf(row),
    ]),
  );

/** A recipe and the stages that it has. */
export interface Planned {
  readonly recipe: string;
  readonly stages: readonly string[];
}

/** Whole recipes; those of which a stage is missing have no sum. */
export const recipeTable = (planned: readonly Planned[], rows: readonly Row[]): string =>
  markdownTable(
    ['recipe', 'days on this machine', '1 GPU', '8 GPUs', '64 GPUs'],
    planned.map(({ recipe, stages }) => {
      const own = rows.filter((row) => row.recipe === recipe);
      const missing = stages.filter((stage) => !own.some((row) => row.stage === stage));
      const days = own.reduce((sum, row) => sum + daysOf(row), 0);
      const text = missing.length === 0 ? short(days) : `missing: ${missing.join(', ')}`;
      return [`\`${recipe}\``, text, ...Array.from({ length: 3 }, () => 'not measured')];
    }),
  );

/** How near the expected memory is, in a sentence. */
export function ratioText(rows: readonly Row[]): string {
  const known = rows.flatMap((row) => {
    const ratio = ratioOf(row);
    return ratio === undefined ? [] : [{ row, ratio }];
  });
  if (known.length === 0) return '';
  const mean = known.reduce((sum, { ratio }) => sum + ratio, 0) / known.length;
  const far = ({ ratio }: { ratio: number }) => Math.abs(Math.log(ratio));
  const worst = known.reduce((a, b) => (far(b) > far(a) ? b : a));
  const within = known.filter(({ ratio }) => Math.abs(ratio - 1) <= 0.15).length;
  return (
    `Expected over measured memory: mean ${mean.toFixed(2)} of ${known.length} rows, ${within} of them within 15 %; ` +
    `worst ${worst.ratio.toFixed(2)} (\`${worst.row.recipe}\`, ${worst.row.stage}).`
  );
}
