import { countBits } from '../../experiments/src/bits.ts';
import { comparisonTable, type Pair } from '../../experiments/src/comparison-table.ts';
import type { Outcome, Raw } from '../../experiments/src/raw.ts';
import { spread } from '../../results/src/spread.ts';

/** The models of a unit, in the order of the columns. */
const MODELS = [
  'scratch',
  'scratch, longer',
  'scratch, longer, compressed',
  'pretrained',
  'transferred',
  'transferred, compressed',
];

const PAIRS: readonly Pair[] = [
  { first: 'transferred', second: 'scratch, longer' },
  { first: 'transferred, compressed', second: 'scratch, longer, compressed' },
  { first: 'transferred, compressed', second: 'scratch, longer' },
  { first: 'transferred, compressed', second: 'transferred' },
  { first: 'transferred', second: 'pretrained' },
  { first: 'scratch, longer', second: 'scratch' },
];

const imagesOf = ([first]: readonly Outcome[]): number => first!.numbers.images!;

/** The mean accuracy of a model over the seeds in percent, with its deviation. */
function accuracy(outcomes: readonly Outcome[], model: string): string {
  const found = outcomes.flatMap(({ right }) => right[model] ?? []);
  const shares = found.map((bits) => countBits(bits) / imagesOf(outcomes));
  return shares.length > 0 ? spread(shares, 1, 100) : '';
}

/** What a compressed model has of the MACs and of the parameters of the whole one, in percent. */
const sizes = (outcomes: readonly Outcome[]): string[] =>
  ['MACs', 'parameters'].map((what) => {
    const shares = outcomes.map(
      ({ numbers }) =>
        numbers[`transferred, compressed: ${what}`]! / numbers[`transferred: ${what}`]!,
    );
    return ((100 * shares.reduce((sum, share) => sum + share, 0)) / shares.length).toFixed(0);
  });

const table = (rows: readonly (readonly string[])[]): string => {
  const [header = [], ...rest] = rows;
  return [header, header.map(() => '---'), ...rest]
    .map((cells) => `| ${cells.join(' | ')} |`)
    .join('\n');
};

/** The tables of the experiment in Markdown: accuracies of all models, sizes, and differences, for each unit. */
export function tables({ outcomes }: Raw): string {
  const units = Object.entries(outcomes).map(
    ([name, seeds]) => [name, Object.values(seeds)] as const,
  );
  const accuracies = table([
    ['top-1, %', 'test images', 'seeds', ...MODELS, 'MACs left, %', 'parameters left, %'],
    ...units.map(([name, own]) => [
      name,
      String(imagesOf(own)),
      String(own.length),
      ...MODELS.map((model) => accuracy(own, model)),
      ...sizes(own),
    ]),
  ]);
  const differences = units.map(([name, own]) => {
    const pairs = PAIRS.filter(({ first, second }) =>
      [first, second].every((model) => own[0]!.right[model] !== undefined),
    );
    return `${name}:\n\n${comparisonTable(own, pairs, imagesOf(own)).markdown}`;
  });
  return [accuracies, ...differences].join('\n\n');
}
