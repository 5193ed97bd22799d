import { isApiKey } from '../config/key-schema.ts';
import type { KnownModels } from '../config/known-models.ts';
import { isModelName } from '../config/provider-schema.ts';
import { longestDurationMs } from '../values/durations.ts';
import { isObject, type JsonObject } from '../values/json.ts';
import { type BaseUrl, normalizeBaseUrl } from './base-url.ts';
import type { DraftCandidate } from './draft.ts';
import { endpointTypes } from './failproxy-types.ts';
import { type Notice, shown } from './notice.ts';
import type { SourceFile, SourcePath } from './source-file.ts';

/** One endpoint of a FailProxy group, read. */
export interface FailProxyEndpoint {
	/** What it is called, or `''`. */
	label: string;
	baseUrl: string;
	/** `''` when it has none. */
	apiKey: string;
	model: string;
	/** What its type wants to be sent. */
	headers: Readonly<Record<string, string>>;
	request: DraftCandidate['request'];
	/** Absent where it says none that can be used. */
	timeoutMs?: number;
}

/** FailProxy's own spelling of each field; `base_url` and `baseURL` are taken for `baseurl`. */
const fields = [
	'name',
	'baseurl',
	'apikey',
	'model',
	'timeout',
	'type',
	'temperature',
	'max_tokens',
	'stream',
] as const;
type Field = (typeof fields)[number];

/**
 * Reads one endpoint.
 * @param path where it stands in the source
 * @returns the endpoint, or undefined when no request could be sent to it; what is wrong goes into `notices`
 */
export function readEndpoint(
	value: unknown,
	path: SourcePath,
	source: SourceFile,
	known: KnownModels,
	notices: Notice[],
): FailProxyEndpoint | undefined {
	const report = (severity: Notice['severity'], at: SourcePath, message: string): void => {
		notices.push(source.notice(severity, [...path, ...at], message));
	};
	if (!isObject(value)) {
		report('error', [], 'This endpoint was left out: it is not an object such as `{ "baseurl": …, "model": … }`.');
		return undefined;
	}
	const given = new GivenFields(value, report);
	const url = given.url(known);
	const model = given.model();
	const apiKey = given.key();
	if (url === undefined || model === undefined || apiKey === undefined) return undefined;
	const timeoutMs = given.timeoutMs();
	return {
		label: given.label(),
		baseUrl: url,
		apiKey,
		model,
		headers: given.typeHeaders(),
		request: given.request(),
		...(timeoutMs !== undefined && { timeoutMs }),
	};
}

class GivenFields {
	readonly #values = new Map<Field, unknown>();
	readonly #keys = new Map<Field, string>();
	readonly #report: (severity: Notice['severity'], at: SourcePath, message: string) => void;

	constructor(value: JsonObject, report: (severity: Notice['severity'], at: SourcePath, message: string) => void) {
		this.#report = report;
		for (const [key, member] of Object.entries(value)) {
			const field = fields.find((candidate) => plain(candidate) === plain(key));
			if (field === undefined || this.#keys.has(field)) {
				const why = field === undefined ? 'has no equivalent' : `is a second \`${field}\``;
				this.#warn(key, `\`${shown(key)}\` ${why} and was not imported.`);
				continue;
			}
			this.#keys.set(field, key);
			// What is null or empty is not given.
			if (member !== null && member !== '') this.#values.set(field, member);
		}
	}

	label(): string {
		const name = this.#values.get('name');
		return typeof name === 'string' ? shown(name.trim()) : '';
	}

	url(known: KnownModels): string | undefined {
		const written = this.#values.get('baseurl');
		if (written === undefined) return this.#leaveOut('baseurl', 'it has no `baseurl`');
		const url: BaseUrl =
			typeof written === 'string' ? normalizeBaseUrl(written, known) : { mistake: 'is not text in quotes' };
		if ('mistake' in url) return this.#leaveOut('baseurl', `its \`baseurl\` ${url.mistake}`);
		if (url.assumed !== undefined) {
			this.#warn(this.#at('baseurl'), 'The `baseurl` names no version of the API; `/v1` was added.');
		}
		return url.baseUrl;
	}

