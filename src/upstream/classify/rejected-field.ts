import type { ErrorBody } from '../../contract/error-body.ts';
import { isObject } from '../../values/json.ts';

/** `stream_options`, `messages[].reasoning_content`; nothing else of a foreign error is ours to repeat. */
const fieldShape = /^[A-Za-z_][\w-]{0,63}(?:\[\]|\.[A-Za-z_][\w-]{0,63}){0,6}$/;

const name = '[A-Za-z_][\\w.[\\]-]{1,120}';
/** Where errors name a field; each pattern's group is the name. */
const phrases: readonly RegExp[] = [
	new RegExp(
		`\\b(?:parameter|field|property|properties|argument|key|name|input)(?:\\(s\\)|s)?:?[^'"\`\\w[(]{0,3}['"\`[(]{1,2}(${name})['"\`\\])]`,
		'i',
	),
	new RegExp(`^(${name}): extra inputs? `, 'i'),
	new RegExp(`\\b(?:supplied|model|permitted, field): ['"\`]?(${name})`, 'i'),
	new RegExp(`\\bin object: ['"\`](${name})['"\`]`, 'i'),
	new RegExp(`\\bunsupported value: ['"\`](${name})['"\`]`, 'i'),
	new RegExp(`['"\`](${name})['"\`] (?:is|was|parameter|field|property)\\b`, 'i'),
	new RegExp(`^(${name}) is not (?:currently |yet )?supported`, 'i'),
	new RegExp(`\\b(?:parameter|field|argument)s? ['"\`]?(${name})`, 'i'),
	/\b(stream_options|reasoning_content|reasoning_details|thought_signature|max_(?:completion_|output_)?tokens)\b/i,
	/\bdoes not support (tools|tool|functions?)\b/i,
];

/**
 * Which field of the request a provider does not take, as far as its error says so.
 * @returns its path without positions in lists, such as `messages[].reasoning_content`; undefined when the error names none
 */
export function rejectedField({ json, texts }: ErrorBody): string | undefined {
	return named(paramOf(json)) ?? named(placeOf(json)) ?? texts.map(fieldIn).find((field) => field !== undefined);
}

function paramOf(json: unknown): unknown {
	const error = isObject(json) && isObject(json.error) ? json.error : json;
	return isObject(error) ? error.param : undefined;
}

/** FastAPI's complaint: `loc: ["body", "messages", 1, "reasoning_content"]`. */
function placeOf(json: unknown): unknown {
	const detail = isObject(json) ? json.detail : undefined;
	const complaint: unknown = Array.isArray(detail) ? detail[0] : undefined;
	if (!isObject(complaint) || !Array.isArray(complaint.loc)) return undefined;
	const [first, ...rest] = complaint.loc;
	return (first === 'body' ? rest : complaint.loc).join('.');
}

function fieldIn(text: string): string | undefined {
	for (const phrase of phrases) {
		const field = named(phrase.exec(text)?.[1]);
		if (field !== undefined) return field;
	}
	return undefined;
}

function named(path: unknown): string | undefined {
	if (typeof path !== 'string') return undefined;
	const field = path.replace(/\[\d+\]|\.\d+(?=\.|$)/g, '[]').replace(/[.-]+$/, '');
	return fieldShape.test(field) ? field : undefined;
}
