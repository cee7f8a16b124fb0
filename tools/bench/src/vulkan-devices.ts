import koffi from 'koffi';

/** A device that Vulkan lists. */
export interface VulkanDevice {
  readonly name: string;
  /** Whether a processor does its work. */
  readonly software: boolean;
}

/** `VkPhysicalDeviceType`, the preferred first: discrete, integrated, virtual, other, processor. */
const PREFERRED = [2, 1, 3, 0, 4];
const PROCESSOR = 4;

/** `VkPhysicalDeviceProperties` begins with four numbers, the type, and the name in 256 bytes; with its limits it is shorter than this. */
const PROPERTIES = 2048;
const [TYPE, NAME, NAME_LENGTH] = [16, 20, 256];

/**
 * The devices of Vulkan, in the order in which an application that wants speed prefers them. ONNX Runtime does not say which device
 * WebGPU took, and a device in software looks like any other to it.
 *
 * @returns undefined where there is no Vulkan, as on macOS and on many a Windows
 */
export function vulkanDevices(): VulkanDevice[] | undefined {
  let library: ReturnType<typeof koffi.load>;
  try {
    library = koffi.load(process.platform === 'win32' ? 'vulkan-1.dll' : 'libvulkan.so.1');
  } catch {
    return undefined;
  }
  const create = library.func('int vkCreateInstance(void*, void*, _Out_ void**)');
  const enumerate = library.func('int vkEnumeratePhysicalDevices(void*, void*, void*)');
  const properties = library.func('void vkGetPhysicalDeviceProperties(void*, void*)');
  const destroy = library.func('void vkDestroyInstance(void*, void*)');
  // VkInstanceCreateInfo: its type is 1, and nothing is asked for.
  const info = Buffer.alloc(64);
  info.writeUInt32LE(1);
  const instance: [unknown] = [null];
  if (create(info, null, instance) !== 0) return [];
  try {
    const count = Buffer.alloc(4);
    enumerate(instance[0], count, null);
    const handles = Buffer.alloc(8 * count.readUInt32LE());
    enumerate(instance[0], count, handles);
    const found = Array.from({ length: count.readUInt32LE() }, (_, i) => {
      const own = Buffer.alloc(PROPERTIES);
      properties(handles.readBigUInt64LE(8 * i), own);
      const name = own.toString('utf8', NAME, NAME + NAME_LENGTH).replace(/\0.*$/s, '');
      return { name, type: own.readUInt32LE(TYPE) };
    });
    return found
      .sort((a, b) => PREFERRED.indexOf(a.type) - PREFERRED.indexOf(b.type))
      .map(({ name, type }) => ({ name, software: type === PROCESSOR }));
  } finally {
    destroy(instance[0], null);
  }
}
