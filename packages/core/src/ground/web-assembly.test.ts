import { expect, test } from 'vitest';
import { ensureMemory, openModule, type WithMemory } from './web-assembly.ts';

/** `(module (memory (export "memory") 1) (func (export "seven") (result i32) i32.const 7))` */
const SEVEN = 'AGFzbQEAAAABBQFgAAF/AwIBAAUDAQABBxICBm1lbW9yeQIABXNldmVuAAAKBgEEAEEHCw==';

interface Seven extends WithMemory {
  seven(): number;
}

test('a module is opened from its bytes or these as base64', () => {
  expect(openModule<Seven>(SEVEN).seven()).toBe(7);
  expect(openModule<Seven>(Buffer.from(SEVEN, 'base64')).seven()).toBe(7);
});

test('memory grows to what is needed, in pages, and is not made less', () => {
  const module = openModule<Seven>(SEVEN);
  const bytes = () => module.memory.buffer.byteLength;
  ensureMemory(module, 10);
  expect(bytes()).toBe(2 ** 16);
  ensureMemory(module, 2 ** 16 + 1);
  expect(bytes()).toBe(2 ** 17);
  ensureMemory(module, 1);
  expect(bytes()).toBe(2 ** 17);
});
