import type { Variables } from '../config/interpolate.ts';
import type { KnownModels } from '../config/known-models.ts';
import { isTarget } from '../config/targets.ts';
import { asObject } from '../values/json.ts';
import { isLoopbackHost } from '../values/loopback.ts';
import { askLocal } from './ask-local.ts';

/** A model server that may run on this machine. */
export interface LocalServer {
	/** Its name in `config/known-models.yaml`. */
	name: string;
	title: string;
	/** As a provider's `baseUrl`. */
	baseUrl: string;
	/** `elsewhere`: its variable names another machine, which is not asked. `other`: no model server answers there. */
	state: 'answers' | 'absent' | 'hangs' | 'other' | 'elsewhere';
	/** Those that chat, as it lists them. */
	models: readonly LocalModel[];
	/** Names of those that make embeddings. Absent where there are none. */
	embeddingModels?: readonly string[];
	/** What is the matter with it, as one sentence. Absent when it answers, or nobody listens. */
	problem?: string;
}

export interface LocalModel {
	name: string;
	/** Tokens, where the server says it. */
	contextWindow?: number;
}

const TIMEOUT_MS = 1500;

/** Asks every known local server for its models, all at once. Nothing but this machine is asked. */
export async function findLocalServers(known: KnownModels, variables: Variables): Promise<LocalServer[]> {
	const servers = Object.entries(known.localServers).map(([name, { title, port, address }]) => {
		const variable = address.find((candidate) => variables[candidate] !== undefined);
		const url = localUrl(variable === undefined ? '' : (variables[variable] ?? ''), port);
		return { name, title, port, variable, url };
	});
	return Promise.all(
		servers.map(async ({ name, title, port, variable, url }) => {
			const server = { name, title, baseUrl: `${url?.origin ?? `http://127.0.0.1:${port}`}/v1`, models: [] };
			if (url === undefined) {
				const problem = `${variable} is no port, host or URL; correct it.`;
				return { ...server, state: 'other' as const, problem };
			}
			if (!isLoopbackHost(url.hostname)) {
				const problem = `${variable} names another machine, which is not asked; write it into the configuration yourself.`;
				return { ...server, state: 'elsewhere' as const, problem };
			}
			return { ...server, ...(await ask(server.baseUrl, known)) };
		}),
	);
}

/** Reads what people write into these variables: `11434`, `:8080`, `0.0.0.0`, `localhost:1234`, `http://127.0.0.1:8000/v1`. */
function localUrl(text: string, port: number): URL | undefined {
	const value = text.trim();
	if (value === '') return new URL(`http://127.0.0.1:${port}`);
	const withHost = /^:?\d+$/.test(value)
		? `127.0.0.1:${value.replace(':', '')}`
		: value.replace(/^:(?=\d)/, '127.0.0.1:');
	const written = /^https?:\/\//i.test(withHost) ? withHost : `http://${withHost}`;
	if (!URL.canParse(written)) return undefined;
	const url = new URL(written);
	// Servers listen on a wildcard; clients cannot ask one.
	if (url.hostname === '0.0.0.0') url.hostname = '127.0.0.1';
	if (url.hostname === '[::]') url.hostname = '[::1]';
	const hasPort = /:\d+$/.test(written.replace(/^(https?:\/\/[^/?#]*).*$/i, '$1').replace(/^https?:/i, ''));
	if (!hasPort) url.port = String(port);
	return url;
}

type Impression = Pick<LocalServer, 'state' | 'models' | 'embeddingModels' | 'problem'>;

async function ask(baseUrl: string, { notForChat, embeddingNames }: KnownModels): Promise<Impression> {
	const answer = await askLocal(`${baseUrl}/models`, TIMEOUT_MS);
	const nothing = { models: [] };
	if (answer.is === 'absent') return { ...nothing, state: 'absent' };
	if (answer.is === 'hangs') {
		return { ...nothing, state: 'hangs', problem: `${baseUrl} takes connections but does not answer; restart it.` };
	}
	const list = answer.is === 'answer' && answer.status === 200 ? asObject(answer.body)?.data : undefined;
	if (!Array.isArray(list)) {
		const wantsKey = answer.is === 'answer' && (answer.status === 401 || answer.status === 403);
		const problem = wantsKey
			? `${baseUrl} wants a key, so its models are not known; write it into the configuration yourself.`
			: `${baseUrl} is answered by something else than a model server.`;
		return { ...nothing, state: 'other', problem };
	}
	const entries = list.map(asObject).filter((entry) => entry !== undefined);
	if (entries.some(({ owned_by }) => owned_by === 'breakwater')) {
		return { ...nothing, state: 'other', problem: `${baseUrl} is a Breakwater.` };
	}
	const all = entries.flatMap(modelOf);
	const models = all.filter(({ name }) => !isNamed(name, notForChat));
	const embeddingModels = all.flatMap(({ name }) => (isNamed(name, embeddingNames) ? [name] : []));
	const embedding = embeddingModels.length > 0 ? { embeddingModels } : {};
	if (models.length > 0) return { state: 'answers', models, ...embedding };
	return {
		...nothing,
		...embedding,
		state: 'answers',
		problem: `${baseUrl} answers, but has no model that chats; load one into it.`,
	};
}

/** A name that no configuration can hold, or a terminal would take for a command, is passed over. */
function modelOf({ id, max_model_len }: Readonly<Record<string, unknown>>): LocalModel[] {
	if (typeof id !== 'string' || !isTarget(`local/${id}`)) return [];
	const tellsWindow = typeof max_model_len === 'number' && Number.isInteger(max_model_len) && max_model_len > 0;
	return [{ name: id, ...(tellsWindow && { contextWindow: max_model_len }) }];
}

function isNamed(name: string, parts: readonly string[]): boolean {
	return parts.some((part) => name.toLowerCase().includes(part));
}
