/** The block device: what a block holds while it is written, handed over, freed. */
import { beforeEach, expect, test } from 'vitest';
import { Clock } from '../../../src/clock.ts';
import { ALARM_IO_DONE, BlockDevice } from '../../../src/disk/block-device.ts';
import { latencyModel } from '../../../src/disk/latency.ts';
import { Rng } from '../../../src/rng.ts';
import { Trace } from '../../../src/trace.ts';

const SIZE = 32;
const CONFIG = { model: 'ssd', blocks: 300 } as const;

let clock: Clock;
let device: BlockDevice;
/** Blocks whose requests have completed, in that order. */
let done: number[];

beforeEach(() => {
  clock = new Clock();
  device = new BlockDevice(CONFIG, SIZE, clock, latencyModel(CONFIG, SIZE, new Rng('1').stream('disk')), new Trace());
  done = [];
  clock.onAlarm(ALARM_IO_DONE, ([id]) => done.push(device.complete(id).block));
});

function runAll(): void {
  while (clock.runNext());
}

function filled(byte: number): Uint8Array {
  return new Uint8Array(SIZE).fill(byte);
}

test('a block never written holds zeros', () => {
  expect(device.bytesOf(7)).toEqual(filled(0));
});

test('a written block owes its bytes from completion until they are handed over', () => {
  device.write(7, 1, 0);
  expect([device.owes(7), device.queueDepth]).toEqual([false, 1]);
  runAll();
  expect([device.owes(7), device.queueDepth, device.writes]).toEqual([true, 0, 1]);
  device.store(7, filled(5));
  expect(device.owes(7)).toBe(false);
  expect([device.bytesOf(6), device.bytesOf(7), device.bytesOf(8)]).toEqual([filled(0), filled(5), filled(0)]);
});

test('a freed block holds zeros and owes nothing', () => {
  device.store(7, filled(5));
  device.write(7, 1, 0);
  runAll();
  device.discard(7);
  expect([device.owes(7), device.bytesOf(7)]).toEqual([false, filled(0)]);
});

test('requests are used again, and each completes once', () => {
  for (let round = 0; round < 3; round++) {
    for (let block = 1; block <= 200; block++) device.write(block, 1, block);
    expect(device.queueDepth).toBe(200);
    runAll();
    expect(device.queueDepth).toBe(0);
  }
  expect(done).toEqual([0, 1, 2].flatMap(() => Array.from({ length: 200 }, (_, i) => i + 1)));
  expect(() => device.complete(0)).toThrow(/completed twice/);
});

test('a read that is slower than a write after it completes later', () => {
  device.read(3, 1, 0);
  device.write(4, 1, 1);
  runAll();
  expect(done).toEqual([4, 3]);
});
