import { describe, expect, it } from 'vitest';
import { ResponseGrammar } from '../../../src/dialects/openai-responses/grammar.ts';
import { answersMessage, messageEvents, streamsMessage } from '../../helpers/anthropic-shapes.ts';
import { anthropic, checkedAnswer, messagesPerTest, messagesRequest } from '../../helpers/messages-per-test.ts';
import { callOf, messageOf, readFrames, responds, textIn, thoughtOf } from '../../helpers/responses-shapes.ts';
import { wallAnswer } from '../../helpers/wall-answer.ts';

const responses = { endpoints: ['responses'] };

const { startFor } = messagesPerTest();

describe('a client of Messages in front of a provider of Responses', () => {
	it('gets thoughts, text and a call as a stream of Messages', async () => {
		const running = await startFor({ a: responses });
		running.upstream('a').next(responds([thoughtOf('Hm.'), messageOf(wallAnswer.text), callOf('age', { of: 'wall' })]));
		const tools = [{ name: 'age', input_schema: { type: 'object' } }];
		const response = await running.ask({ ...messagesRequest, tools, system: 'Be brief.', stream: true });
		const { blocks, ended } = await checkedAnswer(response);
		expect(blocks).toMatchObject([
			{ type: 'thinking', thinking: 'Hm.' },
			{ type: 'text', text: wallAnswer.text },
			{ type: 'tool_use', id: 'call_test', name: 'age', json: '{"of":"wall"}' },
		]);
		expect(ended).toMatchObject({ delta: { stop_reason: 'tool_use' } });
		expect(running.sentTo('a')).toMatchObject({ model: 'model-a', max_output_tokens: 100, stream: true });
	});

	it('a stream that breaks at Anthropic goes on from there', async () => {
		const running = await startFor({ a: anthropic, b: responses });
		const broken = messageEvents({
			thinking: 'How old?',
			text: [wallAnswer.half.slice(0, 20), wallAnswer.half.slice(20)],
		});
		running.upstream('a').next(streamsMessage(broken.slice(0, -3), { end: 'cut' }));
		running.upstream('b').next(responds([thoughtOf('Go on.'), messageOf(wallAnswer.rest)]));
		const response = await running.ask({ ...messagesRequest, stream: true });
		const { blocks, text, ended } = await checkedAnswer(response);
		expect([text, blocks.map(({ type }) => type)]).toEqual([wallAnswer.text, ['thinking', 'text']]);
		expect(ended).toMatchObject({ failover: { usage: [{ target: 'a/model-a' }, { target: 'b/model-b' }] } });
	});
});

describe('a client of Responses in front of Anthropic', () => {
	it('gets a stream of Responses, also where it breaks', async () => {
		const running = await startFor({ a: anthropic, b: anthropic });
		const broken = messageEvents({ text: [wallAnswer.half.slice(0, 20), wallAnswer.half.slice(20)] });
		running.upstream('a').next(streamsMessage(broken.slice(0, -3), { end: 'cut' }));
		running.upstream('b').next(answersMessage({ thinking: 'Go on.', text: wallAnswer.rest }));
		const asked = { input: 'How old is it?', instructions: 'Be brief.', reasoning: { effort: 'low' }, stream: true };
		const response = await running.ask(asked, '/v1/responses');
		const events = readFrames(await response.text());
		const grammar = new ResponseGrammar();
		expect(events.flatMap((event) => grammar.next(event) ?? [])).toEqual([]);
		expect([grammar.isComplete, textIn(events)]).toEqual([true, wallAnswer.text]);
		expect(running.sentTo('a')).toMatchObject({
			model: 'model-a',
			max_tokens: 8192,
			system: [{ type: 'text', text: 'Be brief.' }],
			messages: [{ role: 'user', content: [{ type: 'text', text: 'How old is it?' }] }],
			thinking: { type: 'enabled', budget_tokens: 2048 },
			stream: true,
		});
	});
});
