import { describe, expect, it } from 'vitest';
import { parseConfig } from '../../src/config/load.ts';
import { clientDialects } from '../../src/dialects/dialects.ts';
import { toldReports } from '../../src/verify/told.ts';
import { everything } from '../../src/verify/told-samples.ts';

const providers = `providers:
  openai: { baseUrl: https://api.openai.com/v1, apiKey: planted-key }
  anthropic: { protocol: anthropic, apiKey: planted-key }
  vectors: { baseUrl: https://v.example/v1, endpoints: [embeddings] }
  local: { baseUrl: http://127.0.0.1:1/v1, models: { qwen: { input: [text] }, llava: {} } }
`;

function toldIn(profiles: string) {
	const config = parseConfig(`${providers}profiles:\n${profiles}`, { file: 'f.yaml', env: {} });
	return toldReports(config);
}

describe('what targets are told', () => {
	it('is not spoken of where they get everything as it came', () => {
		const told = toldIn('  default: { chain: [openai/my-own] }\n');
		expect(told.map(({ path }) => path)).toEqual(['/v1/messages']);
	});

	it('is what their dialects leave out, and what they are passed over for', () => {
		const told = toldIn('  default: { chain: [anthropic/claude-sonnet-5-5, openai/my-own] }\n');
		const chat = told.find(({ path }) => path === '/v1/chat/completions');
		expect(chat).toMatchObject({
			in: '/messages',
			targets: ['anthropic/claude-sonnet-5-5'],
			whenNotCarried: 'pass-over',
		});
		expect(chat?.leftOut).toContain('seed');
		expect(chat?.needed).toContain('logprobs');
		const messages = told.find(({ path }) => path === '/v1/messages');
		expect(messages).toMatchObject({ in: '/chat/completions', targets: ['openai/my-own'] });
		expect(messages?.leftOut).toContain('top_k');
	});

	it('has no pictures for a model that takes text alone, in its own dialect too', () => {
		const told = toldIn('  default: { whenNotCarried: send-without, chain: [local/qwen, local/llava] }\n');
		const chat = told.filter(({ path }) => path === '/v1/chat/completions');
		expect(chat).toMatchObject([
			{ targets: ['local/qwen'], needed: ['images', 'files', 'audio'], whenNotCarried: 'send-without' },
		]);
	});

	it('is nothing for a target that has no endpoint for it', () => {
		const told = toldIn('  default: { chain: [openai/my-own, vectors/m] }\n');
		expect(told.filter((one) => one.in === null)).toMatchObject(
			['/v1/chat/completions', '/v1/responses', '/v1/messages'].map((path) => ({ path, targets: ['vectors/m'] })),
		);
	});

	it('is told once for all profiles with the same targets, and not for embeddings', () => {
		const told = toldIn(
			'  default: { chain: [openai/my-own] }\n  again: { extends: default }\n  vectors: { for: embeddings, chain: [vectors/m] }\n',
		);
		expect(told).toHaveLength(1);
		expect(told[0]?.profiles).toEqual(['default', 'again']);
	});

	it('is found with a sample of every dialect that is translated', () => {
		const translated = clientDialects.filter(({ askedIn }) => askedIn.length > 1).map(({ name }) => name);
		expect(Object.keys(everything)).toEqual(translated.filter((name) => name !== 'openai-completions'));
	});
});
