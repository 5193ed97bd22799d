import type { Config } from '../../config/config.ts';
import { defaultConfigFile } from '../../config/find-config.ts';
import { shownAddress } from '../../config/secrets.ts';
import type { Gateway } from '../../gateway/gateway.ts';
import type { Proxies } from '../../upstream/proxies.ts';
import { version } from '../../values/package-paths.ts';
import { scriptText } from './script-text.ts';

/** What `serve` prints once it listens: what runs, and a line to try. */
export function banner(
	config: Config,
	gateway: Gateway,
	{ address, isEmbedded, proxies }: { address: string; isEmbedded: boolean; proxies: Proxies },
): string {
	const lines = [`Breakwater ${version} listens on ${address}/v1`, ''];
	if (isEmbedded) {
		lines.push(
			`There is no ${defaultConfigFile}, so this runs on SIMULATED providers inside this process: no key is needed,`,
			'no request leaves this machine, and every answer is canned. One of them fails on a schedule:',
		);
	}
	const width = Math.max(...Object.keys(config.providers).map((name) => name.length));
	for (const { name, baseUrl, simulate } of Object.values(config.providers)) {
		const what =
			simulate === undefined
				? `${baseUrl === undefined ? '' : shownAddress(baseUrl)}${viaProxy(baseUrl, proxies)}`
				: `simulated: ${scriptText(simulate.script)}`;
		lines.push(`  ${name.padEnd(width)}  ${what}`);
	}
	lines.push('');
	for (const { name, chain } of Object.values(config.profiles)) {
		lines.push(`  profile ${name}: ${chain.map(({ target }) => target).join(' → ')}`);
	}
	lines.push('', 'Try it, a few times:', `  ${curlLine(address, gateway.defaultProfile, config.server)}`, '');
	return `${lines.join('\n')}\n`;
}

function viaProxy(url: string | undefined, proxies: Proxies): string {
	const proxy = url === undefined ? undefined : proxies(url);
	return proxy === undefined ? '' : `  through the proxy ${proxy.origin} (${proxy.variable})`;
}

function curlLine(address: string, profile: string, { clients = {} }: Config['server']): string {
	const [client] = Object.keys(clients);
	const key = client === undefined ? '' : ` -H 'authorization: Bearer THE-KEY-OF-${client}'`;
	const body = JSON.stringify({ model: profile, messages: [{ role: 'user', content: 'Hello' }] });
	return `curl -i ${address}/v1/chat/completions -H 'content-type: application/json'${key} -d '${body}'`;
}
