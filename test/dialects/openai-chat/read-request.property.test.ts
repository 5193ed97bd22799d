import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Refusal } from '../../../src/contract/refusal.ts';
import type { ChatBody } from '../../../src/dialects/openai-chat/chat-body.ts';
import { readRequest } from '../../../src/dialects/openai-chat/read-request.ts';
import { recognizeMessage } from '../../../src/http/v1/heuristics.ts';
import { repairJson } from '../../../src/http/v1/repair.ts';
import { runs } from '../../helpers/runs.ts';

const part = fc.oneof(
	fc.jsonValue(),
	fc.record({ role: fc.constant('user'), content: fc.oneof(fc.string(), fc.jsonValue()) }),
);
const members = fc.record(
	{
		model: fc.oneof(fc.string(), fc.jsonValue()),
		messages: fc.oneof(fc.array(part, { maxLength: 3 }), fc.jsonValue()),
		prompt: fc.oneof(fc.string(), fc.array(fc.string(), { maxLength: 2 }), fc.jsonValue()),
		models: fc.oneof(fc.array(fc.string(), { maxLength: 3 }), fc.jsonValue()),
		failover: fc.oneof(fc.record({ profile: fc.string(), quality: fc.string() }, { requiredKeys: [] }), fc.jsonValue()),
		meta: fc.jsonValue(),
		metadata: fc.oneof(
			fc.dictionary(fc.constantFrom('quality', 'taskType', 'task_type', 'mine'), fc.jsonValue()),
			fc.jsonValue(),
		),
		seed: fc.jsonValue(),
		stream: fc.constantFrom(true, false, null),
	},
	{ requiredKeys: [] },
);

/** What Breakwater reads in a body, and what goes up. */
function read(json: string) {
	try {
		return readRequest(json, { takesHints: true });
	} catch (error) {
		expect(error).toBeInstanceOf(Refusal);
		return undefined;
	}
}

test('whatever comes is refused, or goes up as it is, less what is ours', () => {
	fc.assert(
		fc.property(members, (body) => {
			const asked = read(JSON.stringify(body));
			if (asked === undefined) return;
			const sent = JSON.parse((asked.request.body as ChatBody).render({}));
			const {
				failover: _,
				meta: __,
				models: ___,
				metadata,
				prompt,
				messages,
				...kept
			} = JSON.parse(JSON.stringify(body));
			expect(sent).toMatchObject(kept);
			const isUsed = !Array.isArray(messages) || messages.length === 0;
			expect(sent.messages).toEqual(isUsed ? [{ role: 'user', content: [prompt].flat()[0] }] : messages);
			for (const name of ['failover', 'meta', 'models']) expect(sent).not.toHaveProperty(name);
			for (const name of ['quality', 'taskType', 'task_type']) expect(typeof sent.metadata?.[name]).not.toBe('string');
			expect(sent.metadata?.mine).toEqual(metadata?.mine);
			recognizeMessage(asked.wish.lastUserMessage(), new Set(['code', 'critical', 'cheap'] as const));
		}),
		runs(500),
	);
});

test('whatever is repaired is read as any body is', () => {
	fc.assert(
		fc.property(
			fc.oneof(
				fc.string({ unit: 'binary', maxLength: 60 }),
				fc.json().map((json) => json.slice(0, -1)),
			),
			(text) => {
				const repaired = repairJson(text);
				if (repaired !== undefined) read(repaired);
			},
		),
	);
});
