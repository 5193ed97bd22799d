import { describe, expect, it } from 'vitest';
import {
	openaiResponsesClient,
	openaiResponsesProvider,
} from '../../../src/dialects/openai-responses/openai-responses.ts';
import { plainAsk } from '../../helpers/plain-ask.ts';

const question = { role: 'user', content: 'What is written there?' };
const call = { type: 'function_call', call_id: 'call_1', name: 'read_sign', arguments: '{}' };
const result = { type: 'function_call_output', call_id: 'call_1', output: 'quay' };

function requestWith(...items: object[]) {
	const body = { model: 'default', input: [question, ...items, call, result] };
	return openaiResponsesClient.read(JSON.stringify(body)).request;
}

function inputOf(request: ReturnType<typeof requestWith>, foreign?: ReadonlySet<string>): unknown[] {
	const ask = {
		request,
		model: 'm',
		...plainAsk,
		foreign,
	};
	return JSON.parse(openaiResponsesProvider.render(ask).body).input;
}

describe('references to items that a provider keeps', () => {
	const thoughts = { type: 'item_reference', id: 'rs_1' };
	const text = { type: 'item_reference', id: 'msg_1' };

	it('are passed on to whom they may be of', () => {
		expect(inputOf(requestWith(thoughts, text))).toEqual([question, thoughts, text, call, result]);
	});

	it('bind a request to the maker of a text, not to the maker of thoughts', () => {
		expect(requestWith(thoughts, text).borrowed).toEqual([
			{ id: 'rs_1', what: 'item_reference', isNeeded: false },
			{ id: 'msg_1', what: 'item_reference', isNeeded: true },
		]);
	});

	it('to thoughts of another provider are left out, those to its texts are not', () => {
		const input = inputOf(requestWith(thoughts, text), new Set(['rs_1']));
		expect(input).toEqual([question, text, call, result]);
	});

	it('to thoughts that Breakwater wrote are left out, those to its texts are not', () => {
		const own = { type: 'item_reference', id: 'rs_bw_req_1_0' };
		const ownText = { type: 'item_reference', id: 'msg_bw_req_1_1' };
		expect(inputOf(requestWith(own, ownText))).toEqual([question, ownText, call, result]);
	});

	it('to thoughts are a hint to a target of another dialect, those to texts are needed', () => {
		const lossesOf = (item: object) => requestWith(item).conversation?.().losses;
		expect(lossesOf(thoughts)).toEqual([{ what: 'item_reference', isNeeded: false }]);
		expect(lossesOf(text)).toEqual([{ what: 'item_reference', isNeeded: true }]);
	});
});
