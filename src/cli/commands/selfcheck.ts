import { styleText } from 'node:util';
import { readEnvironment } from '../../config/dotenv.ts';
import { type SelfcheckFinding, selfcheck } from '../../setup/selfcheck/selfcheck-run.ts';
import { UserError } from '../../values/user-error.ts';

export interface SelfcheckFlags {
	url?: string;
	config?: string;
	key?: string;
	/** Seconds. */
	timeout: number;
	json?: boolean;
}

const colors = { ok: 'green', warn: 'yellow', fail: 'red' } as const;

/**
 * Prints one line for each finding on standard output; exit code 1 when one of them is a failure.
 * @throws UserError when an option cannot be used
 */
export async function selfcheckCommand(options: SelfcheckFlags): Promise<void> {
	const { variables } = readEnvironment(process.env);
	const findings = await selfcheck({
		url: options.url === undefined ? undefined : addressIn(options.url),
		config: options.config,
		key: keyIn(options.key ?? variables.BREAKWATER_KEY),
		timeoutMs: options.timeout * 1000,
		env: variables,
	});
	const isWell = findings.every(({ outcome }) => outcome !== 'fail');
	process.stdout.write(options.json ? `${JSON.stringify({ ok: isWell, findings }, null, 2)}\n` : textOf(findings));
	if (!isWell) process.exitCode = 1;
}

function textOf(findings: readonly SelfcheckFinding[]): string {
	const width = Math.max(...findings.map(({ about }) => about.length));
	const lines = findings.map(({ outcome, about, text }) => {
		const mark = styleText(colors[outcome], outcome.padEnd(4), { stream: process.stdout });
		return `${mark}  ${about.padEnd(width)}  ${text}`;
	});
	const failed = findings.filter(({ outcome }) => outcome === 'fail').length;
	const warned = findings.filter(({ outcome }) => outcome === 'warn').length;
	return `${lines.join('\n')}\n\n${findings.length} findings: ${failed} failed, ${warned} to look at.\n`;
}

/** `http://127.0.0.1:4010/v1` is what clients are set to; the proxy's own address is before it. */
function addressIn(url: string): string {
	const written = /^https?:\/\//i.test(url) ? url : `http://${url}`;
	const address = URL.canParse(written) ? new URL(written) : undefined;
	if (address === undefined || address.username !== '' || address.password !== '' || /[?#\s]/.test(url)) {
		throw new UserError('--url is not an address; write for example http://127.0.0.1:4010.');
	}
	return `${address.origin}${address.pathname.replace(/\/+$/, '').replace(/\/v1$/, '')}`;
}

function keyIn(key: string | undefined): string | undefined {
	if (key === undefined || key === '' || /^[!-~]+$/.test(key)) return key || undefined;
	throw new UserError('The key cannot be sent in a header; give one of visible ASCII characters, without spaces.');
}
