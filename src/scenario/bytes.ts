/**
 * Bytes as the output shows them, and strings as names of files.
 *
 * What `formatBytes` prints is data of the language: parsing and evaluating it gives the same bytes.
 */

/** From this many equal bytes on, a run is a piece of its own. */
const RUN_MIN = 16;

/** Where a byte stands that is no valid UTF-8: U+DC80 to U+DCFF, which no valid text contains. */
const ESCAPED_BYTE = 0xdc00;

/** Strings joined by `+`, `""` if there are no bytes: `"ab"+"\x00"*4096`. */
export function formatBytes(bytes: Uint8Array): string {
  const pieces: string[] = [];
  let plainFrom = 0;
  let start = 0;
  while (start < bytes.length) {
    const end = runEnd(bytes, start);
    if (end - start >= RUN_MIN) {
      if (plainFrom < start) pieces.push(quote(bytes.subarray(plainFrom, start)));
      pieces.push(`${quote(bytes.subarray(start, start + 1))}*${end - start}`);
      plainFrom = end;
    }
    start = end;
  }
  if (plainFrom < bytes.length || pieces.length === 0) pieces.push(quote(bytes.subarray(plainFrom)));
  return pieces.join('+');
}

/** The end of the run of equal bytes that begins at `start`. */
function runEnd(bytes: Uint8Array, start: number): number {
  let end = start + 1;
  while (end < bytes.length && bytes[end] === bytes[start]) end++;
  return end;
}

function quote(bytes: Uint8Array): string {
  let text = '"';
  for (const byte of bytes) text += show(byte);
  return `${text}"`;
}

function show(byte: number): string {
  if (byte < 0x20 || byte > 0x7e) return `\\x${byte.toString(16).padStart(2, '0')}`;
  const character = String.fromCharCode(byte);
  return character === '"' || character === '\\' ? `\\${character}` : character;
}

/**
 * A C string as text: up to its first NUL, as UTF-8. If it is not valid UTF-8, each byte from 0x80
 * on becomes one unpaired surrogate, so that different names stay different.
 */
export function textOf(bytes: Uint8Array): string {
  const nul = bytes.indexOf(0);
  const name = nul < 0 ? bytes : bytes.subarray(0, nul);
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(name);
  } catch {
    return Array.from(name, (byte) => String.fromCharCode(byte < 0x80 ? byte : ESCAPED_BYTE + byte)).join('');
  }
}
