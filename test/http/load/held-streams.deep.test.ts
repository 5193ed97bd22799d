import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { Commands } from '../../helpers/command.ts';
import { configText, messages } from '../../helpers/gateway.ts';
import { answers, type Behaviour, chunksOf, startUpstream, type Upstream } from '../../helpers/upstream.ts';

/** Twenty streams without an end, on a machine that has other things to do. */
const LONGEST_TEST_MS = 300_000;

let commands: Commands;
let upstream: Upstream;

beforeEach(async () => {
	commands = new Commands();
	upstream = await startUpstream();
});

afterEach(async () => {
	await commands.end();
	await upstream.close();
});

/** Small events, whose objects take more memory than their texts. */
const endless: Behaviour = async ({ response, write, over }) => {
	response.setHeader('content-type', 'text/event-stream');
	const delta = { role: 'assistant', content: 'word '.repeat(10) };
	const chunk = { ...chunksOf('')[0], choices: [{ index: 0, delta, finish_reason: null }] };
	const piece = `data: ${JSON.stringify(chunk)}\n\n`.repeat(100);
	while (!over.aborted) await write(piece);
};

it(
	'a process with little memory sheds the endless answers that it holds back, and lives',
	async () => {
		const profiles = { held: { chain: ['a/model-a'], commit: 'complete' } };
		const policy = { timeouts: { firstToken: '1h', idle: '1h', request: '2h', response: '1h' } };
		writeFileSync(join(commands.folder, 'my.yaml'), configText({ profiles, policy }, { a: upstream.baseUrl }));
		const flags = { NODE_OPTIONS: '--max-old-space-size=64' };
		const command = commands.startWith(flags, 'serve', '--config', 'my.yaml', '--no-check');
		const address = await command.address();
		const post = (body: object) =>
			fetch(`${address}/chat/completions`, {
				method: 'POST',
				headers: { 'content-type': 'application/json' },
				body: JSON.stringify({ messages, ...body }),
			});
		upstream.always(endless);
		const held = Array.from({ length: 20 }, () => post({ model: 'held', stream: true }));
		const codes = new Set<string>();
		for (const response of await Promise.all(held)) codes.add(JSON.parse(await response.text()).error.code);
		expect([...codes]).toContain('overloaded');
		upstream.always(answers('ok'));
		expect((await post({})).status).toBe(200);
		expect(command.stderr).not.toMatch(/out of memory|heap limit/i);
	},
	LONGEST_TEST_MS,
);
