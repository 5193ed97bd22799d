import { afterEach, describe, expect, it } from 'vitest';
import { ResponseGrammar } from '../../../src/dialects/openai-responses/grammar.ts';
import { answersMessage, assembled, messageEvents, readWire, streamsMessage } from '../../helpers/anthropic-shapes.ts';
import {
	anthropic,
	checked,
	messagesRequest,
	postTo,
	sentTo,
	startFor,
	stop,
	wallHalf,
	wallRest,
	wallText,
} from '../../helpers/messages-gateway.ts';
import { callOf, messageOf, readFrames, responds, textIn, thoughtOf } from '../../helpers/responses-shapes.ts';

const responses = { endpoints: ['responses'] };

afterEach(stop);

describe('a client of Messages in front of a provider of Responses', () => {
	it('gets thoughts, text and a call as a stream of Messages', async () => {
		const running = await startFor({ a: responses });
		running.upstream('a').next(responds([thoughtOf('Hm.'), messageOf(wallText), callOf('age', { of: 'wall' })]));
		const tools = [{ name: 'age', input_schema: { type: 'object' } }];
		const response = await postTo(running, { ...messagesRequest, tools, system: 'Be brief.', stream: true });
		const { blocks, ended } = assembled(checked(readWire(await response.text())));
		expect(blocks).toMatchObject([
			{ type: 'thinking', thinking: 'Hm.' },
			{ type: 'text', text: wallText },
			{ type: 'tool_use', id: 'call_test', name: 'age', json: '{"of":"wall"}' },
		]);
		expect(ended).toMatchObject({ delta: { stop_reason: 'tool_use' } });
		expect(sentTo(running, 'a')).toMatchObject({ model: 'model-a', max_output_tokens: 100, stream: true });
	});

	it('a stream that breaks at Anthropic goes on from there', async () => {
		const running = await startFor({ a: anthropic, b: responses });
		const broken = messageEvents({ thinking: 'How old?', text: [wallHalf.slice(0, 20), wallHalf.slice(20)] });
		running.upstream('a').next(streamsMessage(broken.slice(0, -3), { end: 'cut' }));
		running.upstream('b').next(responds([thoughtOf('Go on.'), messageOf(wallRest)]));
		const response = await postTo(running, { ...messagesRequest, stream: true });
		const { blocks, text, ended } = assembled(checked(readWire(await response.text())));
		expect([text, blocks.map(({ type }) => type)]).toEqual([wallText, ['thinking', 'text']]);
		expect(ended).toMatchObject({ failover: { usage: [{ target: 'a/model-a' }, { target: 'b/model-b' }] } });
	});
});

describe('a client of Responses in front of Anthropic', () => {
	it('gets a stream of Responses, also where it breaks', async () => {
		const running = await startFor({ a: anthropic, b: anthropic });
		const broken = messageEvents({ text: [wallHalf.slice(0, 20), wallHalf.slice(20)] });
		running.upstream('a').next(streamsMessage(broken.slice(0, -3), { end: 'cut' }));
		running.upstream('b').next(answersMessage({ thinking: 'Go on.', text: wallRest }));
		const asked = { input: 'How old is it?', instructions: 'Be brief.', reasoning: { effort: 'low' }, stream: true };
		const response = await postTo(running, asked, '/v1/responses');
		const events = readFrames(await response.text());
		const grammar = new ResponseGrammar();
		expect(events.flatMap((event) => grammar.next(event) ?? [])).toEqual([]);
		expect([grammar.isComplete, textIn(events)]).toEqual([true, wallText]);
		expect(sentTo(running, 'a')).toMatchObject({
			model: 'model-a',
			max_tokens: 8192,
			system: [{ type: 'text', text: 'Be brief.' }],
			messages: [{ role: 'user', content: [{ type: 'text', text: 'How old is it?' }] }],
			thinking: { type: 'enabled', budget_tokens: 2048 },
			stream: true,
		});
	});
});
