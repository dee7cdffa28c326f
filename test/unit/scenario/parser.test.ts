import { describe, expect, test } from 'vitest';
import { UserError } from '../../../src/assert.ts';
import { type CallStatement, parseScenario, type Statement } from '../../../src/scenario/scenario.ts';

function parse(...lines: string[]): readonly Statement[] {
  return parseScenario(lines.join('\n'), 'a.scn').statements;
}

function call(line: string): CallStatement {
  const [statement] = parse(line);
  if (statement?.kind !== 'call') throw new Error(`${line} is no call`);
  return statement;
}

/** What is wrong with the scenario. */
function complaint(...lines: string[]): string {
  try {
    parse(...lines);
  } catch (error) {
    expect(error).toBeInstanceOf(UserError);
    return (error as UserError).message;
  }
  throw new Error('nothing is wrong');
}

describe('a statement', () => {
  test('has a process, a name, a call and arguments', () => {
    const [, statement] = parse(
      'c = fork()',
      '',
      'c: p = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0)',
    );
    expect(statement).toMatchObject({
      kind: 'call',
      line: 3,
      who: 'c',
      bind: 'p',
      shape: { name: 'mmap', result: 'address' },
    });
    expect((statement as CallStatement).args).toHaveLength(6);
  });

  test('belongs to main and binds nothing if it does not say otherwise', () => {
    expect(call('munlockall()')).toMatchObject({ who: 'main', bind: undefined, args: [] });
    expect(call('main: munlockall()').who).toBe('main');
  });

  test('keeps its text as written, without process, comment and blanks at its ends', () => {
    const [, statement] = parse('c = fork()', ' c :\t x  = load8( A +1 )\t # c: load8(A)');
    expect(statement.text).toBe('x  = load8( A +1 )');
    expect(call('write(1, "# no \\" comment")#').text).toBe('write(1, "# no \\" comment")');
    expect(call('load8(A)\r').text).toBe('load8(A)');
  });

  test('stands on a line of its own; blank lines and comments count', () => {
    expect(parse('', '# x', 'munlockall()', '  ', 'munlockall()').map((statement) => statement.line)).toEqual([3, 5]);
    expect(parse('')).toEqual([]);
  });

  test('takes the form of a call that its arguments fit', () => {
    expect(call('pread(3, 4, 0)').shape.result).toBe('counted-bytes');
    expect(call('pread(3, A, 4, 0)').shape.result).toBe('number');
    expect(call('read(3, 4)').shape.result).toBe('counted-bytes');
    expect(call('read(3, A, 4)').shape.result).toBe('number');
    expect(call('pwrite(3, "x", 0)').args[1].kind).toBe('data');
    expect(call('pwrite(3, A, 1, 0)').args[1].kind).toBe('number');
    expect(call('write(3, "x"*3+fill(1,2))').args[1].kind).toBe('data');
    expect(call('write(3, A, 1)').args[1].kind).toBe('number');
  });

  test('gets the arguments that were left out', () => {
    expect(call('open("f", O_RDWR)').args[2]).toEqual({
      kind: 'number',
      expression: { kind: 'number', value: 0o644n },
    });
    expect(call('mremap(A, 1, 2, 0)').args).toHaveLength(5);
  });

  test('knows strings from data', () => {
    expect(call('open("a\\tb", 0)').args[0]).toEqual({ kind: 'string', value: 'a\tb' });
    expect(call('copyout(A, "a\\tb")').args[1]).toMatchObject({
      kind: 'data',
      pieces: [{ kind: 'text', times: undefined }],
    });
  });
});

describe('names', () => {
  test('of calls may be bound and used', () => {
    expect(parse('open = open("f", 0)', 'close(open)')).toHaveLength(2);
  });

  test('a name may change from a process to a value and back', () => {
    expect(parse('c = fork()', 'c: munlockall()', 'c = dup(1)', 'close(c)', 'c = fork()', 'wait(c)')).toHaveLength(6);
  });

  test('a name bound further down only is no mistake: it is unbound or dead when its turn comes', () => {
    expect(parse('load8(p)', 'c: load8(A)', 'p = sbrk(0)', 'c = fork()')).toHaveLength(4);
  });

  test('a process may make another of its own name', () => {
    expect(parse('c = fork()', 'c: c = fork()', 'wait(main)')).toHaveLength(3);
  });
});

