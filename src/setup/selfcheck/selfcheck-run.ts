import { existsSync } from 'node:fs';
import type { Config } from '../../config/config.ts';
import { defaultAddress } from '../../config/default-address.ts';
import { defaultConfigFile } from '../../config/find-config.ts';
import type { Variables } from '../../config/interpolate.ts';
import { readConfig } from '../../config/load.ts';
import { ConfigError } from '../../config/problems.ts';
import { secretsOf } from '../../config/secrets.ts';
import { usualTiming } from '../../credentials/key-life.ts';
import { createRedactor } from '../../gateway/redact.ts';
import { createClassifier } from '../../upstream/classify/apply-error-rules.ts';
import { shippedErrorRules } from '../../upstream/classify/shipped-error-rules.ts';
import { readProxies } from '../../upstream/proxies.ts';
import { isLoopback } from '../../values/loopback.ts';
import { oneLine } from '../../values/one-line.ts';
import { ownCertificate } from '../own-certificate.ts';
import { localAddress } from '../port.ts';
import type { Question } from './ask.ts';
import { type ClockReading, selfcheckClock } from './clock.ts';
import { type CheckedKey, checkedKeys } from './fetched-keys.ts';
import { fail, type SelfcheckFinding, warn } from './finding.ts';
import { selfcheckEmbeddings, selfcheckProfile } from './profile.ts';
import { type ProviderQuestion, selfcheckCredential } from './provider.ts';
import { type ProxyQuestion, selfcheckProxy } from './proxy.ts';

export type { SelfcheckFinding } from './finding.ts';

export interface SelfcheckOptions {
	/** Where the proxy listens: `http://127.0.0.1:4010`. Default: where the configuration says, else that. */
	url?: string | undefined;
	/** The configuration. Default: `config/gateway.yaml`, if there is one. */
	config?: string | undefined;
	/** The key of a client of the proxy's, where it wants one. */
	key?: string | undefined;
	/** For each answer that is asked for, ms. Default: 30,000. */
	timeoutMs?: number | undefined;
	/** Where `${VAR}` in the configuration is looked up. */
	env: Variables;
}

const DEFAULT_TIMEOUT_MS = 30_000;
/** What says who and how it is comes at once, or not at all. */
const PROBE_TIMEOUT_MS = 5000;
/** Many at once would meet the rate limits that they are not here to find. */
const PROFILES_AT_ONCE = 2;
const CREDENTIALS_AT_ONCE = 8;
const SHORTEST_SECRET = 8;

/**
 * Checks a running proxy and what stands behind it: whether it answers, for every profile, whole and streamed; whether
 * each provider takes each key, asked directly; and whether the clock is right. It takes a bounded time and never throws.
 * @returns one finding for each thing looked at, in that order; none of them holds a key
 */
export async function selfcheck(options: SelfcheckOptions): Promise<SelfcheckFinding[]> {
	const { config, findings: configFindings } = configOf(options);
	const timeoutMs = options.timeoutMs ?? DEFAULT_TIMEOUT_MS;
	const url = options.url ?? addressOf(config);
	const proxies = readProxies(options.env);
	const keyTimeoutMs = Math.min(usualTiming.timeoutMs, timeoutMs);
	const keys = config === undefined ? undefined : await checkedKeys(config, { timeoutMs: keyTimeoutMs, proxies });
	const secrets = [
		...(config === undefined ? [] : secretsOf(config)),
		...[...(keys?.values() ?? [])].flatMap((key) => (key.is === 'key' ? (key.apiKey ?? []) : [])),
		...(options.key === undefined ? [] : [options.key]),
	];
	const redact = createRedactor(secrets);
	// What is short, such as the `ollama` that a server without keys is given, may be a word of ours; theirs it is taken out of.
	const redactOurs = createRedactor(secrets.filter((secret) => secret.length >= SHORTEST_SECRET));
	const [proxy, providers] = await Promise.all([
		checkProxySide({ url, key: options.key, timeoutMs, tls: certificateAt(url, config) }, config, redact),
		config === undefined || keys === undefined
			? { findings: [], readings: [] }
			: checkProviderSide(config, keys, { timeoutMs, proxies }, redact),
	]);
	const findings = [
		...proxy.findings,
		...configFindings,
		...providers.findings,
		...selfcheckClock([...proxy.readings, ...providers.readings]),
	];
	return findings.map((finding) => ({ ...finding, text: oneLine(redactOurs(finding.text)) }));
}

interface Side {
	findings: SelfcheckFinding[];
	readings: ClockReading[];
}

