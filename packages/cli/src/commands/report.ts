import { writeReport } from '@kcr/pipeline';
import type { Command } from 'commander';
import { printResult } from '../output.ts';

/** `kcr report`: the page of a run. */
export function addReport(kcr: Command): void {
  kcr
    .command('report')
    .description('write report.html for a run of `kcr compress`')
    .argument('<run>', 'folder of the run')
    .option('--json', 'print the result as JSON')
    .action(async (run: string, { json }: { json?: boolean }) => {
      printResult({ report: await writeReport(run) }, json);
    });
}
