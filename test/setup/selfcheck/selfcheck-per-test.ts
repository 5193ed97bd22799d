import { afterEach, expect } from 'vitest';
import { stringify } from 'yaml';
import { type SelfcheckFinding, selfcheck } from '../../../src/setup/selfcheck/selfcheck-run.ts';
import { folderPerTest, type TestFolder } from '../../helpers/folder-per-test.ts';
import { type GatewaySetup, startGateway, type TestGateway } from '../../helpers/gateway.ts';
import { answers, type Behaviour, completes, startUpstream, status, type Upstream } from '../../helpers/upstream.ts';

export const key = 'PLANTEDKEY-0001';

/** An address where nothing listens. */
export const nowhere = 'http://127.0.0.1:1';

const simulated = { providers: { s: { protocol: 'simulated' } }, profiles: { default: { chain: ['s/m'] } } };

export interface SelfcheckPerTest {
	readonly folder: TestFolder;
	/** Starts an upstream, which is closed after the test. */
	upstream(behaviour: Behaviour): Promise<Upstream>;
	/** Starts a Breakwater, which is closed after the test. */
	gateway(setup?: GatewaySetup): Promise<TestGateway>;
	/** @returns the path of a configuration that says so */
	configFile(content: object): string;
	/** What the self-check finds, in one sentence each, without a key. @param options without `config`, one of a simulated provider */
	check(options: { url?: string; config?: string; key?: string; timeoutMs?: number }): Promise<SelfcheckFinding[]>;
}

/** Called once in a file. */
export function selfcheckPerTest(): SelfcheckPerTest {
	const folder = folderPerTest();
	const opened: { close(): Promise<void> }[] = [];
	afterEach(async () => {
		await Promise.all(opened.splice(0).map((one) => one.close()));
	});
	const configFile = (content: object) => folder.write('gateway.yaml', stringify(content));
	return {
		folder,
		async upstream(behaviour) {
			const started = await startUpstream();
			opened.push(started);
			started.always(behaviour);
			return started;
		},
		async gateway(setup = {}) {
			const started = await startGateway(setup);
			opened.push(started);
			return started;
		},
		configFile,
		async check(options) {
			const config = options.config ?? configFile(simulated);
			const findings = await selfcheck({ timeoutMs: 60_000, env: {}, ...options, config });
			expect(JSON.stringify(findings)).not.toContain('PLANTEDKEY');
			for (const { text } of findings) expect(text).toMatch(/^\P{Cc}+[.…]$/u);
			return findings;
		},
	};
}

export const shown = (findings: readonly SelfcheckFinding[]) =>
	findings.map(({ outcome, about, text }) => `${outcome} ${about}: ${text}`);
export const about = (findings: readonly SelfcheckFinding[], name: string) =>
	shown(findings.filter((finding) => finding.about.startsWith(name)));

interface Paths {
	list?: Behaviour;
	chat?: Behaviour;
}

export const list = (...ids: string[]) => completes({ object: 'list', data: ids.map((id) => ({ id })) });
export const wrongKey = status(401, {
	error: { message: `Incorrect API key provided: ${key}`, code: 'invalid_api_key' },
});
export const provider =
	({ list: onList = list('m'), chat = answers('OK') }: Paths): Behaviour =>
	(exchange) =>
		exchange.request.path.split('?')[0]?.endsWith('/models') ? onList(exchange) : chat(exchange);
