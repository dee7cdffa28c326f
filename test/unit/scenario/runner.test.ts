import { beforeEach, describe, expect, test } from 'vitest';
import { UserError } from '../../../src/assert.ts';
import {
  type Answer,
  parseScenario,
  runScenario,
  type Target,
  type TargetCall,
} from '../../../src/scenario/scenario.ts';

const A = 0x1000_0000_0000n;
const BRK = 0x5555_5557_a000n;
const TOP = 0x7fff_f7c0_0000n;
const OK: Answer = { kind: 'value', value: 0n };

/** Answers calls from a list, in order, and 0 once that is used up; notes what it was asked. */
class FakeTarget implements Target {
  readonly base = { arena: A, brk: BRK };
  readonly calls: { process: number; call: TargetCall }[] = [];
  readonly dead = new Set<number>();
  readonly directives: NonNullable<Target['directives']> = new Map([
    ['echo', { run: (words) => words.slice(1) }],
    ['value', { run: (words, scope) => [String(scope.number(words[1]))] }],
    ['who', { run: (words, scope) => [String(scope.process(words[1]))] }],
    ['show', { run: (words, scope) => [scope.address(scope.process(words[1]), scope.number(words[2]))] }],
    [
      'typed',
      {
        parameters: [
          { name: 'addr', kind: 'number' },
          { name: 'process', kind: 'process', optional: true },
        ],
        run: (words, scope) => [String(scope.number(words[1])), words[2] ?? ''],
      },
    ],
  ]);
  private readonly answers: Answer[];

  constructor(answers: readonly Answer[]) {
    this.answers = [...answers];
  }

  isAlive(process: number): boolean {
    return !this.dead.has(process);
  }

  call(process: number, call: TargetCall): Answer {
    this.calls.push({ process, call });
    return this.answers.shift() ?? OK;
  }
}

let target: FakeTarget;

/** The results of the lines, without the statements before them. */
function run(lines: readonly string[], answers: readonly Answer[] = []): string[] {
  target = new FakeTarget(answers);
  return [...runScenario(parseScenario(lines.join('\n'), 'a.scn'), target)].map((line) => line.replace(/^.*? -> /, ''));
}

function result(line: string, answer: Answer): string {
  return run([line], [answer]).join('\n');
}

function value(number: bigint): Answer {
  return { kind: 'value', value: number };
}

const FAILED: Answer = { kind: 'errno', errno: 'ENOMEM' };

beforeEach(() => {
  target = new FakeTarget([]);
});

describe('a line', () => {
  test('has number, process, statement and result', () => {
    const scenario = parseScenario('# x\nc = fork()\n c : x=load8( A ) # y', 'a.scn');
    expect([...runScenario(scenario, new FakeTarget([OK, value(0xabn)]))]).toEqual([
      '2 main c = fork() -> = c',
      '3 c x=load8( A ) -> = 0xab',
    ]);
  });

  test('is printed before the next statement runs', () => {
    target = new FakeTarget([]);
    const lines = runScenario(parseScenario('dup(1)\ndup(2)', 'a.scn'), target)[Symbol.iterator]();
    lines.next();
    expect(target.calls).toHaveLength(1);
  });
});

