import { type InvalidPolicy, writeShards } from '@kcr/data';
import type { Command } from 'commander';
import { bytes, invalidOption } from '../options.ts';
import { printResult } from '../output.ts';
import { counter, progress } from '../progress.ts';

interface ShardCommandOptions {
  out: string;
  size: number;
  invalid: InvalidPolicy;
  json?: boolean;
}

/** `kcr shard`: class folders as tar files. */
export function addShard(kcr: Command): void {
  kcr
    .command('shard')
    .description("write class folders as tar files of WebDataset's layout")
    .argument('<folder>', 'one folder of images per class')
    .requiredOption('--out <folder>', 'the tar files: a folder that is absent or empty')
    .option('--size <bytes>', 'most bytes of a tar file', bytes, 256e6)
    .addOption(invalidOption())
    .option('--json', 'print the result as JSON')
    .action(async (folder: string, { out, size, invalid, json }: ShardCommandOptions) => {
      const onImage = counter('shard', 'images');
      const { skipped, ...written } = await writeShards(folder, out, { size, invalid, onImage });
      if (Object.keys(skipped).length > 0)
        progress()({ type: 'skipped', where: folder, entries: skipped });
      printResult({ folder: out, ...written }, json);
    });
}
