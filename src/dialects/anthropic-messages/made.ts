import { isObject, type JsonObject } from '../../values/json.ts';

/**
 * Ids of files and containers in a piece of an answer, or of a request: only the provider that made them has what they name.
 * @param text its JSON text; looked through only where it names a file
 * @param holder parsed: what may name a container
 */
export function madeIn(text: string, holder: JsonObject): string[] {
	const container = containerIn(holder);
	return [...(container === undefined ? [] : [container]), ...filesIn(text)];
}

export function containerIn({ container }: JsonObject): string | undefined {
	const id = isObject(container) ? container.id : container;
	return typeof id === 'string' ? id : undefined;
}

export function filesIn(text: string): string[] {
	if (!text.includes('"file_id"')) return [];
	return [...text.matchAll(/"file_id"\s{0,9}:\s{0,9}"([\w.-]{1,200})"/g)].map(([, id = '']) => id);
}
