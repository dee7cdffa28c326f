/** What POSIX leaves open is let pass, and nothing else. */
import { describe, expect, test } from 'vitest';
import { DEFAULT_ARENA, parseScenario } from '../../../src/scenario/scenario.ts';
import { ERRORS, ROWS, STANDARD_CALLS } from '../../../src/testing/posix-table.ts';
import {
  Counterexample,
  checkImplementation,
  posixRules,
  recordTranscript,
  SpecTarget,
} from '../../../src/testing/testing.ts';
import { MachineVm } from '../../helpers/machine-vm.ts';
import { PosixVm, WrongVm } from '../../helpers/posix-vm.ts';

const RULES = posixRules({ fs: 'tmpfs', arena: DEFAULT_ARENA });
const ANON = 'MAP_PRIVATE|MAP_ANONYMOUS|MAP_FIXED, -1, 0)';
const MAPPED = `mmap(A, 8192, PROT_READ|PROT_WRITE, ${ANON}`;
const FILE = 'fd = open("f", O_RDWR|O_CREAT)\npwrite(fd, "x"*5000, 0)';

/** Judges what Linux answers to the last call of a scenario against another answer; `same` for Linux's own. */
function verdict(text: string, other: string): string {
  const scenario = parseScenario(text, 'a.scn');
  const { answers } = recordTranscript(scenario, new SpecTarget());
  const last = answers.length - 1;
  return RULES(scenario)(last, answers[last], other === 'same' ? answers[last] : [other]);
}

describe('what the implementation may choose', () => {
  test.each([
    ['where a mapping goes', 'p = mmap(A, 4096, PROT_READ, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0)', '= p', 'parted'],
    [
      'an offset that is not aligned',
      `${FILE}\nmmap(A, 4096, PROT_READ, MAP_PRIVATE|MAP_FIXED, fd, 100)`,
      '= A+0x0',
      'parted',
    ],
    ['an address that is not aligned', `${MAPPED}\nmunmap(A+1, 4096)`, '= 0', 'parted'],
    ['the same of mprotect', `${MAPPED}\nmprotect(A+1, 4096, PROT_READ)`, '= 0', 'parted'],
    ['the same of mlock, which Linux rounds', `${MAPPED}\nmlock(A+1, 4096)`, '= -1 EINVAL', 'parted'],
    ['PROT_EXEC', `mmap(A, 4096, PROT_EXEC, ${ANON}`, '= -1 ENOTSUP', 'parted'],
    [
      "Linux's flags",
      'mmap(A, 4096, PROT_READ, MAP_PRIVATE|MAP_ANONYMOUS|MAP_FIXED|MAP_POPULATE, -1, 0)',
      '= -1 EINVAL',
      'parted',
    ],
    [
      'a descriptor with MAP_ANONYMOUS',
      'mmap(A, 4096, PROT_READ, MAP_PRIVATE|MAP_ANONYMOUS|MAP_FIXED, 5, 0)',
      '= -1 EINVAL',
      'parted',
    ],
    ['page 0', `mmap(NULL, 4096, PROT_READ, ${ANON}`, '= NULL', 'parted'],
    ['no mprotect of no bytes', `${MAPPED}\nmprotect(A, 0, PROT_READ)`, '= -1 EINVAL', 'same'],
    ['msync without a way', `${MAPPED}\nmsync(A, 4096, 0)`, '= -1 EINVAL', 'same'],
    ['how much may be locked', `${MAPPED}\nmlock(A, 4096)`, '= -1 EAGAIN', 'parted'],
    ['which of two errors', `${FILE}\nmunmap(A, 8192)\nmprotect(A, -1, PROT_READ)`, '= -1 EINVAL', 'same'],
    [
      'loads of what may only be stored to',
      `mmap(A, 4096, PROT_WRITE, ${ANON}\nload8(A)`,
      '--- SIGSEGV {si_code=SEGV_ACCERR, si_addr=A+0x0} ---',
      'same',
    ],
    ['si_addr', 'load64(A+4)', '--- SIGSEGV {si_code=SEGV_MAPERR, si_addr=A+0x8} ---', 'same'],
    [
      'the error of a file that is not open for writing',
      'fd = open("f", O_RDONLY|O_CREAT)\nftruncate(fd, 1)',
      '= -1 EBADF',
      'same',
    ],
    ['what maps shows', `${MAPPED}\nmaps()`, '= 7', 'same'],
    ['calls of Linux', `${MAPPED}\nmremap(A, 4096, 8192, 0)`, '= -1 EINVAL', 'parted'],
    [
      'a change of a file that is mapped privately',
      `${FILE}\nmmap(A, 4096, PROT_READ, MAP_PRIVATE|MAP_FIXED, fd, 0)\npwrite(fd, "y", 0)\nload8(A)`,
      '= 0x78',
      'same',
    ],
    [
      'what was stored behind the end of a file',
      `${FILE}\nmmap(A, 8192, PROT_READ|PROT_WRITE, MAP_SHARED|MAP_FIXED, fd, 0)\nload8(A+6000)`,
      '= 0x7',
      'same',
    ],
  ] as const)('%s', (_, text, other, expected) => {
    expect(verdict(text, other)).toBe(expected);
  });
});

