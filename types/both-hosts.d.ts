/**
 * The few globals beyond ECMAScript that browsers and Node both have and that code outside src/node and src/cli may use.
 *
 * tsconfig.machine.json alone includes this file. Add to it only what works, with the same result, in every host; a timer, a clock,
 * a source of chance or anything asynchronous does not belong here.
 */

declare class TextEncoder {
  /** UTF-8. */
  encode(text?: string): Uint8Array<ArrayBuffer>;
}

declare class TextDecoder {
  constructor(label?: 'utf-8' | 'latin1', options?: { fatal?: boolean; ignoreBOM?: boolean });
  decode(bytes?: ArrayBufferView | ArrayBuffer): string;
}
