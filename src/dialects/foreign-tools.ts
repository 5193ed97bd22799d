import { Refusal } from '../contract/refusal.ts';
import { isObject, type JsonObject } from '../values/json.ts';

/**
 * A tool of the chat API, in a request of another one that would take it for one of a provider's own.
 * @param advice how a tool is written here
 * @throws Refusal
 */
export function refuseChatTools(tools: unknown, advice: string): void {
	refuseTools(tools, isChatTool, `is a tool of POST /v1/chat/completions; here ${advice}`);
}

/** A tool of Anthropic's API, in a request of chat. @throws Refusal */
export function refuseMessagesTools(tools: unknown): void {
	const advice = `here a tool is {"type": "function", "function": {…}}, with its schema in 'parameters'`;
	refuseTools(tools, isMessagesTool, `is a tool of POST /v1/messages; ${advice}`);
}

function refuseTools(tools: unknown, isForeign: (tool: JsonObject) => boolean, what: string): void {
	if (!Array.isArray(tools)) return;
	const at = tools.findIndex((tool) => isObject(tool) && isForeign(tool));
	if (at !== -1) throw new Refusal('invalid_request', `'tools[${at}]' ${what}.`, `tools[${at}]`);
}

function isChatTool({ type, function: called }: JsonObject): boolean {
	return type === 'function' && isObject(called);
}

function isMessagesTool({ input_schema: schema, function: called }: JsonObject): boolean {
	return isObject(schema) && called === undefined;
}
