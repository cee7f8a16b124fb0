import { writeFile } from 'node:fs/promises';
import { describe, expect, test } from 'vitest';
import { kcr, temporaryFolder } from '../testing.ts';

describe('eval-coco', () => {
  const truth = {
    images: [{ id: 1, height: 10, width: 10 }],
    categories: [{ id: 1, name: 'a' }],
    annotations: [
      {
        id: 1,
        image_id: 1,
        category_id: 1,
        area: 16,
        iscrowd: 0,
        bbox: [1, 1, 4, 4],
        segmentation: [[1, 1, 5, 1, 5, 5, 1, 5]],
      },
    ],
  };
  const hit = { image_id: 1, category_id: 1, score: 0.9, bbox: [1, 1, 4, 4] };
  const run = async (detections: unknown, ...more: string[]) => {
    await using folder = await temporaryFolder();
    const [gt, dt] = [folder.at('gt.json'), folder.at('dt.json')];
    await writeFile(gt, JSON.stringify(truth));
    await writeFile(dt, JSON.stringify(detections));
    return await kcr('eval-coco', '--gt', gt, '--dt', dt, ...more);
  };

  test('gives the twelve figures, as JSON and as the familiar table', async () => {
    const { out } = await run([hit], '--json');
    // A perfect precision is 1 / (1 + 2^-52), as in COCO's API.
    const rounded = Object.entries<number>(JSON.parse(out)).map(([key, x]) => [
      key,
      Math.round(x * 1e9) / 1e9,
    ]);
    expect(Object.fromEntries(rounded)).toEqual({
      AP: 1,
      AP50: 1,
      AP75: 1,
      APs: 1,
      APm: -1,
      APl: -1,
      AR1: 1,
      AR10: 1,
      AR100: 1,
      ARs: 1,
      ARm: -1,
      ARl: -1,
    });
    const table = (await run([hit])).out.split('\n');
    expect(table).toHaveLength(13);
    expect(table[0]).toBe(
      ' Average Precision  (AP) @[ IoU=0.50:0.95 | area=   all | maxDets=100 ] = 1.000',
    );
    expect(table[10]).toBe(
      ' Average Recall     (AR) @[ IoU=0.50:0.95 | area=medium | maxDets=100 ] = -1.000',
    );
  });

  test.each([
    ['COCO_IMAGE', { image_id: 2 }],
    ['COCO_CATEGORY', { category_id: 7 }],
    ['COCO_BOX', { bbox: [1, 2, -3, 4] }],
    ['COCO_SCORE', { score: null }],
  ])('%s is an error, or is left out and counted', async (code, wrong) => {
    const detections = [hit, { ...hit, ...wrong }];
    const { err, code: exit } = await run(detections, '--json');
    expect(err).toContain(`kcr: ${code}`);
    expect(exit).toBe(1);
    const skipped = await run(detections, '--json', '--invalid', 'skip');
    expect(skipped.err).toContain(`1 entries left out (${code})`);
    expect(JSON.parse(skipped.out).AP).toBeCloseTo(1, 9);
  });

  test('masks that are not there, or of another size, are refused', async () => {
    // Without a segmentation the mask is the box, as in COCO's API.
    expect(JSON.parse((await run([hit], '--type', 'segm', '--json')).out).AP).toBeCloseTo(1, 9);
    const bare = { ...hit, segmentation: null };
    expect((await run([bare], '--type', 'segm')).err).toContain('kcr: COCO_SEGMENTATION');
    const small = { ...hit, segmentation: { size: [4, 4], counts: [0, 16] } };
    expect((await run([small], '--type', 'segm')).err).toContain('kcr: RLE_SIZE');
    expect((await run({})).err).toContain('kcr: COCO_FORMAT');
    const missing = await kcr('eval-coco', '--gt', 'nothing.json', '--dt', 'nothing.json');
    expect(missing.err).toContain('kcr: COCO_READ');
  });
});