describe('results', () => {
  const maps: Answer = {
    kind: 'maps',
    entries: [
      { start: A, end: A + 0x1000n, perms: 'rw-p', offset: 0n, path: '' },
      { start: A + 0x2000n, end: A + 0x3000n, perms: 'r--s', offset: 0x1_2345_6000n, path: 'f (deleted)' },
    ],
  };
  const smaps = {
    Rss: 8,
    Pss: 6,
    Shared_Clean: 1,
    Shared_Dirty: 2,
    Private_Clean: 3,
    Private_Dirty: 4,
    Anonymous: 5,
    Swap: 7,
    Locked: 9,
  };

  test.each<[string, Answer, string]>([
    ['dup(1)', value(3n), '= 3'],
    ['lseek(1, 0, SEEK_CUR)', value(2n ** 63n - 1n), '= 9223372036854775807'],
    ['lseek(1, 0, SEEK_CUR)', value(2n ** 64n - 2n), '= -2'],
    ['dup(1)', FAILED, '= -1 ENOMEM'],
    ['load64(A)', value(2n ** 64n - 1n), '= 0xffffffffffffffff'],
    ['load8(A)', value(0n), '= 0x0'],
    ['brk(0)', value(BRK), '= BRK+0x0'],
    ['mmap(A, 1, 0, 0, -1, 0)', value(A), '= A+0x0'],
    ['pread(3, 9, 0)', { kind: 'bytes', bytes: Uint8Array.of(65, 0) }, '= 2 "A\\x00"'],
    ['read(3, 9)', { kind: 'bytes', bytes: new Uint8Array(0) }, '= 0 ""'],
    ['copyin(A, 20)', { kind: 'bytes', bytes: new Uint8Array(20) }, '= "\\x00"*20'],
    ['pread(3, A, 9, 0)', value(9n), '= 9'],
    ['fstat(3)', { kind: 'size', size: 10_003n }, '= 0 {st_size=10003}'],
    ['mincore(A, 9)', { kind: 'residency', pages: Uint8Array.of(1, 0, 3, 2) }, '= 0 [1010]'],
    ['mincore(A, 0)', { kind: 'residency', pages: new Uint8Array(0) }, '= 0 []'],
    ['exit(3)', OK, '= ?'],
    ['wait(main)', { kind: 'status', status: { state: 'exited', code: 7 } }, '= exited 7'],
    ['wait(main)', { kind: 'status', status: { state: 'killed', signal: 'SIGBUS' } }, '= killed SIGBUS'],
    ['wait(main)', { kind: 'status', status: { state: 'running' } }, '= running'],
    ['wait(main)', { kind: 'errno', errno: 'ECHILD' }, '= -1 ECHILD'],
    ['maps()', maps, '= 2\n  A+0x0-A+0x1000 rw-p 00000000\n  A+0x2000-A+0x3000 r--s 123456000 f (deleted)'],
    ['maps()', { kind: 'maps', entries: [] }, '= 0'],
    [
      'smaps(A)',
      { kind: 'smaps', record: smaps },
      '= Rss=8 Pss=6 Shared_Clean=1 Shared_Dirty=2 Private_Clean=3 Private_Dirty=4 Anonymous=5 Swap=7 Locked=9',
    ],
    ['smaps(A)', { kind: 'smaps', record: undefined }, '= unmapped'],
    ['dup(1)', { kind: 'refused' }, '= refused'],
    ['dup(1)', { kind: 'timeout' }, '= timeout'],
    ['load8(A)', { kind: 'killed', signal: 'SIGKILL' }, '+++ killed by SIGKILL +++'],
  ])('%s: %o', (line, answer, text) => {
    expect(result(line, answer)).toBe(text);
  });

  test('a signal that is caught, one that kills, and one that comes with an errno', () => {
    const segv = { name: 'SIGSEGV', code: 'SEGV_MAPERR', address: A + 0x10n };
    const xfsz = { name: 'SIGXFSZ', code: 'SI_USER' };
    expect(
      run(
        ['load8(A)', 'load8(A)', 'ftruncate(3, 1)', 'ftruncate(3, 1)'],
        [
          { kind: 'signal', signal: segv, outcome: 'caught' },
          { kind: 'signal', signal: { name: 'SIGSEGV', code: 'SI_KERNEL', address: 0n }, outcome: 'killed' },
          { kind: 'errno', errno: 'EFBIG', signal: xfsz },
          { kind: 'signal', signal: xfsz, outcome: 'killed' },
        ],
      ),
    ).toEqual([
      '--- SIGSEGV {si_code=SEGV_MAPERR, si_addr=A+0x10} ---',
      '--- SIGSEGV {si_code=SI_KERNEL, si_addr=NULL} --- +++ killed by SIGSEGV +++',
      '= -1 EFBIG --- SIGXFSZ {si_code=SI_USER} ---',
      '--- SIGXFSZ {si_code=SI_USER} --- +++ killed by SIGXFSZ +++',
    ]);
  });
});