describe('directives', () => {
  test('are words', () => {
    expect(parse('%evict main A+0x1000 # now')).toEqual([
      { kind: 'directive', line: 1, text: 'evict main A+0x1000', words: ['evict', 'main', 'A+0x1000'] },
    ]);
  });

  test('quotes keep blanks and # in a word, with the escapes of strings', () => {
    const [directive] = parse('%  note "two words" x="# \\x41"y ""  ');
    expect(directive).toMatchObject({
      text: 'note "two words" x="# \\x41"y ""',
      words: ['note', 'two words', 'x=# Ay', ''],
    });
  });

  test.each(['%', '%   ', '% # nothing'])('%s needs a name', (line) => {
    expect(complaint(line)).toBe('a.scn:1: a directive needs a name behind the %; write % name arguments');
  });

  test('a quote must end', () => {
    expect(complaint('', '% a "b')).toBe('a.scn:2: a string does not end; close it with " on the same line');
  });
});

describe('what is wrong with a line', () => {
  const WRITTEN = 'a statement is written as [process:] [name =] call(arguments)';

  test.each([
    ['3', `a call should stand here, but here is '3'; ${WRITTEN}`],
    ['main:', `a call should stand here, but here is the end of the line; ${WRITTEN}`],
    ['x =', `a call should stand here, but here is the end of the line; ${WRITTEN}`],
    ['x = 3', `a call should stand here, but here is '3'; ${WRITTEN}`],
    ['a = b = dup(1)', "b should be followed by its arguments in parentheses, but here is '='"],
    ['main: main: dup(1)', "main should be followed by its arguments in parentheses, but here is ':'"],
    ['dup', 'dup should be followed by its arguments in parentheses, but here is the end of the line'],
    ['dup 1', "dup should be followed by its arguments in parentheses, but here is '1'"],
    ['dup(1', 'a comma or the closing parenthesis of the call should stand here, but here is the end of the line'],
    ['dup(1 2)', "a comma or the closing parenthesis of the call should stand here, but here is '2'"],
    ['dup(', 'a number, a name or an expression in parentheses should stand here, but here is the end of the line'],
    ['dup(,)', "a number, a name or an expression in parentheses should stand here, but here is ','"],
    ['dup(1,)', "a number, a name or an expression in parentheses should stand here, but here is ')'"],
    ['dup(1) dup(2)', "the line should end after the call, but here is 'dup'; one statement a line"],
    ['dup(1);', "';' means nothing here"],
    ['mmapp(1)', 'there is no call mmapp; did you mean mmap?'],
    ['frobnicate(1)', 'there is no call frobnicate; the calls are open, dup, pipe, socketpair'],
    ['dup()', 'dup has 0 arguments here; it is written dup(fd)'],
    ['dup(1, 2)', 'dup has 2 arguments here; it is written dup(fd)'],
    ['munlockall(1)', 'munlockall has 1 argument here; it is written munlockall()'],
    ['open("f")', 'open has 1 argument here; it is written open("path", flags[, mode])'],
    [
      'mremap(1, 2, 3, 4, 5, 6)',
      'mremap has 6 arguments here; it is written mremap(old, oldlen, newlen, flags[, newaddr])',
    ],
    ['pread(1)', 'pread has 1 argument here; it is written pread(fd, len, off) or pread(fd, addr, len, off)'],
    ['fork()', 'fork needs a name for the new process, such as c = fork()'],
    ['x = exit(0)', "exit gives nothing that a name could hold; leave out 'x ='"],
    ['x = copyin(A, 1)', "copyin gives nothing that a name could hold; leave out 'x ='"],
    ['x = smaps(A)', "smaps gives nothing that a name could hold; leave out 'x ='"],
    ['x = wait(main)', "wait gives nothing that a name could hold; leave out 'x ='"],
    ['dup("x")', 'argument 1 of dup(fd) is a number, not a string or fill'],
    ['pread(1, "x", 2)', 'argument 2 of pread(fd, len, off) is a number, not a string or fill'],
    ['pwrite(1, A, 0)', 'argument 2 of pwrite(fd, data, off) is data: strings and fill(byte, count), joined by +'],
    ['pwrite(1, "x", 1, 0)', 'argument 2 of pwrite(fd, addr, len, off) is a number, not a string or fill'],
    ['unlink(3)', 'argument 1 of unlink("path") is one string in double quotes'],
    ['unlink("a"*2)', 'argument 1 of unlink("path") is one string in double quotes'],
    ['unlink("a"+"b")', 'argument 1 of unlink("path") is one string in double quotes'],
    ['unlink(fill(1, 2))', 'argument 1 of unlink("path") is one string in double quotes'],
    ['wait(3)', 'argument 1 of wait(name) is the name of a process, as fork was given it'],
    ['wait("c")', 'argument 1 of wait(name) is the name of a process, as fork was given it'],
    [
      'copyin(A, 0x40001)',
      'argument 2 of copyin(addr, len) is 262145 bytes; one transfer is at most 262144 bytes (256 KiB)',
    ],
    ['pread(3, -1, 0)', 'argument 2 of pread(fd, len, off) is 18446744073709551615 bytes; one transfer is at most'],
    [
      'write(3, fill(0, 0x40001))',
      'argument 2 of write(fd, data) is too long; one transfer is at most 262144 bytes (256 KiB)',
    ],
  ])('%s', (line, message) => {
    expect(complaint('munlockall()', line)).toContain(`a.scn:2: ${message}`);
  });

  test.each([
    'NULL',
    'A',
    'BRK',
    'main',
    'fill',
    'PROT_READ',
    'catch',
    'default',
    'ignore',
    'SIG_DFL',
    'SIGBUS',
    'MAP_FAILED',
  ])('%s cannot be bound', (name) => {
    expect(complaint(`${name} = dup(1)`)).toBe(
      `a.scn:1: ${name} has a meaning of its own and cannot be bound; choose another name`,
    );
  });

  test('a transfer into memory has no limit, for a kernel carries it out', () => {
    expect(parse('pread(3, A, -1, 0)', 'write(3, A, 0x7fffffff)', 'copyin(A, 0x40000)')).toHaveLength(3);
  });

  test('the first of several mistakes counts', () => {
    expect(complaint('dup(1)', 'dup()', 'nothing')).toContain('a.scn:2: ');
  });
});

