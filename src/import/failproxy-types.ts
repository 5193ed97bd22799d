/**
 * What FailProxy's endpoint types mean to a request, as data: the headers that each wants. A type with none is spoken to
 * like any OpenAI API. OpenRouter's two are optional and name the application in its rankings
 * (https://openrouter.ai/docs/api-reference/overview#headers).
 */
export const endpointTypes: Readonly<Record<string, Readonly<Record<string, string>>>> = {
	openrouter: { 'HTTP-Referer': 'http://localhost', 'X-Title': 'Breakwater' },
	chutes: {},
	openai: {},
	'openai-compatible': {},
};
