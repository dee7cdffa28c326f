/**
 * Transfers of what is neither a file nor a stream: directories, the memory devices, terminals, files of /proc.
 *
 * /dev/null and /dev/zero swallow what is written without looking at it; /dev/full has no room even for nothing; what is
 * written to /dev/random only stirs it. The one file of /proc is /proc/uptime.
 * Differs: a terminal has nobody at its other end; nothing is echoed.
 * Source: Linux drivers/char/mem.c, drivers/char/random.c, fs/proc/uptime.c.
 */

import { EAGAIN, EFAULT, EISDIR, ENOSPC } from '../errno.ts';
import type { OpenFile } from './open-file.ts';
import type { ByteSink, ByteSource, Position, TransferParts } from './transfers.ts';

/** Bytes that come from a frame, at most a page at a time; `fill` makes `length` of them at `pa`. */
function readMade(
  parts: TransferParts,
  count: number,
  sink: ByteSink,
  pfn: number,
  fill: (pa: number, length: number) => void,
): number {
  const { pageSize } = parts.ram;
  let done = 0;
  while (done < count) {
    const wanted = Math.min(count - done, pageSize);
    fill(pfn * pageSize, wanted);
    const moved = sink(pfn * pageSize, wanted);
    done += moved;
    if (moved < wanted) return done > 0 ? done : -EFAULT;
  }
  return done;
}

/** Through a frame that is had for the moment. */
function readThrough(
  parts: TransferParts,
  count: number,
  sink: ByteSink,
  fill: (pa: number, length: number) => void,
): number {
  const pfn = parts.pool.alloc();
  if (pfn === 0) return -EFAULT;
  const moved = readMade(parts, count, sink, pfn, fill);
  parts.pool.put(pfn);
  return moved;
}

function readText(parts: TransferParts, text: string, position: Position, count: number, sink: ByteSink): number {
  const bytes = new TextEncoder().encode(text);
  const at = position.page * parts.ram.pageSize + position.byte;
  const wanted = Math.max(0, Math.min(count, bytes.length - at));
  if (wanted === 0) return 0;
  const moved = readThrough(parts, wanted, sink, (pa, length) => parts.ram.write(pa, bytes.subarray(at, at + length)));
  if (moved > 0) position.byte += moved;
  return moved;
}

/** Seconds since the machine began, and as many that it did nothing else: /proc/uptime. */
function uptime(parts: TransferParts): string {
  const seconds = (parts.clock.nowNs / 1e9).toFixed(2);
  return `${seconds} ${seconds}\n`;
}

/** Up to `count` bytes of a device at `position`, which moves along where that means something; or a negative errno. */
export function readDevice(
  parts: TransferParts,
  file: OpenFile,
  position: Position,
  count: number,
  sink: ByteSink,
): number {
  const { ram, pool } = parts;
  switch (file.inode.kind) {
    case 'directory':
      return -EISDIR;
    case 'zero':
    case 'full':
      return readMade(parts, count, sink, pool.zeroPfn, () => {});
    case 'random':
      return readThrough(parts, count, sink, (pa, length) => {
        for (let i = 0; i < length; i++) ram.store8(pa + i, parts.randomBytes.below(256));
      });
    case 'tty':
      return count === 0 ? 0 : -EAGAIN;
    case 'proc':
      return readText(parts, uptime(parts), position, count, sink);
    default:
      return 0;
  }
}

export function writeDevice(parts: TransferParts, file: OpenFile, count: number, source: ByteSource): number {
  switch (file.inode.kind) {
    case 'directory':
      return -EISDIR;
    case 'full':
      return -ENOSPC;
    case 'random':
      return takeIn(parts, count, source);
    default:
      return count;
  }
}

/** Reads what it is given and forgets it. */
function takeIn(parts: TransferParts, count: number, source: ByteSource): number {
  const { pool, ram } = parts;
  const pfn = pool.alloc();
  if (pfn === 0) return -EFAULT;
  let done = 0;
  while (done < count) {
    const want = Math.min(count - done, ram.pageSize);
    const got = Math.max(0, source(pfn * ram.pageSize, want));
    done += got;
    if (got < want) break;
  }
  pool.put(pfn);
  return done > 0 || count === 0 ? done : -EFAULT;
}