describe('what is wrong with a name', () => {
  test.each([
    [['load8(x)'], '1: x is neither a constant nor bound by any line; bind it first, as in x = mmap(...)'],
    [['load8(PROT_REED)'], '1: PROT_REED is neither a constant nor bound by any line; did you mean PROT_READ?'],
    [
      ['first = sbrk(0)', 'load8(1+frist)'],
      '2: frist is neither a constant nor bound by any line; did you mean first?',
    ],
    [['write(1, "x"*n)'], '1: n is neither a constant'],
    [['write(1, fill(n, 1))'], '1: n is neither a constant'],
    [['write(1, fill(1, n))'], '1: n is neither a constant'],
    [['c: load8(A)'], '1: there is no process c; make it first with c = fork()'],
    [['child = fork()', 'chidl: load8(A)'], '2: there is no process chidl; did you mean child?'],
    [['wait(d)'], '1: there is no process d; make it first with d = fork()'],
    [['p = sbrk(0)', 'p: load8(A)'], '2: p is no process but a value; a process is made by p = fork()'],
    [['p = sbrk(0)', 'wait(p)'], '2: p is no process but a value'],
    [['A: load8(A)'], '1: A is no process but a value'],
    [
      ['c = fork()', 'load8(c)'],
      '2: c is a process and has no value; an expression takes numbers, constants and bound names',
    ],
    [['load8(c)', 'c = fork()'], '1: c is a process and has no value'],
    [['load8(main)'], '1: main is a process and has no value'],
    [['c = fork()', 'c = dup(1)', 'c: dup(1)'], '3: c is no process but a value'],
    [['c = dup(1)', 'c = fork()', 'close(c)'], '3: c is a process and has no value'],
  ])('%j', (lines, message) => {
    expect(complaint(...lines)).toContain(`a.scn:${message}`);
  });
});

describe('limits', () => {
  test('16 processes', () => {
    const forks = Array.from({ length: 15 }, (_, index) => `c${index} = fork()`);
    expect(parse(...forks)).toHaveLength(15);
    expect(complaint(...forks, 'c0 = fork()')).toBe(
      'a.scn:16: a scenario has at most 16 processes, main among them; fork at most 15 times',
    );
  });

  test('20000 statements, directives and comments not counted', () => {
    const lines = Array.from({ length: 20_000 }, () => 'munlockall()');
    expect(parse('# x', '% y', ...lines)).toHaveLength(20_001);
    expect(complaint(...lines, '# x', 'munlockall()')).toBe(
      'a.scn:20002: a scenario has at most 20000 statements; split it',
    );
  });
});
