import { join } from 'node:path';
import { writeAtomic } from '@kcr/core/internal';
import {
  type IntervalChart,
  intervalChart,
  type SettingsChart,
  settingsChart,
} from '../report/charts.ts';
import { figuresHtml, page, saidHtml, tableHtml, verdictHtml } from '../report/page.ts';
import type { SummaryTable } from '../report/summary-table.ts';
import { absoluteModules } from './absolute-modules.ts';
import { shortNames } from './short-names.ts';
import type { Point } from './sweep.ts';
import type { Effect, Findings, SettingFinding } from './sweep-findings.ts';
import type { Interval } from './t-interval.ts';

const DIGITS = 4;

/** A number in a table or a sentence. */
const numberText = (value: number): string => String(Number(value.toPrecision(DIGITS)));

const valueText = (value: Point[string]): string =>
  typeof value === 'number'
    ? numberText(value)
    : typeof value === 'string'
      ? value
      : JSON.stringify(value);

const digits = (value: number): string => value.toPrecision(DIGITS);

/** A mean, with its interval where there is one: `0.8100 [0.7925, 0.8275]`. */
export const intervalText = ({ mean, low, high }: Interval): string =>
  low === undefined || high === undefined
    ? digits(mean)
    : `${digits(mean)} [${digits(low)}, ${digits(high)}]`;

/** Time, in a unit that gives a short number. */
const timeText = (seconds: number): string =>
  seconds < 90
    ? `${Math.round(seconds)} s`
    : seconds < 5400
      ? `${Math.round(seconds / 60)} min`
      : `${(seconds / 3600).toFixed(1)} h`;

/** The settings as a table, the best first. */
export function settingsTable({ sweep, settings }: Findings): SummaryTable {
  const paths = Object.keys(sweep.parameters);
  const isHalving = sweep.strategy.kind === 'halving';
  const row = ({ point, epochs, score, done, failed, trials, seconds }: SettingFinding) => [
    ...paths.slice(1).map((path) => valueText(point[path]!)),
    ...(isHalving ? [String(epochs)] : []),
    score ? intervalText(score) : failed > 0 ? 'failed' : '',
    `${done} of ${trials}${failed > 0 ? `, ${failed} failed` : ''}`,
    timeText(seconds),
  ];
  return {
    header: [
      ...shortNames(paths),
      ...(isHalving ? ['epochs'] : []),
      sweep.metric.path,
      'trials',
      'time',
    ],
    rows: settings.map((setting) => ({
      name: valueText(setting.point[paths[0]!]!),
      cells: row(setting).map((text) => ({ text })),
    })),
  };
}

/** All settings that have a score, as lines over the parameters. */
function parallelChart({ sweep, settings, best }: Findings): SettingsChart {
  const paths = Object.keys(sweep.parameters);
  const names = shortNames(paths);
  const scored = settings.filter(({ score }) => score);
  const ordered = best
    ? [
        ...scored.filter(({ point }) => point === best.point),
        ...scored.filter(({ point }) => point !== best.point),
      ]
    : scored;
  const axes = paths.map((path, i) => {
    const parameter = sweep.parameters[path]!;
    return Array.isArray(parameter)
      ? { name: names[i]!, values: parameter.map(valueText) }
      : { name: names[i]!, log: parameter.scale === 'log' };
  });
  return {
    title: 'Settings, and what they come to',
    axes: [...axes, { name: sweep.metric.path }],
    settings: ordered.map(({ point, score }) => [
      ...paths.map((path) =>
        Array.isArray(sweep.parameters[path]) ? valueText(point[path]!) : Number(point[path]),
      ),
      score!.mean,
    ]),
  };
}

/** What is said of how many values a mean is of. */
function countText(points: Effect['points']): string {
  const counts = [...new Set(points.map(({ n }) => n))];
  return counts.length === 1
    ? `n = ${counts[0]} each`
    : `n = ${Math.min(...counts)} to ${Math.max(...counts)}`;
}

