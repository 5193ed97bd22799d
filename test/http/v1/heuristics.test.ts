import { describe, expect, it } from 'vitest';
import { readRequest } from '../../../src/dialects/openai-chat/read-request.ts';
import { type Kind, recognizeMessage } from '../../../src/http/v1/heuristics.ts';
import { cpuMsOf } from '../../helpers/cpu-time.ts';

const all: ReadonlySet<Kind> = new Set(['code', 'critical', 'cheap']);
const recognizeMessages = (messages: unknown[], kinds: ReadonlySet<Kind>) =>
	recognizeMessage(readRequest(JSON.stringify({ messages })).wish.lastUserMessage(), kinds);
const asks = (content: unknown, kinds = all) => recognizeMessages([{ role: 'user', content }], kinds);

describe('a look at the last message', () => {
	it.each<[string, Kind | undefined, string]>([
		['code fence', 'code', 'Why does this fail?\n```\nx\n```'],
		['code fence', 'code', '~~~\nx\n~~~'],
		['stack trace', 'code', 'Help!\nTraceback (most recent call last):\n  File "a.py", line 3, in <module>'],
		['stack trace', 'code', 'TypeError: x is not a function\n    at run (/srv/app.js:10:3)'],
		['diff', 'code', 'Review this:\ndiff --git a/x b/x\n@@ -1 +1 @@'],
		['source code', 'code', 'def main():\n    pass'],
		['source code', 'code', "import { a } from './a.ts';"],
		['source code', 'code', 'export async function run() {}'],
		['source code', 'code', '#include <stdio.h>'],
		['source code', 'code', 'SELECT id FROM users WHERE x = 1'],
		['urgent word', 'critical', 'Urgent: our shop takes no orders'],
		['urgent word', 'critical', 'We have a SEV1 outage'],
		['urgent word', 'critical', '紧急：网站打不开'],
		['small task', 'cheap', 'Translate "good morning" into Polish'],
		['small task', 'cheap', 'tl;dr of this paragraph: harbours are old'],
		['small task', 'cheap', '请翻译这句话'],
		['', undefined, 'Hello'],
		['', undefined, 'How was the harbour of Gdynia built?'],
		['', undefined, 'Import duties from Poland, and the class structure of its society'],
		['', undefined, 'I function best in the morning; let us select a date from the list'],
		['', undefined, `Translate this: ${'a long text '.repeat(50)}`],
		['', undefined, ''],
	])('finds %s (%s)', (because, kind, content) => {
		const found = asks(content);
		expect(found?.kind).toBe(kind);
		expect(found?.because ?? '').toContain(because);
	});

	it('looks at the kinds that somebody wants only, in the order of its table', () => {
		const both = 'urgent:\n```\nx\n```';
		expect(asks(both)?.kind).toBe('code');
		expect(asks(both, new Set<Kind>(['critical', 'cheap']))?.kind).toBe('critical');
		expect(asks(both, new Set<Kind>(['cheap']))).toBeUndefined();
	});

	it('reads the text of parts, and takes a picture for no small task', () => {
		const part = { type: 'text', text: 'Translate this' };
		expect(asks([part])?.kind).toBe('cheap');
		expect(asks([part, { type: 'image_url', image_url: { url: 'data:' } }])).toBeUndefined();
	});

	it('reads the last message of the user, and no other', () => {
		const messages = [
			{ role: 'user', content: 'urgent' },
			{ role: 'user', content: 'How are harbours built?' },
			{ role: 'assistant', content: 'urgent' },
		];
		expect(recognizeMessages(messages, all)).toBeUndefined();
	});

	it('reads the beginning and the end of a long message', () => {
		const filler = 'harbour '.repeat(100_000);
		expect(asks(`urgent ${filler}`)?.kind).toBe('critical');
		expect(asks(`${filler} urgent`)?.kind).toBe('critical');
		expect(asks(`${filler} urgent ${filler}`)).toBeUndefined();
		const parts = Array.from({ length: 90 }, (_, at) => ({
			type: 'text',
			text: at === 45 ? 'urgent' : 'x'.repeat(900),
		}));
		expect(asks(parts)).toBeUndefined();
	});

	it.each([
		['nothing', undefined],
		['null', null],
		['a number', 5],
		['an object', {}],
		['parts that are none', [null, 5, { text: 5 }]],
	])('finds nothing in %s', (_name, content) => {
		expect(asks(content)).toBeUndefined();
		expect(recognizeMessages([null, 'user', content], all)).toBeUndefined();
	});

	it('is quick, whatever it reads', () => {
		const nasty = [
			'at '.repeat(2000),
			' '.repeat(4000),
			'SELECT '.repeat(700),
			'`'.repeat(4000),
			'export '.repeat(600),
			'import {'.repeat(500),
			'\n at a'.repeat(800),
		];
		const read = () => {
			for (const text of nasty) for (let round = 0; round < 20; round++) asks(text);
		};
		expect(cpuMsOf(read) / (20 * nasty.length)).toBeLessThan(10);
	});
});
