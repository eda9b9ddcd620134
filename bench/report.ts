import { cpus, loadavg, totalmem } from 'node:os';

import type { Spread } from './statistics.ts';

export interface Target {
  readonly is: 'at most' | 'at least' | 'exactly';
  readonly value: number;
}

/** One number that was measured. */
export interface Row {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  /** Over the rounds, or over the repetitions. */
  readonly spread?: Spread;
  readonly target?: Target;
}

/** Writes one line about what is going on. */
export type Progress = (line: string) => void;

export interface Group {
  readonly name: string;
  readonly title: string;
  readonly rows: readonly Row[];
}

export function isMet({ value, target }: Row): boolean | null {
  if (!target) return null;
  const met = { 'at most': value <= target.value, 'at least': value >= target.value, exactly: value === target.value };
  return met[target.is];
}

export function table(groups: readonly Group[]): string {
  return groups.map(({ title, rows }) => [title, ...aligned(rows.map(cells))].join('\n')).join('\n\n');
}

function cells(row: Row): readonly string[] {
  const { name, value, unit, spread, target } = row;
  const met = isMet(row);
  return [
    `  ${name}`,
    `${shown(value)} ${unit}`.trimEnd(),
    spread ? `(${shown(spread.least)} – ${shown(spread.most)})` : '',
    target ? `${target.is} ${shown(target.value)}` : '',
    met === null ? '' : met ? 'met' : 'MISSED',
  ];
}

function aligned(lines: readonly (readonly string[])[]): readonly string[] {
  const widths = [0, 1, 2, 3].map((column) => Math.max(...lines.map((line) => line[column]?.length ?? 0)));
  return lines.map((line) =>
    line
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  );
}

/** Three figures say all that such a measurement knows. */
function shown(value: number): string {
  if (Number.isInteger(value)) return value.toLocaleString('en-GB');
  const digits = Math.abs(value) >= 100 ? 0 : Math.abs(value) >= 10 ? 1 : 2;
  return Number(value.toFixed(digits)).toLocaleString('en-GB', { minimumFractionDigits: digits });
}

/** Where it was measured; without it no number means anything. */
export function machine(): Record<string, string | number> {
  return {
    date: new Date().toISOString(),
    node: process.version,
    platform: `${process.platform} ${process.arch}`,
    processor: cpus()[0]?.model ?? 'unknown',
    cores: cpus().length,
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    /** Of the minute before; above the cores, others were at work. */
    loadBefore: Math.round((loadavg()[0] ?? 0) * 100) / 100,
  };
}