	model(): string | undefined {
		const written = this.#values.get('model');
		if (written === undefined) return this.#leaveOut('model', 'it has no `model`');
		const model = typeof written === 'string' ? written.trim() : '';
		if (isModelName(model)) return model;
		return this.#leaveOut('model', 'its `model` is not a text of visible ASCII characters');
	}

	key(): string | undefined {
		const written = this.#values.get('apikey');
		if (written === undefined) {
			this.#warn(this.#at('apikey'), 'There is no `apikey`; none will be sent.');
			return '';
		}
		const key = typeof written === 'string' ? written.trim().replace(/^Bearer\s+/i, '') : '';
		if (isApiKey(key)) return key;
		return this.#leaveOut('apikey', 'its `apikey` is not a text that can be sent in a header');
	}

	typeHeaders(): Readonly<Record<string, string>> {
		const type = this.#values.get('type');
		if (type === undefined) return {};
		const name = typeof type === 'string' ? type.trim().toLowerCase() : '';
		if (Object.hasOwn(endpointTypes, name)) return endpointTypes[name] ?? {};
		this.#warn(
			this.#at('type'),
			'This `type` has no equivalent; the endpoint is spoken to like any OpenAI API. Write what it needs as `headers` or `request`.',
		);
		return {};
	}

	/** What a client leaves out is set; whether it streams is not the client's to say. */
	request(): DraftCandidate['request'] {
		const temperature = this.#number('temperature', (value) => value >= 0, 'a number of at least 0');
		const maxTokens = this.#number(
			'max_tokens',
			(value) => Number.isSafeInteger(value) && value > 0,
			'a whole number above 0',
		);
		const stream = this.#flag('stream');
		const defaults = {
			...(temperature !== undefined && { temperature }),
			...(maxTokens !== undefined && { max_tokens: maxTokens }),
		};
		const hasDefaults = Object.keys(defaults).length > 0;
		if (!hasDefaults && stream === undefined) return undefined;
		return { ...(hasDefaults && { defaults }), ...(stream !== undefined && { force: { stream } }) };
	}

	timeoutMs(): number | undefined {
		const fits = (seconds: number) => seconds > 0 && seconds * 1000 <= longestDurationMs;
		const seconds = this.#number('timeout', fits, 'a number of seconds above 0');
		return seconds === undefined ? undefined : seconds * 1000;
	}

	#number(field: Field, fits: (value: number) => boolean, what: string): number | undefined {
		const written = this.#values.get(field);
		if (written === undefined) return undefined;
		const value = typeof written === 'string' && written.trim() !== '' ? Number(written) : written;
		if (typeof value === 'number' && Number.isFinite(value) && fits(value)) return value;
		this.#warn(this.#at(field), `\`${field}\` is not ${what} and was not imported.`);
		return undefined;
	}

	#flag(field: Field): boolean | undefined {
		const written = this.#values.get(field);
		if (written === undefined || typeof written === 'boolean') return written;
		const word = String(written).trim().toLowerCase();
		if (word === 'true' || word === 'false') return word === 'true';
		this.#warn(this.#at(field), `\`${field}\` is neither true nor false and was not imported.`);
		return undefined;
	}

	#leaveOut(field: Field, reason: string): undefined {
		const key = this.#keys.get(field);
		this.#report('error', key === undefined ? [] : [key], `This endpoint was left out: ${reason}.`);
		return undefined;
	}

	#at(field: Field): string | undefined {
		return this.#keys.get(field);
	}

	#warn(key: string | undefined, message: string): void {
		this.#report('warning', key === undefined ? [] : [key], message);
	}
}

function plain(key: string): string {
	return key.toLowerCase().replace(/[_-]/g, '');
}
