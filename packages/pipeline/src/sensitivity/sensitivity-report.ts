import { join } from 'node:path';
import type { LineChart } from '@kcr/core';
import { writeAtomic } from '@kcr/core/internal';
import { lineChart } from '../report/charts.ts';
import { figuresHtml, page, tableHtml } from '../report/page.ts';
import type { Sensitivity, SensitivityReport } from './measure-sensitivity.ts';

/** A number in a path: which of several equal parts it is. */
const NUMBER = /\.(\d+)(?=\.|$)/g;

/**
 * Parts of one kind on a line, by where they stand: `blocks.3.mlp.fc1` is the fourth `blocks.*.mlp.fc1`. Kinds of which there is one alone,
 * such as the classifier, are in the table only.
 */
function linesOf(parts: readonly Sensitivity[], value: (part: Sensitivity) => number) {
  const kinds = new Map<string, [number, number][]>();
  for (const part of parts) {
    const kind = part.name.replaceAll(NUMBER, '.*');
    const points = kinds.get(kind) ?? [];
    points.push([points.length + 1, value(part)]);
    kinds.set(kind, points);
  }
  return [...kinds]
    .filter(([, points]) => points.length > 1)
    .map(([name, points]) => ({ name, points }));
}

/** How much higher the loss is than the whole model's. */
const lossRise = ({ whole }: SensitivityReport, { numbers }: Sensitivity) =>
  numbers.loss! - whole.loss!;

/** What a person sees of a report: how far each part, changed alone, throws the model off. */
export function sensitivityCharts(report: SensitivityReport): LineChart[] {
  const of = (change: Sensitivity['change']) =>
    report.parts.filter((part) => part.change === change && part.level === 'layer');
  const kept = `${Math.round(100 * report.keep)} % of its channels`;
  return [
    {
      title: `One layer in ${report.precision}`,
      x: 'which of its kind',
      y: 'error of the logits, %',
      lines: linesOf(of('quantised'), ({ error }) => 100 * error),
    },
    {
      title: `One dimension with ${kept}`,
      x: 'which of its kind',
      y: 'rise of the loss',
      lines: linesOf(of('pruned'), (part) => lossRise(report, part)),
    },
  ];
}

/** A line for each part: its name, the change, the error of the logits, the rise of the loss, and points of top-1. */
export const sensitivityRows = (report: SensitivityReport): string[][] =>
  report.parts.map((part) => [
    part.name,
    `${part.level}, ${part.change}`,
    `${(100 * part.error).toFixed(2)} %`,
    lossRise(report, part).toFixed(4),
    (100 * (part.numbers.top1! - report.whole.top1!)).toFixed(2),
  ]);

/** A report as a page. */
export function sensitivityReport(report: SensitivityReport): string {
  const { whole, n, model } = report;
  const rows = sensitivityRows(report).map(([name, ...cells]) => ({
    name: name!,
    cells: cells.map((text) => ({ text })),
  }));
  const header = ['part', 'change', 'error of the logits', 'rise of the loss', 'top-1, points'];
  const caption = `Each part changed alone, on ${n} images; whole: loss ${whole.loss!.toFixed(4)}, top-1 ${(100 * whole.top1!).toFixed(2)} %`;
  const figures = figuresHtml(sensitivityCharts(report).map(lineChart));
  return page(`Sensitivity of ${model}`, [figures, tableHtml({ header, rows }, caption)]);
}

/**
 * Writes `sensitivity.json` and `sensitivity.html` into a folder.
 *
 * @returns the page's path
 * @throws KcrError `OUT_WRITE`
 */
export async function writeSensitivity(folder: string, report: SensitivityReport): Promise<string> {
  const path = join(folder, 'sensitivity.html');
  await writeAtomic(join(folder, 'sensitivity.json'), `${JSON.stringify(report, null, 1)}\n`);
  await writeAtomic(path, sensitivityReport(report));
  return path;
}
