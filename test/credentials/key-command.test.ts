import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, test } from 'vitest';
import { keyCommand, readPrinted } from '../../src/credentials/key-command.ts';
import { soon } from '../helpers/gateway.ts';

const never = new AbortController().signal;
let folder: string;
beforeAll(() => {
	folder = mkdtempSync(join(tmpdir(), 'keys-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function fetched(command: string | string[], timeoutMs = 60_000, signal = never) {
	return keyCommand(command, timeoutMs).fetch(signal);
}

describe('a command that prints a key', () => {
	it('is given to the shell where it is a text', async () => {
		expect(await fetched('A=sk-a; echo "$A-$((1 + 1))"')).toEqual({ key: 'sk-a-2' });
	});

	it('is started without one where it is a list', async () => {
		expect(await fetched([process.execPath, '-e', 'console.log(process.argv[1])', '$HOME;'])).toEqual({
			key: '$HOME;',
		});
	});

	it('may leave something running that holds its output open', async () => {
		expect(await fetched('echo sk-a; sleep 30 &')).toEqual({ key: 'sk-a' });
	});
});

describe('a command without a key says why, and nothing that it printed', () => {
	test.each<[what: string, command: string | string[], sentence: string]>([
		['two lines', 'echo sk-a; echo sk-b', 'the command printed 2 lines, where a key is one'],
		['nothing', 'true', 'the command printed nothing'],
		['only line ends', 'echo; echo', 'the command printed nothing'],
		['a failure', 'echo sk-a; echo sk-b >&2; exit 3', 'the command ended with the code 3'],
		['a signal', 'kill -9 $$', 'the command was ended by SIGKILL'],
		[
			'a key with a space',
			'echo "sk a"',
			'the command printed characters that no HTTP header can carry, such as a space',
		],
		['bytes that are no text', "printf 'sk-\\377'", 'the command printed bytes that are not UTF-8 text'],
		['too much', 'head -c 70000 /dev/zero', 'the command printed more than 64 kB, which is no key'],
		['without end', 'yes', 'the command printed more than 64 kB, which is no key'],
		['a program that is not there', ['breakwater-no-such-program'], 'the command cannot be started (ENOENT)'],
		['a program of no name', ['a\0b'], 'the command cannot be started: it has a character that no argument may have'],
		['a word of the shell that is not there', 'breakwater-no-such-program', 'the command ended with the code 127'],
	])('%s', async (_what, command, sentence) => {
		await expect(fetched(command)).rejects.toThrow(new Error(sentence));
	});

	it('takes too long, and is ended with what it has started', async () => {
		const file = join(folder, 'pid');
		const hanging = fetched(`sh -c 'echo $$ > ${file}; exec sleep 300' & wait`, 300);
		await expect(hanging).rejects.toThrow('the command took more than 0.3 s, and was ended');
		const pid = Number(readFileSync(file, 'utf8'));
		await soon(() => expect(isRunning(pid)).toBe(false));
	});

	it('is ended when nobody waits for it any more', async () => {
		const file = join(folder, 'stopped');
		const stop = new AbortController();
		const hanging = fetched(`echo $$ > ${file}; sleep 300`, 60_000, stop.signal);
		const ended = expect(hanging).rejects.toThrow('Breakwater stops');
		await soon(() => expect(existsSync(file) && readFileSync(file, 'utf8')).toMatch(/\d\n/));
		stop.abort();
		await ended;
		const pid = Number(readFileSync(file, 'utf8'));
		await soon(() => expect(isRunning(pid)).toBe(false));
	});
});

function isRunning(pid: number): boolean {
	try {
		process.kill(pid, 0);
		// A process that has ended stays, until whoever has inherited it asks how.
		return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
	} catch {
		return false;
	}
}

describe('what a command prints as JSON', () => {
	const now = Date.parse('2026-01-01T00:00:00Z');
	const read = (printed: unknown) => readPrinted(Buffer.from(JSON.stringify(printed)), now);
	const ignored = 'which is taken for nothing said: it is renewed each hour, and when the provider refuses it';

	test.each<[what: string, printed: object, life: object]>([
		['nothing of its life', {}, {}],
		['seconds', { expiresIn: 60 }, { lifeMs: 60_000 }],
		['seconds as a text', { expiresIn: '60' }, { lifeMs: 60_000 }],
		['a time', { expiresAt: '2026-01-01T01:00:00+00:00' }, { lifeMs: 3_600_000 }],
		['a time in seconds since the epoch', { expiresAt: now / 1000 + 60 }, { lifeMs: 60_000 }],
		[
			'a time that is over',
			{ expiresAt: '2025-12-31T23:59:59Z' },
			{ doubt: `says that it is dead already, ${ignored}` },
		],
		['a time that is none', { expiresAt: 'soon' }, { doubt: `says in no time until when it lives, ${ignored}` }],
		['seconds that are none', { expiresIn: 'long' }, { doubt: `says in no number how long it lives, ${ignored}` }],
		['no time at all', { expiresIn: 0 }, { doubt: `says that it is dead already, ${ignored}` }],
		['less than none', { expiresIn: -1 }, { doubt: `says that it is dead already, ${ignored}` }],
		['for ever', { expiresIn: 1e12 }, { doubt: `says that it lives for more than a year, ${ignored}` }],
	])('%s', (_what, printed, life) => {
		expect(read({ token: 'sk-a', ...printed })).toEqual({ key: 'sk-a', ...life });
		expect(read({ key: ' sk-b\n', ...printed })).toEqual({ key: 'sk-b', ...life });
	});

	test.each<[what: string, printed: string, sentence: string]>([
		['another member', '{"secret":"sk-a"}', 'the command printed JSON without a text as `key` or `token`'],
		['a key that is a number', '{"key":7}', 'the command printed JSON without a text as `key` or `token`'],
		['half of it', '{"key":"sk-a"', 'the command printed something like JSON that is none'],
		['an empty key', '{"key":""}', 'the command printed JSON whose key has nothing'],
	])('%s', (_what, printed, sentence) => {
		expect(() => readPrinted(Buffer.from(printed), now)).toThrow(new Error(sentence));
	});
});
