import type { Config } from './config.ts';

/** Whether the name of a header or of a query parameter says that its value is a secret. */
export function isSecretName(name: string): boolean {
	return /key|auth|token|secret|cookie|password/i.test(name);
}

/** Every secret that a configuration holds, to be taken out of what is shown: keys, and headers and queries of their kind. */
export function secretsOf({ providers, profiles, server }: Config): string[] {
	const ofProviders = Object.values(providers).flatMap(({ credentials, headers, baseUrl }) => [
		...(baseUrl === undefined ? [] : new URL(baseUrl).searchParams.values()),
		...credentials.flatMap(({ apiKey }) => apiKey ?? []),
		...secretHeaders(headers),
	]);
	const ofTargets = Object.values(profiles).flatMap(({ chain }) =>
		chain.flatMap(({ headers }) => secretHeaders(headers)),
	);
	const ofCallers = Object.values(server.clients ?? {}).flatMap(({ key }) => key);
	const ofOperators = [server.adminKey, server.monitoringKey].flatMap((key) => key ?? []);
	return [...ofProviders, ...ofTargets, ...ofCallers, ...ofOperators];
}

function secretHeaders(headers: Readonly<Record<string, string>>): string[] {
	return Object.entries(headers).flatMap(([name, value]) => (isSecretName(name) ? [value] : []));
}