describe('arguments', () => {
  test('are evaluated before the target sees them', () => {
    run(['fd = open("a b", O_RDWR)', 'pwrite(fd, "x"*2+fill(fd, 1), -1)', 'mremap(A+1, 2*4096, ~0, 0)'], [value(3n)]);
    expect(target.calls.map(({ call }) => call)).toEqual([
      { name: 'open', args: ['a b', 2n, 0o644n] },
      { name: 'pwrite', args: [3n, Uint8Array.of(0x78, 0x78, 3), 2n ** 64n - 1n] },
      { name: 'mremap', args: [A + 1n, 8192n, 2n ** 64n - 1n, 0n, 0n] },
    ]);
  });

  test('a transfer too large for a driver is refused once its size is known', () => {
    const lines = [
      'n = lseek(3, 0, SEEK_END)',
      'pread(3, n, 0)',
      'write(3, "x"*n)',
      'copyin(A, n-1)',
      'pread(3, A, n, 0)',
    ];
    expect(run(lines, [value(0x40001n)])).toEqual(['= 262145', '= refused', '= refused', '= 0', '= 0']);
    expect(target.calls.map(({ call }) => call.name)).toEqual(['lseek', 'copyin', 'pread']);
  });
});

describe('names', () => {
  test.each<[string, Answer, bigint]>([
    ['x = dup(1)', value(7n), 7n],
    ['x = fstat(1)', { kind: 'size', size: 99n }, 99n],
    ['x = load64(A)', value(2n ** 64n - 1n), 2n ** 64n - 1n],
    ['x = pread(3, 9, 0)', { kind: 'bytes', bytes: new Uint8Array(4) }, 4n],
    ['x = mincore(A, 9)', { kind: 'residency', pages: Uint8Array.of(1) }, 0n],
    ['x = maps()', { kind: 'maps', entries: [] }, 0n],
  ])('%s binds the result', (line, answer, bound) => {
    run([line, 'close(x)'], [answer]);
    expect(target.calls[1].call.args).toEqual([bound]);
  });

  test.each<[string, Answer]>([
    ['fails', FAILED],
    ['faults', { kind: 'signal', signal: { name: 'SIGBUS', code: 'BUS_ADRERR', address: A }, outcome: 'caught' }],
    ['is refused', { kind: 'refused' }],
    ['runs out of time', { kind: 'timeout' }],
  ])('a call that %s leaves its name unbound, even if it had a value', (_what, answer) => {
    expect(run(['x = load8(A)', 'x = load8(A)', 'y = load8(x)', 'load8(y+1)'], [OK, answer]).slice(2)).toEqual([
      '= unbound',
      '= unbound',
    ]);
    expect(target.calls).toHaveLength(2);
  });

  test('a name used above its line is unbound', () => {
    expect(run(['load8(x)', 'x = load8(A)', 'load8(x)'])).toEqual(['= unbound', '= 0x0', '= 0x0']);
  });

  test('are shared by all processes', () => {
    run(['c = fork()', 'c: x = dup(1)', 'close(x)'], [OK, value(5n)]);
    expect(target.calls[2]).toEqual({ process: 0, call: { name: 'close', args: [5n] } });
  });
});

describe('processes', () => {
  test('are numbered as they are made, and fork is told the number', () => {
    run(['a = fork()', 'a: b = fork()', 'b: wait(a)', 'main: wait(b)']);
    expect(target.calls).toEqual([
      { process: 0, call: { name: 'fork', args: [1n] } },
      { process: 1, call: { name: 'fork', args: [2n] } },
      { process: 2, call: { name: 'wait', args: [1n] } },
      { process: 0, call: { name: 'wait', args: [2n] } },
    ]);
  });

  test('a name used for two forks means the later', () => {
    run(['c = fork()', 'c = fork()', 'c: dup(1)', 'c: c = fork()', 'wait(c)']);
    expect(target.calls.map(({ process }) => process)).toEqual([0, 0, 2, 2, 0]);
    expect(target.calls[4].call.args).toEqual([3n]);
  });

  test('a fork that fails makes none; its number goes to the next', () => {
    expect(run(['c = fork()', 'c: dup(1)', 'wait(c)', 'd = fork()'], [FAILED])).toEqual([
      '= -1 ENOMEM',
      '= dead',
      '= unbound',
      '= d',
    ]);
    expect(target.calls[1].call.args).toEqual([1n]);
  });

  test('a name whose second fork fails means no process, though the first lives', () => {
    expect(run(['c = fork()', 'c = fork()', 'c: dup(1)', 'wait(c)'], [OK, FAILED]).slice(2)).toEqual([
      '= dead',
      '= unbound',
    ]);
  });

  test('one that is not made yet is dead', () => {
    expect(run(['c: dup(1)', 'c = fork()', 'c: dup(1)'])).toEqual(['= dead', '= c', '= 0']);
  });

  test('what the dead do is not run, and binds nothing; dead comes before unbound', () => {
    const scenario = parseScenario(
      'x = dup(1)\nc = fork()\nc: x = dup(1)\nc: dup(x)\nclose(x)\nc: d = fork()\nd: dup(1)',
      'a.scn',
    );
    target.dead.add(1);
    expect([...runScenario(scenario, target)].map((line) => line.replace(/^.*-> /, ''))).toEqual([
      '= 0',
      '= c',
      '= dead',
      '= dead',
      '= unbound',
      '= dead',
      '= dead',
    ]);
  });
});

