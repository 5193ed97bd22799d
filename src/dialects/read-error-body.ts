import { type ErrorBody, emptyErrorBody } from '../contract/error-body.ts';
import { isObject, type JsonObject, parseJson } from '../values/json.ts';
import { pageText, plainText } from '../values/plain-text.ts';

/** A longer body is no error object; parsing it would only cost time. */
const maxParsedLength = 262_144;
/** An error wraps another one or two; more layers than this are noise. */
const maxLayers = 12;
const maxIdentifiers = 100;
const maxTexts = 8;
const maxIdentifierLength = 200;

const layerKeys = ['error', 'detail', 'response', 'metadata', 'base_resp'] as const;
const identifierKeys = ['code', 'type', '__type', 'status', 'error_type'] as const;
const textKeys = ['message', 'detail', 'msg', 'error', 'title', 'status_msg'] as const;

/**
 * Reads whatever a provider, or a proxy on the way to it, put into the body of a failed answer. Never throws.
 * @param status the HTTP status. Under a 2xx only a JSON error object or a web page counts: any other text may be (half)
 *   an answer, which must reach neither a rule nor a message.
 * @param body as text, perhaps cut off, perhaps not JSON
 */
export function readErrorBody(status: number, body: string): ErrorBody {
	const text = body.trim();
	const json = parseBounded(text);
	const isSuccess = status >= 200 && status < 300;
	if (json !== undefined) return isSuccess ? readErrorJson(json) : named(readErrorJson(json));
	const page = pageText(text);
	if (page !== undefined) {
		return { ...emptyErrorBody, identifiers: [htmlPage], texts: isSuccess ? [page].filter(isNotEmpty) : [] };
	}
	if (isSuccess) return emptyErrorBody;
	if (/^(?:[[{]|data:|event:)/.test(text)) return { ...emptyErrorBody, ...salvage(text) };
	return named({ ...emptyErrorBody, texts: [plainText(text)].filter(isNotEmpty) });
}

/** What a web page in place of an answer is called in error rules. */
export const htmlPage = 'html_page';

/** The error of an error response, with what it is called where it is no JSON object that says anything. */
function named(error: ErrorBody): ErrorBody {
	const isSaid = typeof error.json === 'object' && error.identifiers.length + error.texts.length > 0;
	return isSaid ? error : { ...error, identifiers: [...error.identifiers, 'no_json_error'] };
}

function parseBounded(text: string): unknown {
	return text === '' || text.length > maxParsedLength ? undefined : parseJson(text);
}

/** The same of a body that has been parsed. */
export function readErrorJson(json: unknown): ErrorBody {
	const layers = layersOf(json);
	const root = layers[0];
	const type = isObject(root?.error) ? root.error.type : undefined;
	return {
		json,
		identifiers: [...new Set(layers.flatMap(identifiersOf))].slice(0, maxIdentifiers),
		type: typeof type === 'string' ? type.slice(0, maxIdentifierLength).toLowerCase() : '',
		texts: [...new Set(layers.length === 0 ? [textOf(json)] : layers.flatMap(textsOf))]
			.filter(isNotEmpty)
			.slice(0, maxTexts),
		status: layers.flatMap(statusesOf)[0],
	};
}

/** The error object and those it wraps, from the outside in; a stream's or Gemini's array counts as its first element. */
function layersOf(json: unknown): JsonObject[] {
	const queue: unknown[] = [Array.isArray(json) ? json[0] : json];
	const layers: JsonObject[] = [];
	for (const value of queue) {
		if (layers.length === maxLayers) break;
		if (!isObject(value)) continue;
		layers.push(value);
		queue.push(...layerKeys.map((key) => value[key]));
		if (Array.isArray(value.errors)) queue.push(value.errors[0]);
		queue.push(...records(value.choices).flatMap((choice) => choiceError(choice.error)));
		// A router hands on the upstream's error as text inside its own.
		if (typeof value.raw === 'string') queue.push(parseBounded(value.raw));
	}
	return layers;
}

/** An error may be no more than its text, which is read as that of an error object. */
function choiceError(error: unknown): JsonObject[] {
	if (isObject(error)) return [error];
	return typeof error === 'string' && error !== '' ? [{ error }] : [];
}

function identifiersOf(layer: JsonObject): string[] {
	const error = typeof layer.error === 'string' && /^[\w.-]+$/.test(layer.error) ? layer.error : undefined;
	// FastAPI's complaints.
	const complaints = records(layer.detail).map((entry) => entry.type);
	const names = [...identifierKeys.map((key) => layer[key]), error, ...complaints];
	return [...names, ...detailsOf(layer), ...verdictsOf(layer), ...pagesIn(layer)].flatMap(identifier);
}

/** A router hands on the page that came in place of its upstream's error as that error's text. */
function pagesIn(layer: JsonObject): string[] {
	const isPage = (value: unknown) => typeof value === 'string' && pageText(value) !== undefined;
	return [...textKeys, 'raw'].some((key) => isPage(layer[key])) ? ['html_in_json'] : [];
}

/** Google's error details: reasons, and the names of the quotas that were violated. */
function detailsOf(layer: JsonObject): unknown[] {
	return records(layer.details).flatMap((detail) => [
		detail.reason,
		isObject(detail.metadata) ? detail.metadata.quota_limit : undefined,
		...records(detail.violations).map((violation) => violation.quotaId),
	]);
}

/** Why a 200 holds no answer: `blockReason:SAFETY` (Gemini), `finishReason:content_filter` (OpenAI's shape). */
function verdictsOf(layer: JsonObject): unknown[] {
	const blocked = isObject(layer.promptFeedback) ? layer.promptFeedback.blockReason : undefined;
	const finished = [
		...records(layer.candidates).map((candidate) => candidate.finishReason),
		...records(layer.choices).flatMap((choice) => [choice.finish_reason, choice.native_finish_reason]),
	];
	return [
		...(typeof blocked === 'string' ? [`blockReason:${blocked}`] : []),
		...finished.filter((reason) => typeof reason === 'string').map((reason) => `finishReason:${reason}`),
	];
}

function records(value: unknown): JsonObject[] {
	return Array.isArray(value) ? value.slice(0, 20).filter(isObject) : [];
}

/** As text and lower-case; a name with a namespace (`com.amazon#ThrottlingException`) counts without it too. */
export function identifier(value: unknown): string[] {
	if (typeof value !== 'string' && typeof value !== 'number') return [];
	const name = String(value).slice(0, maxIdentifierLength).trim().toLowerCase();
	if (name === '') return [];
	const namespaceEnd = name.lastIndexOf('#');
	return namespaceEnd === -1 ? [name] : [name, name.slice(namespaceEnd + 1)];
}

function textsOf(layer: JsonObject): string[] {
	const raw = typeof layer.raw === 'string' && !/^\s*[[{]/.test(layer.raw) ? layer.raw : undefined;
	// Validation errors come as a list. Their `input` is the caller's prompt and is left where it is.
	const validation = records(layer.detail).map((entry) => textOf(entry.msg));
	return [...textKeys.map((key) => textOf(layer[key])), validation.filter(isNotEmpty).join('; '), textOf(raw)];
}

function textOf(value: unknown): string {
	return typeof value === 'string' ? plainText(value) : '';
}

function statusesOf(layer: JsonObject): number[] {
	return [layer.code, layer.status, layer.status_code]
		.filter((value) => typeof value === 'number' || (typeof value === 'string' && /^\d{3}$/.test(value)))
		.map(Number)
		.filter((status) => Number.isInteger(status) && status >= 400 && status <= 599);
}

/** What can be saved from JSON that was cut off, or that stands in an event-stream frame. */
function salvage(body: string): Pick<ErrorBody, 'identifiers' | 'texts'> {
	const text = body.slice(0, 16_384);
	const codes = text.matchAll(
		/"(?:code|type|__type|status|error_type|reason|quotaId)"\s{0,9}:\s{0,9}(?:"([^"\\]{1,200})"|(\d{1,9}))/g,
	);
	const texts = text.matchAll(/"(?:message|detail|msg|error)"\s{0,9}:\s{0,9}"((?:[^"\\]|\\.){1,4000})/g);
	return {
		identifiers: [...codes].slice(0, maxIdentifiers).flatMap(([, name, number]) => identifier(name ?? number)),
		texts: [...texts]
			.slice(0, maxTexts)
			.map(([, quoted = '']) => plainText(quoted.replace(/\\[nrt]/g, ' ').replace(/\\(["\\/])/g, '$1')))
			.filter(isNotEmpty),
	};
}

function isNotEmpty(text: string): boolean {
	return text !== '';
}