describe('what a call may have done is taken out even where answers agree', () => {
  test.each([
    ['mprotect that fails half-way', `${MAPPED}\nmprotect(A, 3*4096, PROT_READ)`],
    [
      'mmap that fails over a mapping',
      `${MAPPED}\nfd = open("f", O_WRONLY|O_CREAT)\nmmap(A, 4096, PROT_READ, MAP_SHARED|MAP_FIXED, fd, 0)`,
    ],
    [
      'a store behind the end of a file',
      `${FILE}\nmmap(A, 8192, PROT_READ|PROT_WRITE, MAP_SHARED|MAP_FIXED, fd, 0)\nstore8(A+6000, 1)`,
    ],
    ['a store that faults half-way', `mmap(A, 4096, PROT_READ|PROT_WRITE, ${ANON}\nstore64(A+4092, 1)`],
    [
      'a call beside what was placed',
      'p = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0)\nmunmap(p, 8192)',
    ],
    [
      'a call beside what was placed, where something else was placed',
      'p = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0)\nq = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0)\nload8(q+4096)',
    ],
    ['the break as a mapping', 'sbrk(8192)\nmunmap(BRK, 4096)'],
  ])('%s', (_, text) => {
    expect(verdict(text, 'same')).toBe('parted');
  });
});

describe('what is asked of all', () => {
  test.each([
    ['length 0 of mmap', `mmap(A, 0, PROT_READ, ${ANON}`, '= A+0x0'],
    ['length 0 of munmap', 'munmap(A, 0)', '= 0'],
    ['MAP_FIXED', MAPPED, '= A+0x1000'],
    ['zeros', `${MAPPED}\nload8(A)`, '= 0x1'],
    ['PROT_NONE', `mmap(A, 4096, PROT_NONE, ${ANON}\nload8(A)`, '= 0x0'],
    ['no store without PROT_WRITE', `mmap(A, 4096, PROT_READ, ${ANON}\nstore8(A, 1)`, '= 0'],
    ['SIGSEGV where nothing is', 'load8(A)', '= 0x0'],
    ['why there was a SIGSEGV', 'load8(A)', '--- SIGSEGV {si_code=SEGV_ACCERR, si_addr=A+0x0} ---'],
    ['SIGBUS behind a file', `${FILE}\nmmap(A, 12288, PROT_READ, MAP_SHARED|MAP_FIXED, fd, 0)\nload8(A+8192)`, '= 0x0'],
    ['a hole of mprotect', 'mprotect(A, 4096, PROT_READ)', '= 0'],
    [
      'a writable mapping of what is not',
      'fd = open("f", O_RDONLY|O_CREAT)\nmmap(A, 4096, PROT_WRITE, MAP_SHARED|MAP_FIXED, fd, 0)',
      '= A+0x0',
    ],
    [
      'a shared store',
      `${FILE}\nmmap(A, 4096, PROT_READ|PROT_WRITE, MAP_SHARED|MAP_FIXED, fd, 0)\nstore8(A, 1)\nload8(A)`,
      '= 0x78',
    ],
    ['the size of a file', `${FILE}\nfstat(fd)`, '= 0 {st_size=8192}'],
  ] as const)('%s', (_, text, other) => {
    expect(verdict(text, other)).toBe('different');
    expect(verdict(text, 'same')).toBe('same');
  });
});

describe('an implementation that differs from Linux wherever it may', () => {
  const SOME = { runs: 12, ops: 40, seed: 1 } as const;

  test('passes', () => {
    const { calls, takenOut } = checkImplementation(() => PosixVm.start(), { ...SOME, rules: 'posix' });
    expect(takenOut).toBeGreaterThan(0);
    expect(takenOut).toBeLessThan(calls / 3);
  });

  test('does not pass for Linux', () => {
    expect(() => checkImplementation(() => PosixVm.start(), SOME)).toThrow(Counterexample);
  });

  test('and Linux passes for POSIX', () => {
    checkImplementation(() => MachineVm.start(), { ...SOME, rules: 'posix' });
  });

  test('is found out where it may not', () => {
    const wrong = (): unknown =>
      checkImplementation(() => WrongVm.start(), { ...SOME, profiles: ['fork'], rules: 'posix' });
    expect(wrong).toThrow('yours does not answer as POSIX asks');
  });
});

test('each row names its source, and only calls that the standard has', () => {
  const known = new Set([
    ...STANDARD_CALLS,
    'fetch8',
    ...['cas', 'fetchadd'].flatMap((call) => [8, 16, 32, 64].map((bits) => `${call}${bits}`)),
  ]);
  for (const { calls, source, why } of ROWS) {
    expect(source).toMatch(/(DESCRIPTION|RATIONALE|ERRORS|RETURN VALUE|XSH \d|<signal\.h>)/);
    expect(why).not.toBe('');
    expect(calls.filter((call) => !known.has(call))).toEqual([]);
  }
  expect(Object.keys(ERRORS).filter((call) => !known.has(call))).toEqual([]);
});
