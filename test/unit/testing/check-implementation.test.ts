/** The property-test kit finds what is wrong with an implementation, and nothing where nothing is. */
import { describe, expect, test } from 'vitest';
import { EBADF, ENOSYS } from '../../../src/errno.ts';
import {
  type CheckOptions,
  Counterexample,
  checkImplementation,
  type Implementation,
} from '../../../src/testing/testing.ts';
import { MachineVm } from '../../helpers/machine-vm.ts';
import { SmallVm } from '../../helpers/small-vm.ts';

const FEW = { runs: 25, ops: 20, seed: 5 } as const;

/** What a check throws. */
function counterexample(make: () => Implementation, options: CheckOptions = {}): Counterexample {
  try {
    checkImplementation(make, { ...FEW, ...options });
  } catch (error) {
    if (error instanceof Counterexample) return error;
    throw error;
  }
  throw new Error('no difference was found');
}

describe('an implementation that is right', () => {
  test('passes, and the report says what was reached', () => {
    const { runs, calls, takenOut, coverage } = checkImplementation(() => new SmallVm(), FEW);
    expect(runs).toBe(25);
    expect(calls).toBeGreaterThan(200);
    expect(takenOut).toBeGreaterThan(0);
    expect(coverage).toEqual(expect.arrayContaining([expect.stringMatching(/^munmap - ok \d+$/)]));
    expect(coverage).toEqual(expect.arrayContaining([expect.stringMatching(/^fork - ok \d+$/)]));
    expect(coverage.some((line) => line.includes('ENOSYS'))).toBe(false);
  });

  test('passes with its arena elsewhere', () => {
    const arena = { base: 0x1000_0000n, size: 0x40_0000n };
    expect(checkImplementation(() => new SmallVm(), { ...FEW, runs: 10, arena }).runs).toBe(10);
  });

  test.each(['tmpfs', 'ext4'] as const)('that has every call passes with files on %s', (fs) => {
    const { coverage, takenOut } = checkImplementation(() => MachineVm.start({ fs }), {
      runs: 30,
      ops: 40,
      seed: 1,
      fs,
    });
    const called = new Set(coverage.map((line) => line.split(' ')[0]));
    expect([...called]).toEqual(expect.arrayContaining(['mremap', 'mincore', 'pread', 'pwrite', 'fork', 'sbrk']));
    expect(takenOut).toBe(0);
  });

  test('the same seed reaches the same', () => {
    const report = checkImplementation(() => new SmallVm(), { ...FEW, runs: 10 });
    expect(checkImplementation(() => new SmallVm(), { ...FEW, runs: 10 })).toEqual(report);
    expect(checkImplementation(() => new SmallVm(), { ...FEW, runs: 10, seed: 6 })).not.toEqual(report);
  });
});

describe('a mistake', () => {
  test('in munmap: the rest behind the hole is lost', () => {
    class Losing extends SmallVm {
      override munmap(address: bigint, length: bigint): number {
        const result = super.munmap(address, length);
        const behind = address / 4096n + (length + 4095n) / 4096n;
        if (result === 0 && this.pages.has(address / 4096n - 1n)) this.pages.delete(behind);
        return result;
      }
    }
    const { scenario, message, answers } = counterexample(() => new Losing());
    expect(scenario.split('\n').filter((line) => line !== '')).toHaveLength(3);
    expect(scenario).toContain('munmap(A+0x1000, ');
    expect(message).toContain('does not answer as Linux does');
    expect(answers[1][0]).toContain('SIGSEGV {si_code=SEGV_MAPERR, si_addr=A+0x2000}');
  });

  test('in fork: private pages are shared', () => {
    class Sharing extends SmallVm {
      override fork(): SmallVm {
        const child = new Sharing();
        child.pages = new Map(this.pages);
        return child;
      }
    }
    const { scenario } = counterexample(() => new Sharing());
    expect(scenario.split('\n').filter((line) => line !== '').length).toBeLessThanOrEqual(5);
    expect(scenario).toContain('= fork()');
  });

  test('that throws is an answer', () => {
    class Throwing extends SmallVm {
      override munmap(): number {
        throw new Error('not today');
      }
    }
    const { answers, scenario } = counterexample(() => new Throwing());
    expect(answers[1]).toEqual(['(the target failed: not today)']);
    expect(scenario).toMatch(/^munmap\(.*\)\n$/);
  });

  test('that only its own check sees is found', () => {
    class Checking extends SmallVm {
      check(): void {
        if (this.pages.size > 3) throw new Error('more than 3 pages');
      }
    }
    expect(counterexample(() => new Checking()).answers[1]).toEqual(['(the target failed: more than 3 pages)']);
  });
});

describe('the calls', () => {
  test('may be fewer than the implementation has', () => {
    const { coverage } = checkImplementation(() => new SmallVm(), { ...FEW, runs: 5, calls: ['mmap', 'load'] });
    expect(new Set(coverage.map((line) => line.split(' ')[0].replace(/\d+$/, '')))).toEqual(new Set(['mmap', 'load']));
  });

  test('none to make a scenario of is a sentence', () => {
    expect(() => checkImplementation(() => ({}), FEW)).toThrow('no scenario is made of');
    expect(() => checkImplementation(() => new SmallVm(), { ...FEW, calls: ['mnap'] })).toThrow(
      "there is no call 'mnap'",
    );
  });

  test('that answer ENOSYS are taken out, with what needs them', () => {
    const opener: Implementation = {
      open: () => -ENOSYS,
      pwrite: () => -EBADF,
      fstat: (fd) => (fd < 3 && fd >= 0 ? 0 : -EBADF),
    };
    const { calls, takenOut } = checkImplementation(() => opener, { ...FEW, runs: 5 });
    expect(takenOut).toBeGreaterThan(0);
    expect(calls).toBeLessThan(takenOut);
  });
});
