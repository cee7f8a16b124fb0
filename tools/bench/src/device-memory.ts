import { spawnSync } from 'node:child_process';

/**
 * MB of a million bytes that all processes use on all devices, as `nvidia-smi` tells it: a line of MiB for each device.
 *
 * @returns undefined where a line is no number, as where a device does not say or the driver does not answer
 */
export function usedMegabytes(text: string): number | undefined {
  const lines = text.trim().split('\n');
  if (!lines.every((line) => /^\s*\d+\s*$/.test(line))) return undefined;
  return lines.reduce((sum, line) => sum + (Number(line) * 2 ** 20) / 1e6, 0);
}

/** What all processes use on NVIDIA's devices now. @returns undefined where nothing says */
export function usedNow(): number | undefined {
  const args = ['--query-gpu=memory.used', '--format=csv,noheader,nounits'];
  const { status, stdout } = spawnSync('nvidia-smi', args, { encoding: 'utf8' });
  return status === 0 ? usedMegabytes(stdout) : undefined;
}
