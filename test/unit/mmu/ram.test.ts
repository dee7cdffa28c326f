import { describe, expect, test } from 'vitest';
import { Ram } from '../../../src/mmu/ram.ts';

const PAGE = 32;

function filled(): Ram {
  const ram = new Ram(4 * PAGE, PAGE);
  ram.u8.forEach((_, place) => {
    ram.u8[place] = place + 1;
  });
  return ram;
}

describe('RAM', () => {
  test('has as many frames as pages fit', () => {
    const ram = new Ram(4 * PAGE, PAGE);
    expect([ram.contentBytes, ram.contentFrames, ram.u8.length, ram.u32.length]).toEqual([128, 4, 128, 32]);
  });

  test('is little-endian at any address', () => {
    const ram = new Ram(PAGE, PAGE);
    ram.store32(5, 0x89abcdef);
    expect([...ram.u8.subarray(5, 9)]).toEqual([0xef, 0xcd, 0xab, 0x89]);
    expect(ram.load32(5)).toBe(0x89abcdef);
    expect(ram.load16(6)).toBe(0xabcd);
    expect(ram.load8(8)).toBe(0x89);
    ram.store16(7, 0x1234);
    expect(ram.load32(5)).toBe(0x1234cdef);
    ram.store8(5, 0x100);
    expect(ram.load8(5)).toBe(0);
  });

  test('zeroes one frame, or a range of one', () => {
    const ram = filled();
    ram.zeroFrame(1);
    ram.zeroRange(2, 4, 8);
    const zeros = [...ram.u8].flatMap((byte, place) => (byte === 0 ? [place] : []));
    expect(zeros).toEqual([...Array.from({ length: PAGE }, (_, i) => PAGE + i), 68, 69, 70, 71]);
  });

  test('copies one frame over another', () => {
    const ram = filled();
    ram.copyFrame(3, 0);
    expect([...ram.u8.subarray(3 * PAGE)]).toEqual([...filled().u8.subarray(0, PAGE)]);
    expect([...ram.u8.subarray(0, 3 * PAGE)]).toEqual([...filled().u8.subarray(0, 3 * PAGE)]);
  });

  test('reads and writes runs of bytes', () => {
    const ram = filled();
    const bytes = new Uint8Array(3);
    ram.read(40, bytes);
    expect([...bytes]).toEqual([41, 42, 43]);
    ram.write(0, bytes);
    expect([...ram.u8.subarray(0, 4)]).toEqual([41, 42, 43, 4]);
  });
});

describe('addresses beyond the contents', () => {
  test.each([4, 9])('load as zeros and drop what is stored: frame %i', (frame) => {
    const ram = filled();
    const before = ram.u8.slice();
    const beyond = frame * PAGE;
    ram.store8(beyond, 1);
    ram.store16(beyond, 1);
    ram.store32(beyond, 1);
    ram.write(beyond, Uint8Array.of(1, 2, 3));
    ram.zeroFrame(frame);
    ram.zeroRange(frame, 0, 4);
    ram.copyFrame(frame, 1);
    expect(ram.u8).toEqual(before);
    const bytes = Uint8Array.of(7, 7);
    ram.read(beyond, bytes);
    expect([ram.load8(beyond), ram.load16(beyond), ram.load32(beyond), ...bytes]).toEqual([0, 0, 0, 0, 0]);
  });
});
