import { afterEach, expect, it } from 'vitest';
import { contentOf, eventsOf, startGateway, type TestGateway } from '../helpers/gateway.ts';
import { model } from '../helpers/model.ts';
import { chunkOf, streams } from '../helpers/upstream.ts';

let breakwater: TestGateway | undefined;
afterEach(() => breakwater?.close());

const answer = 'The harbour wall has kept the storms out ever since.';
const says = (content: string) => ({
	...chunkOf({}),
	choices: [{ index: 0, message: { role: 'assistant', content }, finish_reason: null }],
});

it.each(['close', 'cut', 'done'] as const)(
	'chunks with whole messages that break off are no whole answer: %s',
	async (end) => {
		breakwater = await startGateway();
		const chunks = [says(answer.slice(0, 12)), says(answer.slice(0, 30))];
		breakwater.upstream('a').always(streams(chunks, { end }));
		breakwater.upstream('b').next(model({ answer, repeats: 'everything' }));
		breakwater.upstream('b').always(model({ answer, repeats: 'everything' }));
		const response = await breakwater.post({ stream: true });
		const text = await response.clone().text();
		expect(await contentOf(response)).toBe(answer);
		expect(eventsOf(text).filter((event) => event.includes('"finish_reason":"stop"'))).toHaveLength(1);
	},
);
