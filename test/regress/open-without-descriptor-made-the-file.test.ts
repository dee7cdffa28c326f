/**
 * An open that finds no free descriptor does nothing to the file system: Linux takes the descriptor first, so that no file is made
 * and none is emptied. The answers are those of Linux 6.18.
 */
import { expect, test } from 'vitest';
import { MachineTarget, parseScenario, runScenario } from '../../src/scenario/scenario.ts';

const SCENARIO = `fd = open("f", O_RDWR|O_CREAT)
write(fd, "data")
setrlimit(RLIMIT_NOFILE, 4)
open("g", O_RDWR|O_CREAT)
open("nowhere", O_RDWR)
open("f", O_RDWR|O_TRUNC)
open("g", O_CREAT|O_DIRECTORY)
memfd_create("m", 0)
dup(fd)
unlink("g")
fstat(fd)
`;

const ANSWERS = [
  '= 3',
  '= 4',
  '= 0',
  '= -1 EMFILE',
  '= -1 EMFILE',
  '= -1 EMFILE',
  '= -1 EINVAL',
  '= -1 EMFILE',
  '= -1 EMFILE',
  '= -1 ENOENT',
  '= 0 {st_size=4}',
];

test.each(['tmpfs', 'ext4'] as const)('an open beyond RLIMIT_NOFILE on %s', (fs) => {
  const lines = [...runScenario(parseScenario(SCENARIO, 'nofile.scn'), new MachineTarget({ fs }))];
  expect(lines.map((line) => line.replace(/^.* -> /, ''))).toEqual(ANSWERS);
});
