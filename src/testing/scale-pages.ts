/**
 * A scenario that was written for pages of 4 KiB, for pages of another size.
 *
 * Place: behind the writer. Every number of about a page and more becomes as many pages of the other size, and what it was before or behind the
 * nearest page border it stays: 4095 is a byte less than a page, 12298 ten more than three. Numbers that no page is meant by (addresses
 * from 2^40 on, -1, bytes) stay. Where a transfer would be larger than a scenario allows it is cut.
 */

const PAGE = 4096;

/** Numbers from here on are addresses and limits of 64 bits. */
const ADDRESSES_FROM = 2 ** 40;

/** What one transfer may move. */
const TRANSFER_MAX = 256 * 1024;

/** Strings are left alone; a number that belongs to a name is none. */
const PIECES = /"(?:\\.|[^"\\])*"|\w+/g;

/** Counts of bytes that the scenario itself holds: the last argument of copyin, fill and the short forms of read and pread. */
const TRANSFERS = /\b(copyin\([^,()]+, |fill\([^,()]+, |read\(\w+, |pread\(\w+, )((?:\d+\*)?\d+)(?=\)|, [^,()]+\)$)/gm;

/** `pageSize` a power of two of at least 4096. */
export function scalePages(text: string, pageSize: number): string {
  if (pageSize === PAGE) return text;
  const scaled = text.replace(PIECES, (piece) =>
    /^(0x[0-9a-f]+|\d+)$/i.test(piece) ? scaleNumber(piece, pageSize) : piece,
  );
  return scaled.replace(TRANSFERS, (_, head: string, count: string) => `${head}${cut(count, pageSize)}`);
}

function scaleNumber(written: string, pageSize: number): string {
  const value = Number(written);
  const pages = Math.floor((value + PAGE / 2 - 1) / PAGE);
  if (pages === 0 || value >= ADDRESSES_FROM) return written;
  const scaled = pages * pageSize + value - pages * PAGE;
  return /^0x/i.test(written) ? `0x${scaled.toString(16)}` : String(scaled);
}

function cut(count: string, pageSize: number): string {
  const bytes = count.split('*').reduce((product, factor) => product * Number(factor), 1);
  if (bytes <= TRANSFER_MAX) return count;
  return String(TRANSFER_MAX - (TRANSFER_MAX % pageSize));
}
