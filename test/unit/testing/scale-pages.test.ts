/** Scenarios for pages of another size. */
import { expect, test } from 'vitest';
import { parseScenario } from '../../../src/scenario/scenario.ts';
import { scalePages } from '../../../src/testing/scale-pages.ts';

test.each([
  ['munmap(A+0x3000, 2*4096)', 'munmap(A+0xc000, 2*16384)'],
  ['munmap(p12+0x1008, 4095)', 'munmap(p12+0x4008, 16383)'],
  ['ftruncate(fd4096, 5000)', 'ftruncate(fd4096, 17288)'],
  ['load8(A+2048)', 'load8(A+2048)'],
  [
    'mmap(-4096, 4097, 3, MAP_PRIVATE|0x22, -1, 0x7ffffffff000)',
    'mmap(-16384, 16385, 3, MAP_PRIVATE|0x22, -1, 0x7ffffffff000)',
  ],
  ['pwrite(fd, "4096 \\" 8192"*4096, 100)', 'pwrite(fd, "4096 \\" 8192"*16384, 100)'],
])('%s', (text, scaled) => {
  expect(scalePages(text, 16384)).toBe(scaled);
  expect(scalePages(text, 4096)).toBe(text);
});

test('transfers stay within what a scenario may hold', () => {
  const text = [
    'fd = memfd_create("m", 0)',
    'pread(fd, 65536, 0)',
    'read(fd, 65536)',
    'copyin(A, 5*4096)',
    'pwrite(fd, fill(1, 20000), 0)',
  ];
  const scaled = scalePages(text.join('\n'), 65536);
  expect(scaled.split('\n').slice(1)).toEqual([
    'pread(fd, 262144, 0)',
    'read(fd, 262144)',
    'copyin(A, 262144)',
    'pwrite(fd, fill(1, 262144), 0)',
  ]);
  expect(() => parseScenario(scaled, 'x.scn')).not.toThrow();
});
