/** How files of cases are read, put into variants, compared and written again. */
import { expect, test } from 'vitest';
import { readList } from '../helpers/case-coverage.ts';
import { answersOf, parseCases, variantsOf } from '../helpers/case-file.ts';
import { differences, recordCase, rewritten } from '../helpers/case-recorder.ts';
import type { CaseTarget } from '../helpers/case-targets.ts';

const TEXT = `# What it is about.

== gvisor:A.B
== ltp:a 01
on ext4
# not much
ram 64M
each SHARE = MAP_PRIVATE, MAP_SHARED
each LEN = 1, 4096
# why
p=mmap(NULL, LEN, PROT_READ, SHARE|MAP_ANONYMOUS, -1, 0) -> = p
copyin(p, 4) -> = " -> "

maps() -> = 1
  p-p+0x1000 r--p 00000000

== own:more
copyout(A, "a -> b")
munmap(A, 1) -> = 0
`;

test('a case has its names, its settings, its statements and their answers', () => {
  const [first, second, ...more] = parseCases(TEXT, 'x.cases');
  expect(more).toEqual([]);
  expect(first).toMatchObject({ line: 3, ids: ['gvisor:A.B', 'ltp:a 01'], fileSystems: ['ext4'], ram: '64M' });
  expect(answersOf(first)).toEqual([['= p'], ['= " -> "'], ['= 1', '  p-p+0x1000 r--p 00000000']]);
  expect(second).toMatchObject({ ids: ['own:more'], fileSystems: ['tmpfs', 'ext4'], variables: [] });
  expect(second.body[0]).toEqual({ statement: 'copyout(A, "a -> b")', answer: [] });
});

test('a variant for each combination, with whole words replaced', () => {
  const [first, second] = parseCases(TEXT, 'x.cases').map(variantsOf);
  expect(first.map(({ label }) => label)).toEqual([
    'MAP_PRIVATE, 1',
    'MAP_PRIVATE, 4096',
    'MAP_SHARED, 1',
    'MAP_SHARED, 4096',
  ]);
  expect(first[2].text).toContain('mmap(NULL, 1, PROT_READ, MAP_SHARED|MAP_ANONYMOUS, -1, 0)');
  expect(first[2].text).not.toContain('-> =');
  expect(second).toEqual([{ label: '', text: 'copyout(A, "a -> b")\nmunmap(A, 1)' }]);
});

test('a case that not every target can be asked says which, and its directives have no answer', async () => {
  const [one] = parseCases('== own:a\nonly sim\n% machine ram=1M\nmunmap(A, 1) -> = 0\n', 'x.cases');
  expect(one.targets).toEqual(['sim']);
  expect(answersOf(one)).toEqual([['= 0']]);
  expect(await recordCase(one, [kernel('= 1')])).toEqual({ answers: undefined, complaints: [] });
});

test.each([
  ['munmap(A, 1)', "1: a case begins with '== SOURCE:NAME'"],
  ['== MapFixed', "1: 'MapFixed' is no id"],
  ['== own:a\n\n== own:b\nmaps()', '3: the case above has no statement'],
  ['== own:a\n  more', '2: an indented line continues an answer'],
  ['== own:a\nmaps()\non tmpfs', "3: 'on' stands above the first statement"],
  ['== own:a\non xfs', '2: there is no file system xfs'],
  ['== own:a\nonly bsd', '2: there is no target bsd'],
  ['== own:a\neach share = 1, 2', "2: write 'each NAME = ONE, OTHER'"],
])('%j is refused with its place', (text, message) => {
  expect(() => parseCases(text, 'x.cases')).toThrow(`x.cases:${message}`);
});

/** A kernel that answers each call in turn with the next of `answers`. */
function kernel(...answers: string[]): CaseTarget {
  const ask = async () => ({ answers: answers.map((answer) => [answer]), open: new Set<number>(), rest: [] });
  return { name: 'kernel', kind: 'linux', fs: 'tmpfs', missing: undefined, ask, close: async () => {} };
}

test('what the kernel says is compared with what is written, and written', async () => {
  const cases = parseCases(TEXT, 'x.cases');
  const { answers, complaints } = await recordCase(cases[1], [kernel('= 0', '= -1 EINVAL')]);
  expect(complaints).toEqual([]);
  expect(differences(cases[1], answers ?? [])).toEqual([
    'copyout(A, "a -> b") -> = 0',
    'munmap(A, 1) -> = -1 EINVAL   (written: = 0)',
  ]);
  const written = rewritten(TEXT, cases, [undefined, answers]);
  expect(written).toBe(
    TEXT.replace('copyout(A, "a -> b")', 'copyout(A, "a -> b") -> = 0').replace('1) -> = 0\n', '1) -> = -1 EINVAL\n'),
  );
  expect(rewritten(TEXT, cases, [undefined, undefined])).toBe(TEXT);
});

test('kernels that do not agree, and a driver that refuses, are complaints', async () => {
  const [, one] = parseCases(TEXT, 'x.cases');
  const parted = await recordCase(one, [kernel('= 0', '= 0'), { ...kernel('= 0', '= 1'), fs: 'ext4' }]);
  expect(parted.answers).toBeUndefined();
  expect(parted.complaints).toEqual([expect.stringContaining('munmap(A, 1) -> = 1, and before it was = 0')]);
  const refused = await recordCase(one, [kernel('= refused', '= 0')]);
  expect(refused.complaints).toEqual([expect.stringContaining('-> = refused')]);
});

test('a list has names, and reasons for what no scenario can say', () => {
  const list = readList('# Suite\n\nA.B\nvma/merge both sides\nX | devices | and more\n');
  expect([...list]).toEqual([
    ['A.B', ''],
    ['vma/merge both sides', ''],
    ['X', 'devices | and more'],
  ]);
});
