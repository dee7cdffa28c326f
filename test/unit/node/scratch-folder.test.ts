import { existsSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { openTarget } from '../../../src/node/check-targets.ts';
import { mountOf, parseMounts, readAheadBytes } from '../../../src/node/scratch-folder.ts';
import { parseScenario } from '../../../src/scenario/scenario.ts';
import { PLAIN_MACHINE } from '../../../src/testing/machine-draw.ts';

const TABLE = `22 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda rw
30 22 0:25 / /dev/shm rw - tmpfs tmpfs rw
31 22 8:17 / /mnt/a\\040disk rw - ext4 /dev/sdb1 rw
`;

describe('what a folder lies on', () => {
  const mounts = parseMounts(TABLE);

  test.each([
    ['/tmp/x', 'ext4', '254:0'],
    ['/dev/shm', 'tmpfs', '0:25'],
    ['/mnt/a disk/folder', 'ext4', '8:17'],
  ])('%s', (path, type, device) => expect(mountOf(path, mounts)).toMatchObject({ type, device }));

  test.skipIf(!existsSync('/proc/self/mountinfo'))('what has no disk is not read ahead', () =>
    expect(readAheadBytes('/proc')).toBeUndefined(),
  );
});

// A stream of two pages is given four times as many where the largest window is 64 pages or more, else twice as many.
test.each([
  [undefined, '0 [11110000]'],
  [8 * 2 ** 20, '0 [11111111]'],
])('a simulated target reads %s bytes ahead', async (bytes, answer) => {
  const text = `fd = open("f", O_RDWR|O_CREAT, 0644)
ftruncate(fd, 32768)
read(fd, 5000)
p = mmap(NULL, 32768, PROT_READ, MAP_SHARED, fd, 0)
mincore(p, 32768)
`;
  const spec = { kind: 'sim', name: 'sim', word: 'sim' } as const;
  const target = openTarget(spec, { fs: 'ext4', timeoutMs: 1000, readAheadBytes: bytes });
  const { answers } = await target.ask(parseScenario(text, 'read-ahead'), text, PLAIN_MACHINE);
  expect(JSON.stringify(answers.at(-1))).toContain(answer);
});
