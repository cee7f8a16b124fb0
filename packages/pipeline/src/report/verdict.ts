import { pairedDifference } from './paired-difference.ts';
import type { ModelAnalysis, RunAnalysis } from './run-analysis.ts';

/** What a report says first: whether the result of a run can stand for the model that it was made from. */
export interface Verdict {
  /** One sentence: the result's accuracy beside the first model's. */
  readonly sentence: string;
  /** What it costs beside the first model, and how the figures were measured. */
  readonly facts: readonly { readonly title: string; readonly text: string }[];
}

const points = (share: number) => (100 * Math.abs(share)).toFixed(1);
const signedPoints = (share: number) => `${share < 0 ? '−' : '+'}${points(share)}`;
const percent = (share: number) => `${(100 * share).toFixed(1)} %`;
const fewer = (own: number, first: number) =>
  own === first
    ? 'as many'
    : `${percent(Math.abs(1 - own / first))} ${own < first ? 'fewer' : 'more'}`;

/** What the test images say of two models' first metric. */
function accuracySentence(
  { result, metrics, measured: { testImages } }: RunAnalysis,
  own: ModelAnalysis,
  [firstName, first]: readonly [string, ModelAnalysis],
): string {
  const [key, title] = Object.entries(metrics)[0]!;
  if (![own, first].every(({ summary }) => Object.hasOwn(summary, key)))
    return `${result}: how good it is could not be told from the ${testImages} test images.`;
  const [ours, theirs] = [own.summary[key]!, first.summary[key]!];
  const figures = `${title} ${percent(ours)}, ${firstName} ${percent(theirs)}`;
  if (!own.paired)
    return `${result}: ${figures}, on ${testImages} test images. ${title} is no share of images, so the difference has no interval here.`;
  const { share, low, high, seen } = pairedDifference(own.paired);
  const interval = `${signedPoints(share)} points [${signedPoints(low)}, ${signedPoints(high)}]`;
  if (low > 0) return `${result} is better than ${firstName}: ${figures}, ${interval}.`;
  if (high < 0) return `${result} is less accurate than ${firstName}: ${figures}, ${interval}.`;
  return `No difference seen between ${result} and ${firstName}: ${figures}, ${interval}; one of ${points(seen)} points would have been.`;
}

/** Beside the first model, where the run has one besides its result. */
export function verdictOf(analysis: RunAnalysis): Verdict {
  const { result, models, measured } = analysis;
  const own = models[result]!;
  const [firstName, first] = Object.entries(models)[0]!;
  const { date, machine, seed, testImages, runs } = measured;
  const how = [
    { title: 'test images', text: String(testImages) },
    { title: 'seed', text: String(seed) },
    { title: 'measured', text: `${date}, ${machine}` },
  ];
  if (firstName === result) return { sentence: `${result} alone was made.`, facts: how };
  const { median, low, high } = own.latency.speedup;
  const times = (x: number) => x.toFixed(2);
  return {
    sentence: accuracySentence(analysis, own, [firstName, first]),
    facts: [
      { title: 'parameters', text: fewer(own.summary.params, first.summary.params) },
      { title: 'multiply-accumulates', text: fewer(own.summary.macs, first.summary.macs) },
      {
        title: 'speed, one image',
        text: `${times(median)} times ${firstName}'s [${times(low)}, ${times(high)}], median and quartiles of ${runs} runs in turn`,
      },
      ...how,
    ],
  };
}