function effectChart(effect: Effect, name: string, metric: string): IntervalChart {
  const { drawn, log, points } = effect;
  return {
    title: `${metric} by ${name}, ${countText(points)}`,
    x: effect.path,
    y: metric,
    logX: log,
    points: points.map(({ value, n, ...interval }) => ({
      ...interval,
      x: drawn ? Number(value) : valueText(value),
    })),
  };
}

/** What the page says first. */
function verdictOf({ sweep, best, settings, done, left, failures, recipe }: Findings) {
  const names = shortNames(Object.keys(sweep.parameters));
  const chosen = best
    ? Object.values(best.point).map((value, i) => `${names[i]} = ${valueText(value)}`)
    : [];
  const goal = sweep.metric.goal === 'max' ? 'highest' : 'lowest';
  const sentence = best
    ? `${chosen.join(', ')}: the ${goal} ${sweep.metric.path} of ${settings.length} settings, ${intervalText(best.score)}.`
    : 'No setting has all of its trials yet.';
  const { folds, seeds } = sweep;
  return {
    sentence,
    facts: [
      { title: 'Recipe', text: recipe },
      {
        title: 'Trials',
        text: `${done} of ${done + left}${failures.length > 0 ? `, ${failures.length} failed` : ''}`,
      },
      {
        title: 'Measured on',
        text: folds
          ? `the fold held out, of ${folds.count}${folds.share < 1 ? ` of ${numberText(100 * folds.share)} % of the training images` : ''}`
          : 'the test images',
      },
      { title: 'Seeds', text: seeds ? seeds.join(', ') : 'the recipe’s' },
    ],
  };
}

const said = ({ sweep }: Findings) => [
  {
    title: 'Intervals',
    says: `95 % by Student’s t over folds and seeds. Folds share training images, so the true intervals are somewhat wider; and the best of several settings looks better here than it is.`,
  },
  ...(sweep.strategy.kind === 'halving'
    ? [
        {
          title: 'Halving',
          says: 'The charts of the parameters are of the shortest trainings, which all settings had; a setting stands in the table with its longest.',
        },
      ]
    : []),
];

/** The findings of a sweep as a page. */
export function sweepReport(findings: Findings): string {
  const { sweep, effects, failures } = findings;
  const names = shortNames(effects.map(({ path }) => path));
  const drawn = effects.flatMap((effect, i) =>
    effect.points.length > 0 ? [effectChart(effect, names[i]!, sweep.metric.path)] : [],
  );
  const failureTable: SummaryTable = {
    header: ['trial', 'setting', 'why'],
    rows: failures.map(({ id, point, message }) => ({
      name: id,
      cells: [{ text: Object.values(point).map(valueText).join(', ') }, { text: message }],
    })),
  };
  const parts = [
    verdictHtml(verdictOf(findings)),
    figuresHtml([settingsChart(parallelChart(findings)), ...drawn.map(intervalChart)]),
    saidHtml(said(findings)),
    tableHtml(settingsTable(findings), 'Settings, the best first'),
    ...(failures.length > 0 ? [tableHtml(failureTable, 'Trials that failed')] : []),
  ];
  return page(`Sweep ${sweep.name}`, parts);
}

/**
 * Writes what a sweep has found: `sweep.html`, `findings.json`, and `best.json`, the recipe with the values that were chosen, which
 * `kcr compress` takes.
 *
 * @returns the page's path
 * @throws KcrError `OUT_WRITE`
 */
export async function writeSweepReport(out: string, findings: Findings): Promise<string> {
  const json = (value: unknown) => `${JSON.stringify(value, null, 1)}\n`;
  const path = join(out, 'sweep.html');
  await writeAtomic(join(out, 'findings.json'), json(findings));
  const { best, from } = findings;
  if (best) await writeAtomic(join(out, 'best.json'), json(absoluteModules(best.recipe, from)));
  await writeAtomic(path, sweepReport(findings));
  return path;
}
