import { isApiKey } from '../config/key-schema.ts';
import type { KnownModels } from '../config/known-models.ts';
import { normalizeBaseUrl } from './base-url.ts';
import type { Prefix } from './litellm-prefixes.ts';
import { type Members, type Report, textIn, variableNamed, variableText } from './litellm-values.ts';

/** Where a deployment is asked, and as whom, in the notation of a draft. */
export interface Account {
	/** What its provider would be called. */
	name: string;
	protocol: Prefix['protocol'];
	/** Absent where the protocol knows it. */
	baseUrl?: string;
	apiVersion?: string;
	/** A key, `${VAR}`, or `''` where none is sent. */
	apiKey: string;
	/** Variables in the address and the version. */
	variables: readonly string[];
}

/** @returns undefined where nobody could be asked; why goes into the report */
export function readAccount(params: Members, prefix: Prefix, known: KnownModels, report: Report): Account | undefined {
	const written = params.read('api_base') ?? params.read('base_url');
	params.read('base_url');
	const address = addressOf(written, prefix, known);
	if ('mistake' in address) {
		report('error', [...params.path, 'api_base'], `This deployment was left out: ${address.mistake}.`);
		return undefined;
	}
	if (address.remark !== undefined) report('warning', [...params.path, 'api_base'], address.remark);
	const apiKey = keyOf(params.read('api_key'), prefix);
	if (apiKey === undefined) {
		const reason = 'its `api_key` is not a text that can be sent in a header';
		report('error', [...params.path, 'api_key'], `This deployment was left out: ${reason}.`);
		return undefined;
	}
	const version = versionOf(params, prefix, address.apiVersion, report);
	const inVersion = /^\$\{(\w+)\}$/.exec(version ?? '')?.[1];
	return {
		name: prefix.name,
		protocol: prefix.protocol,
		...(address.baseUrl !== undefined && { baseUrl: address.baseUrl }),
		...(version !== undefined && { apiVersion: version }),
		apiKey,
		variables: [address.variable, inVersion].filter((name) => name !== undefined),
	};
}

type Address =
	| { mistake: string }
	| { baseUrl?: string; variable?: string; apiVersion?: string; remark?: string | undefined };

function addressOf(written: unknown, prefix: Prefix, known: KnownModels): Address {
	if (written === undefined || written === '') {
		if (prefix.baseUrl !== undefined) return { baseUrl: prefix.baseUrl };
		if (prefix.baseFrom !== undefined) return addressIn(prefix.baseFrom, prefix);
		return prefix.protocol === 'anthropic' ? {} : { mistake: 'it has no `api_base`' };
	}
	const variable = variableNamed(written);
	if (variable !== undefined) return addressIn(variable, prefix);
	const text = textIn(written);
	if (typeof written !== 'string' || text === undefined) return { mistake: 'its `api_base` is not an address' };
	const { protocol } = prefix;
	// Only what is one endpoint of this protocol ends like that.
	const whole = protocol === 'anthropic' ? written.trim().replace(/\/messages\/*$/, '') : written;
	const url = normalizeBaseUrl(whole, known);
	if ('mistake' in url) return { mistake: `its \`api_base\` ${url.mistake.replace(/\bapikey\b/, '`api_key`')}` };
	if (protocol === 'azure') return resourceOf(written.trim());
	const isRemarkable = url.assumed !== undefined && prefix.addsVersion === undefined && protocol === 'openai';
	return {
		baseUrl: url.baseUrl.replaceAll('${', '$${'),
		remark: isRemarkable ? 'The `api_base` names no version of the API; `/v1` was added.' : undefined,
	};
}

function addressIn(variable: string, { addsVersion, protocol }: Prefix): Address {
	const baseUrl = `${variableText(variable)}${addsVersion ? '/v1' : ''}`;
	const isSilent = addsVersion || protocol !== 'openai';
	const remark = `${variable} has to hold the address up to and with the version, such as https://api.example.com/v1.`;
	return { baseUrl, variable, remark: isSilent ? undefined : remark };
}

/** The address may be that of one deployment, with the version in its query. */
function resourceOf(written: string): Address {
	const { origin, pathname, searchParams } = new URL(written);
	const root = `${origin}${pathname}`.replace(/\/openai(\/.*)?$/, '').replace(/\/+$/, '');
	const apiVersion = searchParams.get('api-version');
	return { baseUrl: root.replaceAll('${', '$${'), ...(apiVersion !== null && { apiVersion }) };
}

/** Without one in the file, it is where LiteLLM looks for it. */
function keyOf(written: unknown, { keyFrom }: Prefix): string | undefined {
	if (written === undefined || written === '') return keyFrom === undefined ? '' : variableText(keyFrom);
	const variable = variableNamed(written);
	if (variable !== undefined) return variableText(variable);
	const key = typeof written === 'string' ? written.trim().replace(/^Bearer\s+/i, '') : '';
	return isApiKey(key) ? key : undefined;
}

function versionOf(params: Members, { protocol }: Prefix, inAddress: string | undefined, report: Report) {
	const written = params.read('api_version') ?? inAddress;
	const at = [...params.path, 'api_version'];
	if (written === undefined) {
		const message = 'There is no `api_version`: the v1 API is asked. Set `apiVersion` where yours has none.';
		if (protocol === 'azure') report('warning', params.path, message);
		return undefined;
	}
	const version = textIn(written);
	if (protocol === 'azure' && version !== undefined && /^[!-~]+$/.test(version)) return version;
	const why = protocol === 'azure' ? 'is not a version' : 'has no equivalent';
	report('warning', at, `\`api_version\` ${why} and was not imported.`);
	return undefined;
}
