import { existsSync } from 'node:fs';

/** SwiftShader, a Vulkan device in software, as Debian's chromium brings it. */
const FOLDER = '/usr/lib/chromium';
const variables = {
  VK_ICD_FILENAMES: `${FOLDER}/vk_swiftshader_icd.json`,
  LD_LIBRARY_PATH: FOLDER,
};

/** Variables of a process whose WebGPU is computed in software; undefined where no such device is installed. */
export const softwareVulkan = existsSync(variables.VK_ICD_FILENAMES) ? variables : undefined;
