import { compress, takePart } from '@kcr/pipeline';
import type { Command } from 'commander';
import { overRecipe, type RecipeOptions } from '../options.ts';
import { printTable } from '../output.ts';
import { together } from '../together.ts';

/** `kcr compress`: all stages of a recipe. */
export function addCompress(kcr: Command): void {
  overRecipe(kcr.command('compress'))
    .description('all stages: dense baseline, search, retraining, measurement, report')
    .action(async (recipe: string, options: RecipeOptions) => {
      const run = await together(options);
      if (run.communicator.rank > 0) return await takePart(recipe, run);
      const result = await compress(recipe, run);
      if (options.json) {
        process.stdout.write(`${JSON.stringify(result.summary)}\n`);
        return;
      }
      const { header, rows } = result.table;
      printTable([header, ...rows.map(({ name, cells }) => [name, ...cells.map((c) => c.text)])]);
      process.stdout.write(`\nreport: ${result.report}\n`);
    });
}
