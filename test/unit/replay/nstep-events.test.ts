import { describe, expect, test } from 'vitest';
import { NstepEvents } from '../../../src/replay/nstep-events.ts';

const events = new NstepEvents('dir/nstep.p0.txt');

/** The one event of a line. */
function read(text: string, line: number) {
  const found = events.read(text, line);
  expect(found).toHaveLength(1);
  return found[0];
}

describe('a line of a single-step log', () => {
  test('#EXEC', () => {
    expect(read('#EXEC pid=2499', 1)).toEqual({ kind: 'exec' });
  });

  test('#SYS: arguments and result as the kernel saw them', () => {
    expect(read('#SYS nr=9 0 9543 1 2 3 0 ret=7ffff7fb6000', 2)).toEqual({
      kind: 'call',
      call: { nr: 9, args: [0, 0x9543, 1, 2, 3, 0], result: 0x7ffff7fb6000, texts: [] },
    });
  });

  test('#SYS: errors and other words of 2^63 and more are negative', () => {
    expect(
      read('#SYS nr=21 7ffff7ff42a0 4 ffffffffffffff9c fff 7ffff7fca040 1f8 ret=fffffffffffffffe', 2),
    ).toMatchObject({ call: { args: [0x7ffff7ff42a0, 4, -100, 0xfff, 0x7ffff7fca040, 0x1f8], result: -2 } });
  });

  test.each(['fork', 'vfork', 'clone'])('#FORK kind=%s', (how) => {
    expect(read(`#FORK kind=${how} child=2500 file=p1`, 3)).toEqual({
      kind: 'fork',
      how,
      child: 2500,
      log: 'p1',
    });
  });

  test('#SIG with the attempt that follows', () => {
    const text = '#SIG 11 code=2 addr=0x7ffff7dba000 ip=555555555ad3 (next lines: the attempt)';
    expect(read(text, 4)).toEqual({ kind: 'signal', signal: 11, attempt: true });
    expect(read('#SIGEND', 5)).toEqual({ kind: 'signal-end' });
  });

  test('#SIG of another kind', () => {
    expect(read('#SIG 17 code=1 ip=7ffff7ea7bd3', 6)).toEqual({ kind: 'signal', signal: 17, attempt: false });
    expect(read('#SIG 6 code=-6 ip=7ffff7ea7bd3', 6)).toMatchObject({ signal: 6 });
  });

  test.each(['#EXIT code=0', '#EXIT signal=9'])('%s', (text) => {
    expect(read(text, 7)).toEqual({ kind: 'exit' });
  });
});

describe('a malformed line names its place and what would be right', () => {
  test.each([
    ['#EXEC 2499', '#EXEC pid=N'],
    ['#SYS nr=9 0 9543 1 2 3 ret=0', '#SYS nr=9 a0 a1 a2 a3 a4 a5 ret=R, hexadecimal but for nr'],
    ['#SYS nr=9 0 9543 1 2 3 0 ret=', '#SYS nr=9 a0 a1 a2 a3 a4 a5 ret=R, hexadecimal but for nr'],
    ['#SYS nr=9 0 xyz 1 2 3 0 ret=0', '#SYS nr=9 a0 a1 a2 a3 a4 a5 ret=R, hexadecimal but for nr'],
    ['#SYS nr=0x9 0 0 0 0 0 0 ret=0', '#SYS nr=9 a0 a1 a2 a3 a4 a5 ret=R, hexadecimal but for nr'],
    ['#SYS nr=9 0 0 0 0 0 0 ret=11112222333344445', '#SYS nr=9 a0 a1 a2 a3 a4 a5 ret=R, hexadecimal but for nr'],
    ['#FORK kind=thread child=1 file=p1', '#FORK kind=fork|vfork|clone child=PID file=pK'],
    ['#SIG 11', '#SIG N code=C [addr=0xA] ip=I, or #SIGEND'],
    ['#EXIT', '#EXIT code=N or #EXIT signal=N'],
  ])('%s', (text, right) => {
    expect(() => events.read(text, 42)).toThrow(
      `dir/nstep.p0.txt:42: '${text}' is no line of a single-step log: right would be ${right}`,
    );
  });

  test.each(['', '#SOMETHING', 'SYSCALL[1,1](12) sys_brk ( 0x0 )', ' X 7ffff7fe4b70,8'])('%j', (text) => {
    expect(() => events.read(text, 1)).toThrow(`dir/nstep.p0.txt:1: '${text}' is no line of a single-step log`);
  });

  test('a long line is quoted in part, without what would spoil a terminal', () => {
    expect(() => events.read(`#\u001b[31m${'x'.repeat(500)}`, 1)).toThrow(`'#?[31m${'x'.repeat(74)}...'`);
  });
});

test('an image begins where a line says so', () => {
  expect(events.startsImage()).toBe(false);
  expect(events.hidden).toEqual({ start: 0, end: 0 });
});
