import { measureLatencies } from '@kcr/pipeline';
import type { Command } from 'commander';
import {
  CHECKPOINT,
  type CheckpointOptions,
  checkpointOf,
  count,
  withCheckpoint,
} from '../options.ts';
import { printResult, printTable } from '../output.ts';
import { progress } from '../progress.ts';

interface LatencyCommandOptions extends CheckpointOptions {
  batch: number;
  threads?: number;
  dims?: string[];
  out?: string;
  json?: boolean;
}

/** `kcr latency`: where a checkpoint's time goes on this machine, and a table of it to plan pruning with. */
export function addLatency(kcr: Command): void {
  const command = kcr
    .command('latency')
    .description('where the time of a checkpoint goes on this machine, layer by layer')
    .argument('<checkpoint>', CHECKPOINT);
  withCheckpoint(command)
    .option('--batch <n>', 'images at once', count, 1)
    .option('--threads <n>', 'threads of one operator (default: one per core)', count)
    .option('--dims <roles...>', 'roles of the dimensions whose widths are measured (default: all)')
    .option('--out <file>', 'the table, JSON, which `kcr prune --latency-table` takes')
    .option('--json', 'print the result as JSON')
    .action(latency);
}

async function latency(checkpoint: string, options: LatencyCommandOptions): Promise<void> {
  const { batch, threads, dims, out, json } = options;
  const given = { batch, threads, dims, out, ...checkpointOf(options) };
  const { layers, ...report } = await measureLatencies(checkpoint, { ...given, on: progress() });
  if (json) {
    printResult({ ...report, layers }, true);
    return;
  }
  printResult(report);
  const macs = layers.reduce((sum, layer) => sum + layer.macs, 0);
  const percent = (part: number, whole: number) => `${((100 * part) / whole).toFixed(1)} %`;
  const rows = layers.map((layer) => [
    layer.name,
    percent(layer.macs, macs),
    layer.ms.toFixed(3),
    percent(layer.ms, report.ms),
    layer.narrowest.toFixed(3),
  ]);
  process.stdout.write('\nlayers, each with what follows it up to the next\n');
  printTable([['name', 'MACs', 'ms', 'time', 'ms at the narrowest'], ...rows]);
}
