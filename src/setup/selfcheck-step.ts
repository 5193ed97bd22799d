import type { Config } from '../config/config.ts';
import type { Variables } from '../config/interpolate.ts';
import { selfcheck } from './selfcheck/selfcheck-run.ts';
import type { SetupStep } from './step.ts';

/**
 * Asks the proxy that runs, and every provider behind it, for a minimal answer.
 * @param address of the proxy
 */
export async function selfcheckStep(address: string, { file, server }: Config, env: Variables): Promise<SetupStep> {
	const [client] = Object.values(server.clients ?? {});
	const key = env.BREAKWATER_KEY ?? client?.key[0];
	const findings = await selfcheck({ url: address, config: file, key, env });
	const bad = findings.filter(({ outcome }) => outcome !== 'ok').map(({ about, text }) => `${about}: ${text}`);
	const outcome = findings.some((finding) => finding.outcome === 'fail') ? 'not-done' : 'done';
	return {
		name: 'selfcheck',
		outcome,
		text: [`${findings.length - bad.length} of ${findings.length} findings are well.`, ...bad].join('\n'),
	};
}
