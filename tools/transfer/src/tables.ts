import { countBits } from '../../experiments/src/bits.ts';
import { comparisonTable, type Pair } from '../../experiments/src/comparison-table.ts';
import { markdownTable } from '../../experiments/src/markdown-table.ts';
import type { Outcome, Raw } from '../../experiments/src/raw.ts';
import { spread } from '../../results/src/spread.ts';
import { groupOf } from './plan.ts';

/** The models of a backbone on a target, in the order of the columns. */
const MODELS = [
  'scratch',
  'scratch x2',
  'scratch x8',
  'scratch x2, compressed',
  'pretrained',
  'transferred',
  'transferred, compressed',
];

const PAIRS: readonly Pair[] = [
  { first: 'transferred', second: 'scratch x2' },
  { first: 'transferred', second: 'scratch x8' },
  { first: 'transferred', second: 'pretrained' },
  { first: 'transferred, compressed', second: 'transferred' },
  { first: 'transferred, compressed', second: 'scratch x2, compressed' },
  { first: 'transferred, compressed', second: 'scratch x8' },
  { first: 'scratch x2', second: 'scratch' },
  { first: 'scratch x8', second: 'scratch x2' },
];

/** The outcomes of all ways of a backbone on a target, as one for each seed. */
function grouped(outcomes: Raw['outcomes']): [group: string, seeds: Outcome[]][] {
  const groups = new Map<string, Map<string, Outcome>>();
  for (const [unit, seeds] of Object.entries(outcomes)) {
    const group = groups.get(groupOf(unit)) ?? new Map<string, Outcome>();
    groups.set(groupOf(unit), group);
    for (const [seed, { numbers, right }] of Object.entries(seeds)) {
      const before = group.get(seed);
      group.set(seed, {
        numbers: { ...before?.numbers, ...numbers },
        right: { ...before?.right, ...right },
      });
    }
  }
  return [...groups].map(([name, seeds]) => [name, [...seeds.values()]]);
}

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
    const shares = outcomes.flatMap(({ numbers }) => {
      const left = numbers[`transferred, compressed: ${what}`];
      return left === undefined ? [] : [left / numbers[`transferred: ${what}`]!];
    });
    if (shares.length === 0) return '';
    return ((100 * shares.reduce((sum, share) => sum + share, 0)) / shares.length).toFixed(0);
  });

/** The tables of the experiment in Markdown: accuracies of all models, sizes, and differences, for each backbone on each target. */
export function tables({ outcomes }: Raw): string {
  const groups = grouped(outcomes);
  const accuracies = markdownTable(
    ['top-1, %', 'test images', 'seeds', ...MODELS, 'MACs left, %', 'parameters left, %'],
    groups.map(([name, own]) => [
      name,
      String(imagesOf(own)),
      String(own.length),
      ...MODELS.map((model) => accuracy(own, model)),
      ...sizes(own),
    ]),
  );
  const differences = groups.map(([name, own]) => {
    const pairs = PAIRS.filter(({ first, second }) =>
      own.some(({ right }) => right[first] !== undefined && right[second] !== undefined),
    );
    return `${name}:\n\n${comparisonTable(own, pairs, imagesOf(own)).markdown}`;
  });
  return [accuracies, ...differences].join('\n\n');
}
