import { describe, expect, test } from 'vitest';
import { Descriptors, OpenDescription } from '../../../src/replay/descriptors.ts';

const description = () => new OpenDescription(undefined, 0);

describe('a table of descriptors', () => {
  test('begins with three, and gives the lowest that is free', () => {
    const table = Descriptors.standard();
    expect(table.lowestFree()).toBe(3);
    table.install(3, description(), 'keep');
    table.install(5, description(), 'keep');
    expect(table.lowestFree()).toBe(4);
    table.close(1);
    expect(table.lowestFree()).toBe(1);
  });

  test('takes int arguments as the kernel does', () => {
    const table = Descriptors.standard();
    expect(table.get(2 ** 32 + 1)).toBe(table.get(1));
    expect(table.get(2 ** 32 - 1)).toBeUndefined();
    table.install(2 ** 30, description(), 'keep');
    expect(table.get(2 ** 30)).toBeUndefined();
  });

  test('execve closes what is marked', () => {
    const table = Descriptors.standard();
    table.install(3, description(), 'close');
    table.install(4, description(), 'close');
    table.setCloseOnExec(4, 'keep');
    table.setCloseOnExec(0, 'close');
    table.exec();
    expect([0, 1, 2, 3, 4].filter((fd) => table.get(fd) !== undefined)).toEqual([1, 2, 4]);
  });

  test('a copy shares the open descriptions and nothing else', () => {
    const table = Descriptors.standard();
    table.install(3, description(), 'keep');
    const copy = table.copy();
    (copy.get(3) as OpenDescription).position = 7;
    expect(table.get(3)?.position).toBe(7);
    copy.closeRange(2, 9);
    expect([copy.get(1), copy.get(2), copy.get(3), table.get(3)].map((found) => found !== undefined)).toEqual([
      true,
      false,
      false,
      true,
    ]);
  });
});
