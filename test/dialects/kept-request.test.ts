import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, it } from 'vitest';
import { clientDialects } from '../../src/dialects/dialects.ts';

const messages = Array.from({ length: 40_000 }, (_, at) => ({ role: 'user', content: `Line ${at}` }));

/** In a function of its own: a test's frame would hold what else the reading returns. */
function readBy(name: string, text: string) {
	const dialect = clientDialects.find((one) => one.name === name);
	if (dialect === undefined) throw new Error(`there is no dialect ${name}`);
	return dialect.read(text).request;
}

it.each([
	['openai-chat', { messages }],
	['anthropic-messages', { messages, max_tokens: 100 }],
	['openai-responses', { input: messages }],
])('a request of %s keeps its text while it runs, and nothing that was parsed from it', (name, body) => {
	setFlagsFromString('--expose-gc');
	const collect = runInNewContext('gc') as () => void;
	const text = JSON.stringify({ model: 'default', ...body });
	collect();
	const before = process.memoryUsage().heapUsed;
	const request = readBy(name, text);
	collect();
	// Parsed, the messages are more than 3 MB.
	expect(process.memoryUsage().heapUsed - before).toBeLessThan(1_000_000);
	expect(request.isOnlyText?.()).toBe(true);
	expect(request.conversation?.().messages).toHaveLength(messages.length);
});
