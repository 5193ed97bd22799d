import { asObject } from '../../values/json.ts';
import { version as ownVersion } from '../../values/package-paths.ts';
import { ask, jsonOf, type Question, type ReplyAnswer } from './ask.ts';
import { fail, ok, type SelfcheckFinding, warn } from './finding.ts';

export interface ProxyQuestion {
	/** `http://127.0.0.1:4010`. */
	url: string;
	/** The key of a client, where the proxy wants one. */
	key: string | undefined;
	timeoutMs: number;
	/** What connections to it are made with; absent: as to any server. */
	tls?: Question['tls'];
}

export interface ProxyCheck {
	findings: readonly SelfcheckFinding[];
	/** Undefined unless it is a Breakwater that would take requests from us: nothing more can be asked then. */
	profiles: readonly string[] | undefined;
	aheadMs: number | undefined;
}

const about = 'proxy';

/** Is something there, is it Breakwater and of our version, would it take requests, and would it take ours? */
export async function selfcheckProxy(question: ProxyQuestion): Promise<ProxyCheck> {
	const { url, timeoutMs, tls } = question;
	const asked = await ask(`${url}/health`, { timeoutMs, tls });
	const stop = (...findings: SelfcheckFinding[]) => ({ findings, profiles: undefined });
	if (asked.is === 'problem') {
		const text = asked.isRefused
			? `Nobody listens at ${url}; start the proxy with \`breakwater serve\`, or name its address with --url.`
			: `${url} cannot be asked: ${ofProxy(asked.text)}; look at its log, or name another address with --url.`;
		return { ...stop(fail(about, text)), aheadMs: undefined };
	}
	const { aheadMs } = asked;
	const health = readHealth(asked);
	if (health === undefined) {
		const text = `Something answers at ${url}, but it is not Breakwater; name its address with --url.`;
		return { ...stop(fail(about, text)), aheadMs };
	}
	const [ready, door] = await Promise.all([checkReady(question), checkDoor(question)]);
	const findings = [healthFinding(url, health), ...ready.findings, ...door];
	const isShut = door.some(({ outcome }) => outcome === 'fail');
	return { findings, profiles: isShut ? undefined : ready.profiles, aheadMs };
}

interface Health {
	version: string;
	/** Providers whose breaker is not closed, with its state. */
	hurt: readonly string[];
}

function readHealth(answer: ReplyAnswer): Health | undefined {
	const { status, version, uptimeSeconds, providers } = asObject(jsonOf(answer)) ?? {};
	const states = asObject(providers);
	if (answer.status !== 200 || typeof status !== 'string' || typeof version !== 'string') return undefined;
	if (typeof uptimeSeconds !== 'number' || states === undefined) return undefined;
	const hurt = Object.entries(states).flatMap(([name, provider]) => {
		const state = asObject(provider)?.state;
		return state === 'closed' ? [] : [`${name} is ${String(state)}`];
	});
	return { version, hurt };
}

function healthFinding(url: string, { version, hurt }: Health): SelfcheckFinding {
	const text = `${url} is Breakwater ${version}`;
	if (version !== ownVersion) {
		return warn(about, `${text}, and this command is of ${ownVersion}; restart the proxy, or update one of the two.`);
	}
	if (hurt.length > 0) return warn(about, `${text}, but ${hurt.join(', ')}; the providers below say why.`);
	return ok(about, `${text}, and no provider of it is out of traffic.`);
}

async function checkReady({
	url,
	timeoutMs,
	tls,
}: ProxyQuestion): Promise<{ findings: SelfcheckFinding[]; profiles: string[] }> {
	const asked = await ask(`${url}/ready`, { timeoutMs, tls });
	if (asked.is === 'problem')
		return { findings: [fail('ready', `/ready says nothing: ${ofProxy(asked.text)}.`)], profiles: [] };
	const { status, profiles: reported } = asObject(jsonOf(asked)) ?? {};
	const servable = asObject(reported);
	if (typeof status !== 'string' || servable === undefined) {
		return { findings: [fail('ready', `/ready answers ${asked.status}, and not as Breakwater does.`)], profiles: [] };
	}
	const profiles = Object.keys(servable);
	const shut = profiles.filter((name) => servable[name] !== true);
	if (status === 'draining') return { findings: [fail('ready', 'It is stopping; start it again.')], profiles };
	if (asked.status !== 200) {
		const text = 'No profile could be served now; see what is said of the providers below.';
		return { findings: [fail('ready', text)], profiles };
	}
	if (shut.length > 0) {
		const text = `It takes requests, but not for ${shut.join(', ')}: all providers of that chain are out of traffic for now.`;
		return { findings: [warn('ready', text)], profiles };
	}
	return { findings: [ok('ready', `It takes requests for ${profiles.join(', ')}.`)], profiles };
}

/** @returns a failure when callers need a key and ours is not one; nothing where they need none */
async function checkDoor({ url, key, timeoutMs, tls }: ProxyQuestion): Promise<SelfcheckFinding[]> {
	const asked = await ask(`${url}/v1/models`, { headers: clientHeaders(key), timeoutMs, tls });
	if (asked.is === 'problem') return [fail('client key', `/v1/models says nothing: ${ofProxy(asked.text)}.`)];
	if (asked.status === 401 || asked.status === 403) {
		const text =
			key === undefined
				? 'The proxy wants a key of its callers; give one of server.clients in BREAKWATER_KEY, or with --key.'
				: 'The proxy does not take the key that was given; give one of server.clients in BREAKWATER_KEY, or with --key.';
		return [fail('client key', text)];
	}
	if (asked.status !== 200) return [fail('client key', `/v1/models answers ${asked.status}; look at the proxy's log.`)];
	return key === undefined ? [] : [ok('client key', 'The proxy takes requests with this key.')];
}

/** What is said of a connection is said of providers, as a rule. */
export function ofProxy(text: string): string {
	return text.replace(/\bprovider\b/g, 'proxy');
}

/** What a client sends to be let in. */
export function clientHeaders(key: string | undefined): Record<string, string> {
	return key === undefined ? {} : { authorization: `Bearer ${key}` };
}