function configOf({ config, env }: SelfcheckOptions): { config?: Config; findings: SelfcheckFinding[] } {
	if (config === undefined && !existsSync(defaultConfigFile)) {
		const text = `There is no ${defaultConfigFile} here, so no provider was asked directly; name the configuration with --config.`;
		return { findings: [warn('configuration', text)] };
	}
	try {
		return { config: readConfig(config ?? defaultConfigFile, env).config, findings: [] };
	} catch (error) {
		if (!(error instanceof ConfigError)) throw error;
		const findings = error.problems.map(({ file, line, column, message }) =>
			fail('configuration', `${file}:${line}:${column}: ${message}.`),
		);
		return { findings };
	}
}

function addressOf(config: Config | undefined): string {
	const server = config?.server ?? defaultAddress;
	return localAddress({ ...server, port: server.port === 0 ? defaultAddress.port : server.port });
}

/** At another address than its own, a proxy is whom the authorities say. */
function certificateAt(url: string, config: Config | undefined): Question['tls'] {
	if (config === undefined || url !== addressOf(config)) return undefined;
	return () => ownCertificate(config.server);
}

async function checkProxySide(
	question: ProxyQuestion,
	config: Config | undefined,
	redact: (text: string) => string,
): Promise<Side> {
	const probe = { ...question, timeoutMs: Math.min(PROBE_TIMEOUT_MS, question.timeoutMs) };
	const { findings, profiles, aheadMs } = await selfcheckProxy(probe);
	const { hostname } = new URL(question.url);
	const isOwn = hostname === 'localhost' || isLoopback(hostname.replace(/^\[|\]$/g, ''));
	const readings = aheadMs === undefined ? [] : [{ about: 'the proxy', aheadMs, isOwn }];
	if (profiles === undefined) return { findings: [...findings], readings };
	const answered = await eachOf(profiles, PROFILES_AT_ONCE, (name) => {
		const profile = config?.profiles[name];
		const check = profile?.for === 'embeddings' ? selfcheckEmbeddings : selfcheckProfile;
		return check(name, profile?.chain[0]?.target, question, redact);
	});
	return { findings: [...findings, ...sameConfig(profiles, config), ...answered.flat()], readings };
}

/** The proxy may have been started with another file, or before this one was changed. */
function sameConfig(profiles: readonly string[], config: Config | undefined): SelfcheckFinding[] {
	if (config === undefined) return [];
	const own = Object.keys(config.profiles);
	const isSame = own.length === profiles.length && own.every((name) => profiles.includes(name));
	if (isSame) return [];
	const text = `The proxy has the profiles ${profiles.join(', ')}, and ${config.file} has ${own.join(', ')}; restart the proxy with it, or name its own with --config.`;
	return [warn('configuration', text)];
}

async function checkProviderSide(
	config: Config,
	keys: ReadonlyMap<string, CheckedKey>,
	how: Pick<ProviderQuestion, 'timeoutMs' | 'proxies'>,
	redact: (text: string) => string,
): Promise<Side> {
	const classify = createClassifier([...config.errorRules, ...shippedErrorRules()], redact);
	const credentials = Object.values(config.providers).flatMap((provider) =>
		provider.credentials.map((credential) => ({ provider, credential })),
	);
	const checks = await eachOf(credentials, CREDENTIALS_AT_ONCE, async ({ provider, credential }) => {
		const key = keys.get(credential.id);
		if (key?.is === 'missing') {
			const text = `Its key cannot be fetched: ${key.why}; put right what ${credential.source} names.`;
			return { findings: [fail(`provider ${credential.id}`, text)], readings: [] };
		}
		const known = key?.apiKey === undefined ? credential : { ...credential, apiKey: key.apiKey };
		const { findings, aheadMs } = await selfcheckCredential(provider, known, { config, classify, ...how });
		return { findings, readings: aheadMs === undefined ? [] : [{ about: credential.id, aheadMs, isOwn: false }] };
	});
	return {
		findings: checks.flatMap(({ findings }) => findings),
		readings: checks.flatMap(({ readings }) => readings),
	};
}

/** At most so many at once; the results are in the order of the items. */
async function eachOf<T, R>(items: readonly T[], atOnce: number, work: (item: T) => Promise<R>): Promise<R[]> {
	const results: R[] = [];
	const queue = items.entries();
	const worker = async (): Promise<void> => {
		for (const [index, item] of queue) results[index] = await work(item);
	};
	await Promise.all(Array.from({ length: Math.min(atOnce, items.length) }, worker));
	return results;
}
