import { Refusal } from '../contract/refusal.ts';

interface KnownPath {
	method: 'GET' | 'POST';
	/** As it is shown. */
	path: string;
	pattern: { test(path: string): boolean };
	/** Named in the answer to a path that does not exist. */
	isShown: boolean;
}

const routes: readonly KnownPath[] = [
	route('GET', '/v1/models', /^\/v1\/models$/),
	route('GET', '/health', /^\/health$/),
	route('GET', '/ready', /^\/ready$/),
	hidden('GET', '/metrics', /^\/metrics$/),
	hidden('GET', '/inspector', /^\/inspector$/),
	hidden('GET', '/inspector/events', /^\/inspector\/events$/),
	hidden('GET', '/v1/models/{id}', /^\/v1\/models\/.+$/),
	hidden('GET', '/admin/providers', /^\/admin\/providers$/),
	hidden('POST', '/admin/providers/{id}/{action}', /^\/admin\/providers\/[^/]+\/[^/]+$/),
	hidden('GET', '/admin/requests', /^\/admin\/requests$/),
	hidden('GET', '/admin/requests/{id}', /^\/admin\/requests\/[^/]+$/),
];

function route(method: KnownPath['method'], path: string, pattern: KnownPath['pattern']): KnownPath {
	return { method, path, pattern, isShown: true };
}

function hidden(method: KnownPath['method'], path: string, pattern: KnownPath['pattern']): KnownPath {
	return { method, path, pattern, isShown: false };
}

function posts(path: string): KnownPath {
	return { method: 'POST', path, pattern: { test: (given) => given === path }, isShown: true };
}

/** Its paths are named only to callers who have passed the check of the admin key. */
const adminRoot = '/admin';

/** The path of a request's address, without its query. */
export function pathOf({ url }: { readonly url: string }): string {
	const end = url.indexOf('?');
	return end === -1 ? url : url.slice(0, end);
}

/** Whether a path is the folder itself, or below it. */
export function isBelow(path: string, folder: string): boolean {
	return path === folder || path.startsWith(`${folder}/`);
}

/**
 * What is wrong with a request that no handler takes: its method, or its path.
 * @param path without its query; who may know of what is there has been seen to already
 * @param posted where requests of the dialects are posted
 */
export function notFound(method: string, path: string, posted: readonly string[]): Refusal {
	const all = [...posted.map(posts), ...routes];
	const known = all.find(({ pattern }) => pattern.test(path));
	if (known === undefined) {
		const isOperator = isBelow(path, adminRoot);
		const shown = all
			.filter((one) => (isOperator ? isBelow(one.path, adminRoot) : one.isShown))
			.map((one) => `${one.method} ${one.path}`);
		return new Refusal('not_found', `There is nothing here; Breakwater answers ${shown.join(', ')}.`);
	}
	const allow = known.method === 'GET' ? 'GET, HEAD' : known.method;
	return new Refusal('method_not_allowed', `${known.path} takes ${known.method}, not ${method}.`, {
		headers: { allow },
	});
}
