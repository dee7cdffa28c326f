import { describe, expect, test } from 'vitest';
import { parseMaps } from '../../../src/replay/maps-lines.ts';

describe('first mappings', () => {
  test('with and without a path', () => {
    const text = `# comment
555555554000-555555558000 r--p 00004000 fe:00 260601                     /usr/bin/a program
555555579000-55555557a000 rw-p 00000000 00:00 0${' '}
7ffff7fc8000-7ffff7fca000 r-xp 00000000 00:00 0                          [vdso]
7ffff7fd0000-7ffff7fd1000 rw-s 00000000 00:01 5                          /dev/zero (deleted)
ffffffffff600000-ffffffffff601000 --xp 00000000 00:00 0                  [vsyscall]
`;
    const common = { shared: false, offset: 0 };
    expect(parseMaps('maps', text)).toEqual([
      { ...common, start: 0x555555554000, end: 0x555555558000, prot: 1, offset: 0x4000, path: '/usr/bin/a program' },
      { ...common, start: 0x555555579000, end: 0x55555557a000, prot: 3, path: '' },
      { ...common, start: 0x7ffff7fc8000, end: 0x7ffff7fca000, prot: 5, path: '[vdso]' },
      { ...common, start: 0x7ffff7fd0000, end: 0x7ffff7fd1000, prot: 3, shared: true, path: '/dev/zero (deleted)' },
    ]);
  });

  test.each([
    ['hello', 'is no line of /proc/PID/maps'],
    ['1000-2000 r--p 0 fe:00', 'is no line of /proc/PID/maps'],
    ['1000-2000 r--q 00000000 fe:00 1', 'is no line of /proc/PID/maps'],
    ['1001-2000 r--p 00000000 fe:00 1', '1001-2000 is no range of whole pages'],
    ['2000-1000 r--p 00000000 fe:00 1', '2000-1000 is no range of whole pages'],
  ])('malformed: %s', (line, message) => {
    expect(() => parseMaps('dir/p0.maps-exec', `\n${line}\n`)).toThrow(`dir/p0.maps-exec:2: `);
    expect(() => parseMaps('dir/p0.maps-exec', `\n${line}\n`)).toThrow(message);
  });

  test('do not overlap', () => {
    const text = '1000-3000 r--p 00000000 fe:00 1\n2000-4000 r--p 00000000 fe:00 1\n';
    expect(() => parseMaps('m', text)).toThrow('m:2: the mapping at 2000 begins inside the one above it');
  });
});
