/** Which mappings become one, by the families of their anonymous pages (family-pictures.ts). */
import { describe, expect, test } from 'vitest';
import { change, merge, moveIn, touch } from './family-pictures.ts';

describe('a new mapping', () => {
  test.each([
    ['stands alone', ' ** ', ' oo'],
    ['joins what was never stored to', 'oo*oo', 'ooooo'],
    ['joins the family below', 'AA*   DD', 'AAA   DD'],
    ['joins the family above', '   *DD', '   DDD'],
    ['joins both of one family', 'AA*AA', 'AAAAA'],
    ['joins the one below of two families', 'AA*B   DD', 'AAA|B   DD'],
    ['makes one of a family and none', 'AA*oo', 'AAAAA'],
    ['makes one of none and a family', 'oo*AA', 'AAAAA'],
    ['does not join an inherited family', 'aa*', 'aa|o'],
    ['joins the other side of an inherited family', 'aa*BB', 'aa|BBB'],
    ['does not join an inherited family even on both sides', 'aa*aa', 'aa|o|aa'],
    ['does not join other rights', 'xx*xx', 'xx|o|xx'],
    ['joins the side with its rights', 'xx*AA', 'xx|AAA'],
    ['does not reach across a hole', 'AA *', 'AA o'],
  ])('%s', (_what, picture, expected) => {
    expect(merge(picture)).toBe(expected);
  });
});

describe('what moves in with its pages', () => {
  test.each([
    ['joins its own family', 'AA*', 'A', 'AAA'],
    ['does not join another', 'AA*', 'B', 'AA|B'],
    ['gives its family to what has none', 'oo*oo', 'A', 'AAAAA'],
    ['joins the side of its family', 'AA*BB', 'B', 'AA|BBB'],
    ['keeps an inherited family to itself', 'oo*oo', 'a', 'oo|a|oo'],
    ['joins its own inherited family', 'aa*aa', 'a', 'aaaaa'],
  ])('%s', (_what, picture, letter, expected) => {
    expect(moveIn(picture, letter)).toBe(expected);
  });
});

describe('a change of rights', () => {
  test.each([
    ['cuts the middle out', 'AAAAA', '  *  ', 'x', 'AA|A|AA'],
    ['of the whole joins both sides', 'ooxxoo', '  ** ', 'o', 'oooooo'],
    ['of the whole joins the family of one side', 'AAxxoo', '  **  ', 'o', 'AAAAAA'],
    ['of the whole joins one of two families', 'AAxxBB', '  **  ', 'o', 'AAAA|BB'],
    ['of the start moves the border up', 'AAxx', '  * ', 'o', 'AAA|x'],
    ['of the end moves the border down', 'xxAA', ' *  ', 'o', 'x|AAA'],
    ['of the middle joins nobody', 'AAxxxAA', '   *   ', 'o', 'AA|x|o|x|AA'],
    ['does not join an inherited family', 'aaxx', '  **', 'o', 'aa|oo'],
    ['of the start joins below only', 'oxxo', ' *  ', 'o', 'oo|x|o'],
  ] as const)('%s', (_what, picture, mask, letter, expected) => {
    expect(change(picture, mask, letter)).toBe(expected);
  });
});

describe('the first store', () => {
  test.each([
    ['makes a family', ' oo ', ' *  ', ' NN'],
    ['takes the family above', 'oo|AA', '*   ', 'AA|AA'],
    ['takes the family below', 'AA|oo', '  * ', 'AA|AA'],
    ['takes that above before that below', 'AA|o|BB', '  *  ', 'AA|B|BB'],
    ['takes the family of other rights too', 'xx|AA', '*   ', 'AA|AA'],
    ['takes no inherited family', 'aa|oo', '  * ', 'aa|NN'],
    ['takes that below if that above is inherited', 'AA|o|bb', '  *  ', 'AA|A|bb'],
    ['looks at neighbours that touch only', 'AA oo', '   * ', 'AA NN'],
    ['changes no family there is', 'AA|BB', '*   ', 'AA|BB'],
  ])('%s', (_what, picture, mask, expected) => {
    expect(touch(picture, mask)).toBe(expected);
  });
});
