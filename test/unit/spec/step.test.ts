/**
 * The specification as a pure function: states are frozen, shared where nothing changed, and good for more than one
 * future.
 */
import { describe, expect, test } from 'vitest';
import { ENOMEM } from '../../../src/errno.ts';
import { MAP_ANONYMOUS, MAP_FIXED, MAP_PRIVATE, O_CREAT, O_RDWR, PROT_READ, PROT_WRITE } from '../../../src/flags.ts';
import {
  type Answer,
  type Call,
  FIRST_PROCESS,
  initialState,
  isRunning,
  type State,
  step,
} from '../../../src/spec/spec.ts';

const ARENA = 0x1000_0000_0000n;
const PAGE = 4096n;

/** Runs calls of the first process; the last state and answer. */
function run(state: State, ...calls: readonly Pick<Call, 'name' | 'args'>[]): readonly [State, Answer] {
  let last: readonly [State, Answer] = [state, { kind: 'unspecified' }];
  for (const call of calls) last = step(last[0], { process: FIRST_PROCESS, ...call } as Call);
  return last;
}

function mmap(pages: bigint): Pick<Call, 'name' | 'args'> {
  const flags = BigInt(MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED);
  return { name: 'mmap', args: [ARENA, pages * PAGE, BigInt(PROT_READ | PROT_WRITE), flags, -1n, 0n] };
}

function store(address: bigint, value: bigint): Pick<Call, 'name' | 'args'> {
  return { name: 'store8', args: [address, value] };
}

function load(state: State, address: bigint): Answer {
  return run(state, { name: 'load8', args: [address] })[1];
}

describe('a state', () => {
  test('stays what it was', () => {
    const [before] = run(initialState(), mmap(2n), store(ARENA, 1n));
    const [after] = run(before, store(ARENA, 2n), store(ARENA + PAGE, 3n));
    expect(load(before, ARENA)).toEqual({ kind: 'value', value: 1n });
    expect(load(before, ARENA + PAGE)).toEqual({ kind: 'value', value: 0n });
    expect(load(after, ARENA)).toEqual({ kind: 'value', value: 2n });
  });

  test('has more than one future', () => {
    const [before] = run(initialState(), mmap(1n));
    const [one] = run(before, store(ARENA, 1n));
    const [other] = run(before, { name: 'munmap', args: [ARENA, PAGE] });
    expect(load(one, ARENA)).toEqual({ kind: 'value', value: 1n });
    expect(load(other, ARENA).kind).toBe('signal');
  });

  test('shares with the next the pages that no store changed', () => {
    const [before] = run(initialState(), mmap(2n), store(ARENA, 1n), store(ARENA + PAGE, 2n));
    const [after] = run(before, store(ARENA, 3n));
    const pagesOf = (state: State) => state.processes.get(FIRST_PROCESS)?.pages;
    const [first, second] = [ARENA / PAGE, ARENA / PAGE + 1n];
    expect(pagesOf(after)?.get(second)).toBe(pagesOf(before)?.get(second));
    expect(pagesOf(after)?.get(first)).not.toBe(pagesOf(before)?.get(first));
    expect(after.objects).toBe(before.objects);
  });

  test('is the same after a call that changes nothing', () => {
    const [before] = run(initialState(), mmap(1n));
    expect(run(before, { name: 'maps', args: [] })[0]).toBe(before);
    expect(run(before, { name: 'munmap', args: [ARENA + 1n, PAGE] })[0]).toBe(before);
  });

  test('cannot be changed from outside', () => {
    const [state] = run(initialState(), mmap(1n));
    const process = state.processes.get(FIRST_PROCESS);
    expect(() => process?.vmas.pop()).toThrow();
    expect(() => state.processes.clear()).toThrow();
  });
});

test('what a failed call did before it failed is done', () => {
  const [state, answer] = run(initialState(), mmap(2n), {
    name: 'mprotect',
    args: [ARENA, 3n * PAGE, BigInt(PROT_READ)],
  });
  expect(answer).toEqual({ kind: 'failure', errno: ENOMEM });
  expect(run(state, store(ARENA, 1n))[1]).toMatchObject({
    kind: 'signal',
    signal: { code: 'SEGV_ACCERR', address: ARENA },
  });
});

test('a process that was killed makes no calls', () => {
  const [state] = run(initialState(), { name: 'sigaction', args: [11n, 'default'] }, store(0n, 1n));
  expect(isRunning(state, FIRST_PROCESS)).toBe(false);
  expect(() => run(state, mmap(1n))).toThrow(/not running/);
});

test.each([
  ['memory of tmpfs', 'tmpfs', { kind: 'residency', pages: [false] }],
  ['a cached page of ext4', 'ext4', { kind: 'unspecified' }],
] as const)('%s: what mincore says', (_what, fs, expected) => {
  const open = { name: 'open', args: ['f', BigInt(O_RDWR | O_CREAT), 0o644n] } as const;
  const map = { name: 'mmap', args: [ARENA, PAGE, 1n, BigInt(MAP_PRIVATE | MAP_FIXED), 3n, 0n] } as const;
  expect(run(initialState({ fs }), open, map, { name: 'mincore', args: [ARENA, PAGE] })[1]).toEqual(expected);
});

describe('mappings may be no more than max_map_count', () => {
  const tenth = (index: number) => [ARENA + BigInt(index) * 2n * PAGE, PAGE] as const;
  const flags = BigInt(MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED);
  const apart = (index: number): Pick<Call, 'name' | 'args'> => ({
    name: 'mmap',
    args: [...tenth(index), 1n, flags, -1n, 0n],
  });
  const [full] = run(initialState({ maxMapCount: 9 }), mmap(1n), ...Array.from({ length: 9 }, (_, i) => apart(i + 1)));
  const wide = 40n * PAGE + ARENA;
  const [wideFull] = run(
    initialState({ maxMapCount: 9 }),
    { name: 'mmap', args: [wide, 3n * PAGE, 3n, flags, -1n, 0n] },
    ...Array.from({ length: 8 }, (_, i) => apart(i + 1)),
  );

  test('one more can be made than that', () => {
    expect(full.processes.get(FIRST_PROCESS)?.vmas).toHaveLength(10);
    expect(run(full, apart(11))[1]).toEqual({ kind: 'failure', errno: ENOMEM });
  });

  test('at the limit nothing is cut, but edges', () => {
    expect(run(wideFull, { name: 'munmap', args: [wide + PAGE, PAGE] })[1]).toEqual({ kind: 'failure', errno: ENOMEM });
    expect(run(wideFull, { name: 'munmap', args: [wide, PAGE] })[1]).toEqual({ kind: 'value', value: 0n });
    expect(run(wideFull, { name: 'mprotect', args: [wide, PAGE, 1n] })[1]).toEqual({ kind: 'failure', errno: ENOMEM });
    expect(run(wideFull, { name: 'mremap', args: [wide, PAGE, PAGE, 3n, ARENA] })[1]).toEqual({
      kind: 'failure',
      errno: ENOMEM,
    });
  });
});
