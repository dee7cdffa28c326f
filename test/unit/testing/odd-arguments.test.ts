/** Arguments that are spoilt must leave a scenario whose answers can be told beforehand. */
import { describe, expect, test } from 'vitest';
import { Draws } from '../../../src/testing/draws.ts';
import { spoil } from '../../../src/testing/odd-arguments.ts';

/** Everything that a statement becomes. */
function spoilt(text: string): Set<string> {
  const found = new Set<string>();
  for (let first = 0; first < 1000; first += 7) {
    for (let second = 0; second < 1000; second += 7) found.add(spoil(new Draws([first, second, first, second]), text));
  }
  return found;
}

describe('spoil', () => {
  test('opens /dev/random with other flags, but never to read what nobody can know', () => {
    const found = [...spoilt('fd = open("/dev/random", O_WRONLY)')];
    expect(found.length).toBeGreaterThan(2);
    expect(found.filter((text) => /O_RDWR\)|O_RDONLY\)/.test(text))).toEqual([]);
  });

  test.each([
    ['pread(fd, A+8, 4096, 8192+8)', /^pread\((\w+|-\d+), A\+8, .*, (8192\+8|-1|\S*000|-4096)\)$/],
    ['process_vm_readv(main, A+8, p1+8, 4096)', /^process_vm_readv\(main, A\+8, p1\+8, /],
  ])('%s copies nothing onto bytes that are still to be copied', (text, aligned) => {
    const nowhere = /\((\w+), (NULL|-\d+|0x\w+|A-0x1000), /;
    const found = [...spoilt(text)];
    expect(found.length).toBeGreaterThan(8);
    expect(found.filter((one) => !aligned.test(one) && !nowhere.test(one))).toEqual([]);
  });

  test('opens other devices to read and to write', () => {
    expect([...spoilt('fd = open("/dev/zero", O_RDONLY)')]).toContain('fd = open("/dev/zero", O_RDWR)');
  });
});
