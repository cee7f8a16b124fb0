import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { softwareVulkan } from './software-vulkan.ts';

function run(device: string): { losses: number[]; weight: number[] } {
  const script = fileURLToPath(new URL('webgpu-run.ts', import.meta.url));
  const { stdout, stderr } = spawnSync(process.execPath, ['--import', 'tsx', script, device], {
    encoding: 'utf8',
    env: { ...process.env, ...softwareVulkan },
  });
  const line = stdout.split('\n').findLast((text) => text.startsWith('{'));
  if (!line) throw new Error(stderr.slice(-2000));
  return JSON.parse(line);
}

test.skipIf(!softwareVulkan)(
  'WebGPU trains as the CPU does (SwiftShader)',
  { timeout: 240_000 },
  () => {
    const [webgpu, cpu] = [run('webgpu'), run('cpu')];
    webgpu.losses.forEach((loss, i) => expect(loss).toBeCloseTo(cpu.losses[i]!, 4));
    webgpu.weight.forEach((x, i) => expect(x).toBeCloseTo(cpu.weight[i]!, 3));
  },
);
