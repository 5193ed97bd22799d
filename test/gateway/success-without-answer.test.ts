import { afterEach, describe, expect, it } from 'vitest';
import { startGateway, type TestGateway } from '../helpers/gateway.ts';
import { type Behaviour, chunkOf, completionOf } from '../helpers/upstream.ts';

let breakwater: TestGateway | undefined;
afterEach(() => breakwater?.close());

/** A 200 with this body, whatever it is. */
function succeeds(contentType: string, body: string, length?: number): Behaviour {
	return async ({ response, end }) => {
		const headers = { 'content-type': contentType, ...(length !== undefined && { 'content-length': length }) };
		response.writeHead(200, headers);
		await end(body);
	};
}

const page =
	'<!DOCTYPE html><html><head><title>Sign in</title></head><body><p>Hotel Wi-Fi: please sign in</p></body></html>';
const sse = (...values: object[]) => values.map((value) => `data: ${JSON.stringify(value)}\n\n`).join('');
const hello = chunkOf({ content: 'Hello' });

/** What is sent to one request; the code and the text by which a rule may know it. */
const cases: [string, { stream: boolean; sends: Behaviour; code: string; message?: string; by: string }][] = [
	[
		'a page under text/plain, streamed',
		{ stream: true, sends: succeeds('text/plain', page), code: 'html_page', message: 'hotel wi-fi', by: 'malformed' },
	],
	[
		'a page under text/event-stream',
		{
			stream: true,
			sends: succeeds('text/event-stream', page),
			code: 'html_page',
			message: 'please sign in',
			by: 'malformed',
		},
	],
	[
		'a page under text/html',
		{ stream: true, sends: succeeds('text/html', page), code: 'html_page', message: 'sign in', by: 'malformed' },
	],
	[
		'a page in place of a document',
		{ stream: false, sends: succeeds('text/html', page), code: 'html_page', message: 'hotel', by: 'malformed' },
	],
	[
		'a page that says it is JSON',
		{ stream: false, sends: succeeds('application/json', page), code: 'answer_malformed', by: 'malformed' },
	],
	[
		'an empty stream',
		{ stream: true, sends: succeeds('text/event-stream', ''), code: 'answer_empty', by: 'malformed' },
	],
	[
		'an empty document',
		{ stream: false, sends: succeeds('application/json', ''), code: 'answer_empty', by: 'malformed' },
	],
	[
		'a stream without an event',
		{ stream: true, sends: succeeds('text/event-stream', ': nothing\n\n'), code: 'answer_empty', by: 'malformed' },
	],
	[
		'a document that is no answer',
		{ stream: false, sends: succeeds('application/json', '[1, 2]'), code: 'answer_malformed', by: 'malformed' },
	],
	[
		'a stream that ends in the middle',
		{
			stream: true,
			sends: succeeds('text/event-stream', sse(chunkOf({ tool_calls: [{ index: 0, id: 'x' }] }))),
			code: 'answer_unfinished',
			by: 'truncated',
		},
	],
	[
		'a damaged event',
		{
			stream: true,
			sends: succeeds('text/event-stream', `data: ${JSON.stringify(hello).slice(0, -20)}\n\n`),
			code: 'answer_damaged',
			by: 'malformed',
		},
	],
	[
		'a document called a stream, and cut off',
		{
			stream: true,
			sends: succeeds('application/json', JSON.stringify(completionOf('x')).slice(0, -9)),
			code: 'answer_malformed',
			by: 'malformed',
		},
	],
];

async function failureOf(stream: boolean, sends: Behaviour, errorRules: object[]) {
	breakwater = await startGateway({ names: ['a'], errorRules });
	breakwater.upstream('a').always(sends);
	await (await breakwater.post({ stream })).text();
	const [attempt] = breakwater.records[0]?.trace ?? [];
	return attempt?.did === 'attempt' ? attempt.failure : undefined;
}

describe.each(cases)('%s under a 200', (_name, { stream, sends, code, by }) => {
	it('is a fault of the server by the shipped rules', async () => {
		expect(await failureOf(stream, sends, [])).toMatchObject({ category: 'SERVER_ERROR', reason: by, status: 200 });
	});

	it('is what a rule of the user says, by its code', async () => {
		const rule = { status: 200, code, as: 'UNKNOWN_TRANSIENT.portal' };
		expect(await failureOf(stream, sends, [rule])).toMatchObject({ category: 'UNKNOWN_TRANSIENT', reason: 'portal' });
	});
});

describe.each(cases.flatMap((one) => (one[1].message === undefined ? [] : [one])))(
	'%s under a 200',
	(_name, { stream, sends, message }) => {
		it('is what a rule of the user says, by its words', async () => {
			expect(await failureOf(stream, sends, [{ message, as: 'UNKNOWN_TRANSIENT.portal' }])).toMatchObject({
				reason: 'portal',
			});
		});
	},
);

it('half an answer is no text for rules: what a model wrote is no error', async () => {
	breakwater = await startGateway({ names: ['a'], errorRules: [{ message: 'quota', as: 'QUOTA_EXCEEDED' }] });
	const half = JSON.stringify(completionOf('Your quota is exceeded')).slice(0, -9);
	breakwater.upstream('a').always(succeeds('application/json', half));
	await (await breakwater.post()).text();
	expect(breakwater.records[0]?.trace[0]).toMatchObject({ failure: { category: 'SERVER_ERROR', reason: 'malformed' } });
});
