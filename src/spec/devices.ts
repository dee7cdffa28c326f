/**
 * Reading and writing devices.
 *
 *     null     reads nothing, takes everything    zero    zeros; takes everything
 *     full     zeros; ENOSPC                      random  anything; takes everything
 *
 * What is taken is not looked at, its memory need not be there; but random reads it. What random, a terminal and /proc give is not the business
 * of this specification.
 *
 * Source: null(4), full(4), random(4).
 */

import { EISDIR, ENOSPC } from '../errno.ts';
import { type Answer, failure, transferred, UNSPECIFIED, value } from './answer.ts';
import { min, PAGE_SIZE, ZERO_PAGE } from './arithmetic.ts';
import type { FileObject } from './state.ts';
import type { StreamMove } from './stream-bytes.ts';

export function readDevice(object: FileObject, count: bigint, move: StreamMove): Answer {
  if (object.type === 'directory') return failure(EISDIR);
  if (count === 0n || object.type === 'null') return value(0n);
  if (object.type !== 'zero' && object.type !== 'full') return UNSPECIFIED;
  return moveAll(count, move);
}

/** To or from a page of zeros, a new one each time. */
function moveAll(count: bigint, move: StreamMove): Answer {
  let done = 0n;
  while (done < count) {
    const length = Number(min(PAGE_SIZE, count - done));
    const moved = move({ pages: new Map([[0n, ZERO_PAGE]]), page: 0n }, 0, length, done);
    done += BigInt(moved);
    if (moved < length) break;
  }
  return transferred(done, count);
}

export function writeDevice(object: FileObject, count: bigint, move: StreamMove): Answer {
  if (object.type === 'random' && count > 0n) return moveAll(count, move);
  if (object.type === 'full') return failure(ENOSPC);
  if (object.type === 'tty' && count > 0n) return UNSPECIFIED;
  return value(count);
}
