import { pino, type Logger } from 'pino';

export type { Logger };

export interface LoggerOptions {
  readonly level?: 'debug' | 'info' | 'warn' | 'error' | 'silent';
  /** Secrets that this process holds: wherever one turns up in a line, it is taken out. */
  readonly secrets?: readonly string[];
  /** Gets whole lines; standard output if not given. */
  readonly write?: (line: string) => void;
}

const REDACTED = '[redacted]';

/**
 * JSON lines. Redaction and escaping work on the finished line, so there is one place for both and no path to forget: a secret
 * in an error's message or five objects deep goes the same way.
 */
export function createLogger({ level = 'info', secrets = [], write = toStandardOutput }: LoggerOptions = {}): Logger {
  const known = secrets.filter((secret) => secret.length >= 6).map((secret) => JSON.stringify(secret).slice(1, -1));
  return pino(
    { level, base: {}, timestamp: pino.stdTimeFunctions.isoTime, formatters: { level: (label) => ({ level: label }) } },
    { write: (line: string) => write(escaped(redacted(line, known))) },
  );
}

/** `"password":"…"`; then the same inside JSON that stands escaped in a string. */
const SECRET_KEY = '(?:authorization|password|passphrase|secret|token|cookie|signature|private_?key|credential)[\\w-]*';
const BY_KEY = new RegExp(`(${SECRET_KEY}"\\s*:\\s*")(?:[^"\\\\]|\\\\.)+`, 'giu');
const BY_ESCAPED_KEY = new RegExp(`(${SECRET_KEY}\\\\+"\\s*:\\s*\\\\+")(?:[^"\\\\]|\\\\[^"])+`, 'giu');
const BY_SHAPE: readonly RegExp[] = [
  /-----BEGIN [A-Z ]*PRIVATE KEY-----(?:(?!-----END)[^"])*(?:-----END [A-Z ]*PRIVATE KEY-----)?/gu,
  /\bx(?:ox[a-z]|app)(?:-|\.)[\w.-]{6,}/gu,
  /(?<=\b(?:Bearer|Basic) )[\w.~+/=-]{6,}/giu,
  // An AWS secret access key: forty characters of base64 with both cases and a digit; a bare SHA-1 has one case.
  /(?<![\w/+=])(?=[\w/+]*[A-Z])(?=[\w/+]*[a-z])(?=[\w/+]*\d)[A-Za-z0-9/+]{40}(?![\w/+=])/gu,
  // A session token, and anything else that is as long and as dense.
  /(?<![\w/+=])[A-Za-z0-9/+]{120,}={0,2}/gu,
];

function redacted(line: string, known: readonly string[]): string {
  let clean = line;
  for (const secret of known) clean = clean.replaceAll(secret, REDACTED);
  clean = clean.replace(BY_KEY, `$1${REDACTED}`).replace(BY_ESCAPED_KEY, `$1${REDACTED}`);
  for (const shape of BY_SHAPE) clean = clean.replace(shape, REDACTED);
  return clean;
}

/** What JSON leaves as it is and a terminal or an editor does not: C1 controls, bidi and zero-width characters, separators. */
const TRICKY = /[\u007f-\u009f\p{Cf}\p{Zl}\p{Zp}]/gu;

function escaped(line: string): string {
  return line.replace(TRICKY, (character) =>
    Array.from({ length: character.length }, (_, index) => unicodeEscape(character.charCodeAt(index))).join(''),
  );
}

function unicodeEscape(unit: number): string {
  return `\\u${unit.toString(16).padStart(4, '0')}`;
}

function toStandardOutput(line: string): void {
  process.stdout.write(line);
}
