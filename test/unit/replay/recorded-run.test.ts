import { describe, expect, test } from 'vitest';
import { recordedRun } from '../../../src/replay/recorded-run.ts';

const MAPS = 'truth/p0.maps-exec';

describe('the logs of a folder', () => {
  test.each([
    [
      'nstep',
      false,
      ['nstep.p0.txt.gz', 'nstep.p1.txt', 'lackey-sys.txt.gz', 'nstep.condensed.p0.txt.gz'],
      ['nstep.p0.txt.gz', 'nstep.p1.txt'],
    ],
    ['nstep', true, ['nstep.condensed.p0.txt.gz', 'lackey-sys.txt'], ['nstep.condensed.p0.txt.gz']],
    [
      'lackey',
      false,
      ['lackey.txt.gz', 'lackey-sys.txt.gz', 'lackey-sys.p1.txt.gz'],
      ['lackey-sys.txt.gz', 'lackey-sys.p1.txt.gz'],
    ],
    [
      'lackey',
      true,
      ['lackey-sys.condensed.txt.gz', 'lackey-sys.condensed.p2.txt.gz'],
      ['lackey-sys.condensed.txt.gz', 'lackey-sys.condensed.p2.txt.gz'],
    ],
  ])('%s, condensed %s', (kind, condensed, files, logs) => {
    const run = recordedRun('dir', [...files, MAPS]);
    expect(run).toMatchObject({ kind, condensed, strace: undefined, truth: undefined });
    expect([...run.logs.values()]).toEqual(logs);
  });

  test('mappings of every process, strace and truth beside them', () => {
    const run = recordedRun('dir', [
      'nstep.p0.txt',
      MAPS,
      'truth/p1.maps-exec',
      'strace-y.txt',
      'strace.txt.gz',
      'truth/truth.jsonl',
    ]);
    expect([...run.maps]).toEqual([
      ['p0', MAPS],
      ['p1', 'truth/p1.maps-exec'],
    ]);
    expect(run).toMatchObject({ strace: 'strace.txt.gz', truth: 'truth/truth.jsonl' });
    expect(recordedRun('dir', ['nstep.p0.txt', MAPS, 'strace-y.txt']).strace).toBe('strace-y.txt');
  });
});

describe('a folder that is not enough says what is missing', () => {
  test.each([
    [[MAPS], 'dir holds no log of accesses: a replay needs nstep.p0.txt or lackey-sys.txt'],
    [['nstep.p1.txt', MAPS], 'dir holds no log of accesses'],
    [['lackey.txt.gz', 'strace.txt', MAPS], "dir has lackey.txt, but its addresses are of Valgrind's layout"],
    [['nstep.p0.txt'], 'dir has no truth/p0.maps-exec'],
  ])('%j', (files, message) => {
    expect(() => recordedRun('dir', files)).toThrow(message);
  });
});
