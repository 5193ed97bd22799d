import { execFileSync } from 'node:child_process';
import { closeSync, constants, existsSync, mkdtempSync, openSync, readSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { LineWriter, MOST_WAITING_LENGTH } from '../../../src/observe/log/line-writer.ts';
import { soon } from '../../helpers/gateway.ts';

let folder: string;
const descriptors: number[] = [];

beforeEach(() => {
	folder = mkdtempSync(join(tmpdir(), 'breakwater-'));
});

afterEach(() => {
	for (const descriptor of descriptors.splice(0)) closeSync(descriptor);
	rmSync(folder, { recursive: true });
});

function opened(path: string, flags: number): number {
	const descriptor = openSync(path, flags);
	descriptors.push(descriptor);
	return descriptor;
}

function writerTo(descriptor: number) {
	const events: string[] = [];
	const count = { lost: 0 };
	const writer = new LineWriter(descriptor, {
		onBroken: (code) => events.push(`broken: ${code}`),
		onMended: (lost) => events.push(`mended: ${lost}`),
		onLost: (lines) => {
			count.lost += lines;
		},
	});
	return { writer, events, count };
}

/** A pipe whose reader reads when the test does. */
function pipe() {
	const path = join(folder, 'pipe');
	execFileSync('mkfifo', [path]);
	const reader = opened(path, constants.O_RDONLY | constants.O_NONBLOCK);
	const writer = opened(path, constants.O_WRONLY | constants.O_NONBLOCK);
	const read = () => {
		const piece = Buffer.alloc(1024 ** 2);
		try {
			return piece.toString('utf8', 0, readSync(reader, piece));
		} catch {
			return '';
		}
	};
	return { reader, writer, read };
}

const line = (number: number) => `${String(number).padEnd(1023)}\n`;
const numbers = (text: string) => text.split('\n').slice(0, -1).map(Number);
const fitting = MOST_WAITING_LENGTH / 1024;
const flushed = (writer: LineWriter) => new Promise<void>((resolve) => writer.flush(resolve));

test('a reader that does not read loses the lines past a bound, and only those; it is told when it reads again', async () => {
	const { writer: descriptor, read } = pipe();
	const { writer, events, count } = writerTo(descriptor);
	for (let number = 0; number < 2 * fitting; number += 1) writer.write(line(number));
	await flushed(writer);
	expect(events).toEqual(['broken: EAGAIN']);
	expect(count.lost).toBeGreaterThanOrEqual(fitting - 256);
	let text = '';
	await soon(() => {
		text += read();
		expect(events).toEqual(['broken: EAGAIN', `mended: ${count.lost}`]);
	}, 60_000);
	writer.write(line(-1));
	await flushed(writer);
	text += read();
	const first = Array.from({ length: 2 * fitting - count.lost }, (_, number) => number);
	expect(numbers(text)).toEqual([...first, -1]);
});

test('a reader that has gone loses every line, and none is kept', async () => {
	const { reader, writer: descriptor } = pipe();
	const { writer, events, count } = writerTo(descriptor);
	closeSync(reader);
	descriptors.shift();
	for (let number = 0; number < 20; number += 1) writer.write(line(number));
	await flushed(writer);
	expect(events).toEqual(['broken: EPIPE']);
	expect(count.lost).toBe(20);
});

test.skipIf(!existsSync('/dev/full'))('a disk that is full is told of once, and holds up no flush', async () => {
	const { writer, events, count } = writerTo(opened('/dev/full', constants.O_WRONLY));
	for (let number = 0; number < fitting + 500; number += 1) writer.write(line(number));
	await flushed(writer);
	await flushed(writer);
	writer.flushNow();
	expect(events).toEqual([expect.stringMatching(/^broken: /)]);
	expect(count.lost).toBeGreaterThan(400);
});

test('what can be written at once is, for a process that ends', () => {
	const { writer: descriptor, read } = pipe();
	const { writer } = writerTo(descriptor);
	writer.write('one\n');
	writer.write('two\n');
	writer.flushNow();
	expect(read()).toBe('one\ntwo\n');
});
