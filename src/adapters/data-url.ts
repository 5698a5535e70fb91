import { isUtf8 } from 'node:buffer';

/** The text that a `data:` URL holds. */
export interface TextDataUrl {
  /** As its reader will see it. */
  readonly text: string;
  /** Returns the URL with another text in it, encoded the same way. */
  write(text: string): string;
}

const DATA_URL = /^\s*data:([^,;]*)((?:;[^,;]*)*),/i;
const TEXT_TYPE =
  /^(?:text\/.*|application\/(?:json|xml|(?:x-)?(?:javascript|yaml|sh|ndjson))|.*\+(?:json|xml|yaml))$/i;
/** Characters of base64 that tell most images and the like from text, so that they need not be decoded. */
const HEAD_CHARS = 400;
/** Bytes that text has none of. */
const CONTROL = /[\0-\x08\x0b\x0e-\x1f]/;

/**
 * Returns the text of a `data:` URL, in base64 or percent-encoded, or `undefined` when the value is none or holds no text.
 * Bytes that read as text are text whatever type they claim. O(length). Never throws.
 */
export function readTextDataUrl(value: string): TextDataUrl | undefined {
  const head = DATA_URL.exec(value);
  if (head === null) return undefined;
  const [whole, type = '', list = ''] = head;
  const parameters = list.split(';').map((parameter) => parameter.trim());
  const inBase64 = parameters.some((parameter) => parameter.toLowerCase() === 'base64');
  const isText = type.trim() === '' || TEXT_TYPE.test(type.trim());
  if (inBase64 && !isText && beginsWithBytes(value.slice(whole.length, whole.length + HEAD_CHARS))) return undefined;
  const bytes = percentDecode(value.slice(whole.length));
  const content = inBase64 ? Buffer.from(bytes.toString('latin1'), 'base64') : bytes;
  const charset = parameters.find((parameter) => /^charset=/i.test(parameter))?.slice('charset='.length);
  const text = readText(content, { charset, isText });
  if (text === undefined) return undefined;
  return {
    text,
    write(other) {
      const kept = parameters.filter((parameter) => parameter !== '' && !/^(?:charset=|base64$)/i.test(parameter));
      const said = ['charset=utf-8', ...kept, ...(inBase64 ? ['base64'] : [])];
      const data = inBase64 ? Buffer.from(other).toString('base64') : encodeURIComponent(Buffer.from(other).toString());
      return `data:${[type === '' ? 'text/plain' : type, ...said].join(';')},${data}`;
    },
  };
}

/** Returns the media type of a `data:` URL in lower case; `undefined` when the value is none. Never throws. */
export function dataUrlType(value: string): string | undefined {
  return DATA_URL.exec(value)?.[1]?.trim().toLowerCase();
}

function beginsWithBytes(base64: string): boolean {
  return !base64.includes('%') && CONTROL.test(Buffer.from(base64, 'base64').toString('latin1'));
}

function readText(
  bytes: Buffer,
  { charset, isText }: { readonly charset: string | undefined; readonly isText: boolean },
): string | undefined {
  if (charset !== undefined && isText) {
    try {
      return new TextDecoder(charset, { ignoreBOM: true }).decode(bytes);
    } catch {
      // An unknown charset: read as if none were named.
    }
  }
  const text = isUtf8(bytes) ? bytes.toString('utf8') : undefined;
  if (isText) return text ?? bytes.toString('latin1');
  return text === undefined || CONTROL.test(text) ? undefined : text;
}

/** Bytes of a string in which `%41` stands for a byte and anything else for itself. */
function percentDecode(text: string): Buffer {
  if (!text.includes('%')) return Buffer.from(text);
  const parts = text.split(/((?:%[0-9a-f]{2})+)/i).map((part, index) => {
    return index % 2 === 0 ? Buffer.from(part) : Buffer.from(part.replaceAll('%', ''), 'hex');
  });
  return Buffer.concat(parts);
}