describe('where memory is said to lie', () => {
  const MMAP = 'mmap(NULL, 8192, 0, 0, -1, 0)';

  /** A line that prints an address as a process sees it. */
  function show(process: string, address: bigint): string {
    return `% show ${process} ${address}`;
  }

  test('a call outside the arena makes a region, named after its binding or its line', () => {
    const lines = [`p = ${MMAP}`, MMAP, show('main', TOP + 1n), show('main', TOP - 1n)];
    expect(run(lines, [value(TOP), value(TOP - 8192n)])).toEqual(['= p', '= @2', '= p+0x1', '= @2+0x1fff']);
  });

  test('the address of a signal is relative too', () => {
    const fault: Answer = {
      kind: 'signal',
      signal: { name: 'SIGBUS', code: 'X', address: TOP + 1n },
      outcome: 'caught',
    };
    expect(run([`p = ${MMAP}`, 'load8(p+1)'], [value(TOP), fault])[1]).toBe(
      '--- SIGBUS {si_code=X, si_addr=p+0x1} ---',
    );
  });

  test('one that gives exactly the address it was asked for makes none', () => {
    const lines = [`p = ${MMAP}`, 'q = mmap(p+4096, 4096, 0, MAP_FIXED, -1, 0)', show('main', TOP + 4096n)];
    expect(run(lines, [value(TOP), value(TOP + 4096n)])).toEqual(['= p', '= p+0x1000', '= p+0x1000']);
  });

  test('an mremap that stays, or goes where it was asked to, makes none; one that moves does', () => {
    const lines = [
      `p = ${MMAP}`,
      'q = mremap(p, 4096, 8192, MREMAP_MAYMOVE)',
      'r = mremap(p, 4096, 4096, MREMAP_MAYMOVE|MREMAP_FIXED, p-8192)',
      's = mremap(p, 4096, 8192, MREMAP_MAYMOVE)',
    ];
    const answers = [value(TOP), value(TOP), value(TOP - 8192n), value(TOP - 8192n)];
    expect(run(lines, answers)).toEqual(['= p', '= p', '= p-0x2000', '= s']);
  });

  test('a region has the length that was asked for: that of mremap is the new one', () => {
    const lines = [
      'p = mremap(A, 4096, 3*4096, MREMAP_MAYMOVE)',
      'q = mmap(NULL, 1, 0, 0, -1, 0)',
      show('main', TOP + 0x2fffn),
      show('main', TOP + 0x3fffn),
    ];
    expect(run(lines, [value(TOP), value(TOP + 0x3000n)]).slice(2)).toEqual(['= p+0x2fff', '= q+0xfff']);
  });

  test('inside the arena everything is relative to A', () => {
    expect(run([`p = ${MMAP}`], [value(A + 4096n)])).toEqual(['= A+0x1000']);
  });

  test('a child knows the regions made before it, and its own', () => {
    const lines = [`p = ${MMAP}`, 'c = fork()', `c: q = ${MMAP}`, show('c', TOP - 8192n), show('main', TOP - 8192n)];
    expect(run(lines, [value(TOP), OK, value(TOP - 8192n)])).toEqual(['= p', '= c', '= q', '= q', '= p-0x2000']);
  });

  test('the heap reaches to the highest break that brk or sbrk made', () => {
    const over = 'p = mmap(NULL, 0x10000, 0, 0, -1, 0)';
    const lines = [over, 'sbrk(2*4096)', 'sbrk(-4096)', show('main', BRK + 8192n), show('main', BRK + 8193n)];
    const answers = [value(BRK), value(BRK), value(BRK + 8192n)];
    expect(run(lines, answers).slice(1)).toEqual(['= BRK+0x0', '= BRK+0x2000', '= BRK+0x2000', '= p+0x2001']);
    const grown = [over, 'sbrk(2*4096)', show('main', BRK + 8192n), show('main', BRK + 8193n)];
    expect(run(grown, answers).slice(2)).toEqual(['= BRK+0x2000', '= p+0x2001']);
    const more = [...lines.slice(0, 1), 'brk(BRK+3*4096)', 'brk(BRK)', ...lines.slice(3)];
    expect(run(more, [value(BRK), value(BRK + 12_288n), value(BRK)]).slice(3)).toEqual([
      '= BRK+0x2000',
      '= BRK+0x2001',
    ]);
  });
});

