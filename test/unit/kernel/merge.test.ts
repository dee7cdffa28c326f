/** When VMAs merge and how they split, as pictures (test/helpers/vma-pictures.ts). */
import { describe, expect, test } from 'vitest';
import { advise, grow, merge, move, protect, replace, run, unmap } from '../../helpers/vma-pictures.ts';

describe('a new mapping', () => {
  test.each([
    ['stands alone', ' *  ', 'w', ' w'],
    ['extends the one before', 'ww*  ', 'w', 'www'],
    ['extends the one behind downwards', '  *ww', 'w', '  www'],
    ['joins both', 'ww*ww', 'w', 'wwwww'],
    ['needs the same rights: before', 'rr*ww', 'w', 'rr|www'],
    ['needs the same rights: behind', 'ww*rr', 'w', 'www|rr'],
    ['needs the same rights: neither', 'rr*nn', 'w', 'rr|w|nn'],
    ['does not touch across a hole', 'ww *', 'w', 'ww w'],
    ['of a file continues it', 'ff*ff', 'f', 'fffff'],
    ['of a file at another offset does not', 'ff*ff', 'g', 'ff|f|ff'],
    ['of a file continues only one side', 'ff*gg', 'f', 'fff|ff'],
    ['anonymous never joins a file', 'ff*ff', 'r', 'ff|r|ff'],
    ['shared never joins private', 'ss*ww', 'w', 'ss|www'],
    ['shared continues shared', 'ss*ss', 's', 'sssss'],
  ])('%s', (_what, before, letter, expected) => {
    expect(merge(before, letter)).toBe(expected);
  });

  test.each([
    ['joins what was stored to on one side', 'WW*ww', 'wwwww'],
    ['joins what was stored to on the other side', 'ww*WW', 'wwwww'],
    ['joins only one of two that were stored to apart', 'WW*WW', 'www|ww'],
    ['joins two that were stored to while they touched', 'W|w*', 'www'],
  ])('%s', (_what, before, expected) => {
    expect(merge(before)).toBe(expected);
  });

  test.each([
    ['cuts a hole', 'wwwww', ' *** ', 'r', 'w|rrr|w'],
    ['cuts an edge', 'wwwww', '**   ', 'r', 'rr|www'],
    ['closes a gap in rights', 'w|rr|w', ' ** ', 'w', 'wwww'],
    ['swallows several', 'w r n x', '*******', 'w', 'wwwwwww'],
    ['over itself changes nothing to be seen', 'wwww', ' ** ', 'w', 'wwww'],
    ['over what was stored to joins both again', 'WWWW', ' ** ', 'w', 'wwww'],
  ])('that replaces %s', (_what, before, mask, letter, expected) => {
    expect(replace(before, mask, letter)).toBe(expected);
  });
});

describe('a change of rights', () => {
  test.each([
    ['in the middle splits twice', 'wwwww', '  *  ', 'r', 'ww|r|ww'],
    ['at the start splits once', 'wwwww', '**   ', 'r', 'rr|www'],
    ['at the end splits once', 'wwwww', '    *', 'r', 'wwww|r'],
    ['of the whole splits nothing', 'wwwww', '*****', 'r', 'rrrrr'],
    ['that is none splits nothing', 'wwwww', ' **  ', 'w', 'wwwww'],
    ['moves the border up', 'wwrr', '  * ', 'w', 'www|r'],
    ['moves the border down', 'wwrr', ' *  ', 'r', 'w|rrr'],
    ['joins the one before', 'wwrr', '  **', 'w', 'wwww'],
    ['joins the one behind', 'wwrr', '**  ', 'r', 'rrrr'],
    ['joins both', 'wwrrww', '  ** ', 'w', 'wwwwww'],
    ['in the middle joins nobody', 'wwrrrww', '   *', 'w', 'ww|r|w|r|ww'],
    ['of several makes them one', 'wrnx', '****', 'w', 'wwww'],
    ['of several cuts the outer ones', 'wwrrnn', ' **** ', 'n', 'w|nnnnn'],
    ['joins what was stored to with what was not', 'WWrr', '  **', 'w', 'wwww'],
    ['keeps apart what was stored to apart', 'WWrWW', '  *', 'w', 'www|ww'],
    ['of a file keeps its pages in order', 'ffffff', '  ** ', 'x', 'ff|ff|ff'],
    ['stops at a hole, what came before it done', 'ww ww', '*****', 'r', 'rr ww (ENOMEM)'],
  ])('%s', (_what, before, mask, letter, expected) => {
    expect(protect(before, mask, letter)).toBe(expected);
  });

  test('and back joins again, unless both sides were stored to meanwhile', () => {
    const there = 'mprotect(A+2*4096, 4096, PROT_READ)';
    const back = 'mprotect(A+2*4096, 4096, PROT_READ|PROT_WRITE)';
    expect(run('wwwww', [there, back])).toBe('wwwww');
    expect(run('WWWWW', [there, back])).toBe('wwwww');
    expect(run('wwwww', [there, 'store8(A, 1)', 'store8(A+4096, 1)', back])).toBe('wwwww');
    expect(run('wwwww', [there, 'store8(A, 1)', 'store8(A+3*4096, 1)', back])).toBe('www|ww');
  });

  test('keeps the account of what was stored to while it could be written', () => {
    const all = (prot: string): string => `mprotect(A, 2*4096, ${prot})`;
    expect(
      run('ww', [all('PROT_READ'), 'mmap(A+2*4096, 4096, PROT_READ, MAP_PRIVATE|MAP_ANONYMOUS|MAP_FIXED, -1, 0)']),
    ).toBe('rrr');
    expect(
      run('WW', [all('PROT_READ'), 'mmap(A+2*4096, 4096, PROT_READ, MAP_PRIVATE|MAP_ANONYMOUS|MAP_FIXED, -1, 0)']),
    ).toBe('rr|r');
  });
});

