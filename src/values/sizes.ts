import type { Reading } from './durations.ts';

const bytesPerUnit: Readonly<Record<string, number>> = { KB: 1024, MB: 1024 ** 2, GB: 1024 ** 3 };

/** Far above any prompt or answer; a limit beyond it is a slip of the unit. */
const largestBytes = 1024 ** 3;

/** What a right size looks like, to close a sentence with. */
export const sizeHelp = 'write a size such as `512KB`, `20MB` or `1GB`';

/**
 * Reads a size such as `512KB`, `20MB` or `1GB`, in units of 1024.
 * @returns whole bytes, 1 KB to 1 GB, or the mistake; the mistake never repeats the text
 */
export function readSize(text: string): Reading {
	const [, amount, unit] = /^(\d+(?:\.\d+)?)([KMG]B)$/i.exec(text) ?? [];
	const factor = bytesPerUnit[unit?.toUpperCase() ?? ''];
	if (factor === undefined) return { mistake: `is not a size; ${sizeHelp}` };

	const bytes = Math.round(Number(amount) * factor);
	if (bytes < 1024) return { mistake: 'is too small; write at least `1KB`' };
	if (bytes > largestBytes) return { mistake: 'is too large; write at most `1GB`' };
	return { value: bytes };
}

/** Bytes as `readSize` reads them, rounded up to whole units: `60MB`. */
export function sizeText(bytes: number): string {
	const unit = bytes < 1024 ** 2 ? 'KB' : 'MB';
	return `${Math.ceil(bytes / (bytesPerUnit[unit] ?? 1))}${unit}`;
}