describe('directives', () => {
  test('print their first line behind the arrow and the others indented', () => {
    const scenario = parseScenario('%  echo "a b" c  # x\n%echo', 'a.scn');
    expect([...runScenario(scenario, target)]).toEqual(['1 % echo "a b" c -> = a b', '  c', '2 % echo -> = 0']);
  });

  test('can ask for numbers, processes and addresses', () => {
    expect(
      run(['x = dup(1)', 'c = fork()', '% value x+0x10*2', '% who c', '% who main', '% show c A+x'], [value(5n)]),
    ).toEqual(['= 5', '= c', '= 37', '= 1', '= 0', '= A+0x5']);
  });

  test.each([
    ['% value y', 'y has no value; a name must have been bound above, by a call that succeeded'],
    ['% value 1+', 'a number, a name or an expression in parentheses should stand here'],
    ['% who c', 'there is no process c; make it above with c = fork()'],
    ['% eco', 'there is no directive eco; did you mean echo?'],
    ['% powercut', 'there is no directive powercut; the directives are echo, value, who, show, typed'],
  ])('%s is a mistake of the user', (line, message) => {
    expect(() => run(['dup(1)', line])).toThrow(`a.scn:2: ${message}`);
    expect(() => run(['dup(1)', line])).toThrow(UserError);
  });

  test.each([
    ['% typed', 'typed has 0 words behind it; it is written % typed ADDR [PROCESS], each without blanks'],
    ['% typed A + 1', 'typed has 3 words behind it; it is written % typed ADDR [PROCESS], each without blanks'],
    ['% typed 1+', 'a number, a name or an expression in parentheses should stand here'],
    ['% typed pp', 'pp is not bound by any line; there are A, BRK, page'],
    ['% typed pag', 'pag is not bound by any line; did you mean page?'],
    ['% typed A child', 'there is no process child; there are main, c'],
  ])('%s is found before anything runs', (line, message) => {
    const lines = ['page = dup(1)', 'c = fork()', line];
    expect(() => run(lines)).toThrow(`a.scn:3: ${message}`);
    expect(() => run(lines)).toThrow(UserError);
    expect(target.calls).toEqual([]);
  });

  test('say so when a name has no value or a process is gone', () => {
    const lines = ['x = dup(1)', '% typed x', '% typed A c', 'c = fork()', '% typed A+1 c'];
    expect(run(lines, [FAILED])).toEqual(['= -1 ENOMEM', '= unbound', '= dead', '= c', `= ${A + 1n}`, '  c']);
  });

  test('one that does not exist is found before anything runs', () => {
    expect(() => run(['dup(1)', '% eco'])).toThrow(UserError);
    expect(target.calls).toEqual([]);
  });

  test('a target without directives has none', () => {
    const bare: Target = { base: target.base, isAlive: () => true, call: () => OK };
    expect(() => runScenario(parseScenario('% echo', 'a.scn'), bare)).toThrow(
      'a.scn:1: there is no directive echo; the directives are none here',
    );
  });
});