describe('unmapping', () => {
  test.each([
    ['the middle', 'wwwww', '  *  ', 'ww ww'],
    ['the start', 'wwwww', '**   ', '  www'],
    ['the end', 'wwwww', '   **', 'www'],
    ['everything', 'wwwww', '*****', ''],
    ['parts of several', 'wwrrnn', ' **** ', 'w    n'],
    ['over holes', 'w w w', '*****', ''],
    ['nothing', 'w   w', ' *** ', 'w   w'],
  ])('%s', (_what, before, mask, expected) => {
    expect(unmap(before, mask)).toBe(expected);
  });

  test('never merges what is left', () => {
    expect(run('WWwww', ['munmap(A+4*4096, 4096)'])).toBe('wwww');
    expect(run('W w W', ['munmap(A+2*4096, 4096)'])).toBe('w   w');
  });
});

describe('advice', () => {
  test.each([
    ['that is a mark splits', 'MADV_DONTFORK', 'ww|ww|ww'],
    ['that is another mark splits too', 'MADV_RANDOM', 'ww|ww|ww'],
    ['that is none of the sort does not', 'MADV_DONTNEED', 'wwwwww'],
    ['already given changes nothing', 'MADV_NORMAL', 'wwwwww'],
  ])('%s', (_what, advice, expected) => {
    expect(advise('wwwwww', '  **  ', advice)).toBe(expected);
  });

  test('taken back joins again', () => {
    const middle = 'A+2*4096, 2*4096';
    expect(run('wwwwww', [`madvise(${middle}, MADV_DONTFORK)`, `madvise(${middle}, MADV_DOFORK)`])).toBe('wwwwww');
  });
});

describe('locking', () => {
  test('splits, and unlocking joins again', () => {
    expect(run('wwwwww', ['mlock(A+2*4096, 8192)'])).toBe('ww|ww|ww');
    expect(run('wwwwww', ['mlock(A+2*4096, 8192)', 'munlock(A, 6*4096)'])).toBe('wwwwww');
    expect(run('wwwwww', ['mlock(A, 8192)', 'mlock(A+2*4096, 4*4096)'])).toBe('wwwwww');
    expect(run('wwwwww', ['mlock(A, 8192)', 'mlock2(A+2*4096, 4*4096, MLOCK_ONFAULT)'])).toBe('ww|wwww');
  });
});

describe('moving', () => {
  test.each([
    ['never stored to joins its new neighbour', 'ww   ww', '**     ', '   **', '   wwww'],
    ['stored to keeps its page numbers and joins nobody', 'WW   ww', '**     ', '   **', '   ww|ww'],
    ['a part leaves the rest', 'wwww    ', ' **     ', '     **', 'w  w ww'],
    ['joins on both sides', 'ww  ww ww', '       **', '  **', 'wwwwww'],
    ['a file continues where its pages do', 'ffff', ' ** ', '      **', 'f  f  ff'],
    ['takes the place of others', 'ww  rrr', '**     ', '    **', '    ww|r'],
  ])('%s', (_what, before, from, to, expected) => {
    expect(move(before, from, to)).toBe(expected);
  });

  test('there and back joins again', () => {
    const flags = 'MREMAP_MAYMOVE|MREMAP_FIXED';
    const there = `mremap(A+4096, 4096, 4096, ${flags}, A+8*4096)`;
    const back = `mremap(A+8*4096, 4096, 4096, ${flags}, A+4096)`;
    expect(run('www', [there])).toBe('w w     w');
    expect(run('www', [there, back])).toBe('www');
    expect(run('WWW', [there, back])).toBe('www');
  });

  test.each([
    ['in place takes the hole', 'ww   ', '**', 2, 'wwww'],
    ['in place joins what follows', 'ww  ww', '**', 2, 'wwwwww'],
    ['in place needs room', 'ww rr', '**', 2, 'ww rr (ENOMEM)'],
    ['starts at the end of the mapping only', 'wwww', '**', 1, 'wwww (ENOMEM)'],
  ])('growing %s', (_what, before, mask, more, expected) => {
    expect(grow(before, mask, more)).toBe(expected);
  });
});
