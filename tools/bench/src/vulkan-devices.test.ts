import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { softwareVulkan } from '../../integration/src/software-vulkan.ts';

test.skipIf(!softwareVulkan)('a device in software is told by its name and type', () => {
  const module = fileURLToPath(new URL('vulkan-devices.ts', import.meta.url));
  const script = `import { vulkanDevices } from ${JSON.stringify(module)}; console.log(JSON.stringify(vulkanDevices()));`;
  const args = ['--import', 'tsx', '--input-type=module', '-e', script];
  const env = { ...process.env, ...softwareVulkan };
  const { stdout, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8', env });
  const [device] = JSON.parse(stdout || `${JSON.stringify(stderr)}`);
  expect(device).toEqual({ name: expect.stringContaining('SwiftShader'), software: true });
});
