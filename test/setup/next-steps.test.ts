import { describe, expect, test } from 'vitest';
import { parseConfig } from '../../src/config/load.ts';
import { nextSteps } from '../../src/setup/next-steps.ts';

const address = 'http://127.0.0.1:4010';

function linesOf(tool: string, profiles: readonly string[], more: object = {}): string {
	const text = JSON.stringify({
		providers: { p: { protocol: 'simulated' } },
		profiles: Object.fromEntries(profiles.map((profile) => [profile, { chain: ['p/m'] }])),
		...more,
	});
	const steps = nextSteps(address, parseConfig(text, { file: 'gateway.yaml', env: {} }));
	return steps.find((step) => step.tool.startsWith(tool))?.lines.join('\n') ?? '';
}

const written = ['default', 'cheap', 'code'];

describe('nextSteps', () => {
	test('lead clients of Messages to the address without `/v1`, which they add themselves', () => {
		expect(linesOf('Claude Code', written)).toContain(`ANTHROPIC_BASE_URL=${address} `);
		expect(linesOf('anthropic for Python', written)).toContain(`base_url="${address}"`);
		expect(linesOf('anthropic for Node', written)).toContain(`baseURL: '${address}'`);
	});

	test('lead Codex to the Responses of Breakwater', () => {
		const lines = linesOf('Codex', written);
		expect(lines).toContain(`base_url = "${address}/v1"`);
		expect(lines).toContain('wire_api = "responses"');
	});

	test.each([
		[written, 'ANTHROPIC_MODEL=code ANTHROPIC_DEFAULT_HAIKU_MODEL=cheap', 'model = "code"'],
		[['only'], 'ANTHROPIC_MODEL=only ANTHROPIC_DEFAULT_HAIKU_MODEL=only', 'model = "only"'],
	])('name profiles that there are: %j', (profiles, variables, codex) => {
		expect(linesOf('Claude Code', profiles)).toContain(variables);
		expect(linesOf('Codex', profiles)).toContain(codex);
	});

	test.each(['curl', 'Claude Code', 'anthropic for Python', 'anthropic for Node', 'Codex'])(
		'say to %s whose key it sends, where callers have keys',
		(tool) => {
			const clients = { server: { clients: { app: { key: 'x'.repeat(32) } } } };
			expect(linesOf(tool, written, clients)).toContain('KEY-OF-app');
			expect(linesOf(tool, written, clients)).not.toContain('xxx');
		},
	);
});
