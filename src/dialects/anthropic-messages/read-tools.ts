import type { Loss, Tool, ToolChoice } from '../../contract/conversation.ts';
import { isObject, isSomething, type JsonObject } from '../../values/json.ts';
import { isClosed } from '../tool-schema.ts';
import { shownName } from './read-content.ts';

/**
 * The tools that the caller runs itself. Those that Anthropic has ready, or runs, other models do not know: a hint beside tools of
 * the caller, and needed where they are all that there is, or the one that is to be called.
 */
export function readTools({ tools, tool_choice: choice, mcp_servers: servers }: JsonObject, losses: Loss[]): Tool[] {
	const given = (Array.isArray(tools) ? tools : []).filter(isObject);
	const own = given.filter(isOwn);
	const forced = isObject(choice) && choice.type === 'tool' ? choice.name : undefined;
	for (const tool of given) {
		if (isOwn(tool)) continue;
		const isNeeded = own.length === 0 || tool.name === forced;
		losses.push({ what: `the tool type ${shownName(tool.type)}`, isNeeded });
	}
	if (isSomething(servers)) losses.push({ what: 'mcp_servers', isNeeded: own.length === 0 });
	return own.map((tool) => readTool(tool, losses));
}

function isOwn({ type }: JsonObject): boolean {
	return type === undefined || type === null || type === 'custom';
}

/** Members that say how Anthropic is to handle a tool; without them it is the same tool. */
const hints = ['defer_loading', 'allowed_callers', 'eager_input_streaming', 'input_examples'];

function readTool(tool: JsonObject, losses: Loss[]): Tool {
	const { name, description, input_schema: schema, strict, cache_control: mark } = tool;
	for (const hint of hints) {
		if (isSomething(tool[hint]) && tool[hint] !== false) losses.push({ what: hint, isNeeded: false });
	}
	return {
		is: 'function',
		name: typeof name === 'string' ? name : '',
		description: typeof description === 'string' ? description : undefined,
		schema,
		strict: typeof strict === 'boolean' ? strict && isClosed(schema) : undefined,
		...(isSomething(mark) ? { cached: true } : {}),
	};
}

export function readToolChoice(choice: unknown): ToolChoice | undefined {
	if (!isObject(choice)) return undefined;
	const { type, name } = choice;
	if (type === 'tool' && typeof name === 'string') return { is: 'tool', name };
	if (type === 'any') return { is: 'required' };
	return type === 'auto' || type === 'none' ? { is: type } : undefined;
}
