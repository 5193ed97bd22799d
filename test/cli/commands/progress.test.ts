import { expect, it } from 'vitest';
import { ProgressLine } from '../../../src/cli/commands/progress-line.ts';

class Stream {
	readonly isTTY: boolean;
	written = '';

	constructor(isTTY: boolean) {
		this.isTTY = isTTY;
	}

	write(text: string): void {
		this.written += text;
	}
}

/** One call every 50 ms, up to so many. */
function progressOn(stream: Stream, calls: number): ProgressLine {
	let now = 0;
	const progress = new ProgressLine(stream, () => now);
	for (let call = 1; call <= calls; call++) {
		now += 50;
		progress.tell('profile default', call * 1000);
	}
	return progress;
}

it.each([true, false])('says nothing of what is quick (terminal: %s)', (isTTY) => {
	const stream = new Stream(isTTY);
	progressOn(stream, 19).end();
	expect(stream.written).toBe('');
});

it('writes one line over and over on a terminal, and leaves none behind', () => {
	const stream = new Stream(true);
	progressOn(stream, 24).end();
	const lines = [20_000, 22_000, 24_000].map((states) => `\r\x1b[Kprofile default: ${states / 1000},000 states…`);
	expect(stream.written).toBe(`${lines.join('')}\r\x1b[K`);
});

it('writes a line every five seconds elsewhere', () => {
	const stream = new Stream(false);
	progressOn(stream, 300).end();
	expect(stream.written).toBe(
		['20,000', '120,000', '220,000'].map((states) => `profile default: ${states} states…\n`).join(''),
	);
});
