import { join } from 'node:path';
import type { LineChart } from '@kcr/core';
import { writeAtomic } from '@kcr/core/internal';
import { lineChart } from './charts.ts';
import { figuresHtml, page, tableHtml } from './page.ts';
import type { Cell } from './summary-table.ts';

/** A model before or after pruning. */
export interface PrunedSize {
  readonly params: number;
  readonly macs: number;
  readonly top1?: number;
}

const share = (after: number, before: number): string => `${((100 * after) / before).toFixed(1)} %`;

/**
 * Writes `report.html` beside a pruned checkpoint: both models, how the scores were distributed, and what was taken out.
 *
 * @returns the page's path
 * @throws KcrError `OUT_WRITE`
 */
export async function writePruningReport(
  directory: string,
  title: string,
  {
    before,
    after,
    charts,
  }: { before: PrunedSize; after: PrunedSize; charts: readonly LineChart[] },
): Promise<string> {
  const measured = before.top1 !== undefined;
  const cells = ({ params, macs, top1 }: PrunedSize): Cell[] => [
    ...(measured && top1 !== undefined ? [{ text: `${(100 * top1).toFixed(1)} %` }] : []),
    { text: params.toLocaleString('en'), beside: share(params, before.params) },
    { text: `${(macs / 1e6).toFixed(2)} M`, beside: share(macs, before.macs) },
  ];
  const rows = Object.entries({ before, after }).map(([name, size]) => ({
    name,
    cells: cells(size),
  }));
  const header = ['model', ...(measured ? ['top-1'] : []), 'parameters', 'MACs'];
  const table = tableHtml({ header, rows }, 'The model before and after pruning');
  const path = join(directory, 'report.html');
  await writeAtomic(path, page(title, [table, figuresHtml(charts.map(lineChart))]));
  return path;
}
