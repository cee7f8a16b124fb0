import { writeFile } from 'node:fs/promises';
import { crc32, deflateSync } from 'node:zlib';
import { encode } from 'fast-png';
import sharp from 'sharp';
import { expect, test } from 'vitest';
import { readLabelMap } from './label-map.ts';
import { temporaryFolder } from './testing.ts';

const at = temporaryFolder();

/** A PNG of 2 x 3 pixels by hand (ISO/IEC 15948), of a colour type and a number of bits. */
function handmade(type: number, bits: number, rows: readonly (readonly number[])[]): Buffer {
  const chunk = (name: string, content: readonly number[] | Buffer) => {
    const body = Buffer.concat([Buffer.from(name), Buffer.from(content)]);
    const [length, check] = [Buffer.alloc(4), Buffer.alloc(4)];
    length.writeUInt32BE(body.length - 4);
    check.writeUInt32BE(crc32(body));
    return Buffer.concat([length, body, check]);
  };
  // Each row begins with its filter, 0.
  const pixels = deflateSync(Buffer.from(rows.flatMap((row) => [0, ...row])));
  return Buffer.concat([
    Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]),
    chunk('IHDR', [0, 0, 0, 3, 0, 0, 0, 2, bits, type, 0, 0, 0]),
    // Colours whose values are none of the indices.
    chunk('PLTE', [200, 0, 0, 0, 210, 0, 0, 0, 220, 230, 230, 230]),
    chunk('IDAT', pixels),
    chunk('IEND', []),
  ]);
}

test('grey of 8 and of 16 bits, exactly', async () => {
  const size = { height: 2, width: 3, channels: 1 } as const;
  const eight = Uint8Array.of(0, 1, 2, 128, 254, 255);
  await writeFile(at('8.png'), encode({ ...size, depth: 8, data: eight }));
  expect(await readLabelMap(at('8.png'))).toEqual({ height: 2, width: 3, data: eight });
  const sixteen = Uint16Array.of(0, 1, 255, 256, 40_000, 65_535);
  await writeFile(at('16.png'), encode({ ...size, depth: 16, data: sixteen }));
  expect(await readLabelMap(at('16.png'))).toEqual({ height: 2, width: 3, data: sixteen });
});

test("a palette's indices, not its colours", async () => {
  const rows = [
    [0, 1, 2],
    [3, 2, 1],
  ];
  await writeFile(at('palette.png'), handmade(3, 8, rows));
  const { data } = await readLabelMap(at('palette.png'));
  expect([...data]).toEqual(rows.flat());
});

test.each([
  [1, [[0b01000000], [0b11000000]], [0, 1, 0, 1, 1, 0]],
  [2, [[0b00011000], [0b11100100]], [0, 1, 2, 3, 2, 1]],
  [
    4,
    [
      [0x01, 0x20],
      [0x32, 0xf0],
    ],
    [0, 1, 2, 3, 2, 15],
  ],
] as const)(
  '%i bits a pixel, of grey and of a palette, as they are stored',
  async (bits, rows, labels) => {
    for (const type of [0, 3]) {
      await writeFile(at('bits.png'), handmade(type, bits, rows));
      expect(await readLabelMap(at('bits.png'))).toEqual({
        height: 2,
        width: 3,
        data: Uint8Array.from(labels),
      });
    }
  },
);

test('colours are refused by name', async () => {
  const raw = { width: 3, height: 2, channels: 3 } as const;
  const colours = sharp(new Uint8Array(18).fill(9), { raw });
  await colours.clone().png().toFile(at('colours.png'));
  await colours.clone().ensureAlpha().png().toFile(at('transparent.png'));
  for (const [name, found] of [
    ['colours.png', 'a PNG of RGB colours'],
    ['transparent.png', 'a PNG of RGB colours with transparency'],
  ] as const)
    await expect(readLabelMap(at(name))).rejects.toThrow(
      expect.objectContaining({ code: 'LABEL_MAP_READ', where: at(name), found }),
    );
});

const rows = [
  [0, 1, 2],
  [3, 2, 1],
];

test.each([
  ['another format', Buffer.from('GIF89a'), 'no PNG'],
  ['a cut file', handmade(3, 8, rows).subarray(0, 80), 'unexpected end'],
  ['too few rows', handmade(3, 8, rows.slice(1)), 'data of 4 bytes instead of 8'],
  ['data of more rows than the header says', handmade(3, 8, [...rows, ...rows]), 'larger than 8'],
])('%s: LABEL_MAP_READ', async (_, bytes, found) => {
  await writeFile(at('wrong.png'), bytes);
  await expect(readLabelMap(at('wrong.png'))).rejects.toThrow(
    expect.objectContaining({
      code: 'LABEL_MAP_READ',
      where: at('wrong.png'),
      found: expect.stringContaining(found),
    }),
  );
});

test('a header of more pixels than are decoded, and a missing file: LABEL_MAP_READ', async () => {
  const bytes = handmade(0, 8, rows);
  bytes.writeUInt32BE(30_000, 16);
  bytes.writeUInt32BE(20_000, 20);
  await writeFile(at('large.png'), bytes);
  await expect(readLabelMap(at('large.png'))).rejects.toThrow(/30000 x 20000 pixels/);
  await expect(readLabelMap(at('none.png'))).rejects.toThrow(
    expect.objectContaining({ code: 'LABEL_MAP_READ', where: at('none.png') }),
  );
});

test.each([
  ['width', 16],
  ['height', 20],
])('a %s of 0, which the format does not have: LABEL_MAP_READ', async (_, offset) => {
  const bytes = handmade(0, 8, rows);
  bytes.writeUInt32BE(0, offset);
  await writeFile(at('none.png'), bytes);
  await expect(readLabelMap(at('none.png'))).rejects.toThrow(
    expect.objectContaining({ code: 'LABEL_MAP_READ', where: at('none.png') }),
  );
  await expect(readLabelMap(at('none.png'))).rejects.toThrow(/PNG of (0 x 2|3 x 0) pixels/);
});
